"""An entrustment: who entrusts whom with what, and what was done under it.

民法典 Art. 161–175 (agency): Art. 165 (what a written authorisation names: the agent, matters, extent, time), Art. 169
(no sub-agency without the principal's word: here there is none at all), Art. 173 (how it ends).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.codes import HolderCode
from certstore.ports import Deed, HolderIdentity
from core.text import Text


class EntrustmentState(StrEnum):
    """Life of an entrustment; those after `ended` are computed.

    ::

        offered ──▶ active ──▶ ended
           ├──▶ declined
           └──▶ ended
    """

    OFFERED = "offered"  # waits for the agent
    ACTIVE = "active"
    DECLINED = "declined"
    ENDED = "ended"
    LAPSED = "lapsed"  # nobody answered in time
    LATER = "later"  # accepted; its first day has not come
    OVER = "over"  # past its last day
    USED_UP = "used-up"  # as many cases as were allowed; those that were begun go on


class EndReason(StrEnum):
    """民法典 Art. 173."""

    TAKEN_BACK = "taken-back"  # by the principal
    LAID_DOWN = "laid-down"  # by the agent
    DEATH = "death"  # of either


@dataclass(frozen=True, slots=True)
class Party:
    """A person by number and name."""

    code: HolderCode
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entrustment:
    """One person's authority to decide for another.

    Attributes:
        agent: as the principal wrote it; only a person with this number and this name can accept.
        types: licence types that it is for; at least one.
        items: service items that it is for; empty for all that use these types.
        purpose: in the principal's own words.
        starts_on, ends_on: first and last day in Shanghai.
        max_uses: for how many cases; what is done in one case is one use.
        answer_by: an offer that was not accepted until then is over.
    """

    id: str
    principal: Party
    agent: Party
    types: tuple[str, ...]
    items: tuple[str, ...]
    purpose: str = field(repr=False)
    starts_on: dt.date
    ends_on: dt.date
    max_uses: int
    created_at: dt.datetime
    answer_by: dt.datetime
    state: EntrustmentState = EntrustmentState.OFFERED
    uses: int = 0
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    ended_for: EndReason | None = None

    def state_at(self, now: dt.datetime, today: dt.date) -> EntrustmentState:
        """The stored state, or what time and use have made of it."""
        if self.state is EntrustmentState.OFFERED:
            return EntrustmentState.LAPSED if now >= self.answer_by or today > self.ends_on else self.state
        if self.state is not EntrustmentState.ACTIVE:
            return self.state
        if today > self.ends_on:
            return EntrustmentState.OVER
        if today < self.starts_on:
            return EntrustmentState.LATER
        return EntrustmentState.USED_UP if self.uses >= self.max_uses else self.state

    @property
    def living(self) -> bool:
        """Whether there is something to take back or lay down."""
        return self.state in (EntrustmentState.OFFERED, EntrustmentState.ACTIVE)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody with an account that is in use.

    Attributes:
        level: real-name level, 0 to 4 (docs/identity-levels.md).
        born_on: None where no proved number tells it.
    """

    identity: HolderIdentity
    level: int
    born_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Done:
    """Something that the agent did under it.

    Attributes:
        subjects: ids of what came of it: consents, use codes.
    """

    id: str
    entrustment_id: str
    at: dt.datetime
    deed: Deed
    organisation: str
    service_item: str
    case_number: str
    types: tuple[str, ...]
    subjects: tuple[str, ...]


class Side(StrEnum):
    """What somebody is in an entrustment."""

    PRINCIPAL = "principal"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class EntrustmentLine:
    """A line of somebody's list."""

    entrustment: Entrustment
    side: Side
    state: EntrustmentState
    type_names: Sequence[Text]
    item_names: Sequence[Text]


@dataclass(frozen=True, slots=True)
class DoneLine:
    """What was done, in words' raw material."""

    done: Done
    organisation_name: Text
    item_name: Text
    type_names: Sequence[Text]


@dataclass(frozen=True, slots=True)
class EntrustmentStory:
    """One entrustment with what was done under it, newest first."""

    line: EntrustmentLine
    done: Sequence[DoneLine]
