"""L-04: a register of invented numbers as an oracle of who holds what under which name; each with its right use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certstore.bulk.intake import FileFormat, IntakeCommand
from certstore.bulk.model import Import
from certstore.model import Look, Quota, Trust
from certstore.stores.tables import access_record
from core.db.database import Database
from core.principal import Principal
from tests.support.certstore_http import http
from tests.support.certstore_world import (
    LIN,
    LIN_NUMBER,
    PERMIT,
    POLICE_SYSTEM,
    ZHAO,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.idp_world import citizen_number
from tests.unit.certstore.test_register_imports import pieces
from tests.unit.certstore.test_register_names import a_register, again, differences, ran

NOBODY = citizen_number(7)


@pytest.fixture
async def city(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database, clock, tmp_path) as made:
        yield made


def ceiling(city: World, monkeypatch: pytest.MonkeyPatch, daily: int) -> None:
    monkeypatch.setattr(city.bulk.run._telling._repository.quota, "_told", Quota(daily=daily))


async def looks(city: World, who: Principal) -> list[Look]:
    return [one.record.look for one in (await city.services.my_accesses(who)).items]


async def permits(city: World, *numbers: str, dry: bool) -> Import:
    """A register of the police's own permits, of which nobody can hold two."""
    lines = ["身份证号,姓名,证号,发证日期,住址", *(f"{one},某人,证-{one[-4:]},2026-11-01,甲路 1 号" for one in numbers)]
    columns = {"holder_code": "身份证号", "holder_name": "姓名", "number": "证号", "valid_from": "发证日期"}
    command = IntakeCommand(PERMIT, FileFormat.CSV, Trust.B)
    made = await city.bulk.take_in(command, pieces(["\n".join(lines).encode()]), POLICE_SYSTEM)
    await city.bulk.steer.start(made.id, columns | {"data.address": "住址"}, POLICE_SYSTEM, dry=dry)
    await city.bulk.run.through()
    return (await city.bulk.steer.one(made.id, POLICE_SYSTEM))[0]


async def test_l04_a_dry_run_of_invented_names_tells_nothing_that_others_know(city: World) -> None:
    await city.issue_permit()
    probes = a_register((LIN_NUMBER, "某人"), (NOBODY, "某人"))
    tried = await ran(city, probes, dry=True)
    others = await ran(city, a_register((NOBODY, "某人"), (citizen_number(8), "某人")), dry=True)
    async with http(city) as web:
        known, unknown = [await web.get(f"/v1/imports/{one.id}", "land") for one in (tried, others)]
    assert [known.json()[part] for part in ("differences", "faults")] == [[], []]
    assert known.json()["report"] == unknown.json()["report"], "who is known to others looks like who is not"
    assert await looks(city, LIN) == [], "nothing was told, and nothing was looked at"
    done = await again(city, tried, dry=False)  # the twin: whoever stands behind the rows learns whom to ask
    assert [one.row for one in await differences(city, done)] == [2, 2]
    assert await looks(city, LIN) == [Look.REGISTER], "and the holder sees it"
    parts = [one["detail"]["told-of"] for one in await city.events() if one["action"] == "import.part"]
    assert parts == [0, 0, 1]


async def test_l04_what_a_register_makes_an_office_learn_has_a_ceiling_a_day(
    city: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ceiling(city, monkeypatch, 1)
    await city.issue_permit(LIN_NUMBER, "林知远")
    await city.issue_permit(ZHAO_NUMBER, "赵映雪")
    register = a_register((LIN_NUMBER, "某甲"), (ZHAO_NUMBER, "某乙"))
    done = await ran(city, register)
    assert {one.row for one in await differences(city, done)} == {2}
    assert (done.kept, done.findings["names-not-compared"]) == (2, 2), "both are taken over, and the report says so"
    assert (await looks(city, LIN), await looks(city, ZHAO)) == ([Look.REGISTER], [])
    city.clock.advance(86_400)  # the twin: the next day the same register tells the rest
    ceiling(city, monkeypatch, 2)
    assert {one.row for one in await differences(city, await ran(city, register))} == {2, 3}
    assert await looks(city, ZHAO) == [Look.REGISTER]


async def test_l04_who_has_a_single_licence_already_is_told_on_record_and_below_the_ceiling(
    city: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await city.issue_permit()
    await city.issue_permit(ZHAO_NUMBER, "赵映雪")
    before = await city.rows(access_record)
    ceiling(city, monkeypatch, 1)
    tried = await permits(city, LIN_NUMBER, ZHAO_NUMBER, dry=True)
    assert (tried.faulty, tried.findings["held-not-looked-up"]) == (1, 1)
    assert await looks(city, LIN) == [Look.REGISTER]
    assert await city.rows(access_record) == before + 1
    done = await permits(city, LIN_NUMBER, ZHAO_NUMBER, NOBODY, dry=False)  # the twin: in earnest
    assert (done.faulty, done.kept) == (2, 1), "a row that cannot be taken over is always told of"
    assert await looks(city, ZHAO) == [Look.REGISTER]


async def test_l04_another_office_reads_neither_the_import_nor_its_rows(city: World) -> None:
    await city.issue_permit()
    done = await ran(city, a_register((LIN_NUMBER, "某人")))
    async with http(city) as web:
        for path in ("", "/differing-rows", "/faulty-rows"):
            told = [await web.get(f"/v1/imports/{done.id}{path}", caller) for caller in ("land", "police")]
            assert [one.status_code for one in told] == [200, 404], path
