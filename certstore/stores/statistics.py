"""Counts by day in SQL: added where a row is there, put where none is."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from certstore.statistics.model import CaseTally, Figure, Measure, Tally
from certstore.statistics.ports import StatisticStore
from certstore.stores.statistic_tables import job_position, statistic_case, use_statistic
from core.db.database import ReadTx, WriteTx

_PART = 500
_KEY = ("organisation", "day", "measure", "service_item", "type_code", "mark")


class SqlStatisticStore:
    """Implements `certstore.statistics.ports.StatisticStore`."""

    async def position(self, tx: ReadTx, source: str) -> str:
        query = select(job_position.c.position).where(job_position.c.name == source)
        return (await tx.connection.execute(query)).scalar() or ""

    async def move(self, tx: WriteTx, source: str, before: str, after: str, at: dt.datetime) -> bool:
        begun = _insert(tx.connection, job_position).values(name=source, position="", at=at).on_conflict_do_nothing()
        await tx.connection.execute(begun)
        change = update(job_position).where(job_position.c.name == source, job_position.c.position == before)
        return bool((await tx.connection.execute(change.values(position=after, at=at))).rowcount == 1)

    async def add(self, tx: WriteTx, counts: Mapping[Tally, int]) -> None:
        # in one order, so that two who meet wait for each other and not in a ring
        rows = sorted((_key(tally), count) for tally, count in counts.items())
        if not rows:
            return
        new = _insert(tx.connection, use_statistic)
        more = new.on_conflict_do_update(
            index_elements=list(_KEY), set_={"times": use_statistic.c.times + new.excluded.times}
        )
        values = [{**dict(zip(_KEY, key, strict=True)), "times": count} for key, count in rows]
        await tx.connection.execute(more, values)

    async def better(self, tx: WriteTx, case: CaseTally, day: dt.date) -> tuple[int, int]:
        columns = statistic_case.c
        same = (
            columns.organisation == case.organisation,
            columns.service_item == case.item,
            columns.case_number == case.case_number,
        )
        row = (await tx.connection.execute(select(columns.materials, columns.exempt).where(*same))).one_or_none()
        materials, exempt = (0, 0) if row is None else (row.materials, row.exempt)
        most, spared = max(materials, case.materials), max(exempt, case.exempt)
        best = {"materials": most, "exempt": spared, "day": day}
        if row is None:
            name = {"organisation": case.organisation, "service_item": case.item, "case_number": case.case_number}
            await tx.connection.execute(_insert(tx.connection, statistic_case).values(**name, **best))
        else:
            await tx.connection.execute(update(statistic_case).where(*same).values(**best))
        return most - materials, spared - exempt

    async def by_month(self, tx: ReadTx, organisation: str, *, first: dt.date, last: dt.date) -> Sequence[Figure]:
        columns = use_statistic.c
        query = select(use_statistic).where(
            columns.organisation == organisation, columns.day >= first, columns.day <= last
        )
        found: Counter[tuple[dt.date, Measure, str, str, str]] = Counter()
        for row in await tx.connection.execute(query):
            month = row.day.replace(day=1)
            found[month, Measure(row.measure), row.service_item, row.type_code, row.mark] += row.times
        return [Figure(*key, count) for key, count in sorted(found.items())]

    async def last_days(
        self, tx: ReadTx, organisation: str, measures: Sequence[Measure], *, first: dt.date
    ) -> Mapping[str, tuple[dt.date, int]]:
        columns = use_statistic.c
        recent = func.sum(columns.times).filter(columns.day >= first)
        query = (
            select(columns.type_code, func.max(columns.day).label("day"), func.coalesce(recent, 0).label("recent"))
            .where(columns.organisation == organisation, columns.measure.in_([one.value for one in measures]))
            .group_by(columns.type_code)
        )
        return {row.type_code: (row.day, int(row.recent)) for row in await tx.connection.execute(query)}

    async def counted_at(self, tx: ReadTx, sources: Sequence[str]) -> dt.datetime | None:
        query = select(job_position.c.at).where(job_position.c.name.in_(sources))
        found = list((await tx.connection.execute(query)).scalars())
        return min(found) if len(found) == len(sources) else None

    async def delete_before(self, tx: WriteTx, day: dt.date) -> int:
        key = [use_statistic.c[name] for name in _KEY]
        some = select(*key).where(use_statistic.c.day < day).limit(_PART)
        return (await tx.connection.execute(delete(use_statistic).where(tuple_(*key).in_(some)))).rowcount

    async def delete_cases(self, tx: WriteTx, day: dt.date) -> int:
        columns = statistic_case.c
        key = [columns.organisation, columns.service_item, columns.case_number]
        some = select(*key).where(columns.day < day).limit(_PART)
        return (await tx.connection.execute(delete(statistic_case).where(tuple_(*key).in_(some)))).rowcount


def _key(tally: Tally) -> tuple[str, dt.date, str, str, str, str]:
    return (tally.organisation, tally.day, tally.measure.value, tally.item, tally.type_code, tally.mark)


def _insert(connection: AsyncConnection, table: Table) -> Any:
    # the two constructs are spelled alike and share no type
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


_: type[StatisticStore] = SqlStatisticStore
