"""Log-ins that people look back on, in SQL; bounded for each account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select

from core.db.database import ReadTx, WriteTx
from idp.login_history.model import LogInOutcome, LogInRecord
from idp.login_history.ports import LogInRecordStore
from idp.stores.login_history_tables import login_record
from idp.stores.some import delete_some

_COLUMNS = tuple(login_record.c.keys())


class SqlLogInRecordStore:
    """Implements `idp.login_history.ports.LogInRecordStore`."""

    async def add(self, tx: WriteTx, records: Sequence[LogInRecord], *, keep: int) -> None:
        rows = [{name: getattr(one, name) for name in _COLUMNS} for one in records]
        await tx.connection.execute(insert(login_record), rows)
        for account_id, outcome in {(one.account_id, one.outcome) for one in records}:
            await self._trim(tx, account_id, outcome, keep)

    async def _trim(self, tx: WriteTx, account_id: str, outcome: LogInOutcome, keep: int) -> None:
        columns = login_record.c
        same = (columns.account_id == account_id, columns.outcome == outcome.value)
        last = select(columns.id).where(*same).order_by(columns.id.desc()).offset(keep).limit(1)
        await tx.connection.execute(delete(login_record).where(*same, columns.id <= last.scalar_subquery()))

    async def of_account(self, tx: ReadTx, account_id: str, *, before: str | None, limit: int) -> Sequence[LogInRecord]:
        columns = login_record.c
        query = select(login_record).where(columns.account_id == account_id).order_by(columns.id.desc()).limit(limit)
        if before is not None:
            query = query.where(columns.id < before)
        return [_record(row) for row in await tx.connection.execute(query)]

    async def forget(self, tx: WriteTx, account_id: str) -> int:
        gone = delete(login_record).where(login_record.c.account_id == account_id)
        return (await tx.connection.execute(gone)).rowcount

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, login_record, login_record.c.at < before)


def _record(row: Row[Any]) -> LogInRecord:
    return LogInRecord(**{**row._mapping, "outcome": LogInOutcome(row.outcome)})


_: type[LogInRecordStore] = SqlLogInRecordStore
