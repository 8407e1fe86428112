"""What originals that last ask of others: which are due, and somebody who makes a seal last longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from certstore.model import Lasting, LicenceFile
from core.db.database import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class FileCare:
    """An original that is looked after, as it was claimed.

    Attributes:
        lease_until: until when a worker has it.
        tries: attempts since something last succeeded.
    """

    file: LicenceFile
    lease_until: dt.datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Prolonged:
    """A sealed file with what was added to its end."""

    content: bytes = field(repr=False)
    lasting: Lasting


class Prolonger(Protocol):
    """Makes the seal on a file last as long as this installation wants."""

    async def __call__(self, content: bytes, *, signature_id: str) -> Prolonged:
        """What is there stays, byte for byte; something is added to it.

        Raises:
            core.errors.AppError: nothing could be added; the code says why.
        """


class FileCareStore(Protocol):
    """Keeps which originals are looked after, and when something is due."""

    async def take_in(self, tx: WriteTx, *, after: str, now: dt.datetime, limit: int) -> str | None:
        """Look at the next originals by id and have those due now that nobody looks after; answers the last id that
        was looked at, None when there are no more."""

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        """Ids of files for which something is due and on which nobody works, the longest due first."""

    async def claim(self, tx: WriteTx, file_id: str, *, now: dt.datetime, until: dt.datetime) -> FileCare | None:
        """Take one to work on until a moment, in one atomic step; None when somebody else has it, or nothing is due."""

    async def finish(self, tx: WriteTx, care: FileCare, *, content: str, lasting: Lasting) -> bool:
        """Put the address of a longer-lasting file in place of the one that was read; False, and no change, unless the
        claim still holds and the row still has that very address."""

    async def put_off(self, tx: WriteTx, care: FileCare, *, due_at: dt.datetime, fault: str) -> bool:
        """Give a claim back; False when it does not hold any more."""
