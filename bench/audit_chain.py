"""The audit log under SM3 beside the same log under SHA-256: proving it whole, and adding to it; one core, SQLite.

`audit.verify.sm3` walks a log that was by SM3 from its first row on, `audit.verify.seam` one whose rows are all old, so
that each is computed under both digests; the peer walks the same rows under SHA-256. `audit.append.sm3` records events
one by one, each durable before the next. In turns, by processor time.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.report import Row, rate
from core.audit.change_digest import change_to_sm3
from core.audit.event import AuditEvent
from core.audit.verify import verify_chain
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.principal import SYSTEM, Purpose
from core.tables import metadata

ROWS, ROUNDS, EVENTS = 10_000, 5, 300
_EVENT = AuditEvent(
    "licence.read", "done", SYSTEM, "lic_bench", Purpose("410100-0001", "办件-1", "依申请核验"), {"n": 1}
)


def measure() -> list[Row]:
    """Rows `audit.…`."""
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yizheng-chain-")))
        logs = {name: await _empty(folder / f"{name}.db") for name in ("sha256", "sm3", "seam")}
        for database in logs.values():
            stack.push_async_callback(database.close)
        await change_to_sm3(logs["sm3"], SYSTEM, SystemClock())
        for database in logs.values():
            async with database.write() as tx:
                for _ in range(ROWS):
                    tx.audit(_EVENT)
                await tx.commit()
        await change_to_sm3(logs["seam"], SYSTEM, SystemClock())
        walked = await _in_turns(logs, _verified, ROWS)
        added = await _in_turns({name: logs[name] for name in ("sha256", "sm3")}, _added, EVENTS)
    return [
        *(
            rate(f"audit.verify.{name}", walked[name], "rows/s", "SHA-256", walked["sha256"])
            for name in ("sm3", "seam")
        ),
        rate("audit.append.sm3", added["sm3"], "1/s", "SHA-256", added["sha256"]),
    ]


async def _empty(file: Path) -> Database:
    database = Database(create_engine(f"sqlite:///{file}"), SystemClock())
    async with database.engine.execution_options(yizheng_write=True).begin() as connection:
        await connection.run_sync(metadata.create_all)
    return database


async def _in_turns(
    logs: dict[str, Database], work: Callable[[Database], Awaitable[None]], count: int
) -> dict[str, float]:
    """Rows a second of processor time."""
    figures: dict[str, list[float]] = {name: [] for name in logs}
    for _ in range(ROUNDS):
        for name, database in logs.items():
            begun = time.process_time()
            await work(database)
            figures[name].append(count / (time.process_time() - begun))
    return {name: statistics.median(found) for name, found in figures.items()}


async def _verified(database: Database) -> None:
    assert (await verify_chain(database)).whole


async def _added(database: Database) -> None:
    for _ in range(EVENTS):
        await database.record(_EVENT)
