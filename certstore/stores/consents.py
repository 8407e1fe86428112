"""Consents in SQL. Deciding, withdrawing and using are each one UPDATE with the state in its condition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, insert, or_, select, update

from certstore.codes import HolderCode
from certstore.model import Consent, ConsentState
from certstore.ports import ConsentStore
from certstore.stores.holder_index import holder_index, holder_indexes
from certstore.stores.places import consent_place
from certstore.stores.tables import consent
from core.db.database import ReadTx, WriteTx
from core.principal import Purpose
from keys.ports import BlindIndex, FieldCipher


class SqlConsentStore:
    """Implements `certstore.ports.ConsentStore`."""

    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        self._fields = fields
        self._index = index

    async def add(self, tx: WriteTx, made: Consent) -> None:
        values = {
            "id": made.id,
            "client_id": made.client_id,
            "organisation": made.organisation,
            "holder_kind": made.holder.kind,
            "holder_index": holder_index(self._index, made.holder),
            "holder_enc": self._fields.encrypt(made.holder.number, context=consent_place(made.id)),
            "type_code": made.type_code,
            "service_item": made.purpose.service_item,
            "case_number": made.purpose.case_number,
            "basis": made.purpose.basis,
            "fields": list(made.fields),
            "days": made.days,
            "state": made.state.value,
            "created_at": made.created_at,
            "decide_by": made.decide_by,
            "uses": made.uses,
            "bundle": made.bundle,
            "max_uses": made.max_uses,
        }
        await tx.connection.execute(insert(consent).values(values))

    async def consent(self, tx: ReadTx, consent_id: str) -> Consent | None:
        row = (await tx.connection.execute(select(consent).where(consent.c.id == consent_id))).one_or_none()
        return self._consent(row) if row else None

    async def decide(self, tx: WriteTx, decided: Consent, *, now: dt.datetime) -> bool:
        change = (
            update(consent)
            .where(
                consent.c.id == decided.id,
                consent.c.state == ConsentState.PENDING.value,
                consent.c.decide_by > now,
            )
            .values(
                state=decided.state.value,
                decided_at=decided.decided_at,
                licence_id=decided.licence_id,
                last_day=decided.last_day,
                decided_by=decided.decided_by,
                authority=decided.authority,
            )
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def withdraw(self, tx: WriteTx, consent_id: str, *, now: dt.datetime) -> bool:
        change = (
            update(consent)
            .where(consent.c.id == consent_id, consent.c.state == ConsentState.GRANTED.value)
            .values(state=ConsentState.WITHDRAWN.value, withdrawn_at=now)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def use(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        change = (
            update(consent)
            .where(consent.c.id == consent_id, _in_force(today), _has_a_use_left())
            .values(uses=consent.c.uses + 1)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def hold(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        # a write of what is there: it takes the row's lock on every database
        change = update(consent).where(consent.c.id == consent_id, _in_force(today)).values(uses=consent.c.uses)
        return (await tx.connection.execute(change)).rowcount == 1

    async def of_bundle(self, tx: ReadTx, bundle: str) -> Sequence[Consent]:
        query = select(consent).where(consent.c.bundle == bundle).order_by(consent.c.type_code)
        return [self._consent(row) for row in await tx.connection.execute(query)]

    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Consent]:
        query = select(consent).where(consent.c.holder_index.in_(holder_indexes(self._index, holder)))
        if before is not None:
            query = query.where(consent.c.id < before)
        rows = await tx.connection.execute(query.order_by(consent.c.id.desc()).limit(limit))
        return [self._consent(row) for row in rows]

    async def granted_under(self, tx: ReadTx, holder: HolderCode, authority: str) -> Sequence[Consent]:
        query = select(consent).where(
            consent.c.holder_index.in_(holder_indexes(self._index, holder)),
            consent.c.authority == authority,
            consent.c.state == ConsentState.GRANTED.value,
        )
        return [self._consent(row) for row in await tx.connection.execute(query.order_by(consent.c.id))]

    async def in_force(
        self, tx: ReadTx, organisation: str, holder: HolderCode, *, service_item: str, case_number: str, today: dt.date
    ) -> Sequence[Consent]:
        query = select(consent).where(
            consent.c.holder_index.in_(holder_indexes(self._index, holder)),
            consent.c.organisation == organisation,
            consent.c.service_item == service_item,
            consent.c.case_number == case_number,
            _in_force(today),
            _has_a_use_left(),
        )
        return [self._consent(row) for row in await tx.connection.execute(query.order_by(consent.c.id))]

    def _consent(self, row: Row[Any]) -> Consent:
        number = self._fields.decrypt(bytes(row.holder_enc), context=consent_place(row.id))
        return Consent(
            id=row.id,
            client_id=row.client_id,
            organisation=row.organisation,
            holder=HolderCode(row.holder_kind, number),
            type_code=row.type_code,
            purpose=Purpose(row.service_item, row.case_number, row.basis),
            fields=tuple(row.fields),
            days=row.days,
            state=ConsentState(row.state),
            created_at=row.created_at,
            decide_by=row.decide_by,
            decided_at=row.decided_at,
            withdrawn_at=row.withdrawn_at,
            licence_id=row.licence_id,
            last_day=row.last_day,
            bundle=row.bundle,
            max_uses=row.max_uses,
            uses=row.uses,
            decided_by=row.decided_by,
            authority=row.authority,
        )


def _in_force(today: dt.date) -> ColumnElement[bool]:
    return and_(consent.c.state == ConsentState.GRANTED.value, consent.c.last_day >= today)


def _has_a_use_left() -> ColumnElement[bool]:
    return or_(consent.c.max_uses.is_(None), consent.c.uses < consent.c.max_uses)


_: type[ConsentStore] = SqlConsentStore
