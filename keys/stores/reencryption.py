"""Jobs of re-encryption in SQL; a batch is claimed by an `UPDATE` that only one worker can win."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from core.ids import new_secret
from keys.reencrypt.model import Job, JobState, Key
from keys.reencrypt.ports import DiscardList, JobStore
from keys.stores.reencryption_tables import discarded_document, reencryption_job

_BEFORE = {JobState.PAUSED: (JobState.RUNNING, JobState.STUCK), JobState.RUNNING: (JobState.PAUSED,)}


class SqlJobStore:
    """Implements `keys.reencrypt.ports.JobStore`."""

    async def all(self, tx: ReadTx) -> Sequence[Job]:
        rows = await tx.connection.execute(select(reencryption_job).order_by(reencryption_job.c.name))
        return [_job(row) for row in rows]

    async def begin(self, tx: WriteTx, name: str, target: str, *, found: int, now: dt.datetime) -> None:
        state = JobState.RUNNING if found else JobState.DONE
        fresh = {
            "target": target,
            "cursor": None,
            "found": found,
            "rewritten": 0,
            "moved": 0,
            "overtaken": 0,
            "faulty": 0,
            "began_at": now,
            "changed_at": now,
            "lease": None,
            "leased_until": None,
        }
        columns = reencryption_job.c
        other = update(reencryption_job).where(columns.name == name, columns.target != target)
        paused = columns.state == JobState.PAUSED.value
        await tx.connection.execute(other.where(paused).values(**fresh))
        await tx.connection.execute(other.where(~paused).values(**fresh, state=state.value))
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(reencryption_job).values(name=name, state=state.value, **fresh))
        except IntegrityError:
            return  # the job is there, by this update or by another worker that was faster

    async def claim(self, tx: WriteTx, name: str, target: str, *, now: dt.datetime, until: dt.datetime) -> Job | None:
        columns, lease = reencryption_job.c, new_secret(16)
        won = await tx.connection.execute(
            update(reencryption_job)
            .where(
                columns.name == name,
                columns.target == target,
                columns.state == JobState.RUNNING.value,
                or_(columns.leased_until.is_(None), columns.leased_until < now),
            )
            .values(lease=lease, leased_until=until)
        )
        if won.rowcount != 1:
            return None
        return _job((await tx.connection.execute(select(reencryption_job).where(columns.name == name))).one())

    async def advance(self, tx: WriteTx, job: Job, *, now: dt.datetime) -> bool:
        columns = reencryption_job.c
        moved = await tx.connection.execute(
            update(reencryption_job)
            .where(columns.name == job.name, columns.lease == job.lease)
            .values(
                # a pause that came meanwhile stands
                state=job.state.value if job.state is not JobState.RUNNING else columns.state,
                cursor=None if job.cursor is None else orjson.dumps(job.cursor).decode(),
                rewritten=job.rewritten,
                moved=job.moved,
                overtaken=job.overtaken,
                faulty=job.faulty,
                changed_at=now,
                lease=None,
                leased_until=None,
            )
        )
        return moved.rowcount == 1

    async def change_state(self, tx: WriteTx, name: str, state: JobState, *, now: dt.datetime) -> bool:
        columns = reencryption_job.c
        before = [one.value for one in _BEFORE[state]]
        changed = await tx.connection.execute(
            update(reencryption_job)
            .where(columns.name == name, columns.state.in_(before))
            .values(state=state.value, changed_at=now)
        )
        return changed.rowcount == 1

    async def forget(self, tx: WriteTx, name: str) -> bool:
        columns = reencryption_job.c
        ended = [JobState.DONE.value, JobState.STUCK.value]
        gone = await tx.connection.execute(
            delete(reencryption_job).where(columns.name == name, columns.state.in_(ended))
        )
        return gone.rowcount == 1


class SqlDiscardList:
    """Implements `keys.reencrypt.ports.DiscardList`."""

    async def add(self, tx: WriteTx, address: str, due_at: dt.datetime) -> None:
        columns = discarded_document.c
        put_off = update(discarded_document).where(columns.address == address).values(due_at=due_at)
        if (await tx.connection.execute(put_off)).rowcount == 0:
            await tx.connection.execute(insert(discarded_document).values(address=address, due_at=due_at))

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        columns = discarded_document.c
        query = select(columns.address).where(columns.due_at <= now).order_by(columns.due_at).limit(limit)
        return list((await tx.connection.execute(query)).scalars())

    async def hold(self, tx: WriteTx, until: dt.datetime) -> None:
        columns = discarded_document.c
        await tx.connection.execute(update(discarded_document).where(columns.due_at < until).values(due_at=until))

    async def forget(self, tx: WriteTx, address: str) -> None:
        await tx.connection.execute(delete(discarded_document).where(discarded_document.c.address == address))


def _job(row: Row[Any]) -> Job:
    cursor: Key | None = None if row.cursor is None else tuple(orjson.loads(row.cursor))
    return Job(
        name=row.name,
        target=row.target,
        state=JobState(row.state),
        cursor=cursor,
        found=row.found,
        rewritten=row.rewritten,
        moved=row.moved,
        overtaken=row.overtaken,
        faulty=row.faulty,
        began_at=row.began_at,
        changed_at=row.changed_at,
        lease=row.lease,
    )


_jobs: type[JobStore] = SqlJobStore
_discards: type[DiscardList] = SqlDiscardList
