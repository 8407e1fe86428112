"""Two administrators who change one thing: whoever comes second learns it, and nobody's change is lost unseen."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from certstore.catalogue_rules import grant_mark
from certstore.model import ConsumerGrant
from core.errors import Conflict
from core.principal import SYSTEM
from tests.support.certstore_http import TOKENS, http
from tests.support.certstore_world import BASIS, HOUSING, ITEM, LAND_SYSTEM, PERMIT, PROPERTY, World
from tests.support.legacy_register import Planted, csv_file
from tests.unit.certstore.test_register_names import ran

LAND = LAND_SYSTEM.organisation or ""


def a_grant(city: World, *fields: str) -> ConsumerGrant:
    return ConsumerGrant(HOUSING, PERMIT, ITEM, fields, BASIS, valid_from=city.today)


async def test_of_many_changes_of_one_grant_at_once_one_is_kept(both_cities: World) -> None:
    city, catalogue = both_cities, both_cities.services.catalogue
    seen = grant_mark(a_grant(city, "holder_name", "address"))
    changed = [replace(a_grant(city, "address"), basis=f"第 {number} 条") for number in range(4)]
    made = await asyncio.gather(
        *(catalogue.grant_use(one, SYSTEM, seen=seen) for one in changed),
        catalogue.end_grant(HOUSING, ITEM, PERMIT, SYSTEM, seen=seen),
        return_exceptions=True,
    )
    assert [one for one in made if one is not None and getattr(one, "code", "") != "grant-moved"] == []
    assert made.count(None) == 1
    kept = [one for one in (await catalogue.grants(TOKENS["guard"])).items if one.type_code == PERMIT]
    first = made.index(None)
    assert kept == ([] if first == len(changed) else [changed[first]])


async def test_a_grant_that_is_new_replaces_none_that_came_meanwhile(both_cities: World) -> None:
    city, catalogue = both_cities, both_cities.services.catalogue
    await catalogue.end_grant(HOUSING, ITEM, PERMIT, SYSTEM)
    await catalogue.grant_use(a_grant(city, "address"), SYSTEM, seen="")
    with pytest.raises(Conflict) as caught:
        await catalogue.grant_use(a_grant(city, "holder_name"), SYSTEM, seen="")
    assert caught.value.code == "grant-moved"
    await catalogue.grant_use(a_grant(city, "holder_name"), SYSTEM)  # who does not ask is not asked


async def test_over_the_interface_marks_are_if_match(city: World) -> None:
    item = f"/v1/service-items/{ITEM}"
    async with http(city) as web:
        read = await web.get(item, "keeper")
        body = {name: read.json()[name] for name in ("name", "department")} | {"materials": []}
        tag = {"If-Match": read.headers["etag"]}
        put = [await web.call("PUT", item, "keeper", json=body, headers=tag) for _ in range(2)]
        grants = (await web.get("/v1/consumer-grants", "guard")).json()["items"]
        of_permits = next(one for one in grants if one["type"] == PERMIT)
        mark = {"If-Match": f'"{of_permits.pop("mark")}"'}
        of_permits = {name: value for name, value in of_permits.items() if value is not None}
        changed = of_permits | {"basis": "另一条"}
        puts = [await web.call("PUT", "/v1/consumer-grants", "guard", json=changed, headers=mark) for _ in range(2)]
        gone = f"/v1/consumer-grants/{HOUSING}/{ITEM}/{PERMIT}"
        ends = [
            await web.call("DELETE", gone, "guard", headers=one)
            for one in (mark, {"If-Match": puts[0].headers["etag"]})
        ]
    assert [one.status_code for one in put] == [200, 412]
    assert [one.status_code for one in puts] == [200, 412]
    assert [one.status_code for one in ends] == [412, 204]


async def test_a_register_that_a_colleague_ran_meanwhile_is_not_run_on_what_was_seen_before(both_cities: World) -> None:
    city = both_cities
    looked = await ran(city, list(csv_file(3, PROPERTY, LAND, Planted())), dry=True)
    city.clock.advance(1)
    await city.bulk.steer.start(looked.id, looked.columns, LAND_SYSTEM, dry=True, seen=looked.changed_at)
    await city.bulk.run.through()
    with pytest.raises(Conflict) as caught:
        await city.bulk.steer.start(looked.id, looked.columns, LAND_SYSTEM, dry=False, seen=looked.changed_at)
    assert caught.value.code == "import-changed"
    async with http(city) as web:
        read = await web.get(f"/v1/imports/{looked.id}", "land")
        path, body = f"/v1/imports/{looked.id}/start", {"dry": False}
        tags = ('"2026-01-01T00:00:00+00:00"', '"what"', read.headers["etag"])
        told = [await web.call("POST", path, "land", json=body, headers={"If-Match": tag}) for tag in tags]
    assert [one.status_code for one in told] == [412, 400, 200]
