"""Imports in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, delete, insert, or_, select, true, update

from certstore.bulk.model import Difference, DifferenceKind, Import, ImportPart, ImportState, RowFault, Sighting
from certstore.bulk.ports import ImportStore
from certstore.model import Trust
from certstore.stores.bulk_tables import (
    licence_import,
    licence_import_difference,
    licence_import_fault,
    licence_import_part,
    licence_import_sighting,
)
from core.db.database import ReadTx, WriteTx
from core.db.long_lists import among, plan_anew
from core.db.many import add_many
from core.ids import new_secret
from core.principal import PrincipalKind

_RESTING = (ImportState.DONE, ImportState.CANCELLED, ImportState.READY, ImportState.PAUSED, ImportState.READING)
_FRESH = {"next_part": 1, "seen": 0, "kept": 0, "faulty": 0, "unchanged": 0, "findings": {}}

_DIFFERENCES = select(licence_import_difference).order_by(
    licence_import_difference.c.row, licence_import_difference.c.kind, licence_import_difference.c.office
)


class SqlImportStore:
    """Implements `certstore.bulk.ports.ImportStore`."""

    async def add(self, tx: WriteTx, made: Import) -> None:
        await tx.connection.execute(insert(licence_import).values(_row(made)))

    async def add_part(self, tx: WriteTx, part: ImportPart) -> None:
        values = {
            "import_id": part.import_id,
            "number": part.number,
            "content": part.content,
            "first_row": part.first_row,
            "rows": part.rows,
        }
        await tx.connection.execute(insert(licence_import_part).values(values))

    async def one(self, tx: ReadTx, import_id: str) -> Import | None:
        query = select(licence_import).where(licence_import.c.id == import_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return _import(row) if row else None

    async def of_organisation(
        self, tx: ReadTx, organisation: str, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Import]:
        columns = licence_import.c
        query = select(licence_import).where(columns.organisation == organisation)
        if before is not None:
            query = query.where(columns.id < before)
        return [_import(row) for row in await tx.connection.execute(query.order_by(columns.id.desc()).limit(limit))]

    async def part(self, tx: ReadTx, import_id: str, number: int) -> ImportPart | None:
        columns = licence_import_part.c
        query = select(licence_import_part).where(columns.import_id == import_id, columns.number == number)
        row = (await tx.connection.execute(query)).one_or_none()
        return ImportPart(row.import_id, row.number, row.content, row.first_row, row.rows) if row else None

    async def received(self, tx: WriteTx, made: Import) -> bool:
        columns = licence_import.c
        change = update(licence_import).where(columns.id == made.id, columns.state == ImportState.READING.value)
        values = {
            "state": made.state.value,
            "header": list(made.header),
            "columns": dict(made.columns),
            "rows": made.rows,
            "parts": made.parts,
            "changed_at": made.changed_at,
        }
        return (await tx.connection.execute(change.values(values))).rowcount == 1

    async def start(
        self,
        tx: WriteTx,
        import_id: str,
        columns: Mapping[str, str],
        *,
        dry: bool,
        now: dt.datetime,
        seen: dt.datetime | None = None,
    ) -> bool:
        own = licence_import.c
        unmoved = true() if seen is None else own.changed_at == seen
        again = and_(own.dry.is_(True), own.state.in_((ImportState.DONE.value, ImportState.CANCELLED.value)))
        begun = await tx.connection.execute(
            update(licence_import)
            .where(own.id == import_id, own.parts > 0, unmoved, or_(own.state == ImportState.READY.value, again))
            .values(
                state=ImportState.RUNNING.value,
                columns=dict(columns),
                dry=dry,
                changed_at=now,
                lease=None,
                leased_until=None,
                **_FRESH,
            )
        )
        if begun.rowcount != 1:
            return False
        for told in (licence_import_fault, licence_import_difference):
            await tx.connection.execute(delete(told).where(told.c.import_id == import_id))
        await self.forget_sightings(tx, import_id)
        return True

    async def move(
        self, tx: WriteTx, import_id: str, state: ImportState, before: Sequence[ImportState], *, now: dt.datetime
    ) -> bool:
        columns = licence_import.c
        moved = await tx.connection.execute(
            update(licence_import)
            .where(columns.id == import_id, columns.state.in_([one.value for one in before]))
            .values(state=state.value, changed_at=now)
        )
        return moved.rowcount == 1

    async def claim(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime) -> Import | None:
        columns, lease = licence_import.c, new_secret(16)
        other = licence_import.alias()
        free = or_(columns.leased_until.is_(None), columns.leased_until < now)
        busy = select(other.c.id).where(
            other.c.type_code == columns.type_code,
            other.c.organisation == columns.organisation,
            other.c.id != columns.id,
            other.c.leased_until >= now,
        )
        running = columns.state == ImportState.RUNNING.value
        waiting = select(columns.id, columns.type_code).where(running, free, ~busy.exists())
        chosen = (await tx.connection.execute(waiting.order_by(columns.changed_at).limit(1))).one_or_none()
        if chosen is None:
            return None
        # whoever claims into a type holds all that run into it: two who found nobody busy come one after the other
        lane = select(columns.id).where(running, columns.type_code == chosen.type_code).order_by(columns.id)
        await tx.connection.execute(lane.with_for_update())
        won = await tx.connection.execute(
            update(licence_import)
            .where(columns.id == chosen.id, running, free, ~busy.exists())
            .values(lease=lease, leased_until=until)
        )
        return await self.one(tx, chosen.id) if won.rowcount == 1 else None

    async def advance(self, tx: WriteTx, moved: Import, *, now: dt.datetime) -> bool:
        columns = licence_import.c
        done = await tx.connection.execute(
            update(licence_import)
            .where(columns.id == moved.id, columns.lease == moved.lease)
            .values(
                state=columns.state if moved.state is ImportState.RUNNING else moved.state.value,
                next_part=moved.next_part,
                seen=moved.seen,
                kept=moved.kept,
                faulty=moved.faulty,
                unchanged=moved.unchanged,
                findings=dict(moved.findings),
                changed_at=now,
                lease=None,
                leased_until=None,
            )
        )
        return done.rowcount == 1

    async def add_faults(self, tx: WriteTx, import_id: str, part: int, faults: Sequence[RowFault]) -> None:
        rows = [
            {"import_id": import_id, "row": one.row, "part": part, "faults": [list(pair) for pair in one.faults]}
            for one in faults
        ]
        if rows:
            await tx.connection.execute(insert(licence_import_fault), rows)

    async def faults(self, tx: ReadTx, import_id: str, *, part: int) -> Sequence[RowFault]:
        columns = licence_import_fault.c
        query = select(licence_import_fault).where(columns.import_id == import_id, columns.part == part)
        return [_fault(row) for row in await tx.connection.execute(query.order_by(columns.row))]

    async def first_faults(self, tx: ReadTx, import_id: str, limit: int) -> Sequence[RowFault]:
        columns = licence_import_fault.c
        query = select(licence_import_fault).where(columns.import_id == import_id).order_by(columns.row).limit(limit)
        return [_fault(row) for row in await tx.connection.execute(query)]

    async def add_differences(self, tx: WriteTx, import_id: str, part: int, found: Sequence[Difference]) -> None:
        rows = [
            {"import_id": import_id, "row": one.row, "kind": one.kind.value, "office": one.office, "part": part}
            for one in found
        ]
        await add_many(tx, licence_import_difference, rows)

    async def differences(self, tx: ReadTx, import_id: str, *, part: int) -> Sequence[Difference]:
        query = _DIFFERENCES.where(
            licence_import_difference.c.import_id == import_id, licence_import_difference.c.part == part
        )
        return [_difference(row) for row in await tx.connection.execute(query)]

    async def first_differences(self, tx: ReadTx, import_id: str, limit: int) -> Sequence[Difference]:
        query = _DIFFERENCES.where(licence_import_difference.c.import_id == import_id).limit(limit)
        return [_difference(row) for row in await tx.connection.execute(query)]

    async def sighted(self, tx: ReadTx, import_id: str, kind: str, digests: Sequence[bytes]) -> Sequence[Sighting]:
        columns = licence_import_sighting.c
        await plan_anew(tx)  # this very work fills the table
        query = select(licence_import_sighting).where(
            columns.import_id == import_id, columns.kind == kind, among(tx, columns.digest, digests)
        )
        found = await tx.connection.execute(query)
        return [Sighting(row.kind, bytes(row.digest), row.row, bytes(row.companion)) for row in found]

    async def add_sightings(self, tx: WriteTx, import_id: str, sightings: Sequence[Sighting]) -> None:
        rows = [
            {
                "import_id": import_id,
                "kind": one.kind,
                "digest": one.digest,
                "row": one.row,
                "companion": one.companion,
            }
            for one in sightings
        ]
        await add_many(tx, licence_import_sighting, rows)

    async def forget_sightings(self, tx: WriteTx, import_id: str) -> None:
        own = licence_import_sighting.c.import_id == import_id
        await tx.connection.execute(delete(licence_import_sighting).where(own))

    async def forget_old(self, tx: WriteTx, *, before: dt.datetime, limit: int) -> Sequence[str]:
        resting = select(licence_import.c.id).where(
            licence_import.c.state.in_([one.value for one in _RESTING]), licence_import.c.changed_at < before
        )
        columns = licence_import_part.c
        old = (
            select(columns.import_id, columns.number, columns.content)
            .where(columns.import_id.in_(resting))
            .order_by(columns.import_id, columns.number)
            .limit(limit)
        )
        rows = (await tx.connection.execute(old)).all()
        for row in rows:
            own = and_(columns.import_id == row.import_id, columns.number == row.number)
            await tx.connection.execute(delete(licence_import_part).where(own))
        ids = sorted({row.import_id for row in rows})
        gone = {"parts": 0, "state": ImportState.CANCELLED.value}
        never_run = licence_import.c.state.in_([ImportState.READY.value, ImportState.READING.value])
        await tx.connection.execute(update(licence_import).where(licence_import.c.id.in_(ids), never_run).values(gone))
        for told in (licence_import_fault, licence_import_difference):
            await tx.connection.execute(delete(told).where(told.c.import_id.in_(ids)))
        return [row.content for row in rows]


def _row(made: Import) -> dict[str, object]:
    return {
        "id": made.id,
        "organisation": made.organisation,
        "type_code": made.type_code,
        "trust": made.trust.value,
        "file_name": made.file_name,
        "header": list(made.header),
        "columns": dict(made.columns),
        "state": made.state.value,
        "dry": made.dry,
        "rows": made.rows,
        "parts": made.parts,
        "next_part": made.next_part,
        "seen": made.seen,
        "kept": made.kept,
        "faulty": made.faulty,
        "unchanged": made.unchanged,
        "findings": dict(made.findings),
        "actor_kind": made.actor_kind.value,
        "actor_id": made.actor_id,
        "began_at": made.began_at,
        "changed_at": made.changed_at,
    }


def _import(row: Row[Any]) -> Import:
    return Import(
        id=row.id,
        organisation=row.organisation,
        type_code=row.type_code,
        trust=Trust(row.trust),
        file_name=row.file_name,
        header=tuple(row.header),
        columns=row.columns,
        state=ImportState(row.state),
        dry=row.dry,
        rows=row.rows,
        parts=row.parts,
        next_part=row.next_part,
        seen=row.seen,
        kept=row.kept,
        faulty=row.faulty,
        unchanged=row.unchanged,
        findings=row.findings,
        actor_kind=PrincipalKind(row.actor_kind),
        actor_id=row.actor_id,
        began_at=row.began_at,
        changed_at=row.changed_at,
        lease=row.lease,
    )


def _fault(row: Row[Any]) -> RowFault:
    return RowFault(row.row, tuple((target, code) for target, code in row.faults))


def _difference(row: Row[Any]) -> Difference:
    return Difference(row.row, DifferenceKind(row.kind), row.office)


_: type[ImportStore] = SqlImportStore
