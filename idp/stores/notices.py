"""Notices to people in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from core.db.database import ReadTx, WriteTx
from idp.model import Notice, NoticeKind
from idp.ports import NoticeStore
from idp.stores.some import delete_some
from idp.stores.tables import account_notice


class SqlNoticeStore:
    """Implements `idp.ports.NoticeStore`."""

    async def add(self, tx: WriteTx, notice: Notice) -> None:
        values = {name: getattr(notice, name) for name in account_notice.c.keys()}  # noqa: SIM118 - not a dict
        await tx.connection.execute(insert(account_notice).values({**values, "kind": notice.kind.value}))

    async def unseen(self, tx: ReadTx, account_id: str, limit: int) -> Sequence[Notice]:
        query = (
            select(account_notice)
            .where(account_notice.c.account_id == account_id, account_notice.c.seen_at.is_(None))
            .order_by(account_notice.c.at.desc(), account_notice.c.id.desc())
            .limit(limit)
        )
        return [_notice(row) for row in (await tx.connection.execute(query)).all()]

    async def see(self, tx: WriteTx, notice_id: str, *, account_id: str, at: dt.datetime) -> bool:
        change = (
            update(account_notice)
            .where(
                account_notice.c.id == notice_id,
                account_notice.c.account_id == account_id,
                account_notice.c.seen_at.is_(None),
            )
            .values(seen_at=at)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, account_notice, account_notice.c.at < before)


def _notice(row: Row[Any]) -> Notice:
    return Notice(row.id, row.account_id, NoticeKind(row.kind), row.client_id, row.at, row.seen_at, row.detail)


_: type[NoticeStore] = SqlNoticeStore
