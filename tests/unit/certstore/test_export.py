"""An office takes out what it issued, and nothing else; every holder sees it; what was taken out can be taken in."""

from __future__ import annotations

import csv
import io

import orjson
import pytest
from sqlalchemy import select

from certstore.bulk.export import ExportCommand, ExportFormat
from certstore.find import FindQuery
from certstore.model import Look
from certstore.stores.tables import access_record, licence
from core.errors import InvalidInput, NotPermitted
from core.principal import Principal
from tests.support.certstore_world import HOUSE, LAND, LAND_SYSTEM, POLICE_SYSTEM, PROPERTY, World, client
from tests.support.legacy_register import Planted, csv_file
from tests.unit.certstore.test_register_imports import ran, taken_in

REASON = "移交市档案馆"


async def exported(city: World, form: ExportFormat, actor: Principal = LAND_SYSTEM, **query: object) -> bytes:
    asked = FindQuery(**({"types": [PROPERTY]} | query))  # type: ignore[arg-type]
    pieces = await city.services.export(ExportCommand(asked, form, REASON), actor)
    return b"".join([piece async for piece in pieces])


async def test_l11_what_goes_out_holds_no_formula_and_everything_else_as_it_was(both_cities: World) -> None:
    city = both_cities
    hostile = '=HYPERLINK("http://example.test","看")'
    bad = await city.issue_property(name="@张三")
    city.clock.advance(60)
    good = await city.issue(PROPERTY, LAND_SYSTEM, HOUSE | {"location": hostile})
    rows = list(csv.DictReader(io.StringIO((await exported(city, ExportFormat.CSV)).decode("utf-8-sig"))))
    assert [row["电子证照标识"] for row in rows] == [good.current.identifier, bad.current.identifier]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert rows[0]["坐落"] == "'" + hostile
    first, second = map(orjson.loads, (await exported(city, ExportFormat.JSON_LINES)).splitlines())
    assert first["data.location"] == hostile
    assert second["holder_name"] == ["@张三"]


async def test_every_page_is_audited_and_every_holder_sees_what_for(both_cities: World) -> None:
    city = both_cities
    await ran(city, await taken_in(city, csv_file(250, PROPERTY, LAND, Planted())))
    lines = (await exported(city, ExportFormat.JSON_LINES)).splitlines()
    assert len(lines) == len({orjson.loads(line)["identifier"] for line in lines}) == await city.rows(licence)
    async with city.database.read() as tx:
        looks = (await tx.connection.execute(select(access_record.c.licence_id, access_record.c.look))).all()
    assert sorted({one.licence_id for one in looks if one.look == Look.EXPORT.value}) == sorted(
        {one.licence_id for one in looks}
    )
    assert len([one for one in looks if one.look == Look.EXPORT.value]) == len(lines)
    parts = [one for one in await city.events() if one["action"] == "licence.export-part"]
    assert sum(one["detail"]["count"] for one in parts) == len(lines)
    assert {one["basis"] for one in parts} == {REASON}


async def test_nobody_takes_out_what_another_office_issued(both_cities: World) -> None:
    city = both_cities
    await city.issue_property()
    with pytest.raises(NotPermitted):
        await exported(city, ExportFormat.JSON_LINES, POLICE_SYSTEM)
    assert await exported(city, ExportFormat.JSON_LINES) != b""
    with pytest.raises(NotPermitted):
        await exported(city, ExportFormat.CSV, client("land", LAND, "licence:issue"))
    with pytest.raises(InvalidInput, match="type-needed"):
        await exported(city, ExportFormat.CSV, types=None)
    with pytest.raises(InvalidInput, match="reason-invalid"):
        await city.services.export(ExportCommand(FindQuery(types=[PROPERTY]), ExportFormat.CSV, " "), LAND_SYSTEM)


async def test_what_was_taken_out_is_taken_in_again_unchanged(city: World) -> None:
    await ran(city, await taken_in(city, csv_file(40, PROPERTY, LAND, Planted())))
    taken_out = await exported(city, ExportFormat.CSV)
    again = await ran(city, await taken_in(city, [taken_out]))
    assert (again.unchanged, again.faulty, again.kept) == (40, 0, 0)
