"""Single sign-on sessions in SQL; one `UPDATE … WHERE` decides who ends or renews one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update

from core.db.database import ReadTx, WriteTx
from core.prepared import Prepared, Row
from idp.model import Arrival, Session, SessionClient, SessionKind
from idp.stores.people import account_of
from idp.stores.some import delete_some
from idp.stores.tables import account, client, session, session_client
from idp.stores.upsert import prepared_if_new

_OF_BROWSER = session.c.kind == SessionKind.BROWSER.value
_BY_COOKIE = Prepared(select(session).where(session.c.cookie_digest == bindparam("digest"), _OF_BROWSER))
_ARRIVAL = Prepared(
    select(
        session,
        *(column for column in account.c if column.name != "id"),  # which stands in the session
        session_client.c.sid.is_not(None).label("entered"),
    )
    .join(account, account.c.id == session.c.account_id)
    .join(
        session_client,
        (session_client.c.session_id == session.c.id) & (session_client.c.client_id == bindparam("client_id")),
        isouter=True,
    )
    .where(session.c.cookie_digest == bindparam("digest"), _OF_BROWSER)
)
_GET = Prepared(select(session).where(session.c.id == bindparam("session_id")))
_ADD = Prepared(insert(session))
_JOIN = prepared_if_new(session_client)
_TOUCH = Prepared(
    update(session)
    .where(session.c.id == bindparam("session_id"), session.c.seen_at < bindparam("at"))
    .values(seen_at=bindparam("at"))
)


class SqlSessionStore:
    """Implements `idp.ports.SessionStore`."""

    async def add(self, tx: WriteTx, session_: Session) -> None:
        values = {name: getattr(session_, name) for name in session.c.keys()}  # noqa: SIM118 - not a dict
        await tx.change(_ADD, values)

    async def by_cookie(self, tx: ReadTx, cookie_digests: Sequence[str]) -> Session | None:
        for digest in cookie_digests:  # one, unless their key has just been replaced
            row = await tx.row(_BY_COOKIE, {"digest": digest})
            if row is not None:
                return session_of(row)
        return None

    async def arrival(self, tx: ReadTx, cookie_digests: Sequence[str], *, client_id: str) -> Arrival | None:
        for digest in cookie_digests:
            row = await tx.row(_ARRIVAL, {"digest": digest, "client_id": client_id})
            if row is not None:
                return Arrival(session_of(row), account_of(row, row.account_id), bool(row.entered))
        return None

    async def get(self, tx: ReadTx, session_id: str) -> Session | None:
        row = await tx.row(_GET, {"session_id": session_id})
        return None if row is None else session_of(row)

    async def renew(self, tx: WriteTx, session_: Session, *, old_digest: str) -> bool:
        change = (
            update(session)
            .where(
                session.c.id == session_.id,
                session.c.cookie_digest == old_digest,
                session.c.ended_at.is_(None),
            )
            .values(
                cookie_digest=session_.cookie_digest,
                authenticated_at=session_.authenticated_at,
                seen_at=session_.seen_at,
                expires_at=session_.expires_at,
                acr=session_.acr,
                amr=list(session_.amr),
                provider=session_.provider,
                user_agent=session_.user_agent,
                source=session_.source,
            )
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def touch(self, tx: WriteTx, session_id: str, at: dt.datetime) -> None:
        await tx.change(_TOUCH, {"session_id": session_id, "at": at})

    async def prolong(self, tx: WriteTx, session_id: str, *, until: dt.datetime) -> bool:
        change = (
            update(session)
            .where(
                session.c.id == session_id, session.c.ended_at.is_(None), session.c.kind != SessionKind.BROWSER.value
            )
            .values(expires_at=until)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def end(self, tx: WriteTx, session_id: str, at: dt.datetime) -> bool:
        change = update(session).where(session.c.id == session_id, session.c.ended_at.is_(None)).values(ended_at=at)
        return (await tx.connection.execute(change)).rowcount == 1

    async def act(self, tx: WriteTx, session_id: str, authorisation_id: str | None) -> bool:
        change = (
            update(session)
            .where(session.c.id == session_id, session.c.ended_at.is_(None))
            .values(acting_for=authorisation_id)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def live_of_account(self, tx: ReadTx, account_id: str, now: dt.datetime) -> Sequence[Session]:
        query = select(session).where(
            session.c.account_id == account_id, session.c.ended_at.is_(None), session.c.expires_at > now
        )
        return [session_of(row) for row in (await tx.connection.execute(query)).all()]

    async def join(self, tx: WriteTx, entered: SessionClient) -> bool:
        values = {name: getattr(entered, name) for name in session_client.c.keys()}  # noqa: SIM118 - not a dict
        return await tx.change(_JOIN, values) == 1

    async def clients(self, tx: ReadTx, session_id: str) -> Sequence[SessionClient]:
        query = (
            select(session_client)
            .where(session_client.c.session_id == session_id)
            .order_by(session_client.c.joined_at, session_client.c.client_id)
        )
        return [_entered(row) for row in (await tx.connection.execute(query)).all()]

    async def to_notify(self, tx: ReadTx, session_id: str) -> Sequence[SessionClient]:
        query = (
            select(session_client)
            .join(client, client.c.id == session_client.c.client_id)
            .where(session_client.c.session_id == session_id, client.c.backchannel_logout_uri.is_not(None))
            .order_by(session_client.c.joined_at, session_client.c.client_id)
        )
        return [_entered(row) for row in (await tx.connection.execute(query)).all()]

    async def by_sid(self, tx: ReadTx, *, client_id: str, sid: str) -> SessionClient | None:
        query = select(session_client).where(session_client.c.client_id == client_id, session_client.c.sid == sid)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _entered(row)

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, session, session.c.expires_at < before)


def session_of(row: Row) -> Session:
    return Session(
        id=row.id,
        cookie_digest=row.cookie_digest,
        account_id=row.account_id,
        authenticated_at=row.authenticated_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        kind=SessionKind(row.kind),
        acr=row.acr,
        amr=tuple(row.amr),
        provider=row.provider,
        user_agent=row.user_agent,
        source=row.source,
        acting_for=row.acting_for,
    )


def _entered(row: Row) -> SessionClient:
    return SessionClient(row.session_id, row.client_id, row.sid, row.subject, row.joined_at)
