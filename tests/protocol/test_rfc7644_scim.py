"""SCIM 2.0 as a personnel system sees it (RFC 7643, RFC 7644): resources, filters, patches, conditions, errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.principal import SYSTEM
from idp.model import StaffRole
from idp.scim.errors import ScimRefused
from idp.scim.filters import parse_filter
from idp.scim.names import ERROR, GROUP, LIST, STAFF, USER
from idp.staff.filters import Attribute, Both, Compare, Either, Negated, Operator
from tests.support.clock import FakeClock
from tests.support.idp_world import cluster_world, embedded_world
from tests.support.scim_world import BELOW, ELSEWHERE, ScimWorld, operations, scim_world


@pytest.fixture
async def scim(tmp_path: Path, clock: FakeClock) -> AsyncIterator[ScimWorld]:
    async with embedded_world(tmp_path, clock) as world, scim_world(world) as made:
        yield made


async def names(scim: ScimWorld, **query: Any) -> list[str]:
    answer = (await scim.http.get("/Users", params=query)).json()
    assert answer["schemas"] == [LIST], answer
    return [one["userName"] for one in answer["Resources"]]


async def test_somebody_joins_and_is_read_again(scim: ScimWorld) -> None:
    answer = await scim.http.post("/Users", json=scim.user(21))
    made = answer.json()
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.headers["location"] == made["meta"]["location"]
    assert answer.headers["etag"] == made["meta"]["version"] == 'W/"1"'
    assert (made["schemas"], made["userName"], made["active"]) == ([USER, STAFF], "Gong21", True)
    assert made[STAFF] == {"department": BELOW}, "the ID number is taken in and never given out"
    again = await scim.http.get(f"/Users/{made['id']}")
    assert again.json() == made
    same = await scim.http.get(f"/Users/{made['id']}", headers={"If-None-Match": 'W/"1"'})
    assert (same.status_code, same.content) == (304, b"")
    changed = await scim.http.get(f"/Users/{made['id']}", headers={"If-None-Match": 'W/"0"'})
    assert changed.status_code == 200


async def test_a_citizen_who_has_an_account_joins_with_it(scim: ScimWorld) -> None:
    lin = scim.world.lin
    made = await scim.joined(1, real_name=lin.name, facts={"idNumber": lin.number})
    assert [row.subject for row in await events(scim, "staff.join")] == [lin.account_id]
    assert made["displayName"] == lin.name


async def test_pages_and_filters(scim: ScimWorld) -> None:
    for serial in (21, 22, 23):
        await scim.joined(serial)
        scim.world.clock.advance(1)
    whole = (await scim.http.get("/Users", params={"startIndex": 2, "count": 1})).json()
    assert (whole["totalResults"], whole["startIndex"], whole["itemsPerPage"]) == (3, 2, 1)
    assert [one["userName"] for one in whole["Resources"]] == ["Gong22"]
    none = (await scim.http.get("/Users", params={"count": 0})).json()
    assert (none["totalResults"], none["Resources"]) == (3, [])
    below_one = (await scim.http.get("/Users", params={"startIndex": -5, "count": 1})).json()
    assert below_one["startIndex"] == 1
    assert await names(scim, filter='userName eq "gong22"') == ["Gong22"]
    assert await names(scim, filter=f'{USER}:userName sw "GONG" and not (externalId eq "hr-21")') == [
        "Gong22",
        "Gong23",
    ]
    assert await names(scim, filter=f'{STAFF}:department eq "{BELOW}" and active eq true', count=2) == [
        "Gong21",
        "Gong22",
    ]
    assert await names(scim, filter='meta.created gt "2030-01-01T00:00:00Z"') == []
    few = (await scim.http.get("/Users", params={"attributes": "userName"})).json()["Resources"][0]
    assert few.keys() == {"schemas", "id", "userName"}
    without = (await scim.http.get("/Users", params={"excludedAttributes": "groups,meta"})).json()["Resources"][0]
    assert not {"groups", "meta"} & without.keys()


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"op": "replace", "path": "userName", "value": "New"}, {"userName": "New"}),
        ({"op": "Replace", "value": {"userName": "New", f"{STAFF}": {"department": BELOW}}}, {"userName": "New"}),
        ({"op": "replace", "path": "active", "value": "False"}, {"active": False}),
        ({"op": "remove", "path": "externalId"}, {"externalId": None}),
        ({"op": "add", "path": f"{USER}:externalId", "value": "x"}, {"externalId": "x"}),
    ],
)
async def test_patches(scim: ScimWorld, step: dict[str, Any], expected: dict[str, Any]) -> None:
    made = await scim.joined()
    answer = await scim.http.patch(f"/Users/{made['id']}", json=operations(step))
    assert answer.status_code == 200, answer.text
    assert {name: answer.json().get(name) for name in expected} == expected
    assert answer.json()["meta"]["version"] == 'W/"2"'


@pytest.mark.parametrize(
    ("step", "scim_type"),
    [
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "nickName", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type eq "work"]', "value": "x"}, "invalidPath"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "name.formatted", "value": "别人"}, "mutability"),
        ({"op": "replace", "path": f"{STAFF}:idNumber", "value": "410199198802290012"}, "mutability"),
        ({"op": "replace", "path": "active", "value": 1}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": "x" * 129}, "invalidValue"),
        ({"op": "replace", "path": f"{STAFF}:department", "value": ELSEWHERE}, "invalidValue"),
        ({"op": "move", "path": "userName", "value": "x"}, "invalidSyntax"),
        ({"op": "replace", "path": "userName"}, "invalidSyntax"),
    ],
)
async def test_patches_that_are_refused_change_nothing(scim: ScimWorld, step: dict[str, Any], scim_type: str) -> None:
    made = await scim.joined()
    answer = await scim.http.patch(
        f"/Users/{made['id']}", json=operations({"op": "add", "path": "externalId", "value": "y"}, step)
    )
    body = answer.json()
    assert (answer.status_code, body["schemas"], body["status"], body["scimType"]) == (400, [ERROR], "400", scim_type)
    assert (await scim.http.get(f"/Users/{made['id']}")).json() == made


async def test_a_whole_user_is_replaced_under_a_condition(scim: ScimWorld) -> None:
    made = await scim.joined()
    put = {**scim.user(21), "userName": "Put"}
    del put["externalId"]
    stale = await scim.http.put(f"/Users/{made['id']}", json=put, headers={"If-Match": 'W/"7"'})
    assert (stale.status_code, stale.json()["status"]) == (412, "412")
    done = await scim.http.put(f"/Users/{made['id']}", json=put, headers={"If-Match": 'W/"1"'})
    assert (done.status_code, done.json()["userName"]) == (200, "Put")
    assert "externalId" not in done.json(), "what is left out is cleared"
    again = await scim.http.put(f"/Users/{made['id']}", json=put)
    assert again.json()["meta"]["version"] == done.json()["meta"]["version"], "nothing changed, nothing moved on"
    assert (await scim.http.delete(f"/Users/{made['id']}", headers={"If-Match": 'W/"1"'})).status_code == 412
    assert (await scim.http.delete(f"/Users/{made['id']}")).status_code == 204
    gone = await scim.http.get(f"/Users/{made['id']}")
    assert (gone.status_code, gone.json()["schemas"]) == (404, [ERROR])


async def test_names_that_are_taken_conflict(scim: ScimWorld) -> None:
    await scim.joined(21)
    for document in (scim.user(21), {**scim.user(22), "userName": "GONG21"}, {**scim.user(23), "externalId": "hr-21"}):
        answer = await scim.http.post("/Users", json=document)
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    other = await scim.joined(24)
    taken = operations({"op": "replace", "path": "userName", "value": "gong21"})
    answer = await scim.http.patch(f"/Users/{other['id']}", json=taken)
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


async def test_groups_are_roles_in_departments(scim: ScimWorld) -> None:
    one, two = await scim.joined(21), await scim.joined(22)
    group = f"clerk@{BELOW}"
    listed = (await scim.http.get("/Groups", params={"filter": f'displayName eq "{group}"'})).json()
    assert [one["id"] for one in listed["Resources"]] == [group]
    assert listed["Resources"][0]["schemas"] == [GROUP]
    place = f"/Groups/{group}"

    async def members(*steps: dict[str, Any]) -> list[str]:
        answer = await scim.http.patch(place, json=operations(*steps))
        assert answer.status_code == 200, answer.text
        return sorted(member["value"] for member in answer.json()["members"])

    both = sorted((one["id"], two["id"]))
    add = {"op": "add", "path": "members", "value": [{"value": name} for name in both]}
    assert await members(add) == both
    assert await members(add) == both, "again changes nothing"
    user = (await scim.http.get(f"/Users/{one['id']}")).json()
    assert [entry["value"] for entry in user["groups"]] == [group]
    assert await members({"op": "remove", "path": f'members[value eq "{one["id"]}"]'}) == [two["id"]]
    assert await members({"op": "replace", "value": {"members": [{"value": one["id"]}]}}) == [one["id"]]
    assert await members({"op": "remove", "path": "members", "value": [{"value": one["id"]}]}) == []
    put = {"schemas": [GROUP], "displayName": group, "members": [{"value": two["id"]}]}
    assert [one["value"] for one in (await scim.http.put(place, json=put)).json()["members"]] == [two["id"]]
    assert await members({"op": "remove", "path": "members"}) == []
    for answer in (await scim.http.post("/Groups", json=put), await scim.http.delete(place)):
        assert (answer.status_code, answer.json()["status"]) == (501, "501")
    for step, scim_type in (
        ({"op": "replace", "path": "displayName", "value": "x"}, "mutability"),
        ({"op": "replace", "path": f'members[value eq "{one["id"]}"]', "value": {"value": "x"}}, "mutability"),
        ({"op": "add", "path": "members", "value": [{"value": "stf_nobody"}]}, "invalidValue"),
        ({"op": "add", "path": "members", "value": ["stf_nobody"]}, "invalidValue"),
    ):
        refused = await scim.http.patch(place, json=operations(step))
        assert (refused.status_code, refused.json()["scimType"]) == (400, scim_type)


async def test_who_moves_takes_no_role_along_and_may_come_back(scim: ScimWorld) -> None:
    made = await scim.joined()
    add = {"op": "add", "path": "members", "value": [{"value": made["id"]}]}
    await scim.http.patch(f"/Groups/issuer@{BELOW}", json=operations(add))
    place, home = f"/Users/{made['id']}", scim.world.organisation
    moved = await scim.http.patch(
        place, json=operations({"op": "replace", "path": f"{STAFF}:department", "value": home})
    )
    assert (moved.json()[STAFF]["department"], moved.json()["groups"]) == (home, [])
    await scim.http.patch(place, json=operations({"op": "replace", "path": "active", "value": False}))
    back = await scim.http.post("/Users", json=scim.user(21))
    assert (back.status_code, back.json()["id"], back.json()["active"]) == (201, made["id"], True)
    assert back.json()["groups"] == []


async def test_what_describes_the_service(scim: ScimWorld) -> None:
    config = (await scim.http.get("/ServiceProviderConfig")).json()
    offered = {
        name for name in ("patch", "bulk", "filter", "sort", "etag", "changePassword") if config[name]["supported"]
    }
    assert offered == {"patch", "filter", "etag"}
    schemas = (await scim.http.get("/Schemas")).json()
    assert {one["id"] for one in schemas["Resources"]} == {USER, STAFF, GROUP}
    assert (await scim.http.get(f"/Schemas/{STAFF}")).json()["id"] == STAFF
    types = (await scim.http.get("/ResourceTypes")).json()["Resources"]
    assert [(one["id"], one["endpoint"]) for one in types] == [("User", "/Users"), ("Group", "/Groups")]
    assert (await scim.http.get("/ResourceTypes/User")).json() == types[0]
    assert (await scim.http.get("/Schemas", params={"filter": 'id eq "x"'})).status_code == 403  # RFC 7644 §4
    assert (await scim.http.post("/Schemas", json={})).status_code == 405
    for unknown in ("/nowhere", "/Schemas/urn:none", "/ResourceTypes/None", f"/Groups/king@{BELOW}", "/Users/stf_none"):
        absent = await scim.http.get(unknown)
        assert (absent.status_code, absent.json()["schemas"]) == (404, [ERROR])


async def test_bodies_that_cannot_be_read(scim: ScimWorld) -> None:
    place = "/Users"
    for content, media in ((b"{", "application/scim+json"), (b"[]", "application/json"), (b"{}", "text/plain")):
        answer = await scim.http.post(place, content=content, headers={"Content-Type": media})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")
    huge = await scim.http.post(place, content=b" " * 300_000, headers={"Content-Type": "application/json"})
    assert huge.status_code == 413
    for missing in ("userName", "name", STAFF):
        document = scim.user(21)
        del document[missing]
        answer = await scim.http.post(place, json=document)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert (await scim.http.post(place, json=scim.user(21) | {"schemas": []})).json()["scimType"] == "invalidSyntax"
    assert (await scim.http.get(place, params={"count": "many"})).json()["scimType"] == "invalidValue"


USER_NAME = Compare(Attribute.USER_NAME, Operator.EQUAL, "a")
ACTIVE, HAS_ID = Compare(Attribute.ACTIVE, Operator.EQUAL, True), Compare(Attribute.ID, Operator.PRESENT)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ('userName eq "a"', USER_NAME),
        ('USERNAME EQ "a"', USER_NAME),
        ('userName eq "a" or active eq true and id pr', Either(USER_NAME, Both(ACTIVE, HAS_ID))),
        ('(userName eq "a" or active eq true) and id pr', Both(Either(USER_NAME, ACTIVE), HAS_ID)),
        ('not (userName eq "a") and id pr', Both(Negated(USER_NAME), HAS_ID)),
        ('externalId co "a \\"b\\" )"', Compare(Attribute.EXTERNAL_ID, Operator.CONTAINS, 'a "b" )')),
    ],
)
def test_filters_bind_as_the_standard_says(typed: str, expected: object) -> None:
    assert parse_filter(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        'name.formatted eq "林"',
        f'{STAFF}:idNumber sw "4101"',
        'userName eq "a',
        "userName eq a",
        "userName eq 1",
        "userName",
        "eq",
        'userName is "a"',
        'userName eq "a" id pr',
        '(userName eq "a"',
        'userName eq "a")',
        "not userName pr",
        "active gt true",
        'active eq "true"',
        'meta.created co "2026"',
        'meta.created gt "yesterday"',
        'meta.created gt "2026-01-01T00:00:00"',
        'userName eq "\\u0000"',
        " or ".join(["id pr"] * 31),
        "(" * 31 + "id pr" + ")" * 31,
        "x" * 1001,
    ],
)
def test_filters_that_are_refused(typed: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        parse_filter(typed)
    assert refused.value.scim_type == "invalidFilter"


async def events(scim: ScimWorld, action: str) -> list[Any]:
    from types import SimpleNamespace

    return [SimpleNamespace(**row.content) for row in await scim.world.audit(action)]


async def test_on_the_other_column(postgres_server: Any, redis_server: Any, tmp_path: Path, clock: FakeClock) -> None:
    async with cluster_world(postgres_server, redis_server, tmp_path, clock) as world, scim_world(world) as scim:
        made = await scim.joined(21)
        assert await names(scim, filter='userName co "ONG2" and not (active eq false)') == ["Gong21"]
        done = await scim.http.patch(f"/Users/{made['id']}", json=operations({"op": "remove", "path": "externalId"}))
        assert done.json()["meta"]["version"] == 'W/"2"'
        await world.idp.staff.assign(StaffRole(world.zhao.account_id, BELOW, "clerk"), SYSTEM)
        group = (await scim.http.get(f"/Groups/clerk@{BELOW}")).json()
        assert group["members"] == [], "people whom no personnel system knows are none of its members"
        assert (await scim.http.delete(f"/Users/{made['id']}")).status_code == 204
