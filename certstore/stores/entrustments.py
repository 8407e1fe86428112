"""Entrustments in SQL. Answering, ending, holding and counting are each decided by one UPDATE with its condition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update

from certstore.codes import HolderCode
from certstore.entrust.model import Done, EndReason, Entrustment, EntrustmentState, Party
from certstore.entrust.ports import EntrustmentStore
from certstore.ports import Case, Deed
from certstore.stores.entrustment_tables import entrustment, entrustment_case, entrustment_done
from certstore.stores.holder_index import holder_index, holder_indexes
from certstore.stores.own_places import entrustment_place
from core.db.database import ReadTx, WriteTx
from core.ids import is_id
from keys.ports import BlindIndex, FieldCipher

_PART = 200
_COLUMNS = entrustment.c


class SqlEntrustmentStore:
    """Implements `certstore.entrust.ports.EntrustmentStore`."""

    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        self._fields = fields
        self._index = index

    async def add(self, tx: WriteTx, made: Entrustment) -> None:
        values = {
            "id": made.id,
            **self._party("principal", made.id, made.principal),
            **self._party("agent", made.id, made.agent),
            "types": list(made.types),
            "items": list(made.items),
            "purpose_enc": self._seal("purpose", made.id, made.purpose),
            "starts_on": made.starts_on,
            "ends_on": made.ends_on,
            "max_uses": made.max_uses,
            "uses": made.uses,
            "state": made.state.value,
            "created_at": made.created_at,
            "answer_by": made.answer_by,
        }
        await tx.connection.execute(insert(entrustment).values(values))

    async def entrustment(self, tx: ReadTx, entrustment_id: str) -> Entrustment | None:
        if not is_id(entrustment_id):  # what somebody sent instead may hold what no database takes
            return None
        query = select(entrustment).where(_COLUMNS.id == entrustment_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else self._entrustment(row)

    async def given(
        self, tx: ReadTx, principal: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Entrustment]:
        return await self._newest(tx, [self._is("principal", principal)], before, limit)

    async def held(
        self, tx: ReadTx, agent: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Entrustment]:
        return await self._newest(tx, [self._is("agent", agent)], before, limit)

    async def in_force(self, tx: ReadTx, agent: HolderCode, *, today: dt.date) -> Sequence[Entrustment]:
        return await self._newest(tx, [self._is("agent", agent), _in_force(today)], None, None)

    async def living(self, tx: ReadTx, principal: HolderCode, *, now: dt.datetime, today: dt.date) -> int:
        open_still = and_(_COLUMNS.state == EntrustmentState.OFFERED.value, _COLUMNS.answer_by > now)
        active = _COLUMNS.state == EntrustmentState.ACTIVE.value
        query = select(func.count()).where(
            self._is("principal", principal), _COLUMNS.ends_on >= today, or_(open_still, active)
        )
        return int((await tx.connection.execute(query)).scalar_one())

    async def accept(self, tx: WriteTx, entrustment_id: str, *, now: dt.datetime) -> bool:
        return await self._answer(tx, entrustment_id, EntrustmentState.ACTIVE, now)

    async def decline(self, tx: WriteTx, entrustment_id: str, *, now: dt.datetime) -> bool:
        return await self._answer(tx, entrustment_id, EntrustmentState.DECLINED, now)

    async def end(self, tx: WriteTx, entrustment_id: str, *, reason: EndReason, now: dt.datetime) -> bool:
        return await self._end(tx, _COLUMNS.id == entrustment_id, reason, now) == 1

    async def end_all(self, tx: WriteTx, person: HolderCode, *, reason: EndReason, now: dt.datetime) -> int:
        return await self._end(tx, or_(self._is("principal", person), self._is("agent", person)), reason, now)

    async def hold(self, tx: WriteTx, entrustment_id: str, *, today: dt.date) -> bool:
        # a write of what is there: it takes the row's lock on every database
        change = update(entrustment).where(_COLUMNS.id == entrustment_id, _in_force(today)).values(uses=_COLUMNS.uses)
        return (await tx.connection.execute(change)).rowcount == 1

    async def begin(self, tx: WriteTx, entrustment_id: str, case: Case, *, today: dt.date) -> bool:
        if not await self.hold(tx, entrustment_id, today=today):
            return False
        if case in await self.cases(tx, entrustment_id):
            return True
        left = _COLUMNS.uses < _COLUMNS.max_uses
        change = update(entrustment).where(_COLUMNS.id == entrustment_id, left).values(uses=_COLUMNS.uses + 1)
        if (await tx.connection.execute(change)).rowcount != 1:
            return False
        values = {"entrustment_id": entrustment_id, "organisation": case.organisation}
        values |= {"service_item": case.service_item, "case_number": case.number}
        await tx.connection.execute(insert(entrustment_case).values(values))
        return True

    async def cases(self, tx: ReadTx, entrustment_id: str) -> frozenset[Case]:
        query = select(entrustment_case).where(entrustment_case.c.entrustment_id == entrustment_id)
        rows = await tx.connection.execute(query)
        return frozenset(Case(row.organisation, row.service_item, row.case_number) for row in rows)

    async def note(self, tx: WriteTx, done: Done) -> None:
        values = {
            "id": done.id,
            "entrustment_id": done.entrustment_id,
            "at": done.at,
            "deed": done.deed.value,
            "organisation": done.organisation,
            "service_item": done.service_item,
            "case_number": done.case_number,
            "types": list(done.types),
            "subjects": list(done.subjects),
        }
        await tx.connection.execute(insert(entrustment_done).values(values))

    async def done(self, tx: ReadTx, entrustment_id: str, *, limit: int = 100) -> Sequence[Done]:
        columns = entrustment_done.c
        query = select(entrustment_done).where(columns.entrustment_id == entrustment_id)
        rows = await tx.connection.execute(query.order_by(columns.id.desc()).limit(limit))
        return [_done(row) for row in rows]

    async def delete_before(self, tx: WriteTx, day: dt.date) -> int:
        query = select(_COLUMNS.id).where(_COLUMNS.ends_on < day).order_by(_COLUMNS.id).limit(_PART)
        ids = list((await tx.connection.execute(query)).scalars())
        if ids:
            for table in (entrustment_done, entrustment_case):
                await tx.connection.execute(delete(table).where(table.c.entrustment_id.in_(ids)))
            await tx.connection.execute(delete(entrustment).where(_COLUMNS.id.in_(ids)))
        return len(ids)

    async def _answer(self, tx: WriteTx, entrustment_id: str, state: EntrustmentState, now: dt.datetime) -> bool:
        offered = (_COLUMNS.state == EntrustmentState.OFFERED.value, _COLUMNS.answer_by > now)
        change = update(entrustment).where(_COLUMNS.id == entrustment_id, *offered)
        return (await tx.connection.execute(change.values(state=state.value, answered_at=now))).rowcount == 1

    async def _end(self, tx: WriteTx, which: ColumnElement[bool], reason: EndReason, now: dt.datetime) -> int:
        living = _COLUMNS.state.in_([EntrustmentState.OFFERED.value, EntrustmentState.ACTIVE.value])
        values = {"state": EntrustmentState.ENDED.value, "ended_at": now, "ended_for": reason.value}
        return (await tx.connection.execute(update(entrustment).where(which, living).values(values))).rowcount

    async def _newest(
        self, tx: ReadTx, conditions: Sequence[ColumnElement[bool]], before: str | None, limit: int | None
    ) -> Sequence[Entrustment]:
        query = select(entrustment).where(*conditions)
        if before is not None:
            query = query.where(_COLUMNS.id < before)
        rows = await tx.connection.execute(query.order_by(_COLUMNS.id.desc()).limit(limit))
        return [self._entrustment(row) for row in rows]

    def _is(self, side: str, code: HolderCode) -> ColumnElement[bool]:
        return _COLUMNS[f"{side}_index"].in_(holder_indexes(self._index, code))

    def _party(self, side: str, entrustment_id: str, party: Party) -> dict[str, object]:
        return {
            f"{side}_kind": party.code.kind,
            f"{side}_index": holder_index(self._index, party.code),
            f"{side}_enc": self._seal(side, entrustment_id, party.code.number),
            f"{side}_name_enc": self._seal(f"{side}_name", entrustment_id, party.name),
        }

    def _seal(self, column: str, entrustment_id: str, value: str) -> bytes:
        return self._fields.encrypt(value, context=entrustment_place(column, entrustment_id))

    def _open(self, column: str, row: Row[Any]) -> str:
        sealed = bytes(row._mapping[f"{column}_enc"])
        return self._fields.decrypt(sealed, context=entrustment_place(column, row.id))

    def _entrustment(self, row: Row[Any]) -> Entrustment:
        parties = {
            side: Party(
                HolderCode(row._mapping[f"{side}_kind"], self._open(side, row)), self._open(f"{side}_name", row)
            )
            for side in ("principal", "agent")
        }
        return Entrustment(
            id=row.id,
            **parties,
            types=tuple(row.types),
            items=tuple(row.items),
            purpose=self._open("purpose", row),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            max_uses=row.max_uses,
            created_at=row.created_at,
            answer_by=row.answer_by,
            state=EntrustmentState(row.state),
            uses=row.uses,
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            ended_for=EndReason(row.ended_for) if row.ended_for else None,
        )


def _done(row: Row[Any]) -> Done:
    return Done(
        id=row.id,
        entrustment_id=row.entrustment_id,
        at=row.at,
        deed=Deed(row.deed),
        organisation=row.organisation,
        service_item=row.service_item,
        case_number=row.case_number,
        types=tuple(row.types),
        subjects=tuple(row.subjects),
    )


def _in_force(today: dt.date) -> ColumnElement[bool]:
    active = _COLUMNS.state == EntrustmentState.ACTIVE.value
    return and_(active, _COLUMNS.starts_on <= today, _COLUMNS.ends_on >= today)


_: type[EntrustmentStore] = SqlEntrustmentStore
