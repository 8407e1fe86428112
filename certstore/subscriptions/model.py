"""What is told of a change, and who is told: subscriptions, their secrets, what could not be delivered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.lifecycle import Event, State


@dataclass(frozen=True, slots=True)
class Change:
    """One event in a licence's life as others are told of it: ids and states, nothing about a person.

    Attributes:
        position: place in the feed; it only grows, and no two changes ever share one, not even after a restore.
        sequence: the licence's revision that the event made; a receiver that knows a higher one is ahead of it.
        identifier: of the version that counts after the event (GB/T 36904).
    """

    position: int
    licence_id: str
    sequence: int
    event: Event
    state: State
    version: int
    identifier: str
    type_code: str
    issuer: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """Which changes somebody may hear of: those of some types, and those that an authority made itself.

    Attributes:
        types: codes of types, whoever issued.
        issuer: the authority; its own licences of `own_types` (None: of all types).
    """

    types: frozenset[str]
    issuer: str
    own_types: frozenset[str] | None = None


class SubscriptionState(StrEnum):
    """Only an active one is delivered to; none of the others loses anything, for the cursor stays."""

    ACTIVE = "active"
    PAUSED = "paused"  # by its owner
    HALTED = "halted"  # by us: nobody answered for days
    ENDED = "ended"  # by its owner, for good


@dataclass(frozen=True, slots=True)
class Subscription:
    """A receiver and how far it has been told.

    Attributes:
        organisation: the consumer; its grants decide what is told, at each delivery anew.
        owner: client or account that set it up.
        types: type codes it wants; empty for all that the organisation may hear of.
        cursor: position of the last change that was delivered, or passed over as none of its business.
        singly_until: up to here changes go one by one, because the receiver refused a bundle.
        attempts: failed ones in a row.
        due_at: not before.
        last_result: `delivered`, `status-503`, `timeout`, …; empty before the first attempt.
        failing_since: first of the failures in a row.
        letters_due: somebody asked for the dead letters to be sent again.
    """

    id: str
    organisation: str
    owner: str
    name: str
    address: str
    types: tuple[str, ...]
    state: SubscriptionState
    cursor: int
    created_at: dt.datetime
    due_at: dt.datetime
    singly_until: int = 0
    attempts: int = 0
    last_result: str = ""
    tried_at: dt.datetime | None = None
    delivered_at: dt.datetime | None = None
    failing_since: dt.datetime | None = None
    letters_due: bool = False


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A key shared with one receiver; during a rotation there are two, and messages carry both signatures."""

    key_id: str
    value: bytes = field(repr=False)
    made_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A change that a receiver will not take, or that waits behind such a one of the same licence.

    Attributes:
        again: to be sent once more.
    """

    change: Change
    result: str
    died_at: dt.datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to.

    Attributes:
        delivered: how many changes the receiver took.
        failed: 1 if there was an attempt and it was in vain.
        lost: the changes that became dead letters.
        settled: dead letters that were taken after all, by position.
    """

    subscription: Subscription
    delivered: int = 0
    failed: int = 0
    lost: Sequence[DeadLetter] = ()
    settled: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """Counts of one calendar day."""

    day: dt.date
    delivered: int
    failed: int
    dead: int
