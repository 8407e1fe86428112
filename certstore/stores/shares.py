"""Shares in SQL. Guessing, opening and taking back are each one UPDATE with what must still be in its condition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, update

from certstore.codes import HolderCode
from certstore.shares.model import TRIES, Share, ShareState
from certstore.shares.ports import ShareStore
from certstore.stores.holder_index import holder_index, holder_indexes
from certstore.stores.own_places import share_place
from certstore.stores.share_tables import licence_share
from core.db.database import ReadTx, WriteTx
from core.ids import is_id
from keys.ports import BlindIndex, FieldCipher

_PART = 500


class SqlShareStore:
    """Implements `certstore.shares.ports.ShareStore`."""

    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        self._fields = fields
        self._index = index

    async def add(self, tx: WriteTx, share: Share) -> None:
        values = {
            "id": share.id,
            "licence_id": share.licence_id,
            "holder_kind": share.holder.kind,
            "holder_index": holder_index(self._index, share.holder),
            "holder_enc": self._fields.encrypt(share.holder.number, context=share_place("holder", share.id)),
            "fields": list(share.fields),
            "purpose_enc": self._fields.encrypt(share.purpose, context=share_place("purpose", share.id)),
            "code_digest": share.code_digest,
            "views_allowed": share.views_allowed,
            "views": share.views,
            "tries": share.tries,
            "state": share.state.value,
            "created_at": share.created_at,
            "expires_at": share.expires_at,
        }
        await tx.connection.execute(insert(licence_share).values(values))

    async def share(self, tx: ReadTx, share_id: str) -> Share | None:
        if not is_id(share_id):  # what somebody sent instead may hold what no database takes
            return None
        row = (await tx.connection.execute(select(licence_share).where(licence_share.c.id == share_id))).one_or_none()
        return None if row is None else self._share(row)

    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Share]:
        query = select(licence_share).where(licence_share.c.holder_index.in_(holder_indexes(self._index, holder)))
        if before is not None:
            query = query.where(licence_share.c.id < before)
        rows = await tx.connection.execute(query.order_by(licence_share.c.id.desc()).limit(limit))
        return [self._share(row) for row in rows]

    async def open_count(self, tx: ReadTx, holder: HolderCode, *, now: dt.datetime) -> int:
        query = select(func.count()).where(
            licence_share.c.holder_index.in_(holder_indexes(self._index, holder)), _alive(now)
        )
        return int((await tx.connection.execute(query)).scalar_one())

    async def guess(self, tx: WriteTx, share_id: str, *, now: dt.datetime) -> Share | None:
        return await self._spend(tx, share_id, now, tries=licence_share.c.tries - 1)

    async def open(self, tx: WriteTx, share_id: str, *, now: dt.datetime) -> Share | None:
        # the guess that led here is paid for already, and may have been the last one
        return await self._spend(tx, share_id, now, guessed=True, views=licence_share.c.views + 1, tries=TRIES)

    async def withdraw(self, tx: WriteTx, share_id: str) -> bool:
        change = (
            update(licence_share)
            .where(licence_share.c.id == share_id, licence_share.c.state == ShareState.OPEN.value)
            .values(state=ShareState.WITHDRAWN.value)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def delete_before(self, tx: WriteTx, moment: dt.datetime) -> int:
        some = select(licence_share.c.id).where(licence_share.c.expires_at < moment).limit(_PART)
        return (await tx.connection.execute(delete(licence_share).where(licence_share.c.id.in_(some)))).rowcount

    async def _spend(
        self, tx: WriteTx, share_id: str, now: dt.datetime, *, guessed: bool = False, **values: object
    ) -> Share | None:
        conditions = [
            licence_share.c.id == share_id,
            _alive(now),
            licence_share.c.views < licence_share.c.views_allowed,
        ]
        if not guessed:
            conditions.append(licence_share.c.tries > 0)
        spent = await tx.connection.execute(update(licence_share).where(*conditions).values(values))
        return await self.share(tx, share_id) if spent.rowcount == 1 else None

    def _share(self, row: Row[Any]) -> Share:
        number = self._fields.decrypt(bytes(row.holder_enc), context=share_place("holder", row.id))
        return Share(
            id=row.id,
            licence_id=row.licence_id,
            holder=HolderCode(row.holder_kind, number),
            fields=tuple(row.fields),
            purpose=self._fields.decrypt(bytes(row.purpose_enc), context=share_place("purpose", row.id)),
            code_digest=row.code_digest,
            views_allowed=row.views_allowed,
            created_at=row.created_at,
            expires_at=row.expires_at,
            views=row.views,
            tries=row.tries,
            state=ShareState(row.state),
        )


def _alive(now: dt.datetime) -> ColumnElement[bool]:
    return and_(licence_share.c.state == ShareState.OPEN.value, licence_share.c.expires_at > now)


_: type[ShareStore] = SqlShareStore
