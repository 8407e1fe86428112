"""Attacks by way of the personnel interface (O-68, O-67): another's staff, administrators' rights, false names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.principal import SYSTEM
from idp.identifiers import CITIZEN_ID
from idp.model import StaffRole
from idp.scim.names import STAFF
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_world import ISSUER, citizen_number, cluster_world, embedded_world
from tests.support.scim_world import BELOW, ELSEWHERE, ScimWorld, operations, scim_world
from tests.support.servers import PostgresServer, RedisServer


@pytest.fixture
async def scim(tmp_path: Path, clock: FakeClock) -> AsyncIterator[ScimWorld]:
    async with embedded_world(tmp_path, clock) as world, scim_world(world) as made:
        yield made


async def has_account(scim: ScimWorld, number: str) -> bool:
    vault = scim.world.ground.keys.secrets.indexes.people.digests(CITIZEN_ID, number)
    async with scim.world.ground.database.read() as tx:
        from api.wiring.idp import sql_stores

        return await sql_stores().accounts.by_identifier(tx, vault) is not None


async def test_o68_another_organisations_staff_look_absent(scim: ScimWorld) -> None:
    made = await scim.joined()
    place, group = f"/Users/{made['id']}", f"/Groups/clerk@{BELOW}"
    step = operations({"op": "replace", "path": "active", "value": False})
    add = operations({"op": "add", "path": "members", "value": [{"value": made["id"]}]})
    for answer in (
        await scim.other.get(place),
        await scim.other.patch(place, json=step),
        await scim.other.put(place, json=scim.user(21, department=ELSEWHERE)),
        await scim.other.delete(place),
        await scim.other.get(group),
        await scim.other.patch(group, json=add),
    ):
        assert answer.status_code == 404
    assert (await scim.other.get("/Users")).json()["totalResults"] == 0
    taken = await scim.other.patch(f"/Groups/clerk@{ELSEWHERE}", json=add)
    assert taken.json()["scimType"] == "invalidValue", "nor are they given a role there"
    into = await scim.other.post("/Users", json=scim.user(22))
    assert into.json()["scimType"] == "invalidValue"
    assert (await scim.http.get(place)).json() == made, "and the twin reads what it was"


async def test_o68_no_administrators_role_by_this_way(scim: ScimWorld) -> None:
    made = await scim.joined()
    add = operations({"op": "add", "path": "members", "value": [{"value": made["id"]}]})
    for role in ("system-administrator", "security-administrator", "audit-administrator", "department-manager"):
        assert (await scim.http.patch(f"/Groups/{role}@{BELOW}", json=add)).status_code == 404
    listed = (await scim.http.get("/Groups")).json()["Resources"]
    offered = {one["id"].partition("@")[0] for one in listed}
    seals = {"seal-user", "seal-digest-user", "seal-custodian", "seal-reviewer"}
    assert offered == seals | {"clerk", "issuer", "auditor", "portal-manager", "window-clerk"}
    assert (await scim.http.patch(f"/Groups/clerk@{BELOW}", json=add)).status_code == 200


async def test_o68_only_a_system_with_the_scope_gets_in(scim: ScimWorld) -> None:
    world = scim.world
    citizen = await BackEnd(world, world.portal_a).tokens(await Browser(world).enter(world.portal_a, world.lin))
    department = (await BackEnd(world, world.department).client_credentials()).json()
    for token, status in ((citizen["access_token"], 403), (department["access_token"], 403), ("none", 401), ("", 401)):
        headers = {"Authorization": f"Bearer {token}"} if token else {"Authorization": ""}
        for path in ("/Users", "/Groups", "/Schemas"):
            answer = await scim.http.get(path, headers=headers)
            assert (answer.status_code, answer.json()["status"]) == (status, str(status))


async def test_a_name_that_is_not_the_numbers_is_refused(scim: ScimWorld) -> None:
    lin, unknown = scim.world.lin, citizen_number(31)
    for facts, name in (({"idNumber": lin.number}, "冒名者"), ({"idNumber": unknown}, "查无此人")):
        document = scim.user(30, facts=facts) | {"name": {"formatted": name}}
        answer = await scim.http.post("/Users", json=document)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
        assert lin.name not in answer.text, "what is registered is not told"
        assert facts["idNumber"] not in answer.text, "nor what was sent (O-67)"
    assert not await has_account(scim, unknown)
    refused = await scim.world.audit("staff.join")
    assert [row.content["outcome"] for row in refused] == ["refused", "refused"]
    scim.register.away = True
    away = await scim.http.post("/Users", json=scim.user(32))
    assert (away.status_code, await has_account(scim, citizen_number(32))) == (503, False), "unchecked, nobody comes in"


async def test_a_leavers_session_and_tokens_end_with_the_answer(scim: ScimWorld) -> None:
    world, clerk = scim.world, scim.world.clerk
    made = await scim.joined(
        3, real_name=clerk.name, facts={"idNumber": clerk.number, "department": world.organisation}
    )
    browser, back = Browser(world), BackEnd(world, world.portal_b)
    tokens = await back.tokens(await browser.enter(world.portal_b, clerk, scope="openid offline_access licence:read"))
    step = operations({"op": "replace", "value": {"active": False}})
    assert (await scim.http.patch(f"/Users/{made['id']}", json=step)).json()["active"] is False
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with httpx.AsyncClient(transport=scim.http._transport, base_url=ISSUER) as http:
        assert (await http.get("/userinfo", headers=headers)).status_code == 401
    assert (await back.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert list(await world.idp.staff.look.of_account(clerk.account_id, SYSTEM)) == []


async def test_the_same_person_joins_once_however_many_ask(scim: ScimWorld) -> None:
    asked = [scim.user(21, userName=f"name{serial}", externalId=None) for serial in range(6)]
    answers = await asyncio.gather(*(scim.http.post("/Users", json=one) for one in asked))
    assert sorted(one.status_code for one in answers) == [201, *[409] * 5]
    assert (await scim.http.get("/Users")).json()["totalResults"] == 1


async def test_a_stale_change_does_not_undo_a_leave(scim: ScimWorld) -> None:
    """A leaver's end and a change that was begun before it: whatever the order, nobody is active with old rights."""
    made = await scim.joined()
    await scim.world.idp.staff.assign(StaffRole(await account_of(scim, made["id"]), BELOW, "issuer"), SYSTEM)
    gone = operations({"op": "replace", "path": "active", "value": False})
    late = scim.user(21) | {"userName": "Late", "active": True}
    await scim.http.patch(f"/Users/{made['id']}", json=gone)
    stale = await scim.http.put(f"/Users/{made['id']}", json=late, headers={"If-Match": made["meta"]["version"]})
    assert stale.status_code == 412
    knowing = await scim.http.put(f"/Users/{made['id']}", json=late)
    assert (knowing.json()["active"], knowing.json()["groups"]) == (True, []), "who comes back has no old role"
    assert knowing.json()[STAFF] == {"department": BELOW}


async def account_of(scim: ScimWorld, member_id: str) -> str:
    from api.wiring.staff import StaffStores

    async with scim.world.ground.database.read() as tx:
        member = await StaffStores().members.get(tx, member_id)
    assert member is not None
    return member.account_id


async def test_a_group_that_is_changed_while_somebody_leaves_does_not_keep_them(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path, clock: FakeClock
) -> None:
    async with cluster_world(postgres_server, redis_server, tmp_path, clock) as world, scim_world(world) as scim:
        made = await scim.joined()
        account = await account_of(scim, made["id"])
        add = operations({"op": "add", "path": "members", "value": [{"value": made["id"]}]})
        gone = operations({"op": "replace", "path": "active", "value": False})
        back = operations({"op": "replace", "path": "active", "value": True})
        for _ in range(4):
            await asyncio.gather(
                *(scim.http.patch(f"/Groups/{role}@{BELOW}", json=add) for role in ("clerk", "issuer", "seal-user")),
                scim.http.patch(f"/Users/{made['id']}", json=gone),
            )
            assert list(await world.idp.staff.look.of_account(account, SYSTEM)) == []
            assert (await scim.http.patch(f"/Users/{made['id']}", json=back)).json()["groups"] == []
