"""Counts what happened since it last counted. Nothing is counted where people wait.

Each source is read once and in order; the counts and the position stand or fall together, so that whatever crashes,
and however many workers run it, nothing is counted twice or left out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from certstore.repository import Repository
from certstore.statistics.model import Measure, Part, Tally
from certstore.statistics.ports import Source, StatisticStore
from core.db.database import WriteTx

_PART = 1000
_PAUSE = 0.02  # seconds between two parts, so that others get to write


class CountUse:
    """The job."""

    def __init__(self, repository: Repository, store: StatisticStore, sources: Sequence[Source]) -> None:
        self._repository = repository
        self._store = store
        self._sources = sources

    async def __call__(self) -> int:
        """How many parts were counted."""
        parts = 0
        for source in self._sources:
            while await self._step(source):
                parts += 1
                await asyncio.sleep(_PAUSE)
        return parts

    async def _step(self, source: Source) -> bool:
        """False when there is nothing more, or another worker is at it."""
        now = self._repository.now()
        async with self._repository.database.write() as tx:
            position = await self._store.position(tx, source.name)
            part = await source.part(tx, position, now=now, limit=_PART)
            after = position if part is None else part.position
            if not await self._store.move(tx, source.name, position, after, now):
                return False
            if part is not None:
                await self._store.add(tx, await self._counts(tx, part))
            await tx.commit()
        return part is not None

    async def _counts(self, tx: WriteTx, part: Part) -> Counter[Tally]:
        counts = Counter(part.counts)
        for day, case in part.cases:
            materials, exempt = await self._store.better(tx, case, day)
            counts[Tally(day, case.organisation, Measure.MATERIAL, case.item)] += materials
            counts[Tally(day, case.organisation, Measure.SAVED, case.item)] += exempt
        return +counts
