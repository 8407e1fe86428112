"""What must stay quick with ten million licences goes along an index, on either database: it walks no table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from certstore.codes import HolderCode
from certstore.find import FindQuery
from certstore.status import Status
from core.db.database import Database
from tests.support.certstore_world import (
    LAND_SYSTEM,
    LIN,
    LIN_NUMBER,
    PERMIT,
    PORTAL,
    PROPERTY,
    STATEMENT,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.plans import noted, walks

LIN_CODE = HolderCode("111", LIN_NUMBER)
FEW = ("look_delay", "found", "anon_1", "CONSTANT", "(subquery-1)", "(subquery-4)", "holders", "living")
"""Has few rows however many licences there are: rules, and the bounded part of a statement that was found before."""
Work = Callable[[World], Awaitable[object]]


async def _store(city: World, name: str, *given: Any) -> object:
    licences = city.services.find._repository.licences
    async with city.database.read() as tx:
        return await getattr(licences, name)(tx, *given)


async def _names(city: World) -> object:
    held = city.bulk.run._reconcile._held
    async with city.database.read() as tx:
        return await held.names(tx, [LIN_CODE, HolderCode("111", ZHAO_NUMBER)])


async def _holding(city: World) -> object:
    licences = city.services.find._repository.licences
    async with city.database.read() as tx:
        return await licences.holding(tx, PERMIT, [LIN_CODE, HolderCode("111", ZHAO_NUMBER)], today=city.today)


async def _sighted(city: World) -> object:
    async with city.database.read() as tx:
        return await city.bulk.run._store.sighted(tx, "imp_x", "holder", [b"x", b"y"])


WORKS: dict[str, Work] = {
    "by holder": lambda city: _store(city, "by_holder", LIN_CODE, [PROPERTY, STATEMENT]),
    "names of many holders": _names,
    "who of many has a living licence": _holding,
    "what earlier rows had": _sighted,
    "by many numbers": lambda city: _store(city, "of_numbers", PROPERTY, ["x", "y"]),
    "by number": lambda city: _store(city, "by_number", PROPERTY, "x"),
    "by identifier": lambda city: _store(city, "by_identifier", "1.2.156.3005.2.x"),
    "by code": lambda city: _store(city, "by_code", "x"),
    "look-up": lambda city: city.search(PORTAL),
    "exemption check": lambda city: city.check(PORTAL),
    "newest of an office": lambda city: city.services.find(FindQuery(), LAND_SYSTEM),
    "of a state": lambda city: city.services.find(FindQuery(status=Status.REVOKED), LAND_SYSTEM),
    "about to expire": lambda city: city.services.find(FindQuery(expiring_until=city.today), LAND_SYSTEM),
    "of a holder": lambda city: city.services.find(FindQuery(holder_kind="111", holder_code=LIN_NUMBER), LAND_SYSTEM),
    "my licences": lambda city: city.services.my_licences(LIN),
    "who looked": lambda city: city.services.my_accesses(LIN),
}


def of_growing(found: list[str]) -> list[str]:
    """Those that walk what may have as many rows as there are licences, or more."""
    return [step for step in found if step.split()[0].rstrip(":") not in FEW]


async def test_no_look_up_and_no_list_walks_what_grows(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    walked, silent = {}, []
    async with world(database, clock, tmp_path) as city:
        await city.issue_property()
        for name, work in WORKS.items():
            with noted(database) as found:
                await work(city)
            if steps := of_growing(await walks(database, found)):
                walked[name] = steps
            if not found.asked:
                silent.append(name)
    assert (walked, silent) == ({}, [])


async def test_a_look_up_is_few_statements(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """Rules, licences, and what is written: record, event and the log's end, by one statement on PostgreSQL."""
    async with world(database, clock, tmp_path) as city:
        await city.issue_permit()
        await city.search(PORTAL, types=[PERMIT])  # versions of types are known from here on
        with noted(database) as found:
            (hit,) = await city.search(PORTAL, types=[PERMIT])
            assert hit.values
    usual = ["SELECT", "SELECT", "INSERT", "SELECT", "INSERT", "UPDATE"]
    quick = ["SELECT", "SELECT", "WITH"]
    assert found.verbs == (quick if database.engine.dialect.name == "postgresql" else usual)


async def test_the_test_sees_a_walk(database: Database) -> None:
    with noted(database) as found:
        async with database.read() as tx:
            await tx.connection.execute(text("SELECT id FROM licence WHERE revision = 7"))
    assert len(of_growing(await walks(database, found))) == 1
