"""O-18: pushed requests reused, guessed, stolen, expired; each beside its legitimate twin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from core.kv.port import KeyValueStore
from core.principal import SYSTEM
from idp.model import AccountStatus, ClientStatus
from tests.conformance.harness import Slow
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, authorization_params, idp_app
from tests.support.idp_world import IdpWorld, cluster_world, embedded_world
from tests.support.pushing import bring, enter_pushed, push, pushed


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    """Each call of the short-lived store takes a few milliseconds."""
    opened: AbstractAsyncContextManager[IdpWorld]
    if request.param == "embedded":
        opened = embedded_world(tmp_path, clock, wrap_kv=Slow)
    else:
        postgres, redis = (request.getfixturevalue(server) for server in ("postgres_server", "redis_server"))
        opened = cluster_world(postgres, redis, tmp_path, clock, wrap_kv=Slow)
    async with opened as made:
        yield made


class MarksInTwoSteps(Slow):
    """A store whose `put_if_absent` looks first and writes later."""

    async def put_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        if await self._store.get(key) is not None:
            return False
        await asyncio.sleep(0.003)
        await self._store.put(key, value, ttl)
        return True


async def refused(world: IdpWorld, request_uri: str, client_id: str = "portal-a") -> str:
    """The reference leads to a page of ours that says why, never to a redirect; answers the error's code."""
    answer = await Browser(world).http.get("/authorize", params={"client_id": client_id, "request_uri": request_uri})
    assert answer.status_code == 400, answer.headers.get("location")
    assert "location" not in answer.headers
    return str(answer.json()["type"]).rpartition("/")[2]


async def test_o_18_used_again_after_success(world: IdpWorld) -> None:
    back_end, browser, pkce = BackEnd(world, world.portal_a), Browser(world), Pkce()
    request_uri = await pushed(back_end, pkce)
    answer = await bring(browser, world.portal_a, request_uri)
    entered = await browser.follow(answer, pkce, world.portal_a, world.lin)
    assert (await back_end.redeem(entered)).status_code == 200  # the twin: the first use
    assert await refused(world, request_uri) == "authorization-request-unusable"
    assert await refused(world, request_uri) == "authorization-request-unusable"


async def test_o_18_by_another_client(world: IdpWorld) -> None:
    request_uri = await pushed(BackEnd(world, world.portal_a))
    assert await refused(world, request_uri, "portal-b") == "authorization-request-unusable"
    answer = await bring(Browser(world), world.portal_a, request_uri)
    assert answer.headers["location"].startswith("/login")  # and its owner is none the worse


async def test_o_18_expired(world: IdpWorld) -> None:
    request_uri = await pushed(BackEnd(world, world.portal_a))
    world.clock.advance(89)
    answer = await bring(Browser(world), world.portal_a, request_uri)
    assert answer.headers["location"].startswith("/login")
    world.clock.advance(2)
    assert await refused(world, request_uri) == "authorization-request-unusable"


@pytest.mark.parametrize("guess", ["", "x", "A" * 43, "../../idp:code:1", "\x00", "%2e%2e", "x" * 5_000])
async def test_o_18_guessed(world: IdpWorld, guess: str) -> None:
    prefix = "urn:ietf:params:oauth:request_uri:"
    assert await refused(world, prefix + guess) == "authorization-request-unusable"


async def test_o_18_unauthenticated(world: IdpWorld) -> None:
    http = BackEnd(world, world.portal_a).http
    form = authorization_params(world.portal_a, Pkce())
    answer = await http.post("/par", data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = await http.post("/par", data={**form, "client_secret": "wrong" * 10})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    query = await http.post("/par", params={**form, "client_secret": world.portal_a.secret or ""})
    assert query.status_code in (400, 401)  # a secret in the address is none


async def test_o_18_a_redirect_uri_that_is_not_registered(world: IdpWorld) -> None:
    answer = await push(BackEnd(world, world.portal_a), redirect_uri="https://a.example.test.evil.test/callback")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "location" not in answer.headers


async def codes_of_many_tabs(world: IdpWorld) -> int:
    """How many codes come of one reference that a logged-in person's browser opens many times at once."""
    app = idp_app(world)
    browser, back_end, pkce = Browser(world, app), BackEnd(world, world.portal_a, app), Pkce()
    await browser.enter(world.portal_a, world.lin)
    request_uri = await pushed(back_end, pkce)
    answers = await asyncio.gather(*(bring(browser, world.portal_a, request_uri) for _ in range(20)))
    assert {one.status_code for one in answers} <= {303, 400, 404}
    return sum("code=" in one.headers.get("location", "") for one in answers)


async def test_o_18_many_tabs_at_once_and_one_answer(slow_world: IdpWorld) -> None:
    for _ in range(5):
        assert await codes_of_many_tabs(slow_world) == 1


async def test_bite_a_store_that_marks_in_two_steps_gives_several_codes(tmp_path: Path, clock: FakeClock) -> None:
    async with embedded_world(tmp_path, clock, wrap_kv=MarksInTwoSteps) as world:
        assert await codes_of_many_tabs(world) > 1


class Remembers:
    """A store that remembers where something was ever put."""

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store
        self.keys: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        self.keys.add(key)
        await self._store.put(key, value, ttl)

    async def put_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        self.keys.add(key)
        return await self._store.put_if_absent(key, value, ttl)


async def test_nothing_of_pushed_requests_stays(tmp_path: Path, clock: FakeClock) -> None:
    """Bounded growth: what was pushed, begun and finished is gone when its time is over."""
    async with embedded_world(tmp_path, clock, wrap_kv=Remembers) as world:
        browser, back_end, pkce = Browser(world), BackEnd(world, world.portal_a), Pkce()
        for _ in range(20):
            await pushed(back_end)
        step = await bring(browser, world.portal_a, await pushed(back_end, pkce))
        await browser.follow(step, pkce, world.portal_a, world.lin)
        clock.advance(world.idp.settings.pushed_lifetime + world.idp.settings.interaction_lifetime + 60)
        kv = world.ground.kv
        written = [key for key in kv.keys if "pushed" in key or "interaction" in key]  # type: ignore[attr-defined]  # it remembers
        assert len(written) == 21 + 1 + 1, "the requests, the mark of the finished one, the log-in"
        assert await kv.sweep() >= 21
        assert [key for key in written if await kv.get(key) is not None] == []


async def test_o_18_a_client_disabled_meanwhile(world: IdpWorld) -> None:
    request_uri = await pushed(BackEnd(world, world.portal_a))
    await world.idp.change_client_status("portal-a", ClientStatus.DISABLED, SYSTEM)
    assert await refused(world, request_uri) == "client-unknown"


async def test_o_37_a_person_frozen_while_a_pushed_request_waits(world: IdpWorld) -> None:
    browser, back_end, pkce = Browser(world), BackEnd(world, world.portal_a), Pkce()
    await enter_pushed(browser, back_end, world.lin)  # the twin, which also logs in
    request_uri = await pushed(back_end, pkce)
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)
    answer = await bring(browser, world.portal_a, request_uri)
    assert answer.headers["location"].startswith("/login")
