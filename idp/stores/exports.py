"""Copies of people's data on their way, in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, or_, select, update

from core.db.database import ReadTx, WriteTx
from idp.export.model import UNDER_WAY, DataExport, ExportState
from idp.export.ports import ExportStore
from idp.stores.export_tables import data_export as table
from idp.stores.some import delete_some
from idp.stores.upsert import insert_if_new

_UNDER_WAY = [state.value for state in UNDER_WAY]


class SqlExportStore:
    """Implements `idp.export.ports.ExportStore`."""

    async def begin(self, tx: WriteTx, export: DataExport) -> bool:
        values = {name: getattr(export, name) for name in table.c.keys()}  # noqa: SIM118 - not a dict
        row = table.c
        over = or_(row.state.not_in(_UNDER_WAY), row.expires_at <= export.asked_at)
        change = update(table).where(row.account_id == export.account_id, over).values(**values)
        if (await tx.connection.execute(change)).rowcount == 1:
            return True
        return await insert_if_new(tx.connection, table, values)

    async def get(self, tx: ReadTx, account_id: str) -> DataExport | None:
        row = (await tx.connection.execute(select(table).where(table.c.account_id == account_id))).one_or_none()
        return None if row is None else _export(row)

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[DataExport]:
        row = table.c
        left = and_(row.state == ExportState.WORKING.value, row.claimed_until <= now)
        wanted = (or_(row.state == ExportState.ASKED.value, left), row.expires_at > now)
        query = select(table).where(*wanted).order_by(row.asked_at, row.id).limit(limit)
        return [_export(one) for one in await tx.connection.execute(query)]

    async def claim(self, tx: WriteTx, export: DataExport, *, until: dt.datetime) -> bool:
        row = table.c
        change = (
            update(table)
            .where(row.id == export.id, row.state == export.state.value, row.attempts == export.attempts)
            .values(state=ExportState.WORKING.value, claimed_until=until, attempts=export.attempts + 1)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def finish(
        self,
        tx: WriteTx,
        export: DataExport,
        state: ExportState,
        *,
        at: dt.datetime,
        expires_at: dt.datetime,
        size: int = 0,
    ) -> bool:
        row, working = table.c, ExportState.WORKING.value
        change = (
            update(table)
            .where(row.id == export.id, row.state == working, row.attempts == export.attempts + 1)
            .values(state=state.value, claimed_until=None, ready_at=at, expires_at=expires_at, size=size)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, table, table.c.expires_at <= before)


def _export(row: Row[Any]) -> DataExport:
    return DataExport(**{**row._mapping, "state": ExportState(row.state)})


_: type[ExportStore] = SqlExportStore
