"""Keeps which originals are looked after, in SQL (SQLite and PostgreSQL)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from certstore.lasting.ports import FileCare, FileCareStore
from certstore.model import FileKind, Lasting
from certstore.stores.files import file_of
from certstore.stores.lasting_tables import licence_file_care
from certstore.stores.tables import licence_file
from core.db.database import ReadTx, WriteTx

_columns = licence_file_care.c


class SqlFileCareStore:
    """Implements `certstore.lasting.ports.FileCareStore`."""

    async def take_in(self, tx: WriteTx, *, after: str, now: dt.datetime, limit: int) -> str | None:
        looked_after = exists().where(_columns.file_id == licence_file.c.id)
        query = select(licence_file.c.id, licence_file.c.kind, looked_after.label("already"))
        query = query.where(licence_file.c.id > after).order_by(licence_file.c.id).limit(limit)
        rows = (await tx.connection.execute(query)).all()
        fresh = [row.id for row in rows if row.kind == FileKind.ORIGINAL.value and not row.already]
        if fresh:
            values = [{"file_id": one, "due_at": now, "tries": 0} for one in fresh]
            insert_into = postgresql.insert if tx.connection.dialect.name == "postgresql" else sqlite.insert
            # another worker may be looking at the same ones
            await tx.connection.execute(insert_into(licence_file_care).values(values).on_conflict_do_nothing())
        return rows[-1].id if len(rows) == limit else None

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        query = select(_columns.file_id).where(_free(now)).order_by(_columns.due_at, _columns.file_id).limit(limit)
        return list((await tx.connection.execute(query)).scalars())

    async def claim(self, tx: WriteTx, file_id: str, *, now: dt.datetime, until: dt.datetime) -> FileCare | None:
        claimed = await tx.connection.execute(
            update(licence_file_care)
            .where(_columns.file_id == file_id, _free(now))
            .values(lease_until=until, tries=_columns.tries + 1)
        )
        if claimed.rowcount != 1:
            return None
        query = select(licence_file, _columns.tries).join_from(licence_file_care, licence_file)
        row = (await tx.connection.execute(query.where(_columns.file_id == file_id))).one()
        return FileCare(file_of(row), until, row.tries)

    async def finish(self, tx: WriteTx, care: FileCare, *, content: str, lasting: Lasting) -> bool:
        values: dict[str, object] = {
            "level": lasting.level,
            "due_at": lasting.due_at,
            "lease_until": None,
            "tries": 0,
            "fault": None,
        }
        if not await self._give_back(tx, care, values):
            return False
        changed = await tx.connection.execute(
            update(licence_file)
            .where(licence_file.c.id == care.file.id, licence_file.c.content == care.file.content)
            .values(content=content)
        )
        return changed.rowcount == 1

    async def put_off(self, tx: WriteTx, care: FileCare, *, due_at: dt.datetime, fault: str) -> bool:
        return await self._give_back(tx, care, {"due_at": due_at, "lease_until": None, "fault": fault[:64]})

    async def _give_back(self, tx: WriteTx, care: FileCare, values: dict[str, object]) -> bool:
        """The claim is the lease's very moment: whoever claimed later has another one."""
        held = and_(_columns.file_id == care.file.id, _columns.lease_until == care.lease_until)
        return (await tx.connection.execute(update(licence_file_care).where(held).values(values))).rowcount == 1


def _free(now: dt.datetime) -> ColumnElement[bool]:
    return and_(_columns.due_at <= now, or_(_columns.lease_until.is_(None), _columns.lease_until <= now))


_: type[FileCareStore] = SqlFileCareStore
