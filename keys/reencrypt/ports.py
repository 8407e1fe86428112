"""Ports of re-encryption: the collections of values that the domains keep, and the jobs' own store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from keys.reencrypt.model import Batch, Change, Job, JobState, Key, KeyRef


class KeyHolder(Protocol):
    """Something stored that can be read, or recognised, only with a key."""

    @property
    def name(self) -> str: ...

    async def holds(self, tx: ReadTx, key: KeyRef) -> bool:
        """Whether anything of it still needs this key. Exact: it decides whether the key may be destroyed."""


class Collection(KeyHolder, Protocol):
    """Stored values that can be brought under today's keys: the columns of a table, or the documents of one."""

    @property
    def purposes(self) -> Sequence[str]:
        """The key purposes that its values are under."""

    async def remaining(self, tx: ReadTx) -> int:
        """How many rows hold a value that is not under today's keys, or not in today's form."""

    async def batch(self, last: Key | None, limit: int) -> Batch:
        """Read the next such rows after `last` and prepare what to write; writes nothing into the database."""

    async def apply(self, tx: WriteTx, change: Change) -> bool:
        """Write one row anew, unless somebody has changed it since it was read: False then."""


class DiscardList(Protocol):
    """Documents that may be worthless, with the time after which they may be removed if nothing refers to them."""

    async def add(self, tx: WriteTx, address: str, due_at: dt.datetime) -> None:
        """Add, or put off, an address."""

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]: ...

    async def hold(self, tx: WriteTx, until: dt.datetime) -> None:
        """Let none of them be removed before: a backup is reading what rows referred to when it began."""

    async def forget(self, tx: WriteTx, address: str) -> None: ...


class JobStore(Protocol):
    """Jobs. At one time, one worker has a job's next batch."""

    async def all(self, tx: ReadTx) -> Sequence[Job]: ...

    async def begin(self, tx: WriteTx, name: str, target: str, *, found: int, now: dt.datetime) -> None:
        """A new job from the first row on, or the same one for another target; done at once when nothing was found.

        A job that has the target already is left alone: another worker was faster. A paused one stays paused.
        """

    async def claim(self, tx: WriteTx, name: str, target: str, *, now: dt.datetime, until: dt.datetime) -> Job | None:
        """The job with a lease for one batch, for one caller; None while another has it, or it does not run."""

    async def advance(self, tx: WriteTx, job: Job, *, now: dt.datetime) -> bool:
        """Keep where `job` got to and give the lease back; False when the lease was lost meanwhile."""

    async def change_state(self, tx: WriteTx, name: str, state: JobState, *, now: dt.datetime) -> bool:
        """Pause a running job or let a paused one run; False when it is not in the state before."""

    async def forget(self, tx: WriteTx, name: str) -> bool:
        """Forget a job that is done or stuck, so that it is begun anew; False when there is none."""
