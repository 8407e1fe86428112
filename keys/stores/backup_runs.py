"""Runs of backups, drills and restores in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from core.db.database import ReadTx, WriteTx
from keys.archive.runs import Run, RunKind, RunState, RunStore
from keys.stores.backup_tables import backup_run


class SqlRunStore:
    """Implements `keys.archive.runs.RunStore`."""

    async def put(self, tx: WriteTx, run: Run) -> None:
        values = {column: getattr(run, column) for column in backup_run.c.keys()}  # noqa: SIM118 - columns, no dict
        values |= {"kind": run.kind.value, "state": run.state.value}
        known = update(backup_run).where(backup_run.c.id == run.id).values(values)
        if (await tx.connection.execute(known)).rowcount == 0:
            await tx.connection.execute(insert(backup_run).values(values))

    async def latest(self, tx: ReadTx, kind: RunKind, *states: RunState) -> Run | None:
        query = select(backup_run).where(backup_run.c.kind == kind.value)
        if states:
            query = query.where(backup_run.c.state.in_([state.value for state in states]))
        query = query.order_by(backup_run.c.began_at.desc(), backup_run.c.id.desc()).limit(1)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _run(row)

    async def recent(self, tx: ReadTx, *, limit: int = 20) -> Sequence[Run]:
        query = select(backup_run).order_by(backup_run.c.began_at.desc(), backup_run.c.id.desc()).limit(limit)
        return [_run(row) for row in await tx.connection.execute(query)]


def _run(row: Row[Any]) -> Run:
    return Run(**{**row._mapping, "kind": RunKind(row.kind), "state": RunState(row.state)})


_: type[RunStore] = SqlRunStore
