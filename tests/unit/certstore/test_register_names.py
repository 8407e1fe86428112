"""Another name elsewhere for a register's holder is found, told of once and never shown."""

from __future__ import annotations

import csv
import io

from certstore.bulk.intake import FileFormat, IntakeCommand
from certstore.bulk.model import Difference, DifferenceKind, Import
from certstore.bulk.report import report_of
from certstore.lifecycle import Event
from certstore.model import Trust
from tests.support.certstore_fakes import People
from tests.support.certstore_http import http
from tests.support.certstore_world import (
    LAND,
    LAND_SYSTEM,
    LIN_NAME,
    LIN_NUMBER,
    POLICE,
    POLICE_SYSTEM,
    PROPERTY,
    STATEMENT,
    ZHAO_NUMBER,
    World,
)
from tests.support.legacy_register import HEADER, Elsewhere, Planted, csv_file, known_elsewhere
from tests.unit.certstore.test_register_imports import pieces

ROWS = 700
OFFICES = {"own": LAND, "office": POLICE, "identity": ""}


async def ran(city: World, content: list[bytes], *, dry: bool = False) -> Import:
    command = IntakeCommand(PROPERTY, FileFormat.CSV, Trust.B)
    made = await city.bulk.take_in(command, pieces(content), LAND_SYSTEM)
    return await again(city, made, dry=dry)


async def again(city: World, made: Import, *, dry: bool) -> Import:
    await city.bulk.steer.start(made.id, made.columns, LAND_SYSTEM, dry=dry)
    await city.bulk.run.through()
    return (await city.bulk.steer.one(made.id, LAND_SYSTEM))[0]


async def known(city: World, one: Elsewhere) -> None:
    if one.kind == "identity":
        people_of(city).people[f"acc_{one.line}"] = (one.number, one.name)
        return
    if one.kind == "agrees":
        people_of(city).people[f"acc_{one.line}"] = (one.number, one.name)
    actor = LAND_SYSTEM if one.kind == "own" else POLICE_SYSTEM
    await city.issue(STATEMENT, actor, {"months": 6}, one.number, one.name, valid_until=city.today.replace(year=2099))


def people_of(city: World) -> People:
    people = city.told._people
    assert isinstance(people, People)
    return people


async def differences(city: World, made: Import) -> list[Difference]:
    return [one for one, _ in await city.bulk.steer.differences(made.id, LAND_SYSTEM)]


def a_register(*rows: tuple[str, str]) -> list[bytes]:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(HEADER[:8])
    for place, (number, name) in enumerate(rows):
        writer.writerow([f"B-{place}", name, number, "甲路 1 号", "40", "2019-01-01", "单独所有", "2019-01-01"])
    return [written.getvalue().encode()]


async def test_every_name_that_differs_elsewhere_is_found_and_none_is_invented(both_cities: World) -> None:
    city, planted, elsewhere = both_cities, Planted(), list(known_elsewhere(ROWS))
    for one in elsewhere:
        await known(city, one)
    content = list(csv_file(ROWS, PROPERTY, LAND, planted))
    tried = await ran(city, content, dry=True)
    expected = [
        Difference(one.line, DifferenceKind(one.kind), OFFICES[one.kind]) for one in elsewhere if one.kind != "agrees"
    ]
    assert {one.kind for one in elsewhere} == {"own", "office", "identity", "agrees"}
    own = [one for one in expected if one.kind is DifferenceKind.OWN]
    assert await differences(city, tried) == own, "a dry run tells nothing of others"
    done = await again(city, tried, dry=False)
    assert await differences(city, done) == expected
    assert (done.kept, done.faulty) == (ROWS - planted.faults.total(), planted.faults.total()), "no row was refused"
    _, licence_type, _ = await city.bulk.steer.one(done.id, LAND_SYSTEM)
    counts = {one.name.en: one.count for one in report_of(done, licence_type).differences}
    kinds = [one.kind for one in expected]
    assert list(counts.values()) == [kinds.count(kind) for kind in DifferenceKind]
    assert [event["detail"]["differing"] for event in await city.events() if event["action"] == "import.part"] == [
        len([one for one in found if (one.row <= 501) is first]) for found in (own, expected) for first in (True, False)
    ]


