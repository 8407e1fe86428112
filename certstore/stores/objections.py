"""Objections in SQL. A step is one UPDATE from the revision before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from certstore.codes import HolderCode
from certstore.objections.model import LIVING, Act, Evidence, MediaType, Objection, ObjectionState, ObjectionStep
from certstore.objections.ports import ObjectionStore
from certstore.stores.holder_index import holder_index, holder_indexes
from certstore.stores.objection_tables import objection, objection_evidence, objection_step
from certstore.stores.own_places import objection_place, objection_step_place
from core.db.database import ReadTx, WriteTx
from core.ids import is_id
from keys.ports import BlindIndex, FieldCipher

_PART = 100
_LIVING = tuple(state.value for state in LIVING)


class SqlObjectionStore:
    """Implements `certstore.objections.ports.ObjectionStore`."""

    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        self._fields = fields
        self._index = index

    async def add(self, tx: WriteTx, made: Objection, raised: ObjectionStep) -> bool:
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(objection).values(self._row(made)))
        except IntegrityError:
            return False
        await self._add_step(tx, made.id, raised)
        if made.evidence is not None:
            await tx.connection.execute(insert(objection_evidence).values(_evidence_row(made.id, made.evidence)))
        return True

    async def objection(self, tx: ReadTx, objection_id: str) -> Objection | None:
        if not is_id(objection_id):  # what somebody sent instead may hold what no database takes
            return None
        found = await self._many(tx, select(objection).where(objection.c.id == objection_id))
        return found[0] if found else None

    async def steps(self, tx: ReadTx, objection_id: str) -> Sequence[ObjectionStep]:
        columns = objection_step.c
        query = select(objection_step).where(columns.objection_id == objection_id).order_by(columns.sequence)
        return [self._step(row) for row in await tx.connection.execute(query)]

    async def take(self, tx: WriteTx, moved: Objection, step: ObjectionStep) -> bool:
        change = (
            update(objection)
            .where(objection.c.id == moved.id, objection.c.revision == moved.revision - 1)
            .values(
                state=moved.state.value,
                revision=moved.revision,
                due_on=moved.due_on,
                closed_at=moved.closed_at,
                corrected_version=moved.corrected_version,
            )
        )
        if (await tx.connection.execute(change)).rowcount != 1:
            return False
        await self._add_step(tx, moved.id, step)
        return True

    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Objection]:
        query = select(objection).where(objection.c.holder_index.in_(holder_indexes(self._index, holder)))
        if before is not None:
            query = query.where(objection.c.id < before)
        return await self._many(tx, query.order_by(objection.c.id.desc()).limit(limit))

    async def of_issuer(
        self,
        tx: ReadTx,
        issuer: str,
        *,
        living: bool,
        types: frozenset[str] | None = None,
        after: tuple[dt.date, str] | None = None,
        limit: int = 20,
    ) -> Sequence[Objection]:
        columns = objection.c
        states = columns.state.in_(_LIVING) if living else columns.state.not_in(_LIVING)
        query = select(objection).where(columns.issuer == issuer, states)
        if types is not None:
            query = query.where(columns.type_code.in_(types))
        if not living:
            query = query.where(columns.id < after[1]) if after is not None else query
            return await self._many(tx, query.order_by(columns.id.desc()).limit(limit))
        if after is not None:
            day, last = after
            query = query.where(or_(columns.due_on > day, and_(columns.due_on == day, columns.id > last)))
        return await self._many(tx, query.order_by(columns.due_on, columns.id).limit(limit))

    async def count_living(self, tx: ReadTx, issuer: str, *, due_before: dt.date | None = None) -> int:
        query = select(func.count()).where(objection.c.issuer == issuer, objection.c.state.in_(_LIVING))
        if due_before is not None:
            query = query.where(objection.c.due_on < due_before)
        return int((await tx.connection.execute(query)).scalar_one())

    async def closed_before(self, tx: ReadTx, before: dt.datetime) -> bool:
        query = select(objection.c.id).where(objection.c.closed_at < before).limit(1)
        return (await tx.connection.execute(query)).scalar() is not None

    async def delete_closed(self, tx: WriteTx, before: dt.datetime) -> Sequence[Evidence]:
        query = select(objection.c.id).where(objection.c.closed_at < before).order_by(objection.c.closed_at)
        ids = list((await tx.connection.execute(query.limit(_PART))).scalars())
        evidence = await self._evidence(tx, ids)
        for table, column in (
            (objection_evidence, objection_evidence.c.objection_id),
            (objection_step, objection_step.c.objection_id),
            (objection, objection.c.id),
        ):
            await tx.connection.execute(delete(table).where(column.in_(ids)))
        return list(evidence.values())

    async def _many(self, tx: ReadTx, query: Select[Any]) -> list[Objection]:
        rows = (await tx.connection.execute(query)).all()
        evidence = await self._evidence(tx, [row.id for row in rows]) if rows else {}
        return [self._objection(row, evidence.get(row.id)) for row in rows]

    async def _evidence(self, tx: ReadTx, ids: Sequence[str]) -> dict[str, Evidence]:
        query = select(objection_evidence).where(objection_evidence.c.objection_id.in_(ids))
        return {
            row.objection_id: Evidence(row.id, row.content, MediaType(row.media_type), row.size, row.sha256)
            for row in await tx.connection.execute(query)
        }

    async def _add_step(self, tx: WriteTx, objection_id: str, step: ObjectionStep) -> None:
        values = {
            "objection_id": objection_id,
            "sequence": step.sequence,
            "act": step.act.value,
            "at": step.at,
            "actor_id": step.actor_id,
            "organisation": step.organisation,
            "text_enc": self._fields.encrypt(step.text, context=objection_step_place(objection_id, step.sequence)),
        }
        await tx.connection.execute(insert(objection_step).values(values))

    def _row(self, made: Objection) -> dict[str, object]:
        return {
            "id": made.id,
            "licence_id": made.licence_id,
            "version": made.version,
            "type_code": made.type_code,
            "issuer": made.issuer,
            "holder_kind": made.holder.kind,
            "holder_index": holder_index(self._index, made.holder),
            "holder_enc": self._fields.encrypt(made.holder.number, context=objection_place(made.id)),
            "about": made.about,
            "state": made.state.value,
            "revision": made.revision,
            "created_at": made.created_at,
            "due_on": made.due_on,
            "closed_at": made.closed_at,
            "corrected_version": made.corrected_version,
        }

    def _objection(self, row: Row[Any], evidence: Evidence | None) -> Objection:
        number = self._fields.decrypt(bytes(row.holder_enc), context=objection_place(row.id))
        return Objection(
            id=row.id,
            licence_id=row.licence_id,
            version=row.version,
            type_code=row.type_code,
            issuer=row.issuer,
            holder=HolderCode(row.holder_kind, number),
            about=row.about,
            state=ObjectionState(row.state),
            revision=row.revision,
            created_at=row.created_at,
            due_on=row.due_on,
            closed_at=row.closed_at,
            corrected_version=row.corrected_version,
            evidence=evidence,
        )

    def _step(self, row: Row[Any]) -> ObjectionStep:
        place = objection_step_place(row.objection_id, row.sequence)
        text = self._fields.decrypt(bytes(row.text_enc), context=place)
        return ObjectionStep(row.sequence, Act(row.act), row.at, row.actor_id, row.organisation, text)


def _evidence_row(objection_id: str, evidence: Evidence) -> dict[str, object]:
    return {
        "id": evidence.id,
        "objection_id": objection_id,
        "content": evidence.content,
        "media_type": evidence.media_type.value,
        "size": evidence.size,
        "sha256": evidence.sha256,
    }


_: type[ObjectionStore] = SqlObjectionStore
