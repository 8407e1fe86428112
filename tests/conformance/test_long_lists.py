"""`core.db.long_lists` over SQLite and PostgreSQL: the rows of a list, and on PostgreSQL a plan of today for each."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from core.audit.event import AuditEvent
from core.audit.tables import audit_event
from core.db.database import Database, ReadTx
from core.db.long_lists import among, plan_anew
from core.principal import SYSTEM
from tests.support import databases
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_PLANS = text(
    "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE 'SELECT audit_event.subject%'"
)
_MODE = text("SHOW plan_cache_mode")


async def found(tx: ReadTx, *subjects: str) -> list[str]:
    query = select(audit_event.c.subject).where(among(tx, audit_event.c.subject, subjects))
    return sorted(row.subject for row in await tx.connection.execute(query))


async def test_a_list_of_any_length_finds_its_rows_and_no_others(database: Database) -> None:
    for subject in ("one", "two", "three"):
        await database.record(AuditEvent("test.event", "done", SYSTEM, subject))
    async with database.read() as tx:
        assert await found(tx) == []
        assert await found(tx, "one") == ["one"]
        assert await found(tx, "two", "nobody", "three", "two") == ["three", "two"]
        assert await found(tx, "one", *(f"x{number}" for number in range(3000))) == ["one"]


@pytest.mark.parametrize("asked", [True, False])
async def test_a_transaction_that_asks_for_it_is_planned_each_time(
    postgres_server: PostgresServer, clock: FakeClock, *, asked: bool
) -> None:
    async with databases.postgres_database(postgres_server, clock) as database:
        async with database.read() as tx:
            if asked:
                await plan_anew(tx)
            for number in range(12):
                await found(tx, f"x{number}")
            kept = (await tx.connection.execute(_PLANS)).scalar_one()
        assert (kept == 0) is asked
        async with database.read() as tx:
            assert (await tx.connection.execute(_MODE)).scalar_one() == "auto"
