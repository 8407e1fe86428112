"""Lets batches lapse that nobody came back to, and lets go of what nobody needs any more."""

from __future__ import annotations

import logging

from core.clock import Clock
from core.db.database import Database
from core.rounds import rounds
from signing.batches.model import KEPT_FOR
from signing.batches.ports import BatchStore
from signing.batches.sources import BatchSources

_EVERY_SECONDS = 60.0
_AT_ONCE = 200
_log = logging.getLogger(__name__)


class KeepBatches:
    """Every worker may run it, and any of them may crash in the middle. The ledger keeps what was sealed."""

    def __init__(self, database: Database, store: BatchStore, sources: BatchSources, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._sources = sources
        self._clock = clock

    async def __call__(self) -> int:
        """One round; answers how many documents were let go."""
        now = self._clock.now()
        async with self._database.write() as tx:
            if await self._store.lapse(tx, now=now, expires_at=now + KEPT_FOR, limit=_AT_ONCE):
                await tx.commit()
        while True:
            gone = await self._let_go()
            async with self._database.write() as tx:
                forgotten = await self._store.forget(tx, now=now, limit=_AT_ONCE)
                await tx.commit()
            if not forgotten:
                return gone + await self._let_go()

    async def _let_go(self) -> int:
        count = 0
        while True:
            now = self._clock.now()
            async with self._database.write() as tx:
                addresses = await self._store.spare_documents(tx, limit=_AT_ONCE)
                # in the same unit: what no row names any more is on the list, whoever crashes when
                await self._sources.discard(tx, addresses, now)
                await tx.commit()
            count += len(addresses)
            if len(addresses) < _AT_ONCE:
                return count

    async def forever(self) -> None:
        """A round every minute."""
        await rounds(self, every=_EVERY_SECONDS, log=_log, failed="batches were not looked after")
