"""Authorisations in SQL; one `UPDATE … WHERE state` decides who accepts, declines or ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from core.prepared import Prepared, Row
from idp.agency.model import Authorisation, Reason, Role, State
from idp.agency.ports import ActingStore, AuthorisationStore
from idp.model import Session
from idp.stores.agency_tables import authorisation
from idp.stores.sessions import session_of
from idp.stores.tables import session, token_family

_MOST = 500
_LIVING = (State.OFFERED.value, State.ACTIVE.value)
_LOOK = select(authorisation).where(authorisation.c.id == bindparam("id"))
_GET = Prepared(_LOOK)
_HELD = Prepared(_LOOK.with_for_update(read=True))  # SQLite has one writer at a time anyway
_OF_ACCOUNT = Prepared(
    select(authorisation)
    .where(authorisation.c.account_id == bindparam("account_id"))
    .order_by(authorisation.c.created_at.desc(), authorisation.c.id.desc())
    .limit(_MOST)
)


class SqlAuthorisationStore:
    """Implements `idp.agency.ports.AuthorisationStore`."""

    async def add(self, tx: WriteTx, one: Authorisation) -> bool:
        values = {name: getattr(one, name) for name in authorisation.c.keys()}  # noqa: SIM118 - not a dict
        values |= {"role": one.role.value, "state": one.state.value, "items": list(one.items)}
        values["ended_for"] = None if one.ended_for is None else one.ended_for.value
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(authorisation).values(values))
        except IntegrityError:
            return False
        return True

    async def get(self, tx: ReadTx, authorisation_id: str) -> Authorisation | None:
        row = await tx.row(_GET, {"id": authorisation_id})
        return None if row is None else _one(row)

    async def hold(self, tx: WriteTx, authorisation_id: str) -> Authorisation | None:
        row = await tx.row(_HELD, {"id": authorisation_id})
        return None if row is None else _one(row)

    async def by_code(self, tx: ReadTx, code_digests: Sequence[str]) -> Authorisation | None:
        query = select(authorisation).where(authorisation.c.code_digest.in_(code_digests))
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _one(row)

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Authorisation]:
        return [_one(row) for row in await tx.rows(_OF_ACCOUNT, {"account_id": account_id})]

    async def of_organisation(self, tx: ReadTx, uscc: str) -> Sequence[Authorisation]:
        query = (
            select(authorisation)
            .where(authorisation.c.organisation == uscc)
            .order_by(authorisation.c.created_at.desc(), authorisation.c.id.desc())
            .limit(_MOST)
        )
        return [_one(row) for row in (await tx.connection.execute(query)).all()]

    async def representative(self, tx: ReadTx, uscc: str) -> Authorisation | None:
        query = select(authorisation).where(
            authorisation.c.organisation == uscc,
            authorisation.c.role == Role.REPRESENTATIVE.value,
            authorisation.c.state == State.ACTIVE.value,
        )
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _one(row)

    async def accept(self, tx: WriteTx, authorisation_id: str, *, account_id: str, at: dt.datetime) -> bool:
        change = (
            update(authorisation)
            .where(
                authorisation.c.id == authorisation_id,
                authorisation.c.state == State.OFFERED.value,
                authorisation.c.offered_until > at,
            )
            .values(state=State.ACTIVE.value, account_id=account_id, accepted_at=at, code_digest=None)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def decline(self, tx: WriteTx, authorisation_id: str, at: dt.datetime) -> bool:
        change = (
            update(authorisation)
            .where(authorisation.c.id == authorisation_id, authorisation.c.state == State.OFFERED.value)
            .values(state=State.DECLINED.value, ended_at=at, code_digest=None)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def end(self, tx: WriteTx, authorisation_id: str, *, at: dt.datetime, reason: Reason) -> bool:
        change = (
            update(authorisation)
            .where(authorisation.c.id == authorisation_id, authorisation.c.state.in_(_LIVING))
            .values(state=State.ENDED.value, ended_at=at, ended_for=reason.value, code_digest=None)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def given_under(self, tx: WriteTx, authorisation_id: str) -> Sequence[Authorisation]:
        query = select(authorisation).where(
            authorisation.c.under == authorisation_id, authorisation.c.state.in_(_LIVING)
        )
        return [_one(row) for row in (await tx.connection.execute(query)).all()]

    async def lapsed(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[Authorisation]:
        query = (
            select(authorisation)
            .where(authorisation.c.state == State.OFFERED.value, authorisation.c.offered_until <= now)
            .limit(limit)
        )
        return [_one(row) for row in (await tx.connection.execute(query)).all()]


class SqlActingStore:
    """Implements `idp.agency.ports.ActingStore`."""

    async def sessions(self, tx: WriteTx, authorisation_id: str, now: dt.datetime) -> Sequence[Session]:
        query = select(session).where(
            session.c.acting_for == authorisation_id, session.c.ended_at.is_(None), session.c.expires_at > now
        )
        return [session_of(row) for row in (await tx.connection.execute(query)).all()]

    async def revoke_tokens(self, tx: WriteTx, authorisation_id: str, *, at: dt.datetime, reason: str) -> int:
        change = (
            update(token_family)
            .where(token_family.c.acting_under == authorisation_id, token_family.c.revoked_at.is_(None))
            .values(revoked_at=at, revoked_for=reason)
        )
        return (await tx.connection.execute(change)).rowcount


def _one(row: Row) -> Authorisation:
    return Authorisation(
        id=row.id,
        organisation=row.organisation,
        role=Role(row.role),
        state=State(row.state),
        items=tuple(row.items),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        under=row.under,
        agent=bytes(row.agent),
        account_id=row.account_id,
        code_digest=row.code_digest,
        offered_until=row.offered_until,
        created_at=row.created_at,
        accepted_at=row.accepted_at,
        ended_at=row.ended_at,
        ended_for=None if row.ended_for is None else Reason(row.ended_for),
    )


_: tuple[type[AuthorisationStore], type[ActingStore]] = (SqlAuthorisationStore, SqlActingStore)
