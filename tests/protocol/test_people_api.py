"""`/v1/people` and `/v1/person-proposals`: what each role may do with other people's accounts, over HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from api.main import _map_errors
from api.routes import people
from core.errors import NotAuthenticated
from core.identifiers.citizen_id import parse_citizen_id
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from idp.people import NewAccount
from idp.protocol.facts import RequestFacts
from tests.support.clock import START, FakeClock
from tests.support.idp_world import ISSUER, IdpWorld, citizen_number, embedded_world

ROLES = {
    "system": frozenset({"admin:system"}),
    "security": frozenset({"admin:security"}),
    "audit": frozenset({"admin:audit"}),
    "clerk": frozenset({"licence:read"}),
}


class Tokens:
    """Stands for the check of access tokens: a token is the name of a role."""

    async def __call__(self, token: str, facts: RequestFacts, scopes: Sequence[str] = ()) -> Principal:
        if token not in ROLES:
            raise NotAuthenticated("token-invalid", Text("令牌无效。", "The token is not valid."))
        return Principal(PrincipalKind.STAFF, f"acc_{token}", scopes=ROLES[token])


@dataclasses.dataclass
class Office:
    """Calls the API in a role."""

    world: IdpWorld
    http: httpx.AsyncClient

    async def call(self, role: str, method: str, path: str, **body: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {role}"}
        return await self.http.request(method, f"/v1{path}", json=body or None, headers=headers)


@pytest.fixture
async def office(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Office]:
    async with embedded_world(tmp_path, clock) as world:
        app = FastAPI()
        for router in people.routers:
            app.include_router(router)
        _map_errors(app)
        idp = dataclasses.replace(world.idp, authenticate=Tokens())  # type: ignore[arg-type]  # stands for it
        app.state.container = SimpleNamespace(idp=idp, ground=world.ground)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER) as http:
            yield Office(world, http)


async def test_somebody_is_found_masked_and_frozen(office: Office) -> None:
    lin = office.world.lin
    body = {"kind": "citizen-id", "number": lin.number, "basis": "called 12345"}
    found = await office.call("system", "POST", "/people/find", **body)
    assert found.status_code == 200
    person = found.json()
    assert (person["id"], person["status"], person["name"]) == (lin.account_id, "active", "林**")
    assert lin.number not in found.text
    assert lin.phone not in found.text
    path = f"/people/{lin.account_id}"
    frozen = await office.call("security", "POST", f"{path}/freeze", reason="order", note="file 12")
    assert (frozen.status_code, frozen.content) == (204, b"")
    refused = await office.call("system", "POST", f"{path}/unfreeze", note="by mistake")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "duty-missing")
    assert (await office.call("security", "POST", f"{path}/unfreeze", note="file 13")).status_code == 204
    again = await office.call("security", "POST", f"{path}/unfreeze", note="file 13")
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "account-status")


async def test_a_merge_is_proposed_read_and_approved_by_two(office: Office) -> None:
    lin, number = office.world.lin, citizen_number(61)
    other = await office.world.idp.create_account(NewAccount(number, lin.name, None), SYSTEM)
    path = f"/people/{lin.account_id}/merge-proposals"
    made = await office.call("system", "POST", path, goes=other, reason="the same person")
    assert made.status_code == 201
    proposal = f"/person-proposals/{made.json()['id']}"
    listed = await office.call("audit", "GET", "/person-proposals")
    assert [one["id"] for one in listed.json()["items"]] == [made.json()["id"]]
    assert (await office.call("security", "GET", proposal)).json()["goes"] == other
    assert (await office.call("system", "POST", f"{proposal}/approve")).status_code == 403
    assert (await office.call("security", "POST", f"{proposal}/approve")).status_code == 204
    again = await office.call("security", "POST", f"{proposal}/approve")
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "proposal-decided")
    parsed = parse_citizen_id(number, today=START.date())
    assert await office.world.idp.directory.account_by_citizen_id(parsed) == lin.account_id


@pytest.mark.parametrize("role", ["clerk", "audit", "nobody"])
async def test_o_68_whoever_has_no_duty_changes_nothing(office: Office, role: str) -> None:
    lin, zhao = office.world.lin.account_id, office.world.zhao.account_id
    calls = [
        (f"/people/{lin}/freeze", {"reason": "misuse", "note": "why"}),
        (f"/people/{lin}/unfreeze", {"note": "why"}),
        (f"/people/{lin}/close", {"note": "why"}),
        (f"/people/{lin}/documents", {"kind": "passport", "number": "E1234567", "issuer": "SGP"}),
        (f"/people/{lin}/merge-proposals", {"goes": zhao, "reason": "why"}),
        (f"/people/{lin}/number-proposals", {"number": citizen_number(71), "name": "林", "reason": "why"}),
        ("/person-proposals/pch_1/approve", {}),
        ("/person-proposals/pch_1/refuse", {}),
    ]
    for path, body in calls:
        answer = await office.call(role, "POST", path, **body)
        assert answer.status_code == (401 if role == "nobody" else 403), path
    assert (await office.world.idp.directory.person(lin)).level == 2


async def test_o_67_a_refused_body_is_not_repeated(office: Office) -> None:
    answer = await office.call("system", "POST", "/people/find", kind="citizen-id", number="41019919880229", basis="x")
    assert answer.status_code == 400
    assert "41019919880229" not in answer.text
    unknown = await office.call("system", "POST", "/people/find", kind="citizen-id", number="1", basis="x", extra="410")
    assert unknown.status_code in (400, 422)
    assert "410" not in unknown.text
