"""`/v1/departments`, `/v1/staff-roles`, `/v1/staff-role-proposals`, `/v1/staff` with the tokens of real log-ins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.main import _map_errors
from api.routes import staff
from core.principal import SYSTEM
from idp.model import StaffRole
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, Somebody, embedded_world, organisation_code, somebody

BELOW = organisation_code(11)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        made.extra["auditor"] = await somebody(made.idp, 4, "审计员", "13800000004")
        administrators = ((made.zhao, "system"), (made.lin, "security"), (made.extra["auditor"], "audit"))
        for who, kind in administrators:
            role = StaffRole(who.account_id, made.organisation, f"{kind}-administrator")
            await made.idp.assign_staff_role(role, SYSTEM)
        scopes = ["admin:security", "admin:system", "admin:audit", "licence:read", "openid"]
        await change_client(made, "portal-a", columns={"scopes": scopes})
        yield made


async def api(world: IdpWorld, who: Somebody, scope: str) -> httpx.AsyncClient:
    app = idp_app(world)
    for router in staff.routers:
        app.include_router(router)
    _map_errors(app)
    entered = await Browser(world).enter(world.portal_a, who, scope=f"openid {scope}")
    token = (await BackEnd(world, world.portal_a).tokens(entered))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER, headers=headers)


async def test_a_department_and_a_role_from_proposal_to_leave(world: IdpWorld) -> None:
    system, security = await api(world, world.zhao, "admin:system"), await api(world, world.lin, "admin:security")
    department = {"uscc": BELOW, "name": {"zh": "窗口科", "en": "Section"}, "parent": world.organisation}
    made = await system.post("/v1/departments", json=department)
    assert (made.status_code, made.json()["parent"]) == (201, world.organisation), made.text
    tree = (await security.get("/v1/departments")).json()["items"]
    assert [(one["uscc"], one["depth"]) for one in tree] == [(world.organisation, 0), (BELOW, 1)]
    role = {
        "account_id": world.clerk.account_id,
        "organisation": BELOW,
        "role": "issuer",
        "licence_types": ["T2", "T1"],
        "functions": ["licence:read"],
        "until": "2099-12-31",
    }
    waits = (await system.post("/v1/staff-role-proposals", json={**role, "reason": "轮岗"})).json()
    assert (waits["state"], waits["role"]) == ("open", role | {"licence_types": ["T1", "T2"]})
    listed = (await security.get("/v1/staff-role-proposals")).json()
    assert [one["id"] for one in listed["items"]] == [waits["id"]]
    place = f"/v1/staff-role-proposals/{waits['id']}"
    assert (await system.post(f"{place}/approve")).json()["type"].endswith("/duty-missing")
    done = (await security.post(f"{place}/approve", json={"note": "可以"})).json()
    assert (done["state"], done["note"]) == ("approved", "可以")
    of_one = f"/v1/staff/{world.clerk.account_id}"
    assert [one["role"] for one in (await system.get(f"{of_one}/roles")).json()["items"]] == ["clerk", "issuer"]
    page = (await system.get("/v1/staff-roles", params={"department": BELOW})).json()
    assert [one["role"] for one in page["items"]] == ["issuer"]
    end = {name: role[name] for name in ("account_id", "organisation", "role")}
    assert (await system.post("/v1/staff-roles/end", json=end)).json()["proposal"] is None
    assert (await system.post("/v1/staff-roles/end", json=end)).status_code == 404
    assert (await security.post(f"{of_one}/leave")).json() == {"roles_ended": 1}
    moved = await system.put(f"/v1/departments/{BELOW}/parent", json={"parent": None})
    assert moved.json()["parent"] is None


async def test_pages_of_roles_go_on_where_they_ended(world: IdpWorld) -> None:
    system = await api(world, world.zhao, "admin:system")
    seen, cursor = [], None
    for _ in range(9):
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await system.get("/v1/staff-roles", params=query)).json()
        seen += [one["account_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    people = (world.zhao, world.lin, world.clerk, world.extra["auditor"])
    assert seen == sorted(one.account_id for one in people)
    assert (await system.get("/v1/staff-roles", params={"cursor": "x"})).status_code == 400


async def test_an_auditor_only_reads_and_a_clerk_not_even_that(world: IdpWorld) -> None:
    auditor = await api(world, world.extra["auditor"], "admin:audit")
    clerk = await api(world, world.clerk, "licence:read")
    for path in ("/v1/departments", "/v1/staff-roles", "/v1/staff-role-proposals"):
        assert (await auditor.get(path)).status_code == 200
        assert (await clerk.get(path)).status_code == 403
    role = {"account_id": world.clerk.account_id, "organisation": world.organisation, "role": "issuer"}
    for who in (auditor, clerk):
        for path, body in (
            ("/v1/staff-role-proposals", {**role, "reason": "试"}),
            ("/v1/staff-roles/end", role),
            (f"/v1/staff/{world.clerk.account_id}/leave", None),
            ("/v1/departments", {"uscc": BELOW, "name": {"zh": "科", "en": "S"}}),
        ):
            answer = await who.post(path, json=body)
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "duty-missing"), path
    unknown = await auditor.post("/v1/staff-role-proposals", json={**role, "reason": "试", "colour": "red"})
    assert unknown.status_code == 400
