"""Database faults that pass are told as such (attacks R-04); mistakes of ours are not dressed up as weather."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.errors import Unavailable
from tests.support.servers import free_port


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    database = Database(create_engine(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none"), SystemClock())
    with pytest.raises(Unavailable) as told:
        async with database.read():
            pass
    assert told.value.code == "database-unavailable"
    await database.close()


async def test_a_connection_that_is_cut_is_unavailable_and_the_next_unit_works(postgres_url: str) -> None:
    database = Database(create_engine(postgres_url, pool_size=2), SystemClock())
    with pytest.raises(Unavailable):
        async with database.write() as tx:
            own = (await tx.connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            async with database.write() as other:
                await other.connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
                await other.commit()
            await tx.connection.execute(text("SELECT 1"))
    async with database.read() as tx:
        assert (await tx.connection.execute(text("SELECT 1"))).scalar_one() == 1
    await database.close()


async def test_two_units_that_wait_for_each_other_end_in_one_unavailable(postgres_url: str) -> None:
    database = Database(create_engine(postgres_url, pool_size=3), SystemClock())
    async with database.write() as tx:
        await tx.connection.execute(text("CREATE TABLE thing (id int PRIMARY KEY, n int)"))
        await tx.connection.execute(text("INSERT INTO thing VALUES (1, 0), (2, 0)"))
        await tx.commit()
    met = asyncio.Barrier(2)

    async def unit(first: int, second: int) -> str:
        try:
            async with database.write() as tx:
                await tx.connection.execute(text("UPDATE thing SET n = n + 1 WHERE id = :id"), {"id": first})
                await met.wait()
                await tx.connection.execute(text("UPDATE thing SET n = n + 1 WHERE id = :id"), {"id": second})
                await tx.commit()
        except Unavailable:
            return "unavailable"
        return "done"

    assert sorted(await asyncio.gather(unit(1, 2), unit(2, 1))) == ["done", "unavailable"]
    await database.close()


async def test_a_wrong_statement_stays_a_mistake_of_ours(postgres_url: str) -> None:
    database = Database(create_engine(postgres_url), SystemClock())
    with pytest.raises(DBAPIError):
        async with database.read() as tx:
            await tx.connection.execute(text("SELECT * FROM no_such_table"))
    await database.close()
