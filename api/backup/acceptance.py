"""The gap between the last archive and the disaster: what ended in it is not known, and somebody must say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from api.backup.errors import RestoreRefused
from api.migrations import RESTORED
from api.migrations.upgrade import current_revision, mark
from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import SYSTEM
from keys.archive.runs import RunKind, RunStore


def gap_of(backup: dt.datetime, journals: Sequence[dt.datetime]) -> dt.datetime:
    """From when on endings are not known: the newest of the archives that were used."""
    return max([backup, *journals])


async def accept(database: Database, runs: RunStore, clock: Clock) -> dt.datetime | None:
    """Acknowledge the gap, on record, and let the service start. Answers from when on it reaches.

    Raises:
        RestoreRefused: nothing waits to be acknowledged here.
    """
    revision = await current_revision(database.engine)
    if revision is None or not revision.startswith(RESTORED):
        raise RestoreRefused("no restore waits to be acknowledged here")
    async with database.write() as tx:
        run = await runs.latest(tx, RunKind.RESTORE)
        point = run.point if run else None
        if run is not None:
            await runs.put(tx, replace(run, note=f"gap acknowledged at {clock.now():%Y-%m-%dT%H:%M:%SZ}"))
        reaches = {"gap_from": point.isoformat(timespec="seconds") if point else None}
        tx.audit(AuditEvent("backup.gap", "done", SYSTEM, run.archive if run else None, detail=reaches))
        await mark(tx.connection, revision.removeprefix(RESTORED))
        await tx.commit()
    return point
