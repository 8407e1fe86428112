"""What batches ask of others: a store, the vault, who somebody is now, and whom to tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from core.principal import Principal
from signing.batches.model import Approval, Batch, BatchFile, BatchState, Counts, Fault, FileState, Owner


@dataclass(frozen=True, slots=True)
class Claimed:
    """Files that a worker may work on, until its lease ends."""

    batch: Batch
    files: Sequence[BatchFile]


@dataclass(frozen=True, slots=True)
class Told:
    """A message that is due: to whom, about what, for the how manieth time."""

    batch: Batch
    receiver: str
    tries: int
    since: dt.datetime
    claim: dt.datetime


class BatchStore(Protocol):
    """Batches and their files. Whatever may happen once is one statement, and its answer says whether it did."""

    async def add(self, tx: WriteTx, batch: Batch) -> None: ...

    async def batch(self, tx: ReadTx, batch_id: str) -> Batch | None: ...

    async def of_owner(self, tx: ReadTx, owner: Owner, *, before: str | None = None, limit: int = 20) -> list[Batch]:
        """Newest first, from the one before `before`."""

    async def waiting_for(
        self, tx: ReadTx, organisation: str, *, before: str | None = None, limit: int = 20
    ) -> list[Batch]:
        """Those about an organisation's seals over which somebody must decide, newest first."""

    async def living_of(self, tx: ReadTx, owner: Owner) -> int:
        """How many of somebody's batches are not over."""

    async def counts(self, tx: ReadTx, batch_id: str) -> Counts: ...

    async def hold(self, tx: WriteTx, batch_id: str) -> Batch | None:
        """The batch, kept from changing until the unit ends."""

    async def add_files(self, tx: WriteTx, batch: Batch, files: Sequence[BatchFile], *, now: dt.datetime) -> None:
        """Into a batch that is held, behind those that it has; the batch's counts go with them."""

    async def last_number(self, tx: ReadTx, batch_id: str) -> int:
        """Of its files; 0 without any."""

    async def named(self, tx: ReadTx, batch_id: str, digests: Sequence[bytes]) -> list[BatchFile]:
        """The files of the batch with these names."""

    async def remove_file(self, tx: WriteTx, batch: Batch, file_id: str, *, now: dt.datetime) -> str | None:
        """From a batch that is held; answers the address of its document, None if the batch has no such file."""

    async def file(self, tx: ReadTx, batch_id: str, file_id: str) -> BatchFile | None: ...

    async def files(
        self, tx: ReadTx, batch_id: str, *, state: FileState | None = None, after: int = 0, limit: int = 100
    ) -> list[BatchFile]:
        """In their order, from the one behind the number `after`."""

    async def move(
        self,
        tx: WriteTx,
        batch_id: str,
        state: BatchState,
        before: Sequence[BatchState],
        *,
        now: dt.datetime,
        expires_at: dt.datetime,
        approval: Approval | None = None,
        halted: Fault | None = None,
    ) -> bool:
        """Into `state`, if it is in one of `before`; the approval is replaced only by another one. A batch that comes
        to rest has its receiver told."""

    async def cancel_waiting(self, tx: WriteTx, batch_id: str) -> int:
        """Every file that waits is cancelled; one that a worker has and has not entered yet, too."""

    async def try_again(self, tx: WriteTx, batch_id: str, file_id: str | None = None) -> int:
        """Refused files, or the one, wait again as if they were new, if they are still here; answers how many."""

    async def claim(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime, most: int) -> Claimed | None:
        """Files of the running batch that was served longest ago, for one worker; None when nothing waits.

        Files that their workers did not come back from are given out alone, and set aside after `MOST_TRIES`.
        """

    async def seal(self, tx: WriteTx, file: BatchFile, signature_id: str) -> bool:
        """The file is sealed, if it still waits under the claim that it was read with. This decides: of all who ever
        had it one gets True."""

    async def refuse(self, tx: WriteTx, file: BatchFile, fault: Fault) -> bool:
        """The file cannot be sealed, if it still waits under the claim."""

    async def give_back(self, tx: WriteTx, files: Sequence[BatchFile], *, counted: bool) -> None:
        """Let others have them, where the claims still hold; `counted` if it was the files' own fault."""

    async def stumble(self, tx: WriteTx, batch_id: str, *, due_at: dt.datetime) -> None:
        """Something that all files need did not answer: the batch waits until then."""

    async def steady(self, tx: WriteTx, batch_id: str) -> None:
        """It answers again."""

    async def settled(self, tx: ReadTx, limit: int = 10) -> list[str]:
        """Running batches of which no file waits any more."""

    async def finish(self, tx: WriteTx, batch_id: str, *, now: dt.datetime, expires_at: dt.datetime) -> bool:
        """`running` → `done`, if no file waits. Of many who see it one gets True."""

    async def due_to_tell(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime) -> Told | None:
        """A message that is due, for one worker until then."""

    async def told(self, tx: WriteTx, told: Told, *, again_at: dt.datetime | None, result: str) -> bool:
        """How it went; None for never again. False if another worker has it."""

    async def lapse(self, tx: WriteTx, *, now: dt.datetime, expires_at: dt.datetime, limit: int) -> int:
        """Batches that nobody came back to in time."""

    async def spare_documents(self, tx: WriteTx, *, limit: int) -> list[str]:
        """Let go of files that nobody needs any more as they were brought; answers their addresses."""

    async def forget(self, tx: WriteTx, *, now: dt.datetime, limit: int) -> int:
        """Remove what is past its time, documents first; answers how many files and batches went."""


class SealUsers(Protocol):
    """Who may use seals at all."""

    async def now(self, owner: Owner) -> Principal | None:
        """Somebody as they would be if they called now; None if they could not, or not for that organisation."""


class Receivers(Protocol):
    """Where messages about batches go."""

    async def knows(self, receiver: str, organisation: str) -> bool:
        """Whether it is this organisation's, and can be told something."""

    async def tell(self, receiver: str, organisation: str, message: bytes) -> str:
        """Bring it one message, signed; answers `delivered`, or why not."""
