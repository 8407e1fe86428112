"""Refusals that the developers of a client may read about, in SQL; bounded for each client."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select

from core.db.database import ReadTx, WriteTx
from idp.clients.ports import ClientErrorStore
from idp.clients.records import ClientError
from idp.stores.registration_tables import client_error
from idp.stores.some import delete_some
from idp.stores.tables import client

_COLUMNS = tuple(client_error.c.keys())


class SqlClientErrorStore:
    """Implements `idp.clients.ports.ClientErrorStore`."""

    async def add(self, tx: WriteTx, errors: Sequence[ClientError], *, keep: int) -> None:
        named = {one.client_id for one in errors}
        found = await tx.connection.execute(select(client.c.id).where(client.c.id.in_(named)))
        known = {row.id for row in found}
        rows = [{name: getattr(one, name) for name in _COLUMNS} for one in errors if one.client_id in known]
        if rows:
            await tx.connection.execute(insert(client_error), rows)
        for client_id in known:
            await self._trim(tx, client_id, keep)

    async def _trim(self, tx: WriteTx, client_id: str, keep: int) -> None:
        columns = client_error.c
        last = (
            select(columns.id).where(columns.client_id == client_id).order_by(columns.id.desc()).offset(keep).limit(1)
        )
        beyond = delete(client_error).where(columns.client_id == client_id, columns.id <= last.scalar_subquery())
        await tx.connection.execute(beyond)

    async def of_client(self, tx: ReadTx, client_id: str, *, before: str | None, limit: int) -> Sequence[ClientError]:
        columns = client_error.c
        query = select(client_error).where(columns.client_id == client_id).order_by(columns.id.desc()).limit(limit)
        if before is not None:
            query = query.where(columns.id < before)
        return [_error(row) for row in await tx.connection.execute(query)]

    async def delete_before(self, tx: WriteTx, at: dt.datetime) -> int:
        return await delete_some(tx, client_error, client_error.c.at < at)


def _error(row: Row[Any]) -> ClientError:
    return ClientError(**dict(row._mapping))


_: type[ClientErrorStore] = SqlClientErrorStore
