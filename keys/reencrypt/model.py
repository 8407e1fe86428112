"""What re-encryption speaks of: jobs, one for each collection of values, and the steps that they are made of."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class KeyRef:
    """A key of the ring by name; it may be retired already.

    Attributes:
        active_until: until when new values were put under it; None when that is not known.
    """

    key_id: str
    purpose: str
    active_until: dt.datetime | None = None


class JobState(enum.StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    PAUSED = "paused"  # by an administrator
    DONE = "done"  # nothing of the collection is under another key than the job's target
    STUCK = "stuck"  # what is left does not open; somebody must look


@dataclass(frozen=True, slots=True)
class Job:
    """One collection on its way to a target.

    Attributes:
        name: of the collection.
        target: names the keys that the values are to be under.
        cursor: key of the last row looked at in this round; None at its start.
        found: values that were to be written anew when the job began.
        rewritten: rows written anew since then.
        moved: how many of them in this round.
        overtaken: rows of this round that somebody changed between our look and our write; their change stands.
        faulty: rows of this round whose values do not open.
        lease: whose turn the next batch is; None when nobody has it.
    """

    name: str
    target: str
    state: JobState
    cursor: Key | None
    found: int
    rewritten: int
    moved: int
    overtaken: int
    faulty: int
    began_at: dt.datetime
    changed_at: dt.datetime
    lease: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One row to be written anew: only if it still holds what was read."""

    key: Key
    before: Mapping[str, object] = field(repr=False)
    after: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a collection, in the order of their keys.

    Attributes:
        last: key of the last one; None when there was none: the round is over.
        faulty: how many of them do not open, and are left as they are.
    """

    changes: Sequence[Change]
    last: Key | None
    faulty: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What an administrator is told about a collection.

    Attributes:
        job: None when none was ever begun.
        remaining: values that are not under today's keys, counted now.
    """

    name: str
    job: Job | None
    remaining: int
