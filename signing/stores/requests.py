"""Keeps requests to use a seal in SQL (SQLite and PostgreSQL)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, insert, select, update

from core.db.database import ReadTx, WriteTx
from signing.model import RequestState, UseRequest
from signing.stores.rows import request_of, request_values
from signing.stores.tables import seal, seal_request

_LIVING = (RequestState.OPEN.value, RequestState.APPROVED.value)


class SqlUseRequestStore:
    """Implements `signing.ports.UseRequestStore`."""

    async def add(self, tx: WriteTx, request: UseRequest) -> None:
        await tx.connection.execute(insert(seal_request).values(request_values(request)))

    async def request(self, tx: ReadTx, request_id: str) -> UseRequest | None:
        query = select(seal_request).where(seal_request.c.id == request_id)
        row = (await tx.connection.execute(query)).mappings().one_or_none()
        return None if row is None else request_of(row)

    async def open_of(self, tx: ReadTx, requester_kind: str, requester: str, now: dt.datetime) -> int:
        query = select(func.count()).where(
            seal_request.c.requester_kind == requester_kind,
            seal_request.c.requester == requester,
            seal_request.c.state == RequestState.OPEN.value,
            seal_request.c.expires_at > now,
        )
        return int((await tx.connection.execute(query)).scalar_one())

    async def of_seals(
        self,
        tx: ReadTx,
        organisation: str,
        *,
        requester: tuple[str, str] | None = None,
        state: RequestState | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[UseRequest]:
        own = select(seal.c.id).where(seal.c.organisation == organisation)
        query = select(seal_request).where(seal_request.c.seal_id.in_(own))
        if requester is not None:
            kind, who = requester
            query = query.where(seal_request.c.requester_kind == kind, seal_request.c.requester == who)
        if state is not None:
            query = query.where(seal_request.c.state == state.value)
        if before is not None:
            query = query.where(seal_request.c.id < before)
        found = await tx.connection.execute(query.order_by(seal_request.c.id.desc()).limit(limit))
        return [request_of(row) for row in found.mappings()]

    async def decide(
        self, tx: WriteTx, request_id: str, new: RequestState, *, by: str, answer: str, at: dt.datetime
    ) -> bool:
        decided = await tx.connection.execute(
            update(seal_request)
            .where(
                seal_request.c.id == request_id,
                seal_request.c.state == RequestState.OPEN.value,
                seal_request.c.expires_at > at,
            )
            .values(state=new.value, decided_by=by, decided_at=at, answer=answer)
        )
        return decided.rowcount == 1

    async def withdraw(self, tx: WriteTx, request_id: str) -> bool:
        withdrawn = await tx.connection.execute(
            update(seal_request)
            .where(seal_request.c.id == request_id, seal_request.c.state.in_(_LIVING))
            .values(state=RequestState.WITHDRAWN.value)
        )
        return withdrawn.rowcount == 1

    async def spend(self, tx: WriteTx, request_id: str, *, signature_id: str, at: dt.datetime) -> bool:
        spent = await tx.connection.execute(
            update(seal_request)
            .where(
                seal_request.c.id == request_id,
                seal_request.c.state == RequestState.APPROVED.value,
                seal_request.c.expires_at > at,
            )
            .values(state=RequestState.SEALED.value, signature_id=signature_id)
        )
        return spent.rowcount == 1

    async def lapse(self, tx: WriteTx, now: dt.datetime, limit: int) -> int:
        due = (
            select(seal_request.c.id)
            .where(seal_request.c.expires_at <= now, seal_request.c.state.in_(_LIVING))
            .order_by(seal_request.c.expires_at)
            .limit(limit)
        )
        lapsed = await tx.connection.execute(
            update(seal_request)
            .where(seal_request.c.id.in_(due.scalar_subquery()), seal_request.c.state.in_(_LIVING))
            .values(state=RequestState.LAPSED.value)
        )
        return lapsed.rowcount

    async def over_with_files(self, tx: ReadTx, limit: int) -> list[UseRequest]:
        query = (
            select(seal_request)
            .where(seal_request.c.document.is_not(None), seal_request.c.state.not_in(_LIVING))
            .order_by(seal_request.c.id)
            .limit(limit)
        )
        return [request_of(row) for row in (await tx.connection.execute(query)).mappings()]

    async def drop_file(self, tx: WriteTx, request_id: str) -> bool:
        dropped = await tx.connection.execute(
            update(seal_request)
            .where(seal_request.c.id == request_id, seal_request.c.document.is_not(None))
            .values(document=None)
        )
        return dropped.rowcount == 1
