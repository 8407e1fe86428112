"""What was backed up, drilled and restored, and when: for those who look after a deployment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.db.database import ReadTx, WriteTx


class RunKind(StrEnum):
    """What was done."""

    BACKUP = "backup"
    JOURNAL = "journal"  # endings alone, between two backups
    DRILL = "drill"  # a backup restored to try it
    RESTORE = "restore"


class RunState(StrEnum):
    """How it went."""

    RUNNING = "running"  # or broken off: nobody was left to say so
    DONE = "done"
    FAULTY = "faulty"  # done, and something was missing or did not hold
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        what: `all`, `data` or `keys`.
        archive: id of the archive that was written or read.
        point: the moment whose data the archive holds.
        rows, octets: of the archive.
        note: a fault in a few words, or what an operator acknowledged.
    """

    id: str
    kind: RunKind
    what: str
    state: RunState
    began_at: dt.datetime
    ended_at: dt.datetime | None = None
    archive: str | None = None
    point: dt.datetime | None = None
    rows: int = 0
    octets: int = 0
    note: str | None = None


class RunStore(Protocol):
    """Remembers runs; in the domain database, so that a backup knows those before it."""

    async def put(self, tx: WriteTx, run: Run) -> None:
        """Add the run, or write its newer state."""

    async def latest(self, tx: ReadTx, kind: RunKind, *states: RunState) -> Run | None:
        """The one that began last, in one of the states; in any state if none is named."""

    async def recent(self, tx: ReadTx, *, limit: int = 20) -> Sequence[Run]:
        """Newest first."""
