"""Keeps which files are looked after, in SQL (SQLite and PostgreSQL)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, insert, or_, select, update

from core.db.database import ReadTx, WriteTx
from signing.levels import Level
from signing.longlife.model import Care
from signing.longlife.ports import CareStore
from signing.stores.care_tables import document_care
from signing.stores.tables import seal_signature

_columns = document_care.c


class SqlCareStore:
    """Implements `signing.longlife.ports.CareStore`."""

    async def add(self, tx: WriteTx, care: Care) -> None:
        await tx.connection.execute(
            insert(document_care).values(
                signature_id=care.signature_id, target=care.target.value, due_at=care.due_at, tries=0
            )
        )

    async def find(self, tx: ReadTx, signature_id: str) -> Care | None:
        query = (
            select(document_care, seal_signature.c.document)
            .join(seal_signature, seal_signature.c.id == _columns.signature_id)
            .where(_columns.signature_id == signature_id)
        )
        row = (await tx.connection.execute(query)).mappings().one_or_none()
        return None if row is None else Care(**{**row, "target": Level(row["target"])})

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        query = select(_columns.signature_id).where(_free(now)).order_by(_columns.due_at).limit(limit)
        return list((await tx.connection.execute(query)).scalars())

    async def claim(self, tx: WriteTx, signature_id: str, *, now: dt.datetime, until: dt.datetime) -> Care | None:
        claimed = await tx.connection.execute(
            update(document_care)
            .where(_columns.signature_id == signature_id, _free(now))
            .values(lease_until=until, tries=_columns.tries + 1)
        )
        return await self.find(tx, signature_id) if claimed.rowcount == 1 else None

    async def finish(self, tx: WriteTx, care: Care, *, document: str, level: str, due_at: dt.datetime | None) -> bool:
        values: dict[str, object] = {"due_at": due_at, "lease_until": None, "tries": 0, "fault": None}
        if not await self._give_back(tx, care, values):
            return False
        changed = await tx.connection.execute(
            update(seal_signature)
            .where(seal_signature.c.id == care.signature_id, seal_signature.c.document == care.document)
            .values(document=document, level=level)
        )
        return changed.rowcount == 1

    async def put_off(self, tx: WriteTx, care: Care, *, due_at: dt.datetime, fault: str) -> bool:
        return await self._give_back(tx, care, {"due_at": due_at, "lease_until": None, "fault": fault[:64]})

    async def _give_back(self, tx: WriteTx, care: Care, values: dict[str, object]) -> bool:
        """The claim is the lease's very moment: whoever claimed later has another one."""
        held = and_(_columns.signature_id == care.signature_id, _columns.lease_until == care.lease_until)
        return (await tx.connection.execute(update(document_care).where(held).values(values))).rowcount == 1


def _free(now: dt.datetime) -> ColumnElement[bool]:
    return and_(_columns.due_at <= now, or_(_columns.lease_until.is_(None), _columns.lease_until <= now))


_: type[CareStore] = SqlCareStore
