"""The journal of the key ring: every step in the life of a key, written in the transaction that makes the step.

The key store is a database of its own, so a step and its audit event cannot be one transaction. The journal is one
with the step; from there each entry is carried into the audit log, at least once, by whichever worker is first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.clock import Clock

_LEASE = dt.timedelta(minutes=1)
"""After this time another worker carries an entry whose bearer did not come back."""

_BATCH = 100


class KeyStep(StrEnum):
    """What happened to a key."""

    MADE = "made"
    ADOPTED = "adopted"  # it was on the device before
    TAKEN_IN = "taken-in"  # it was made elsewhere and came in a file
    ACTIVATED = "activated"
    REPLACED = "replaced"  # signs no longer, still verifies
    RETIRED = "retired"
    REVOKED = "revoked"  # retired in an emergency
    DESTROYED = "destroyed"
    RESEALED = "resealed"  # under another master key


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One step of one key; `number` is the entry's place in the journal. A step of all keys names none."""

    number: int
    at: dt.datetime
    step: KeyStep
    key_id: str | None
    purpose: str | None


class KeyJournal(Protocol):
    """Reads what the key store wrote down."""

    async def claim(self, *, moment: dt.datetime, lease: dt.timedelta, limit: int) -> Sequence[KeyEvent]:
        """Entries that nobody has carried yet, oldest first; the caller's alone until the lease runs out."""

    async def carried(self, number: int, *, moment: dt.datetime) -> None:
        """This entry is in the audit log."""

    async def of_key(self, key_id: str) -> Sequence[KeyEvent]:
        """The life of one key, oldest step first."""


class KeyAudit(Protocol):
    """Where steps are put on record."""

    async def record(self, event: KeyEvent) -> None:
        """
        Raises:
            core.errors.Unavailable: the log does not answer; the entry is carried again later.
        """


class JournalCarrier:
    """Carries the journal into the audit log. Any number of workers may do so."""

    def __init__(self, journal: KeyJournal, audit: KeyAudit, clock: Clock) -> None:
        self._journal = journal
        self._audit = audit
        self._clock = clock

    async def __call__(self) -> int:
        """Carry what is there; answers how many entries."""
        events = await self._journal.claim(moment=self._clock.now(), lease=_LEASE, limit=_BATCH)
        for event in events:
            await self._audit.record(event)
            await self._journal.carried(event.number, moment=self._clock.now())
        return len(events)
