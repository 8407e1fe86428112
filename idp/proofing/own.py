"""What a person sees of how surely they are known: the steps that are proved, by what, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from idp.evidence.book import EvidenceBook
from idp.evidence.model import Evidence
from idp.evidence.rules import carried, level_of


@dataclass(frozen=True, slots=True)
class OwnProofs:
    """How things stand.

    Attributes:
        carried: the steps that are proved, whether or not those below them are.
        counting: the records that count now, the newest first.
    """

    level: int
    carried: frozenset[int]
    counting: Sequence[Evidence]

    def ends_before(self, moment: dt.datetime) -> dt.datetime | None:
        """The first end of something that counts, if it is before a moment."""
        ends = [one.expires_at for one in self.counting if one.expires_at is not None and one.expires_at < moment]
        return min(ends, default=None)


class ReadOwnProofs:
    """The use case."""

    def __init__(self, database: Database, book: EvidenceBook, clock: Clock) -> None:
        self._database = database
        self._book = book
        self._clock = clock

    async def __call__(self, account_id: str) -> OwnProofs:
        async with self._database.read() as tx:
            records = await self._book.of(tx, account_id)
        now = self._clock.now()
        counting = [one for one in records if one.counts(now)]
        return OwnProofs(level_of(records, now), carried(records, now), counting)
