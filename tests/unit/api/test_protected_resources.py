"""`/v1/protected-resources`: kept by security administrators, and strict about what it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from core.principal import SYSTEM
from idp.model import StaffRole
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, Somebody, embedded_world

TAX = "https://tax.example.test/api?part=1"
BODY: dict[str, Any] = {
    "identifier": TAX,
    "name": {"zh": "税务接口", "en": "Tax API"},
    "scopes": [{"name": "tax:read", "words": {"zh": "看您的纳税记录", "en": "See your tax records"}}],
    "client_id": "department",
}
PLACE = f"/v1/protected-resources/{quote(TAX, safe='')}"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        await made.idp.assign_staff_role(
            StaffRole(made.zhao.account_id, made.organisation, "security-administrator"), SYSTEM
        )
        scopes = ["admin:security", "licence:read", "openid"]
        await change_client(made, "portal-a", columns={"scopes": scopes})
        yield made


async def api(world: IdpWorld, somebody: Somebody, scope: str = "openid admin:security") -> httpx.AsyncClient:
    """Our API, called for a person."""
    entered = await Browser(world).enter(world.portal_a, somebody, scope=scope)
    token = (await BackEnd(world, world.portal_a).tokens(entered))["access_token"]
    transport = httpx.ASGITransport(app=idp_app(world))
    return httpx.AsyncClient(transport=transport, base_url=ISSUER, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def http(world: IdpWorld) -> httpx.AsyncClient:
    return await api(world, world.zhao)


async def test_a_resource_is_registered_read_changed_and_disabled(world: IdpWorld, http: httpx.AsyncClient) -> None:
    made = await http.post("/v1/protected-resources", json=BODY)
    assert made.status_code == 201, made.text
    body = made.json()
    assert body | BODY == body
    assert (body["status"], body["access_token_format"]) == ("active", "jwt")
    assert (await http.get(PLACE)).json() == body
    assert (await http.get("/v1/protected-resources")).json() == {"items": [body], "next_cursor": None}
    terms = {name: value for name, value in BODY.items() if name != "identifier"}
    changed = await http.put(PLACE, json=terms | {"access_token_format": "opaque", "client_id": None})
    assert changed.json() == body | {"access_token_format": "opaque", "client_id": None}
    disabled = await http.patch(PLACE, json={"status": "disabled"})
    assert disabled.json()["status"] == "disabled"
    actions = [row.content["action"] for row in await world.audit()]
    assert actions[-3:] == [
        "protected-resource.add",
        "protected-resource.change",
        "protected-resource.change-status",
    ]


async def test_the_list_has_pages(http: httpx.AsyncClient) -> None:
    for number in range(3):
        name = f"s{number}:read"
        one = BODY | {"identifier": f"urn:{number}", "scopes": [{"name": name, "words": {"zh": "看", "en": "See"}}]}
        assert (await http.post("/v1/protected-resources", json=one)).status_code == 201
    first = (await http.get("/v1/protected-resources", params={"limit": 2})).json()
    assert [one["identifier"] for one in first["items"]] == ["urn:0", "urn:1"]
    rest = await http.get("/v1/protected-resources", params={"limit": 2, "cursor": first["next_cursor"]})
    assert [one["identifier"] for one in rest.json()["items"]] == ["urn:2"]


@pytest.mark.parametrize(
    "changes",
    [
        {"identifier": "not a uri"},
        {"identifier": "https://a.test/#x"},
        {"identifier": ISSUER},
        {"scopes": []},
        {"scopes": [{"name": "licence:read", "words": {"zh": "看", "en": "See"}}]},
        {"scopes": [{"name": "openid", "words": {"zh": "看", "en": "See"}}]},
        {"scopes": [{"name": "Two Words", "words": {"zh": "看", "en": "See"}}]},
        {"scopes": [BODY["scopes"][0], BODY["scopes"][0]]},
        {"scopes": [{"name": "a:b", "words": {"zh": " ", "en": "See"}}]},
        {"name": {"zh": " ", "en": "x"}},
        {"client_id": "nobody"},
        {"client_id": "\x00"},
        {"name": {"zh": "\x00", "en": "x"}},
        {"scopes": [{"name": "a:b", "words": {"zh": "看\u202e", "en": "See"}}]},
    ],
)
async def test_what_cannot_be_registered_is_refused(http: httpx.AsyncClient, changes: dict[str, Any]) -> None:
    answer = await http.post("/v1/protected-resources", json=BODY | changes)
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"].endswith("/resource-invalid")
    assert (await http.get("/v1/protected-resources")).json()["items"] == []


async def test_names_are_taken_once(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/protected-resources", json=BODY)).status_code == 201
    for again in (BODY, BODY | {"identifier": "urn:other"}):  # the identifier; the scope
        answer = await http.post("/v1/protected-resources", json=again)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "resource-exists")


async def test_what_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    terms = {name: value for name, value in BODY.items() if name != "identifier"}
    for answer in (
        await http.get(PLACE),
        await http.put(PLACE, json=terms),
        await http.patch(PLACE, json={"status": "disabled"}),
        await http.get("/v1/protected-resources/%00"),
        await http.patch("/v1/protected-resources/%00", json={"status": "disabled"}),
    ):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "resource-not-found")


async def test_o_68_only_a_security_administrator_may(world: IdpWorld) -> None:
    citizen = await api(world, world.lin)
    clerk = await api(world, world.clerk, "openid licence:read")
    for http in (citizen, clerk):
        for call in (http.get("/v1/protected-resources"), http.post("/v1/protected-resources", json=BODY)):
            assert (await call).status_code == 403
    nobody = httpx.AsyncClient(transport=httpx.ASGITransport(app=idp_app(world)), base_url=ISSUER)
    assert (await nobody.get("/v1/protected-resources")).status_code == 401
