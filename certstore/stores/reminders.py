"""Reminders in SQL; what runs out is found along one index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, delete, insert, or_, select, tuple_
from sqlalchemy.exc import IntegrityError

from certstore.model import Licence
from certstore.reminders.ports import Place, ReminderStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.statistic_tables import licence_reminder
from certstore.stores.tables import licence
from core.db.database import ReadTx, WriteTx

_PART = 500


class SqlReminderStore:
    """Implements `certstore.reminders.ports.ReminderStore`."""

    def __init__(self, licences: SqlLicenceStore) -> None:
        self._licences = licences

    async def lapsing(
        self, tx: ReadTx, *, first: dt.date, last: dt.date, after: Place | None, limit: int
    ) -> Sequence[Place]:
        columns = licence.c
        query = select(columns.lapses_on, columns.id).where(columns.lapses_on >= first, columns.lapses_on <= last)
        if after is not None:
            day, licence_id = after
            query = query.where(or_(columns.lapses_on > day, and_(columns.lapses_on == day, columns.id > licence_id)))
        rows = await tx.connection.execute(query.order_by(columns.lapses_on, columns.id).limit(limit))
        return [(row.lapses_on, row.id) for row in rows]

    async def licences(self, tx: ReadTx, ids: Sequence[str]) -> Sequence[Licence]:
        return await self._licences.of_ids(tx, ids)

    async def claim(self, tx: WriteTx, licence_: Licence, days: int, *, told: bool) -> bool:
        values = {
            "licence_id": licence_.id,
            "version": licence_.current.number,
            "days": days,
            "lapses_on": licence_.current.valid_until,
            "told": told,
        }
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(licence_reminder).values(values))
        except IntegrityError:
            return False
        return True

    async def delete_before(self, tx: WriteTx, day: dt.date) -> int:
        columns = licence_reminder.c
        key = (columns.licence_id, columns.version, columns.days)
        some = select(*key).where(columns.lapses_on < day).limit(_PART)
        return (await tx.connection.execute(delete(licence_reminder).where(tuple_(*key).in_(some)))).rowcount


_: type[ReminderStore] = SqlReminderStore