async def test_what_is_told_names_the_office_and_never_the_other_name(city: World) -> None:
    elsewhere = list(known_elsewhere(200))
    for one in elsewhere:
        await known(city, one)
    made = await ran(city, list(csv_file(200, PROPERTY, LAND, Planted())))
    told = await city.bulk.steer.differences(made.id, LAND_SYSTEM)
    assert any("示例市公安局" in words.zh and "Police Bureau" in words.en for _, words in told)
    whole = b"".join([piece async for piece in await city.bulk.steer.differing_rows(made.id, LAND_SYSTEM)])
    table = list(csv.reader(io.StringIO(whole.decode("utf-8-sig"))))
    assert table[0] == [*HEADER, "行号", "不同之处"]
    assert [int(row[-2]) for row in table[1:]] == [one.line for one in elsewhere if one.kind != "agrees"]
    shown = whole.decode() + "".join(words.zh for _, words in told)
    assert not [one for one in elsewhere if one.kind != "agrees" and one.name in shown]


async def test_each_holder_is_told_of_once_and_what_has_ended_is_no_difference(city: World) -> None:
    await city.end(await city.issue_permit(), Event.REVOKE)
    await city.issue_permit(ZHAO_NUMBER, "赵 映霞")
    register = a_register(
        (LIN_NUMBER, f"{LIN_NAME[0]} {LIN_NAME[1:]}"), (ZHAO_NUMBER, "赵映雪"), (ZHAO_NUMBER, "赵映雪")
    )
    done = await ran(city, register)
    assert (done.kept, done.faulty) == (3, 0)
    assert await differences(city, done) == [Difference(3, DifferenceKind.OFFICE, POLICE)]
    assert "differs:identity" not in done.findings
    people_of(city).people["acc_lin"] = (LIN_NUMBER, "林之远")
    repeated = await ran(city, register)
    assert repeated.unchanged == 3
    assert await differences(city, repeated) == [
        Difference(2, DifferenceKind.IDENTITY, ""),
        Difference(3, DifferenceKind.OFFICE, POLICE),
    ]


async def test_differences_go_with_the_rows(city: World) -> None:
    await city.issue_permit(ZHAO_NUMBER, "赵映霞")
    done = await ran(city, a_register((ZHAO_NUMBER, "赵映雪")))
    assert await differences(city, done) != []
    city.clock.advance(31 * 86400)
    await city.bulk.keep()
    assert await differences(city, done) == []
    assert (await city.bulk.steer.one(done.id, LAND_SYSTEM))[0].findings["differs:office"] == 1


async def test_the_interface_tells_row_kind_and_whom_to_ask(city: World) -> None:
    await city.issue_permit(ZHAO_NUMBER, "赵映霞")
    people_of(city).people["acc_zhao"] = (ZHAO_NUMBER, "赵映霞")
    done = await ran(city, a_register((LIN_NUMBER, LIN_NAME), (ZHAO_NUMBER, "赵映雪")))
    async with http(city) as web:
        told = await web.get(f"/v1/imports/{done.id}", "land")
        rows = await web.get(f"/v1/imports/{done.id}/differing-rows", "land")
    found = [(one["row"], one["kind"], one["ask"]) for one in told.json()["differences"]]
    assert found == [(3, "identity", None), (3, "office", POLICE)]
    assert [(one["count"], one["of"]) for one in told.json()["report"]["differences"]] == [(1, 2), (1, 2)]
    assert rows.headers["content-type"].startswith("text/csv")
    assert "赵映霞" not in told.text + rows.text
