"""What the public log asks of its store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx


class PublicLogStore(Protocol):
    """The entries. They are written by the store of seals in the unit of what they tell, and get their places here."""

    async def waiting(self, tx: ReadTx) -> bool:
        """Whether any committed entry has no place yet."""

    async def number(self, tx: WriteTx, *, limit: int) -> int:
        """Give the next places to committed entries that have none, in the order they were written; answers how many.

        One unit at a time does this: places have no gaps, and none is given twice.
        """

    async def size(self, tx: ReadTx) -> int:
        """How many entries have a place."""

    async def place_of(self, tx: ReadTx, document: str) -> tuple[int, bytes] | None:
        """Place, from 0, and body of the entry of a sealed file; the first, if the same file was entered twice."""

    async def enters(self, tx: ReadTx, document: str) -> bool:
        """Whether an entry of the file is there that still waits for its place."""

    async def bodies(self, tx: ReadTx, start: int, count: int) -> Sequence[bytes]:
        """The bodies from place `start` on."""

    def all_bodies(self, tx: ReadTx, *, until: int) -> AsyncIterator[bytes]:
        """The bodies of the places before `until`, in their order."""

    async def not_entered(self, tx: ReadTx) -> int:
        """How many uses in the ledger since the log began have no entry, placed or waiting."""
