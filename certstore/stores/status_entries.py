"""Places in status lists, in SQL: the table's keys decide who gets one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from certstore.lifecycle import State
from certstore.status import Status, status_of
from certstore.status_list import LIST_SIZE
from certstore.status_publishing import ListedStatus, StatusEntryStore
from certstore.stores.status_tables import status_entry
from certstore.stores.tables import licence, licence_version
from core.db.database import ReadTx, WriteTx


class SqlStatusEntryStore:
    """Implements `certstore.status_publishing.StatusEntryStore`."""

    async def place_of(self, tx: ReadTx, licence_id: str, version: int) -> tuple[int, int] | None:
        columns = status_entry.c
        query = select(columns.list, columns.position).where(
            columns.licence_id == licence_id, columns.version == version
        )
        row = (await tx.connection.execute(query)).one_or_none()
        return (row.list, row.position) if row else None

    async def open_list(self, tx: WriteTx) -> int:
        newest = (await tx.connection.execute(select(func.max(status_entry.c.list)))).scalar_one() or 1
        taken = select(func.count()).where(status_entry.c.list == newest)
        full = (await tx.connection.execute(taken)).scalar_one() >= LIST_SIZE // 2
        return int(newest) + (1 if full else 0)

    async def take(
        self, tx: WriteTx, licence_id: str, version: int, place: tuple[int, int], *, now: dt.datetime
    ) -> bool:
        made = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
        number, position = place
        statement = made.insert(status_entry).values(
            list=number, position=position, licence_id=licence_id, version=version, taken_at=now
        )
        return (await tx.connection.execute(statement.on_conflict_do_nothing())).rowcount == 1

    async def listed(self, tx: ReadTx, number: int, today: dt.date) -> Sequence[ListedStatus]:
        columns, version = status_entry.c, licence_version.c
        query = (
            select(
                columns.position,
                columns.version,
                licence.c.state,
                licence.c.version.label("current"),
                licence.c.inspected_until,
                version.valid_from,
                version.valid_until,
            )
            .join(licence, licence.c.id == columns.licence_id)
            .join(licence_version, (version.licence_id == columns.licence_id) & (version.number == columns.version))
            .where(columns.list == number)
        )
        return [
            ListedStatus(
                row.position,
                status_of(State(row.state), row.valid_from, row.valid_until, today)
                if row.version == row.current
                else Status.SUPERSEDED,
                row.inspected_until,
            )
            for row in await tx.connection.execute(query)
        ]

    async def newest(self, tx: ReadTx) -> int:
        return (await tx.connection.execute(select(func.max(status_entry.c.list)))).scalar_one() or 0


_store: type[StatusEntryStore] = SqlStatusEntryStore
