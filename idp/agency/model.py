"""Authorisations: who may act for a legal person, in what, from when to when, and from whom they have it.

Civil Code of China Art. 61 (the legal representative acts for the legal person), Art. 161–175 (agency), Art. 169
(sub-agency within the agent's own authority).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.text import Text


class Role(StrEnum):
    """What somebody is for an organisation."""

    REPRESENTATIVE = "representative"  # 法定代表人
    MANAGER = "manager"  # 授权管理员: may authorise agents, within their own authority
    AGENT = "agent"  # 经办人


class State(StrEnum):
    """Life of an authorisation.

    ::

        offered ──▶ active ──▶ ended
           └──▶ declined
           └──▶ ended
    """

    OFFERED = "offered"  # waits for the agent to accept
    ACTIVE = "active"
    DECLINED = "declined"
    ENDED = "ended"


class Reason(StrEnum):
    """Why an authorisation ended."""

    REVOKED = "revoked"  # by the representative, or by the manager who gave it
    RESIGNED = "resigned"  # by the agent
    GIVER_ENDED = "giver-ended"  # what it rested on ended
    REPLACED = "replaced"  # the organisation has another legal representative
    DISSOLVED = "dissolved"  # the organisation does not exist any more
    ACCOUNT_CLOSED = "account-closed"


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One person's authority to act for one organisation.

    Attributes:
        organisation: unified social credit code.
        items: service items that it is for; empty for all that the organisation has to do.
        starts_on, ends_on: first and last day in Shanghai; no last day for a legal representative.
        under: the authorisation of whoever gave it; None for a legal representative's.
        agent: name and ID number of the agent as the giver wrote them, sealed.
        account_id: the agent's account, known from the offer on or from its acceptance.
        code_digest: of the code by which an offer can be accepted; None once it is decided.
        offered_until: until when an offer can be accepted.
    """

    id: str
    organisation: str
    role: Role
    state: State
    items: tuple[str, ...]
    starts_on: dt.date
    ends_on: dt.date | None
    under: str | None
    agent: bytes = field(repr=False)
    account_id: str | None
    code_digest: str | None = field(repr=False)
    offered_until: dt.datetime | None
    created_at: dt.datetime
    accepted_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    ended_for: Reason | None = None

    def in_force(self, today: dt.date) -> bool:
        """Whether its holder may act under it on a day."""
        return (
            self.state is State.ACTIVE and self.starts_on <= today and (self.ends_on is None or today <= self.ends_on)
        )


@dataclass(frozen=True, slots=True)
class Agent:
    """Who is to act, as the giver named them."""

    name: str = field(repr=False)
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CompanyEntry:
    """What the register of organisations says of one, and whether somebody is its legal representative."""

    name: Text
    active: bool
    represented: bool


SELF = "self"
"""Stands in `Session.acting_for` once a person has chosen to act for themselves, so that they are not asked again."""


def acting_claim(authorisation: Authorisation, name: Text) -> dict[str, Any]:
    """What a token family keeps of the authority that it was begun under: also what its claims are made of."""
    return {
        "authorisation": authorisation.id,
        "uscc": authorisation.organisation,
        "name": name.zh,
        "name#en": name.en,
        "role": authorisation.role.value,
        "items": list(authorisation.items),
        "until": None if authorisation.ends_on is None else authorisation.ends_on.isoformat(),
    }
