"""Reminds holders of licences that run out, once for each stage and version.

A pass goes over what runs out within the longest stage, once on each calendar day. Whoever was away for a while hears
the stage that counts now, and not the ones that were missed. A licence that is short-lived by its nature is not
reminded of at stages that are longer than half its life.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from certstore.holder_news import HolderNews, News
from certstore.model import Licence, LicenceType
from certstore.reminders.ports import Place, ReminderStore
from certstore.repository import Repository
from certstore.statistics.model import Measure, Tally
from certstore.statistics.ports import StatisticStore
from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.principal import SYSTEM

STAGES = (7, 30, 90)  # days before the last day
KEPT_DAYS = 30
POSITION = "reminders"
_PART = 100
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class _Due:
    licence: Licence
    licence_type: LicenceType
    stage: int
    days: int
    accounts: Sequence[str] = field(repr=False)


class RemindHolders:
    """The job; any number of workers may run it, for the database lets one of them claim each reminder."""

    def __init__(
        self, repository: Repository, store: ReminderStore, statistics: StatisticStore, news: HolderNews
    ) -> None:
        self._repository = repository
        self._store = store
        self._statistics = statistics
        self._news = news

    async def __call__(self) -> int:
        """How many licences' holders were reminded; nothing where today's pass is done."""
        today = self._repository.today()
        async with self._repository.database.read() as tx:
            done = await self._statistics.position(tx, POSITION)
        if done == today.isoformat():
            return 0
        count = await self._pass(today)
        async with self._repository.database.write() as tx:
            await self._statistics.move(tx, POSITION, done, today.isoformat(), self._repository.now())
            await tx.commit()
        return count

    async def _pass(self, today: dt.date) -> int:
        count, place = 0, None
        while True:
            found = await self._part(today, place)
            if not found:
                return count
            place = found[-1]
            count += await self._remind(today, found)
            await asyncio.sleep(_PAUSE)

    async def _part(self, today: dt.date, place: Place | None) -> Sequence[Place]:
        last = today + dt.timedelta(days=STAGES[-1])
        async with self._repository.database.read() as tx:
            return await self._store.lapsing(tx, first=today, last=last, after=place, limit=_PART)

    async def _remind(self, today: dt.date, found: Sequence[Place]) -> int:
        due = await self._due(today, {licence_id: day for day, licence_id in found})
        told, count = [], 0
        async with self._repository.database.write() as tx:
            ending: Counter[Tally] = Counter()
            for one in due:
                if await self._store.claim(tx, one.licence, one.stage, told=bool(one.accounts)):
                    told += [await self._write(tx, one, account) for account in one.accounts]
                    count += bool(one.accounts)
                    ending[_ending(one.licence)] += one.stage == STAGES[-1]
            await self._statistics.add(tx, +ending)
            if count:
                tx.audit(AuditEvent("licence.remind", "done", SYSTEM, detail={"licences": count}))
            await tx.commit()
        for news in told:
            self._news.send(news)
        return count

    async def _due(self, today: dt.date, days: dict[str, dt.date]) -> Sequence[_Due]:
        async with self._repository.database.read() as tx:
            licences = await self._store.licences(tx, list(days))
            types = {}
            for one in licences:
                if one.type_code not in types:
                    types[one.type_code] = await self._repository.catalogue.licence_type(tx, one.type_code)
        due = []
        for one in sorted(licences, key=lambda licence: licence.id):
            left = (days[one.id] - today).days
            stage, licence_type = next(stage for stage in STAGES if left <= stage), types[one.type_code]
            if licence_type is not None and _long_enough(one, stage):
                due.append(_Due(one, licence_type, stage, left, await self._accounts(one)))
        return due

    async def _accounts(self, licence: Licence) -> Sequence[str]:
        found = [await self._news.account_of(holder.code) for holder in licence.current.holders]
        return sorted({account for account in found if account is not None})

    async def _write(self, tx: WriteTx, one: _Due, account_id: str) -> object:
        name = one.licence_type.name
        detail = {
            "licence": one.licence.id,
            "licence_zh": name.zh,
            "licence_en": name.en,
            "days": str(one.days),
        }
        return await self._news.write(tx, account_id, News.ENDS_SOON, detail)


def _long_enough(licence: Licence, stage: int) -> bool:
    last = licence.current.valid_until
    return last is not None and (last - licence.current.valid_from).days >= 2 * stage


def _ending(licence: Licence) -> Tally:
    assert licence.current.valid_until is not None  # it runs out
    return Tally(licence.current.valid_until, licence.issuer, Measure.ENDING, "", licence.type_code)
