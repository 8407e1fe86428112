"""What developers read about refused requests: who sees it, what it holds, and that it stays small."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.correlation import begin_request
from core.errors import Unavailable
from core.principal import SYSTEM
from core.text import Text
from idp.clients.attribution import named_client
from idp.clients.errors_log import KEPT, ErrorsLog
from idp.errors import InvalidGrant, InvalidRequest
from idp.stores.client_errors import SqlClientErrorStore
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import SigningKey, assertion
from tests.support.idp_world import Portal
from tests.support.registration_http import RegistrationWorld, registration_world


@pytest.fixture
async def there(tmp_path: Path, clock: FakeClock) -> AsyncIterator[RegistrationWorld]:
    async with registration_world(tmp_path, clock) as world:
        yield world


async def read(there: RegistrationWorld, client_id: str, **params: Any) -> list[dict[str, Any]]:
    await there.world.idp.clients.errors_log.write()
    answer = await there.call("system", "GET", f"/v1/clients/{client_id}/errors", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_refused_requests_are_found_by_the_number_in_their_answer(there: RegistrationWorld) -> None:
    portal = there.world.portal_a
    form = {"grant_type": "authorization_code", "code": "unknown", "redirect_uri": portal.redirect_uri}
    header = "Basic " + base64.b64encode(f"{portal.client_id}:{portal.secret}".encode()).decode()
    refused = await there.http.post(
        "/token", data=form | {"code_verifier": "v" * 43}, headers={"Authorization": header}
    )
    assert refused.status_code == 400
    (found,) = await read(there, portal.client_id)
    assert (found["endpoint"], found["error"], found["times"]) == ("token", "invalid_grant", 1)
    assert found["request_id"] == refused.headers["request-id"]
    assert portal.secret is not None
    assert portal.secret not in str(found)


async def test_every_endpoint_that_refuses_a_client_is_heard(there: RegistrationWorld) -> None:
    portal = there.world.portal_a
    wrong = Portal(portal.client_id, portal.redirect_uri, "wrong" * 10)
    back_end = BackEnd(there.world, wrong)
    back_end.http = there.http
    await back_end.post("/introspect", {"token": "x"})
    await back_end.post("/revoke", {"token": "x"})
    await back_end.post("/par", {"response_type": "code"})
    await there.http.get("/authorize", params={"client_id": portal.client_id, "redirect_uri": portal.redirect_uri})
    tokens = await BackEnd(there.world, portal).tokens(await Browser(there.world).enter(portal, there.world.lin))
    there.world.clock.advance(7200)
    expired = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await there.http.get("/userinfo", headers=expired)).status_code == 401
    await there.call("wrong", "GET", f"/register/{portal.client_id}")
    heard = {one["endpoint"] for one in await read(there, portal.client_id)}
    assert heard == {"introspect", "revoke", "par", "authorize", "userinfo", "register"}


async def test_equal_refusals_are_one_row_and_pages_follow_each_other(there: RegistrationWorld) -> None:
    log = there.world.idp.clients.errors_log
    for number in range(30):
        log.note("portal-a", "token", InvalidGrant("the code is spent"))
        log.note("portal-a", "token", InvalidRequest(f"parameter number{number % 3} is missing"))
    found = await read(there, "portal-a")
    assert sorted(one["times"] for one in found) == [10, 10, 10, 30]
    ids = [one["id"] for one in found]
    assert ids == sorted(ids, reverse=True)
    first = (await there.call("system", "GET", "/v1/clients/portal-a/errors", params={"limit": 3})).json()
    rest = await read(there, "portal-a", limit=3, cursor=first["next_cursor"])
    assert [one["id"] for one in (*first["items"], *rest)] == ids


async def test_nothing_secret_and_no_number_of_a_person_is_kept(there: RegistrationWorld) -> None:
    log = there.world.idp.clients.errors_log
    for said in ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "410199198802290016", "13800000001"):
        log.note("portal-a", "token", InvalidRequest(f"look: {said}", private=f"also {said}"))
    log.note("portal-a", "par", InvalidRequest("token_endpoint_auth_signing_alg is missing"))
    found = await read(there, "portal-a")
    text = str(found)
    assert "[...]" in text
    assert not any(part in text for part in ("eyJ", "4101991988", "13800000001"))
    assert "token_endpoint_auth_signing_alg is missing" in text, "names of parameters stay"


async def test_noise_is_bounded(tmp_path: Path, there: RegistrationWorld) -> None:
    log = ErrorsLog(there.world.ground.database, SqlClientErrorStore(), there.world.clock)
    for number in range(5_000):
        log.note("portal-a", "token", InvalidGrant(f"sort {chr(97 + number % 26)}{chr(97 + number // 26 % 26)}"))
        log.note(f"made-up-{number}", "token", InvalidGrant("x"))
    log.note("x" * 65, "token", InvalidGrant("x"))
    log.note(None, "token", InvalidGrant("x"))
    log.note("portal-a", "token", Unavailable("busy", Text("忙", "busy")))
    assert 50 < await log.write() <= 2_000
    assert len((await there.world.idp.clients.errors("portal-a", SYSTEM, limit=100)).items) == 50
    for moment in range(12):
        for number in range(50):
            log.note(
                "portal-a",
                "token",
                InvalidGrant(f"moment {chr(97 + moment)}, sort {chr(97 + number % 26)}{number // 26}"),
            )
        await log.write()
    count, cursor = 0, None
    while True:
        page = await there.world.idp.clients.errors("portal-a", SYSTEM, limit=100, cursor=cursor)
        count, cursor = count + len(page.items), page.next_cursor
        if cursor is None:
            break
    assert count == KEPT
    assert await log.write() == 0


async def test_a_database_that_is_away_costs_nobody_an_answer(
    there: RegistrationWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    log = ErrorsLog(there.world.ground.database, SqlClientErrorStore(), there.world.clock, every=0.001)
    failed, written = asyncio.Event(), asyncio.Event()
    real = log._store.add

    async def add(*arguments: Any, **options: Any) -> None:
        if not failed.is_set():
            failed.set()
            raise Unavailable("database-unavailable", Text("无", "away"))
        await real(*arguments, **options)
        written.set()

    monkeypatch.setattr(log._store, "add", add)
    begin_request("r-1")
    log.note("portal-a", "token", InvalidGrant("lost"))
    task = asyncio.create_task(log.forever())
    await failed.wait()
    log.note("portal-a", "token", InvalidGrant("kept"))
    await written.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    found = await read(there, "portal-a")
    assert [(one["description"], one["request_id"]) for one in found] == [("kept", "r-1")]


def test_a_request_names_its_client_in_one_of_three_ways() -> None:
    clock = FakeClock()
    basic = "Basic " + base64.b64encode(b"portal%2Da:secret").decode()
    assert named_client(basic, None) == "portal-a"
    assert named_client(basic, {"client_id": "b"}) == "b"
    proof = assertion(SigningKey(), "portal-c", clock)
    assert named_client(None, {"client_assertion": proof}) == "portal-c"
    for header in (None, "Basic", "Basic !!", "Bearer x", "Basic " + base64.b64encode(b"\xff\xfe").decode()):
        assert named_client(header, {"client_assertion": "x"}) is None


async def test_a_token_names_its_client_good_or_not(there: RegistrationWorld) -> None:
    world = there.world
    named = world.idp.userinfo.client_named
    own = (await BackEnd(world, world.department).client_credentials()).json()["access_token"]
    world.clock.advance(3_600)  # sealed by us, and expired
    assert named(own) == "department"
    assert named(SigningKey().sign({"client_id": "portal-d"})) == "portal-d"
    for token in (None, "", "opaque", own[:-2], SigningKey().sign({"client_id": 7})):
        assert named(token) is None
