"""PostgreSQL's own first line (docs/backup.md): nothing that was answered is lost, and any moment comes back.

The machine is killed in the middle of its work. What comes back elsewhere, from a base backup and the WAL that the
other place had received, is counted against what had been answered (F-14, K-09).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no types
import pytest

from api.cli.prepare import prepare
from api.settings import Settings
from api.wiring.keys import build_keys
from core.audit.event import AuditEvent
from core.audit.verify import verify_chain
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.principal import SYSTEM
from tests.conftest import _start
from tests.support.receiving_postgres import ReceivingPostgres, receiving_postgres
from tests.support.servers import PostgresServer

pytestmark = pytest.mark.slow

BEFORE, AFTER = 25, 25


@pytest.fixture
def postgres(pytestconfig: pytest.Config) -> Iterator[ReceivingPostgres]:
    yield from _start(pytestconfig, receiving_postgres())


def _settings(folder: Path, server: PostgresServer) -> Settings:
    return Settings(data=folder, database_url=server.url("city"), keys_url=server.url("city_keys"))


async def _write(settings: Settings, first: int, count: int) -> int:
    """Audit rows, one unit of work each; answers how many were answered before the database went away."""
    database, answered = Database(create_engine(settings.database.url), SystemClock()), 0
    with contextlib.suppress(Exception):
        for number in range(first, first + count):
            await database.record(AuditEvent("test.write", "done", SYSTEM, f"row-{number}"))
            answered += 1
    await database.close()
    return answered


async def _found(settings: Settings) -> tuple[int, bool]:
    """How many of the rows there are, and whether the chain is whole; the keys must open too."""
    database = Database(create_engine(settings.database.url), SystemClock())
    async with database.read() as tx:
        count = await tx.connection.exec_driver_sql("SELECT count(*) FROM audit_event WHERE action = 'test.write'")
        rows = int(count.scalar_one())
    verdict = await verify_chain(database)
    await database.close()
    await (await build_keys(settings.keys, SystemClock())).close()
    return rows, verdict.whole


async def _sql(server: PostgresServer, *statements: str) -> object:
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        answer = None
        for statement in statements:
            answer = await connection.fetchval(statement)
        return answer
    finally:
        await connection.close()


async def test_a_killed_machine_loses_nothing_and_any_moment_comes_back(
    postgres: ReceivingPostgres, tmp_path: Path
) -> None:
    data = postgres.make()
    with postgres.running(data, end=signal.SIGKILL) as server:
        await _sql(server, "CREATE DATABASE city", "CREATE DATABASE city_keys")
        settings = _settings(tmp_path, server)
        await prepare(settings)
        postgres.base_backup(server)
        await postgres.wait_for_the_other_place(server)
        assert await _write(settings, 0, BEFORE) == BEFORE
        moment = await _sql(server, "SELECT clock_timestamp()::text", "SELECT pg_sleep(0.2)", "SELECT now()::text")
        assert isinstance(moment, str)
        assert await _write(settings, BEFORE, AFTER) == AFTER
        writing = asyncio.create_task(_write(settings, BEFORE + AFTER, 100_000))
        await asyncio.sleep(0.3)
    answered = await writing  # the machine was killed under it
    postgres.stop_receiving()
    assert answered > 0
    with postgres.running(postgres.from_the_other_place("newest"), end=signal.SIGINT) as server:
        rows, whole = await _found(_settings(tmp_path, server))
        assert whole
        assert rows >= BEFORE + AFTER + answered, "RPO 0: what was answered is there"
        assert rows <= BEFORE + AFTER + answered + 1, "and at most the one that was under way"
    print(f"\nRPO: 0 of {BEFORE + AFTER + answered} acknowledged writes lost to SIGKILL")
    with postgres.running(postgres.from_the_other_place("earlier", until=moment), end=signal.SIGINT) as server:
        assert await _found(_settings(tmp_path, server)) == (BEFORE, True)
