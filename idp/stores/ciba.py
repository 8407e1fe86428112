"""Backchannel authentication requests in SQL; one `UPDATE … WHERE` decides who decides, and who sends a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, select, update

from core.db.database import ReadTx, WriteTx
from idp.ciba.model import BackchannelRequest, RequestState
from idp.ciba.ports import BackchannelStore
from idp.client_metadata import DeliveryMode
from idp.model import DeliveryState
from idp.stores.ciba_tables import backchannel_request as table
from idp.stores.some import delete_some

_PENDING = RequestState.PENDING.value
_DUE = DeliveryState.PENDING.value


class SqlBackchannelStore:
    """Implements `idp.ciba.ports.BackchannelStore`."""

    async def add(self, tx: WriteTx, request: BackchannelRequest) -> None:
        await tx.connection.execute(insert(table).values(_values(request)))

    async def get(self, tx: ReadTx, request_id: str) -> BackchannelRequest | None:
        row = (await tx.connection.execute(select(table).where(table.c.id == request_id))).one_or_none()
        return None if row is None else _request(row)

    async def waiting(self, tx: ReadTx, account_id: str, now: dt.datetime) -> Sequence[BackchannelRequest]:
        query = (
            select(table)
            .where(table.c.account_id == account_id, table.c.state == _PENDING, table.c.expires_at > now)
            .order_by(table.c.created_at.desc(), table.c.id.desc())
        )
        return [_request(row) for row in (await tx.connection.execute(query)).all()]

    async def decide(
        self,
        tx: WriteTx,
        request_id: str,
        state: RequestState,
        *,
        at: dt.datetime,
        family_id: str | None,
        notify: bool,
    ) -> bool:
        change = (
            update(table)
            .where(table.c.id == request_id, table.c.state == _PENDING, table.c.expires_at > at)
            .values(state=state.value, decided_at=at, family_id=family_id)
        )
        if notify:
            change = change.values(notice=_DUE, notice_due_at=at)
        return (await tx.connection.execute(change)).rowcount == 1

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[BackchannelRequest]:
        query = (
            select(table)
            .where(((table.c.notice == _DUE) & (table.c.notice_due_at <= now)) | _undecided(now))
            .order_by(func.coalesce(table.c.notice_due_at, table.c.expires_at), table.c.id)
            .limit(limit)
        )
        return [_request(row) for row in (await tx.connection.execute(query)).all()]

    async def claim(self, tx: WriteTx, request: BackchannelRequest, *, at: dt.datetime, until: dt.datetime) -> bool:
        change = (
            update(table)
            .where(
                table.c.id == request.id,
                table.c.notice_attempts == request.notice_attempts,
                (table.c.notice == _DUE) | _undecided(at),
            )
            .values(notice=_DUE, notice_attempts=request.notice_attempts + 1, notice_due_at=until)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def finish(self, tx: WriteTx, request: BackchannelRequest) -> None:
        notice = None if request.notice is None else request.notice.value
        change = (
            update(table)
            .where(table.c.id == request.id, table.c.notice == _DUE)
            .values(notice=notice, notice_due_at=request.notice_due_at, notice_result=request.notice_result)
        )
        await tx.connection.execute(change)

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, table, table.c.expires_at < before)


def _undecided(now: dt.datetime) -> ColumnElement[bool]:
    """In push mode the client is told, too, that nobody decided (CIBA Core §12)."""
    return and_(
        table.c.notice.is_(None),
        table.c.mode == DeliveryMode.PUSH.value,
        table.c.state == _PENDING,
        table.c.expires_at <= now,
    )


def _values(request: BackchannelRequest) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(request, name) for name in table.c.keys()}  # noqa: SIM118 - not a dict
    return values | {
        "mode": request.mode.value,
        "state": request.state.value,
        "notice": None if request.notice is None else request.notice.value,
    }


def _request(row: Row[Any]) -> BackchannelRequest:
    return BackchannelRequest(
        id=row.id,
        client_id=row.client_id,
        account_id=row.account_id,
        mode=DeliveryMode(row.mode),
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        resources=tuple(row.resources),
        authorization_details=tuple(row.authorization_details),
        state=RequestState(row.state),
        decided_at=row.decided_at,
        family_id=row.family_id,
        notice=None if row.notice is None else DeliveryState(row.notice),
        notice_attempts=row.notice_attempts,
        notice_due_at=row.notice_due_at,
        notice_result=row.notice_result,
    )


_: type[BackchannelStore] = SqlBackchannelStore
