"""Gives places in the log to entries that were committed: they become leaves in this order, without gaps."""

from __future__ import annotations

from core.db.database import Database
from signing.public_log.ports import PublicLogStore

_PART = 1000


async def place_waiting(database: Database, store: PublicLogStore) -> int:
    """Place all that waits, a part at a time; where nothing waits, nothing is written or locked. Answers how many."""
    placed = 0
    while True:
        async with database.read() as tx:
            if not await store.waiting(tx):
                return placed
        async with database.write() as tx:
            placed += await store.number(tx, limit=_PART)
            await tx.commit()
