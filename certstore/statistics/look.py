"""A department looks at its figures: added up from days, so that it costs the same however much was done."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from certstore.authorise import acting_organisation
from certstore.repository import Repository
from certstore.statistics.model import Figure, Freshness, Measure, Statistics
from certstore.statistics.ports import StatisticStore
from core.audit.event import AuditEvent
from core.db.database import ReadTx
from core.errors import InvalidInput, NotPermitted
from core.principal import Principal
from core.text import Text

MOST_MONTHS = 24
SOURCES = ("audit", "looks", "changes")
_MOST_ROWS = 10
_AHEAD = 4
_LIFE = (Measure.ISSUED, Measure.RENEWED, Measure.CHANGED, Measure.ENDED)
_SCOPES = ("licence:read", "licence:issue")


class LookAtStatistics:
    """The use case. Figures of the actor's own organisation; nobody is named in them."""

    def __init__(self, repository: Repository, store: StatisticStore) -> None:
        self._repository = repository
        self._store = store

    async def __call__(self, actor: Principal, *, months: int = 12) -> Statistics:
        """
        Raises:
            NotPermitted: `scope-missing`, `organisation-missing`.
            InvalidInput: `months-invalid`.
        """
        if not any(actor.may(scope) for scope in _SCOPES):
            raise NotPermitted(
                "scope-missing",
                Text("统计给用证、发证的部门看。", "The figures are for departments that use or issue licences."),
            )
        organisation = acting_organisation(actor)
        if not 1 <= months <= MOST_MONTHS:
            raise InvalidInput(
                "months-invalid",
                Text(f"可以看 1 到 {MOST_MONTHS} 个月。", f"Ask for 1 to {MOST_MONTHS} months."),
                field="months",
            )
        today = self._repository.today()
        first, ahead = months_back(today, months), months_ahead(today, _AHEAD)
        async with self._repository.database.write() as tx:
            figures = await self._store.by_month(tx, organisation, first=first[0], last=_last_day(ahead[-1]))
            fresh = await self._store.last_days(tx, organisation, _LIFE, first=today - dt.timedelta(days=30))
            until = await self._store.counted_at(tx, SOURCES)
            past = [one for one in figures if one.measure is not Measure.ENDING]
            made = Statistics(
                months=first,
                ahead=ahead,
                totals=_totals(past),
                by_month=_series(past, first),
                by_item=await self._by_item(tx, past),
                by_type=await self._by_type(tx, past),
                refusals=Counter(_marks(past)).most_common(_MOST_ROWS),
                freshness=await self._freshness(tx, fresh),
                ending=_series([one for one in figures if one.measure is Measure.ENDING], ahead)[Measure.ENDING],
                counted_until=until,
            )
            tx.audit(AuditEvent("statistics.look", "done", actor, detail={"months": months}))
            await tx.commit()
        return made

    async def _by_item(self, tx: ReadTx, figures: Sequence[Figure]) -> Sequence[tuple[Text, Mapping[Measure, int]]]:
        found = []
        for code, counts in _largest(figures, lambda one: one.item):
            item = await self._repository.catalogue.item(tx, code)
            found.append((item.name if item else Text(code, code), counts))
        return found

    async def _by_type(self, tx: ReadTx, figures: Sequence[Figure]) -> Sequence[tuple[Text, Mapping[Measure, int]]]:
        return [
            (await self._type_name(tx, code), counts) for code, counts in _largest(figures, lambda one: one.type_code)
        ]

    async def _freshness(self, tx: ReadTx, fresh: Mapping[str, tuple[dt.date, int]]) -> Sequence[Freshness]:
        rows = [Freshness(code, await self._type_name(tx, code), day, count) for code, (day, count) in fresh.items()]
        return sorted(rows, key=lambda one: (one.last_change or dt.date.min, one.type_code))

    async def _type_name(self, tx: ReadTx, code: str) -> Text:
        found = await self._repository.catalogue.licence_type(tx, code)
        return found.name if found else Text(code, code)


def months_back(today: dt.date, count: int) -> list[dt.date]:
    """The first days of the last `count` months, this one being the last."""
    return [_month(today, offset) for offset in range(1 - count, 1)]


def months_ahead(today: dt.date, count: int) -> list[dt.date]:
    return [_month(today, offset) for offset in range(count)]


def _month(day: dt.date, offset: int) -> dt.date:
    months = day.year * 12 + day.month - 1 + offset
    return dt.date(months // 12, months % 12 + 1, 1)


def _last_day(month: dt.date) -> dt.date:
    return _month(month, 1) - dt.timedelta(days=1)


def _totals(figures: Sequence[Figure]) -> Mapping[Measure, int]:
    totals: Counter[Measure] = Counter(dict.fromkeys(Measure, 0))
    for one in figures:
        totals[one.measure] += one.count
    return totals


def _series(figures: Sequence[Figure], months: Sequence[dt.date]) -> Mapping[Measure, Sequence[int]]:
    found: dict[Measure, list[int]] = {measure: [0] * len(months) for measure in Measure}
    places = {month: place for place, month in enumerate(months)}
    for one in figures:
        if one.month in places:
            found[one.measure][places[one.month]] += one.count
    return found


def _largest(figures: Sequence[Figure], name: Callable[[Figure], str]) -> Sequence[tuple[str, Mapping[Measure, int]]]:
    found: defaultdict[str, Counter[Measure]] = defaultdict(Counter)
    for one in figures:
        if name(one):
            found[name(one)][one.measure] += one.count
    ordered = sorted(found.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    return ordered[:_MOST_ROWS]


def _marks(figures: Sequence[Figure]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for one in figures:
        if one.measure is Measure.REFUSAL:
            found[one.mark] += one.count
    return found
