"""Gives places to changes that were committed: by the worker every second, and by whoever reads the feed."""

from __future__ import annotations

from certstore.subscriptions.ports import ChangeStore
from core.clock import Clock
from core.db.database import Database

_PART = 1000


async def number_waiting(database: Database, changes: ChangeStore, clock: Clock) -> None:
    """Number all that waits, a part at a time; where nothing waits, nothing is written or locked."""
    while True:
        async with database.read() as tx:
            if not await changes.waiting(tx):
                return
        async with database.write() as tx:
            await changes.number(tx, now=clock.now(), limit=_PART)
            await tx.commit()
