"""Files as they were brought, at rest until they are sealed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

from core.clock import Clock
from core.db.database import Database, WriteTx
from keys.reencrypt.documents import GRACE
from keys.reencrypt.ports import DiscardList
from signing.longlife.ports import KeepingVault


class BatchSources:
    """Seals files and opens them; whatever no row names in the end is discarded."""

    def __init__(self, database: Database, vault: KeepingVault, discards: DiscardList, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._discards = discards
        self._clock = clock

    async def keep(self, files: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        """Store the contents of files by id; answers their addresses, for the rows that the caller must write."""
        sealed = await asyncio.to_thread(
            lambda: [self._vault.seal(content, context=source_context(file_id)) for file_id, content in files]
        )
        async with self._database.write() as tx:
            await self.discard(tx, [address for address, _ in sealed], self._clock.now())
            await tx.commit()
        await asyncio.gather(*(self._vault.put(cipher_text) for _, cipher_text in sealed))
        return [address for address, _ in sealed]

    async def open(self, file_id: str, address: str) -> bytes:
        """
        Raises:
            core.errors.Unavailable: the document store does not answer, or what it holds was changed.
            core.errors.NotFound: it is not there.
        """
        return await self._vault.open(address, context=source_context(file_id))

    async def discard(self, tx: WriteTx, addresses: Sequence[str], now: dt.datetime) -> None:
        """Documents that no row names any more, in the unit that lets go of them."""
        for address in addresses:
            await self._discards.add(tx, address, now + GRACE)


def source_context(file_id: str) -> str:
    """The place that a file is bound to."""
    return f"seal_batch_file.document:{file_id}"
