"""Removes checks and use codes that are over, in parts that never hold a table for long."""

from __future__ import annotations

import datetime as dt
import logging

from certstore.repository import Repository
from certstore.use.ports import CheckStore, UseCodeStore
from core.rounds import rounds

KEEP = dt.timedelta(days=1)  # one that has just run out can still be told from one that never was
EVERY = 600.0  # seconds
_PART = 500
_log = logging.getLogger(__name__)


class SweepUses:
    """For the worker. Two at the same time do no harm: what one has removed the other does not find."""

    def __init__(self, repository: Repository, checks: CheckStore, codes: UseCodeStore) -> None:
        self._repository = repository
        self._stores: tuple[CheckStore | UseCodeStore, ...] = (checks, codes)

    async def __call__(self) -> int:
        """Everything that is over; answers how many rows went."""
        before, gone = self._repository.now() - KEEP, 0
        for store in self._stores:
            while True:
                async with self._repository.database.write() as tx:
                    removed = await store.sweep(tx, before=before, limit=_PART)
                    await tx.commit()
                gone += removed
                if removed < _PART:
                    break
        return gone

    async def forever(self) -> None:
        """A sweep that fails (the database is away for a moment) is tried again at the next."""
        await rounds(self, every=EVERY, log=_log, failed="uses could not be swept")
