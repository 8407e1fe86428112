"""Puts a run on record: begun, and how it ended; in the table of runs and in the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.principal import SYSTEM
from keys.archive.runs import Run, RunState, RunStore

_MOST_NOTE = 400


@dataclass
class Outcome:
    """What the work tells about its end."""

    run: Run
    detail: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@asynccontextmanager
async def recorded(database: Database, runs: RunStore, clock: Clock, run: Run) -> AsyncIterator[Outcome]:
    """The run is `running` and its event `attempted` before the block; `done` or `refused` after it."""
    action = f"backup.{run.kind.value}"
    await _put(database, runs, run, AuditEvent(action, "attempted", SYSTEM, run.id, detail={"what": run.what}))
    outcome = Outcome(run)
    try:
        yield outcome
    except BaseException as error:
        code = error.code if isinstance(error, AppError) else type(error).__name__
        failed = replace(run, state=RunState.FAILED, ended_at=clock.now(), note=code[:_MOST_NOTE])
        event = AuditEvent(action, "refused", SYSTEM, run.id, detail={"what": run.what, "code": code})
        await _put(database, runs, failed, event)
        raise
    ended = replace(outcome.run, ended_at=clock.now())
    detail = {"what": run.what, "state": ended.state.value, **outcome.detail}
    await _put(database, runs, ended, AuditEvent(action, "done", SYSTEM, run.id, detail=detail))


async def _put(database: Database, runs: RunStore, run: Run, event: AuditEvent) -> None:
    async with database.write() as tx:
        await runs.put(tx, run)
        tx.audit(event)
        await tx.commit()
