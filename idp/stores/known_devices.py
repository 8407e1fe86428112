"""Devices that people logged in from, in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, select, update

from core.db.database import ReadTx, WriteTx
from idp.abuse.ports import KnownDevice, KnownDeviceStore
from idp.stores.security_tables import known_device as table
from idp.stores.some import delete_some
from idp.stores.upsert import insert_if_new


class SqlKnownDeviceStore:
    """Implements `idp.abuse.ports.KnownDeviceStore`."""

    async def find(self, tx: ReadTx, ids: Sequence[str]) -> KnownDevice | None:
        row = (await tx.connection.execute(select(table).where(table.c.id.in_(ids)))).first()
        return None if row is None else KnownDevice(**dict(row._mapping))

    async def put(self, tx: WriteTx, device: KnownDevice, *, keep: int) -> bool:
        again = update(table).where(table.c.id == device.id)
        values = {"seen_at": device.seen_at, "user_agent": device.user_agent}
        if (await tx.connection.execute(again.values(values))).rowcount == 1:
            return False
        row = {name: getattr(device, name) for name in table.c.keys()}  # noqa: SIM118 - not a dict
        if not await insert_if_new(tx.connection, table, row):
            return False  # another request of the same browser was first
        same = table.c.account_id == device.account_id
        kept = select(table.c.id).where(same).order_by(table.c.seen_at.desc(), table.c.id).limit(keep)
        await tx.connection.execute(delete(table).where(same, table.c.id.not_in(kept)))
        return True

    async def any_of(self, tx: ReadTx, account_id: str) -> bool:
        query = select(table.c.id).where(table.c.account_id == account_id).limit(1)
        return (await tx.connection.execute(query)).first() is not None

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[KnownDevice]:
        query = select(table).where(table.c.account_id == account_id).order_by(table.c.seen_at.desc(), table.c.id)
        return [KnownDevice(**dict(row._mapping)) for row in await tx.connection.execute(query)]

    async def forget(self, tx: WriteTx, account_id: str, *, but: Sequence[str] = ()) -> int:
        gone = delete(table).where(table.c.account_id == account_id, table.c.id.not_in(but))
        return (await tx.connection.execute(gone)).rowcount

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, table, table.c.seen_at < before)


_: type[KnownDeviceStore] = SqlKnownDeviceStore
