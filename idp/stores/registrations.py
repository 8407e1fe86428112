"""Records of registrations and what lets clients register themselves, in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, and_, exists, insert, or_, select, update

from core.db.database import ReadTx, WriteTx
from idp.clients.policy import RegistrationPolicy
from idp.clients.ports import PermitStore, RegistrationStore
from idp.clients.records import Origin, Permit, PermitKind, Registration
from idp.stores.registration_tables import client_registration, registration_permit
from idp.stores.some import delete_some
from idp.stores.upsert import insert_if_new

_OPEN, _ENDED = "open", "ended"


class SqlRegistrationStore:
    """Implements `idp.clients.ports.RegistrationStore`."""

    async def add(self, tx: WriteTx, registration: Registration) -> None:
        policy = registration.policy
        values = {
            "client_id": registration.client_id,
            "origin": registration.origin.value,
            "registered_by": registration.registered_by,
            "permit_id": registration.permit,
            "policy": None if policy is None else policy.to_stored(),
            "access_digest": registration.access_digest,
            "statement": registration.statement,
            "revision": registration.revision,
            "changed_at": registration.changed_at,
        }
        await tx.connection.execute(insert(client_registration).values(values))

    async def get(self, tx: ReadTx, client_id: str) -> Registration | None:
        query = select(client_registration).where(client_registration.c.client_id == client_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _registration(row)

    async def advance(self, tx: WriteTx, client_id: str, *, revision: int, at: dt.datetime) -> bool:
        table = client_registration
        here = (table.c.client_id == client_id, table.c.revision == revision)
        change = update(table).where(*here).values(revision=revision + 1, changed_at=at)
        return (await tx.connection.execute(change)).rowcount == 1

    async def exchange_token(self, tx: WriteTx, client_id: str, *, old: str, new: str | None) -> bool:
        table = client_registration
        here = (table.c.client_id == client_id, table.c.access_digest == old)
        return (await tx.connection.execute(update(table).where(*here).values(access_digest=new))).rowcount == 1


class SqlPermitStore:
    """Implements `idp.clients.ports.PermitStore`."""

    async def add(self, tx: WriteTx, permit: Permit) -> bool:
        return await insert_if_new(tx.connection, registration_permit, _values(permit))

    async def get(self, tx: ReadTx, permit_id: str) -> Permit | None:
        return await self._one(tx, registration_permit.c.id == permit_id)

    async def by_token(self, tx: ReadTx, digests: Sequence[str]) -> Permit | None:
        return await self._one(tx, registration_permit.c.digest.in_(digests))

    async def by_issuer(self, tx: ReadTx, issuer: str) -> Permit | None:
        table = registration_permit
        return await self._one(tx, and_(table.c.issuer == issuer, table.c.state == _OPEN))

    async def page(self, tx: ReadTx, kind: PermitKind, *, after: str | None, limit: int) -> Sequence[Permit]:
        table = registration_permit
        query = select(table).where(table.c.kind == kind.value).order_by(table.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(table.c.id < after)
        return [_permit(row) for row in await tx.connection.execute(query)]

    async def use(self, tx: WriteTx, permit_id: str, now: dt.datetime) -> bool:
        columns = registration_permit.c
        here = (
            columns.id == permit_id,
            columns.state == _OPEN,
            or_(columns.expires_at.is_(None), columns.expires_at > now),
            or_(columns.most_uses.is_(None), columns.uses < columns.most_uses),
            columns.clients < columns.most_clients,
        )
        counted = {"uses": columns.uses + 1, "clients": columns.clients + 1}
        return (await tx.connection.execute(update(registration_permit).where(*here).values(counted))).rowcount == 1

    async def release(self, tx: WriteTx, permit_id: str) -> None:
        columns = registration_permit.c
        change = update(registration_permit).where(columns.id == permit_id, columns.clients > 0)
        await tx.connection.execute(change.values(clients=columns.clients - 1))

    async def end(self, tx: WriteTx, permit_id: str, at: dt.datetime) -> bool:
        columns = registration_permit.c
        change = update(registration_permit).where(columns.id == permit_id, columns.state == _OPEN)
        return (await tx.connection.execute(change.values(state=_ENDED, ended_at=at))).rowcount == 1

    async def delete_over(self, tx: WriteTx, before: dt.datetime) -> int:
        columns = registration_permit.c
        used = exists(select(1).where(client_registration.c.permit_id == columns.id))
        over = or_(columns.ended_at < before, columns.expires_at < before)
        return await delete_some(tx, registration_permit, over, ~used)

    async def _one(self, tx: ReadTx, condition: Any) -> Permit | None:
        row = (await tx.connection.execute(select(registration_permit).where(condition))).one_or_none()
        return None if row is None else _permit(row)


def _registration(row: Row[Any]) -> Registration:
    return Registration(
        client_id=row.client_id,
        origin=Origin(row.origin),
        registered_by=row.registered_by,
        revision=row.revision,
        changed_at=row.changed_at,
        permit=row.permit_id,
        policy=None if row.policy is None else RegistrationPolicy.from_stored(row.policy),
        access_digest=row.access_digest,
        statement=row.statement,
    )


def _values(permit: Permit) -> dict[str, object]:
    plain = {field.name: getattr(permit, field.name) for field in fields(permit)}
    state = _OPEN if permit.ended_at is None else _ENDED
    return {**plain, "kind": permit.kind.value, "policy": permit.policy.to_stored(), "state": state}


def _permit(row: Row[Any]) -> Permit:
    values = {name: value for name, value in row._mapping.items() if name != "state"}
    return Permit(**{**values, "kind": PermitKind(row.kind), "policy": RegistrationPolicy.from_stored(row.policy)})


_: type[RegistrationStore] = SqlRegistrationStore
_permits: type[PermitStore] = SqlPermitStore
