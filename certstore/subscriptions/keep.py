"""Keeps the feed as long as it is promised, and what hangs on it no longer."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

from certstore.subscriptions.ports import ChangeStore, SubscriptionStore
from core.clock import Clock
from core.db.database import Database
from core.rounds import rounds

KEPT_FOR = dt.timedelta(days=90)
_EVERY_SECONDS = 3600.0
_PART = 1000
_PAUSE = 0.05  # between two parts, so that nobody waits long for the database
_log = logging.getLogger(__name__)


class KeepFeed:
    """For the worker, every hour; any number may run."""

    def __init__(self, database: Database, store: SubscriptionStore, changes: ChangeStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._changes = changes
        self._clock = clock

    async def __call__(self) -> int:
        """Remove changes, dead letters and counts that are too old; answers how many changes went."""
        now, gone = self._clock.now(), 0
        while True:
            async with self._database.write() as tx:
                count = await self._changes.sweep(tx, before=now - KEPT_FOR, limit=_PART)
                await tx.commit()
            gone += count
            if count < _PART:
                break
            await asyncio.sleep(_PAUSE)
        async with self._database.write() as tx:
            until = await self._changes.beginning(tx)
            await self._store.sweep(tx, letters_until=until, before=now - KEPT_FOR)
            await tx.commit()
        return gone

    async def forever(self) -> None:
        """A failure is tried again at the next look."""
        await rounds(self, every=_EVERY_SECONDS, log=_log, failed="the change feed could not be swept")
