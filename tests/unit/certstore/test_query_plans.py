"""What must stay quick with ten million licences goes along an index: no query of these walks the licences."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from certstore.codes import HolderCode
from certstore.find import FindQuery
from certstore.status import Status
from core.db.database import Database
from tests.support.certstore_world import LAND_SYSTEM, LIN_NUMBER, PORTAL, PROPERTY, STATEMENT, World, world
from tests.support.clock import FakeClock

LIN = HolderCode("111", LIN_NUMBER)
Work = Callable[[World], Awaitable[object]]


async def _store(city: World, name: str, *given: Any) -> object:
    licences = city.services.find._repository.licences
    async with city.database.read() as tx:
        return await getattr(licences, name)(tx, *given)


WORKS: dict[str, Work] = {
    "by holder": lambda city: _store(city, "by_holder", LIN, [PROPERTY, STATEMENT]),
    "by number": lambda city: _store(city, "by_number", PROPERTY, "x"),
    "by identifier": lambda city: _store(city, "by_identifier", "1.2.156.3005.2.x"),
    "by code": lambda city: _store(city, "by_code", "x"),
    "look-up": lambda city: city.search(PORTAL),
    "exemption check": lambda city: city.check(PORTAL),
    "newest of an office": lambda city: city.services.find(FindQuery(), LAND_SYSTEM),
    "of a state": lambda city: city.services.find(FindQuery(status=Status.REVOKED), LAND_SYSTEM),
    "about to expire": lambda city: city.services.find(FindQuery(expiring_until=city.today), LAND_SYSTEM),
    "of a holder": lambda city: city.services.find(FindQuery(holder_kind="111", holder_code=LIN_NUMBER), LAND_SYSTEM),
}


@pytest.mark.parametrize("name", WORKS)
async def test_no_look_up_walks_the_licences(
    sqlite_database: Database, clock: FakeClock, tmp_path: Path, name: str
) -> None:
    async with world(sqlite_database, clock, tmp_path) as city:
        await city.issue_property()
        asked: list[tuple[str, Any]] = []

        def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        engine = sqlite_database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", remember)
        await WORKS[name](city)
        event.remove(engine, "before_cursor_execute", remember)
        plans = [await _plan(sqlite_database, *one) for one in asked if one[0].startswith("SELECT")]
    assert plans
    walked = [step for plan in plans for step in plan if step.startswith("SCAN licence")]
    assert walked == []


async def test_the_test_sees_a_walk(sqlite_database: Database) -> None:
    plan = await _plan(sqlite_database, "SELECT id FROM licence WHERE state = 'x'", ())
    assert any(step.startswith("SCAN licence") for step in plan)


async def _plan(database: Database, statement: str, parameters: Any) -> list[str]:
    async with database.read() as tx:
        await tx.connection.execute(text("SELECT 1"))
        rows = await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [str(row[-1]) for row in rows]
