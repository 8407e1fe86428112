"""Whether backups are as fresh as they should be: for the command line, `doctor` and administrators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from keys.archive.runs import Run, RunKind, RunState, RunStore


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    Attributes:
        latest: the last run of each kind that there was.
        worry: what is wrong and what to do, in one line; empty when all is well.
    """

    latest: Sequence[Run]
    worry: str


async def look_at_backups(database: Database, runs: RunStore, clock: Clock, oldest: dt.timedelta) -> Freshness:
    """
    Args:
        oldest: how old the data of the last backup may be.
    """
    async with database.read() as tx:
        latest = [run for kind in RunKind if (run := await runs.latest(tx, kind)) is not None]
        whole = await runs.latest(tx, RunKind.BACKUP, RunState.DONE, RunState.FAULTY)
    return Freshness(latest, _worry(whole, latest, clock.now(), oldest))


def _worry(whole: Run | None, latest: Sequence[Run], now: dt.datetime, oldest: dt.timedelta) -> str:
    if whole is None:
        return "there is no backup yet: make one with `yizheng backup`"
    point = whole.point or whole.began_at
    if now - point > oldest:
        hours = int((now - point) / dt.timedelta(hours=1))
        return f"the last backup is {hours} hours old: make one with `yizheng backup`, and see why none was made"
    if whole.state is RunState.FAULTY:
        return f"the last backup is not whole ({whole.note}): restore what is missing from an older one"
    drill = next((run for run in latest if run.kind is RunKind.DRILL), None)
    if drill is not None and drill.state in (RunState.FAULTY, RunState.FAILED):
        return f"the last restore drill did not succeed ({drill.note}): look with `yizheng backup drill`"
    return ""
