"""Checks of cases and use codes in SQL. What happens once is one UPDATE with its condition in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from certstore.codes import HolderCode
from certstore.stores.places import check_place
from certstore.stores.use_tables import exemption_check, exemption_delivery, use_code
from certstore.use.model import CaseCheck, Delivered, UseCode
from certstore.use.ports import CheckStore, UseCodeStore
from core.db.database import ReadTx, WriteTx
from core.principal import Purpose
from keys.ports import FieldCipher


class SqlCheckStore:
    """Implements `certstore.use.ports.CheckStore`."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def add(self, tx: WriteTx, check: CaseCheck) -> None:
        values = {
            "id": check.id,
            "client_id": check.client_id,
            "organisation": check.organisation,
            "holder_kind": check.holder.kind,
            "holder_enc": self._fields.encrypt(check.holder.number, context=check_place("holder", check.id)),
            "to_ask": list(check.to_ask),
            "created_at": check.created_at,
            "ends_at": check.ends_at,
            "bundle": check.bundle,
            "rounds": check.rounds,
        }
        if check.agent is not None:
            values["agent_kind"] = check.agent.kind
            values["agent_enc"] = self._fields.encrypt(check.agent.number, context=check_place("agent", check.id))
        await tx.connection.execute(insert(exemption_check).values(values | _purpose_row(check.purpose)))

    async def check(self, tx: ReadTx, check_id: str) -> CaseCheck | None:
        query = select(exemption_check).where(exemption_check.c.id == check_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return self._check(row) if row else None

    async def put_question(self, tx: WriteTx, check_id: str, bundle: str, *, before: str | None) -> bool:
        columns = exemption_check.c
        same: ColumnElement[bool] = columns.bundle.is_(None) if before is None else columns.bundle == before
        change = update(exemption_check).where(columns.id == check_id, same).values(bundle=bundle)
        return (await tx.connection.execute(change)).rowcount == 1

    async def begin_round(self, tx: WriteTx, check_id: str, *, after: int) -> bool:
        columns = exemption_check.c
        change = update(exemption_check).where(columns.id == check_id, columns.rounds == after).values(rounds=after + 1)
        return (await tx.connection.execute(change)).rowcount == 1

    async def deliver(self, tx: WriteTx, check_id: str, delivered: Sequence[Delivered]) -> None:
        rows = [
            {"check_id": check_id, "material": one.material, "copy_id": one.copy_id, "licence_id": one.licence_id}
            for one in delivered
        ]
        if rows:
            await tx.connection.execute(insert(exemption_delivery), rows)

    async def delivered(self, tx: ReadTx, check_id: str) -> Sequence[Delivered]:
        columns = exemption_delivery.c
        query = select(exemption_delivery).where(columns.check_id == check_id).order_by(columns.material)
        return [Delivered(row.material, row.copy_id, row.licence_id) for row in await tx.connection.execute(query)]

    async def sweep(self, tx: WriteTx, *, before: dt.datetime, limit: int) -> int:
        columns = exemption_check.c
        query = select(columns.id).where(columns.ends_at < before).order_by(columns.ends_at).limit(limit)
        ended = list((await tx.connection.execute(query)).scalars())
        if ended:
            await tx.connection.execute(delete(exemption_delivery).where(exemption_delivery.c.check_id.in_(ended)))
            await tx.connection.execute(delete(exemption_check).where(columns.id.in_(ended)))
        return len(ended)

    def _check(self, row: Row[Any]) -> CaseCheck:
        agent = None
        if row.agent_enc is not None:
            number = self._fields.decrypt(bytes(row.agent_enc), context=check_place("agent", row.id))
            agent = HolderCode(row.agent_kind, number)
        number = self._fields.decrypt(bytes(row.holder_enc), context=check_place("holder", row.id))
        return CaseCheck(
            id=row.id,
            client_id=row.client_id,
            organisation=row.organisation,
            holder=HolderCode(row.holder_kind, number),
            agent=agent,
            purpose=Purpose(row.service_item, row.case_number, row.basis),
            to_ask=tuple(row.to_ask),
            created_at=row.created_at,
            ends_at=row.ends_at,
            bundle=row.bundle,
            rounds=row.rounds,
        )


_AT_ONCE = 500  # no database takes any number of parameters


class SqlUseCodeStore:
    """Implements `certstore.use.ports.UseCodeStore`."""

    async def add(self, tx: WriteTx, made: UseCode, digest: str) -> None:
        values = {
            "id": made.id,
            "digest": digest,
            "client_id": made.client_id,
            "organisation": made.organisation,
            "licence_id": made.licence_id,
            "version": made.version,
            "type_code": made.type_code,
            "fields": list(made.fields),
            "consent_id": made.consent_id,
            "created_at": made.created_at,
            "ends_at": made.ends_at,
            "max_uses": made.max_uses,
            "uses": made.uses,
        }
        await tx.connection.execute(insert(use_code).values(values | _purpose_row(made.purpose)))

    async def by_digest(self, tx: ReadTx, digests: Sequence[str]) -> UseCode | None:
        return await self._one(tx, use_code.c.digest.in_(digests))

    async def use_code(self, tx: ReadTx, code_id: str) -> UseCode | None:
        return await self._one(tx, use_code.c.id == code_id)

    async def redeem(self, tx: WriteTx, code_id: str, *, now: dt.datetime) -> bool:
        columns = use_code.c
        alive = (columns.id == code_id, columns.ends_at > now, columns.uses < columns.max_uses)
        change = update(use_code).where(*alive).values(uses=columns.uses + 1)
        return (await tx.connection.execute(change)).rowcount == 1

    async def end(self, tx: WriteTx, code_ids: Sequence[str], *, now: dt.datetime) -> int:
        columns, ended = use_code.c, 0
        for first in range(0, len(code_ids), _AT_ONCE):
            alive = (columns.id.in_(code_ids[first : first + _AT_ONCE]), columns.ends_at > now)
            ended += (await tx.connection.execute(update(use_code).where(*alive).values(ends_at=now))).rowcount
        return ended

    async def sweep(self, tx: WriteTx, *, before: dt.datetime, limit: int) -> int:
        columns = use_code.c
        ended = select(columns.id).where(columns.ends_at < before).order_by(columns.ends_at).limit(limit)
        ids = list((await tx.connection.execute(ended)).scalars())
        if ids:
            await tx.connection.execute(delete(use_code).where(columns.id.in_(ids)))
        return len(ids)

    async def _one(self, tx: ReadTx, condition: ColumnElement[bool]) -> UseCode | None:
        row = (await tx.connection.execute(select(use_code).where(condition))).one_or_none()
        if row is None:
            return None
        return UseCode(
            id=row.id,
            client_id=row.client_id,
            organisation=row.organisation,
            licence_id=row.licence_id,
            version=row.version,
            type_code=row.type_code,
            purpose=Purpose(row.service_item, row.case_number, row.basis),
            fields=tuple(row.fields),
            consent_id=row.consent_id,
            created_at=row.created_at,
            ends_at=row.ends_at,
            max_uses=row.max_uses,
            uses=row.uses,
        )


def _purpose_row(purpose: Purpose) -> dict[str, str | None]:
    return {
        "service_item": purpose.service_item,
        "case_number": purpose.case_number,
        "basis": purpose.basis,
    }


_checks: type[CheckStore] = SqlCheckStore
_codes: type[UseCodeStore] = SqlUseCodeStore
