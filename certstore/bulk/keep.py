"""Lets go of registers' rows: what rests for a month is no longer needed, and it names people."""

from __future__ import annotations

import datetime as dt
import logging

from certstore.bulk.parts import PartDocuments
from certstore.bulk.ports import ImportStore
from core.clock import Clock
from core.db.database import Database
from core.rounds import rounds

KEPT_FOR = dt.timedelta(days=30)
_EVERY_SECONDS = 3600.0
_PART = 200
_log = logging.getLogger(__name__)


class KeepImports:
    """For the worker, every hour; any number may run. The counts of an import stay."""

    def __init__(self, database: Database, store: ImportStore, parts: PartDocuments, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._parts = parts
        self._clock = clock

    async def __call__(self) -> int:
        """Answers how many parts went."""
        now, gone = self._clock.now(), 0
        while True:
            async with self._database.write() as tx:
                addresses = await self._store.forget_old(tx, before=now - KEPT_FOR, limit=_PART)
                await tx.commit()
            await self._parts.let_go(addresses, now)
            gone += len(addresses)
            if len(addresses) < _PART:
                return gone

    async def forever(self) -> None:
        """A failure is tried again at the next look."""
        await rounds(self, every=_EVERY_SECONDS, log=_log, failed="old imports could not be let go")
