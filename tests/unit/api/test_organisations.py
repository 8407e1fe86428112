"""`/v1/organisations`: looked at by administrators, ended by a security administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.routes import organisations
from core.principal import SYSTEM
from idp.model import StaffRole
from tests.support.agency_world import COMPANY, NAME, given, principal, register_of
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, Somebody, embedded_world, organisation_code

PLACE = f"/v1/organisations/{COMPANY}"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        register_of(made)
        representative = await made.idp.agency.represent(principal(made.lin), COMPANY)
        await given(made, made.lin, representative, made.zhao)
        for who, role in ((made.zhao, "security-administrator"), (made.clerk, "system-administrator")):
            await made.idp.assign_staff_role(StaffRole(who.account_id, made.organisation, role), SYSTEM)
        scopes = ["admin:security", "admin:system", "licence:read", "openid"]
        await change_client(made, "portal-a", columns={"scopes": scopes})
        yield made


def app(world: IdpWorld) -> FastAPI:
    made = idp_app(world)
    for router in organisations.routers:
        made.include_router(router)
    return made


async def api(world: IdpWorld, somebody: Somebody, scope: str) -> httpx.AsyncClient:
    entered = await Browser(world).enter(world.portal_a, somebody, scope=f"openid {scope}".strip())
    token = (await BackEnd(world, world.portal_a).tokens(entered))["access_token"]
    transport = httpx.ASGITransport(app=app(world))
    return httpx.AsyncClient(transport=transport, base_url=ISSUER, headers={"Authorization": f"Bearer {token}"})


async def test_it_is_looked_at_and_ended(world: IdpWorld) -> None:
    system = await api(world, world.clerk, "admin:system")
    body = (await system.get(PLACE)).json()
    assert body == {
        "uscc": COMPANY,
        "name": {"zh": NAME.zh, "en": NAME.en},
        "kind": "enterprise",
        "status": "active",
        "acting": {"representative": 1, "manager": 0, "agent": 1},
    }
    end = {"on": "2026-11-20", "reference": "2026-91"}
    assert (await system.post(f"{PLACE}/dissolution", json=end)).status_code == 403
    assert (await system.get(PLACE)).json() == body, "nothing has changed"
    security = await api(world, world.zhao, "admin:security")
    assert (await security.post(f"{PLACE}/dissolution", json={"on": "2026-11-20"})).status_code == 422
    ended = (await security.post(f"{PLACE}/dissolution", json=end)).json()
    assert (ended["status"], ended["ended"], set(ended["acting"].values())) == ("dissolved", 2, {0})
    assert (await security.post(f"{PLACE}/dissolution", json=end)).json()["ended"] == 0
    assert not await world.idp.agency.acting.hats_of(principal(world.lin))


async def test_what_is_not_there_and_who_may_not(world: IdpWorld) -> None:
    security = await api(world, world.zhao, "admin:security")
    assert (await security.get(f"/v1/organisations/{organisation_code(99)}")).status_code == 404
    assert (await security.get("/v1/organisations/not-a-code")).status_code == 400
    citizen = await api(world, world.lin, "")
    assert (await citizen.get(PLACE)).status_code == 403
    assert (await citizen.post(f"{PLACE}/dissolution", json={"on": "2026-11-20", "reference": "x"})).status_code == 403
    nobody = httpx.AsyncClient(transport=httpx.ASGITransport(app=app(world)), base_url=ISSUER)
    assert (await nobody.get(PLACE)).status_code == 401
