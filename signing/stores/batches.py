"""Keeps batches and their files in SQL (SQLite and PostgreSQL).

Whoever changes a batch and its files takes the batch's row first; whoever settles a file takes the file's row alone.
So two never wait for one another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, update

from core.db.database import ReadTx, WriteTx
from core.db.many import add_many
from core.ids import new_secret
from keys.ports import FieldCipher
from signing.batches.errors import set_aside
from signing.batches.model import (
    LIVING,
    MOST_TRIES,
    OVER,
    Approval,
    Batch,
    BatchFile,
    BatchState,
    Counts,
    Fault,
    FileState,
    Owner,
)
from signing.batches.ports import BatchStore, Claimed
from signing.stores.batch_rows import approval_values, batch_of, batch_values, fault_values, file_of, file_values
from signing.stores.batch_tables import seal_batch, seal_batch_file
from signing.stores.batch_telling import BatchTelling
from signing.stores.batch_upkeep import BatchUpkeepStore
from signing.stores.tables import seal

_own, _files = seal_batch.c, seal_batch_file.c
_TOLD = frozenset({BatchState.DONE, BatchState.HALTED, BatchState.REFUSED, BatchState.LAPSED})
_FREE = {"lease": None, "leased_until": None}
_WAITS = _files.state == FileState.WAITING.value


class SqlBatchStore(BatchTelling, BatchUpkeepStore):
    """Implements `signing.batches.ports.BatchStore`.

    Args:
        fields: seals the names of files.
    """

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def add(self, tx: WriteTx, batch: Batch) -> None:
        await tx.connection.execute(insert(seal_batch).values(batch_values(batch, self._fields)))

    async def batch(self, tx: ReadTx, batch_id: str) -> Batch | None:
        row = (await tx.connection.execute(select(seal_batch).where(_own.id == batch_id))).mappings().one_or_none()
        return None if row is None else batch_of(row, self._fields)

    async def hold(self, tx: WriteTx, batch_id: str) -> Batch | None:
        query = select(seal_batch).where(_own.id == batch_id).with_for_update()
        row = (await tx.connection.execute(query)).mappings().one_or_none()
        return None if row is None else batch_of(row, self._fields)

    async def of_owner(self, tx: ReadTx, owner: Owner, *, before: str | None = None, limit: int = 20) -> list[Batch]:
        return await self._listed(tx, [_is_of(owner)], before, limit)

    async def waiting_for(
        self, tx: ReadTx, organisation: str, *, before: str | None = None, limit: int = 20
    ) -> list[Batch]:
        about = select(seal.c.id).where(seal.c.organisation == organisation)
        asked = [_own.state == BatchState.ASKED.value, _own.seal_id.in_(about)]
        return await self._listed(tx, asked, before, limit)

    async def _listed(
        self, tx: ReadTx, wanted: Sequence[ColumnElement[bool]], before: str | None, limit: int
    ) -> list[Batch]:
        query = select(seal_batch).where(*wanted)
        if before is not None:
            query = query.where(_own.id < before)
        found = await tx.connection.execute(query.order_by(_own.id.desc()).limit(limit))
        return [batch_of(row, self._fields) for row in found.mappings()]

    async def living_of(self, tx: ReadTx, owner: Owner) -> int:
        living = _own.state.in_([state.value for state in LIVING])
        query = select(func.count()).select_from(seal_batch).where(_is_of(owner), living)
        return int((await tx.connection.execute(query)).scalar_one())

    async def counts(self, tx: ReadTx, batch_id: str) -> Counts:
        query = select(_files.state, func.count()).where(_files.batch_id == batch_id).group_by(_files.state)
        return Counts(**{row[0]: row[1] for row in await tx.connection.execute(query)})

    # --- files -------------------------------------------------------------------------------------------------

    async def add_files(self, tx: WriteTx, batch: Batch, files: Sequence[BatchFile], *, now: dt.datetime) -> None:
        octets = sum(file.octets for file in files)
        await add_many(tx, seal_batch_file, [file_values(file, self._fields) for file in files])
        await self._count(tx, batch, len(files), octets, now)

    async def remove_file(self, tx: WriteTx, batch: Batch, file_id: str, *, now: dt.datetime) -> str | None:
        gone = await tx.connection.execute(
            delete(seal_batch_file)
            .where(_files.id == file_id, _files.batch_id == batch.id)
            .returning(_files.document, _files.octets)
        )
        row = gone.one_or_none()
        if row is None:
            return None
        await self._count(tx, batch, -1, -row.octets, now)
        return str(row.document)

    async def _count(self, tx: WriteTx, batch: Batch, files: int, octets: int, now: dt.datetime) -> None:
        values = {"files": _own.files + files, "octets": _own.octets + octets, "changed_at": now}
        await tx.connection.execute(update(seal_batch).where(_own.id == batch.id).values(values))

    async def last_number(self, tx: ReadTx, batch_id: str) -> int:
        query = select(func.coalesce(func.max(_files.number), 0)).where(_files.batch_id == batch_id)
        return int((await tx.connection.execute(query)).scalar_one())

    async def named(self, tx: ReadTx, batch_id: str, digests: Sequence[bytes]) -> list[BatchFile]:
        query = select(seal_batch_file).where(_files.batch_id == batch_id, _files.name_digest.in_(list(digests)))
        return [file_of(row, self._fields) for row in (await tx.connection.execute(query)).mappings()]

    async def file(self, tx: ReadTx, batch_id: str, file_id: str) -> BatchFile | None:
        query = select(seal_batch_file).where(_files.batch_id == batch_id, _files.id == file_id)
        row = (await tx.connection.execute(query)).mappings().one_or_none()
        return None if row is None else file_of(row, self._fields)

    async def files(
        self, tx: ReadTx, batch_id: str, *, state: FileState | None = None, after: int = 0, limit: int = 100
    ) -> list[BatchFile]:
        query = select(seal_batch_file).where(_files.batch_id == batch_id, _files.number > after)
        if state is not None:
            query = query.where(_files.state == state.value)
        found = await tx.connection.execute(query.order_by(_files.number).limit(limit))
        return [file_of(row, self._fields) for row in found.mappings()]

    # --- the batch's way ---------------------------------------------------------------------------------------

    async def move(
        self,
        tx: WriteTx,
        batch_id: str,
        state: BatchState,
        before: Sequence[BatchState],
        *,
        now: dt.datetime,
        expires_at: dt.datetime,
        approval: Approval | None = None,
        halted: Fault | None = None,
    ) -> bool:
        values = {"state": state.value, "changed_at": now, "expires_at": expires_at, **fault_values(halted, "halt")}
        if approval is not None:
            values |= approval_values(approval)
        if state is BatchState.RUNNING:
            values |= {"started_at": func.coalesce(_own.started_at, now), "finished_at": None}
            values |= {"due_at": now, "stumbles": 0}
        if state in OVER:
            values["finished_at"] = now
        moved = await tx.connection.execute(
            update(seal_batch)
            .where(_own.id == batch_id, _own.state.in_([one.value for one in before]))
            .values(values)
            .returning(_own.receiver)
        )
        row = moved.one_or_none()
        if row is not None and row.receiver is not None and state in _TOLD:
            await self.tell(tx, batch_id, now)
        return row is not None

    async def cancel_waiting(self, tx: WriteTx, batch_id: str) -> int:
        cancelled = await tx.connection.execute(
            update(seal_batch_file)
            .where(_files.batch_id == batch_id, _WAITS)
            .values(state=FileState.CANCELLED.value, **_FREE)
        )
        return cancelled.rowcount

    async def try_again(self, tx: WriteTx, batch_id: str, file_id: str | None = None) -> int:
        wanted = [_files.batch_id == batch_id, _files.state == FileState.REFUSED.value, _files.document.is_not(None)]
        if file_id is not None:
            wanted.append(_files.id == file_id)
        values = {"state": FileState.WAITING.value, "tries": 0, **_FREE, **fault_values(None, "fault")}
        return (await tx.connection.execute(update(seal_batch_file).where(*wanted).values(values))).rowcount

    async def settled(self, tx: ReadTx, limit: int = 10) -> list[str]:
        query = (
            select(_own.id).where(_own.state == BatchState.RUNNING.value, ~_unsettled(_own.id).exists()).limit(limit)
        )
        return list((await tx.connection.execute(query)).scalars())

    async def finish(self, tx: WriteTx, batch_id: str, *, now: dt.datetime, expires_at: dt.datetime) -> bool:
        finished = await tx.connection.execute(
            update(seal_batch)
            .where(_own.id == batch_id, _own.state == BatchState.RUNNING.value, ~_unsettled(batch_id).exists())
            .values(state=BatchState.DONE.value, finished_at=now, changed_at=now, expires_at=expires_at)
            .returning(_own.receiver)
        )
        row = finished.one_or_none()
        if row is not None and row.receiver is not None:
            await self.tell(tx, batch_id, now)
        return row is not None

    # --- the worker's ------------------------------------------------------------------------------------------

    async def claim(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime, most: int) -> Claimed | None:
        free = or_(_files.leased_until.is_(None), _files.leased_until <= now)
        open_ = select(_files.id).where(_files.batch_id == _own.id, _WAITS, free)
        turn = [_own.state == BatchState.RUNNING.value, _own.due_at <= now, open_.exists()]
        # the one that was served longest ago; its row is held, so that workers take one after the other
        query = select(_own.id).where(*turn).order_by(_own.served_at).limit(1).with_for_update()
        batch_id = (await tx.connection.execute(query)).scalar_one_or_none()
        if batch_id is None:
            return None
        await tx.connection.execute(update(seal_batch).where(_own.id == batch_id).values(served_at=now))
        waiting = and_(_files.batch_id == batch_id, _WAITS, free)
        await tx.connection.execute(
            update(seal_batch_file)
            .where(waiting, _files.tries >= MOST_TRIES)
            .values(state=FileState.REFUSED.value, **_FREE, **fault_values(set_aside(), "fault"))
        )
        files = await self._taken(tx, waiting, until, most)
        batch = await self.batch(tx, batch_id)
        assert batch is not None
        return Claimed(batch, files)

    async def _taken(
        self, tx: WriteTx, waiting: ColumnElement[bool], until: dt.datetime, most: int
    ) -> Sequence[BatchFile]:
        query = select(_files.id, _files.tries).where(waiting).order_by(_files.number).limit(most)
        found = (await tx.connection.execute(query.with_for_update())).all()
        # one that a worker did not come back from may take down the next one too: never with others in hand
        fresh = [row.id for row in found if row.tries == 0]
        chosen = [found[0].id] if found and found[0].tries else fresh
        values = {"lease": new_secret(16), "leased_until": until, "tries": _files.tries + 1}
        taken = await tx.connection.execute(
            update(seal_batch_file).where(_files.id.in_(chosen), _WAITS).values(values).returning(seal_batch_file)
        )
        return sorted((file_of(row, self._fields) for row in taken.mappings()), key=lambda file: file.number)

    async def seal(self, tx: WriteTx, file: BatchFile, signature_id: str) -> bool:
        values = {"state": FileState.SEALED.value, "signature_id": signature_id, **_FREE}
        return await self._settle(tx, file, values)

    async def refuse(self, tx: WriteTx, file: BatchFile, fault: Fault) -> bool:
        return await self._settle(tx, file, {"state": FileState.REFUSED.value, **_FREE, **fault_values(fault, "fault")})

    async def _settle(self, tx: WriteTx, file: BatchFile, values: Mapping[str, object]) -> bool:
        settled = await tx.connection.execute(
            update(seal_batch_file).where(_files.id == file.id, _WAITS, _files.lease == file.lease).values(values)
        )
        return settled.rowcount == 1

    async def give_back(self, tx: WriteTx, files: Sequence[BatchFile], *, counted: bool) -> None:
        if files:
            await self.hold(tx, files[0].batch_id)
        for file in files:
            await self._settle(tx, file, {**_FREE, "tries": file.tries if counted else file.tries - 1})

    async def stumble(self, tx: WriteTx, batch_id: str, *, due_at: dt.datetime) -> None:
        values = {"due_at": due_at, "stumbles": _own.stumbles + 1}
        await tx.connection.execute(update(seal_batch).where(_own.id == batch_id).values(values))

    async def steady(self, tx: WriteTx, batch_id: str) -> None:
        await tx.connection.execute(update(seal_batch).where(_own.id == batch_id).values(stumbles=0))


def _unsettled(batch_id: object) -> Select[tuple[str]]:
    return select(_files.id).where(_files.batch_id == batch_id, _WAITS)


def _is_of(owner: Owner) -> ColumnElement[bool]:
    return and_(_own.owner_kind == owner.kind.value, _own.owner == owner.id)


_: type[BatchStore] = SqlBatchStore
