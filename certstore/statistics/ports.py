"""What the statistics read, each source in parts and once, and what they keep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from certstore.statistics.model import CaseTally, Figure, Measure, Part, Tally
from core.db.database import ReadTx, WriteTx


class Source(Protocol):
    """Something that only grows, read from a position on."""

    @property
    def name(self) -> str: ...

    async def part(self, tx: ReadTx, position: str, *, now: dt.datetime, limit: int) -> Part | None:
        """What comes after `position` ("" is the beginning); None if there is nothing yet."""


class StatisticStore(Protocol):
    """Counts by day, and how far each source was read."""

    async def position(self, tx: ReadTx, source: str) -> str: ...

    async def move(self, tx: WriteTx, source: str, before: str, after: str, at: dt.datetime) -> bool:
        """False if another worker moved it since it was read: then nothing of this unit may stay."""

    async def add(self, tx: WriteTx, counts: Mapping[Tally, int]) -> None: ...

    async def better(self, tx: WriteTx, case: CaseTally, day: dt.date) -> tuple[int, int]:
        """Keep the best of a case; answers by how many materials and exempt ones it grew."""

    async def by_month(self, tx: ReadTx, organisation: str, *, first: dt.date, last: dt.date) -> Sequence[Figure]: ...

    async def last_days(
        self, tx: ReadTx, organisation: str, measures: Sequence[Measure], *, first: dt.date
    ) -> Mapping[str, tuple[dt.date, int]]:
        """By type: the last day on which one of the measures was counted, and how often since `first`."""

    async def counted_at(self, tx: ReadTx, sources: Sequence[str]) -> dt.datetime | None:
        """When the source that lags most was last read to its end."""

    async def delete_before(self, tx: WriteTx, day: dt.date) -> int:
        """Remove a part of the counts of earlier days; answers how many."""

    async def delete_cases(self, tx: WriteTx, day: dt.date) -> int:
        """Remove a part of the cases that were last checked earlier; answers how many."""
