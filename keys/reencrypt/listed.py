"""Documents that get their row later: on the list of what may be worthless before they are stored.

The document store is no part of the unit that writes the row. Whoever dies in between leaves an entry on the list, and
the document goes when its time is past and no row refers to it.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from core.clock import Clock
from core.db.database import Database
from core.files.scratch import FileBytes
from keys.ports import DocumentVault
from keys.reencrypt.ports import DiscardList

UNWRITTEN_FOR = dt.timedelta(days=1)  # longer than any unit takes that writes a document's row


class AnnouncingVault(DocumentVault, Protocol):
    """A vault that says where a document will be before it is there."""

    async def seal_file(self, content: FileBytes, *, context: str) -> tuple[str, FileBytes]:
        """Encrypt; answers the address that the document will have, and its cipher text."""

    async def put(self, sealed: FileBytes) -> None:
        """Store cipher text durably."""


class ListedVault:
    """Implements `keys.ports.DocumentVault` for those who write the row afterwards."""

    def __init__(self, vault: AnnouncingVault, database: Database, discards: DiscardList, clock: Clock) -> None:
        self._vault = vault
        self._database = database
        self._discards = discards
        self._clock = clock

    async def keep(self, content: FileBytes, *, context: str) -> str:
        """The row must be written within `UNWRITTEN_FOR`.

        Raises:
            core.errors.Unavailable: the document store does not answer.
        """
        address, sealed = await self._vault.seal_file(content, context=context)
        async with self._database.write() as tx:
            await self._discards.add(tx, address, self._clock.now() + UNWRITTEN_FOR)
            await tx.commit()
        await self._vault.put(sealed)
        return address

    async def open(self, address: str, *, context: str) -> bytes:
        return await self._vault.open(address, context=context)

    async def open_file(self, address: str, *, context: str) -> FileBytes:
        return await self._vault.open_file(address, context=context)


_: type[DocumentVault] = ListedVault
