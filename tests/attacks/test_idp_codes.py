"""Attacks on authorization codes (rows O-06, O-07, O-08, O-09, O-11), on both columns where a race could show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from core.kv.port import KeyValueStore
from core.principal import SYSTEM
from idp.model import AccountStatus
from tests.conformance.harness import Slow
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Entered, Pkce, idp_app, query_of, response_of
from tests.support.idp_world import IdpWorld, Portal, cluster_world, embedded_world

PARALLEL = 50


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


def column(request: pytest.FixtureRequest, folder: Path, clock: FakeClock, name: str, **options: Any) -> Any:
    if name == "embedded":
        return embedded_world(folder, clock, **options)
    servers = [request.getfixturevalue(server) for server in ("postgres_server", "redis_server")]
    return cluster_world(servers[0], servers[1], folder, clock, **options)


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    """Each call of the short-lived store takes a few milliseconds."""
    opened: AbstractAsyncContextManager[IdpWorld] = column(request, tmp_path, clock, request.param, wrap_kv=Slow)
    async with opened as made:
        yield made


class TakesInTwoSteps(Slow):
    """A store whose `take` reads first and removes later."""

    async def take(self, key: str) -> bytes | None:
        value: bytes | None = await self._store.get(key)
        await asyncio.sleep(0.003)
        await self._store.delete(key)
        return value


async def winners(world: IdpWorld, entered: Entered) -> list[dict[str, Any]]:
    back_end = BackEnd(world, world.portal_a, idp_app(world))
    answers = await asyncio.gather(*(back_end.redeem(entered) for _ in range(PARALLEL)))
    assert {answer.status_code for answer in answers} <= {200, 400}
    assert {answer.json().get("error") for answer in answers if answer.status_code == 400} <= {"invalid_grant"}
    return [answer.json() for answer in answers if answer.status_code == 200]


async def test_o_07_one_code_redeemed_fifty_times_at_once(slow_world: IdpWorld) -> None:
    world, browser = slow_world, Browser(slow_world)
    await browser.enter(world.portal_a, world.lin)
    for _ in range(4):
        (tokens,) = await winners(world, await browser.enter(world.portal_a))
        assert (await BackEnd(world, world.portal_a).userinfo(tokens["access_token"])).status_code == 401


async def test_o_07_the_test_would_see_a_store_that_takes_in_two_steps(tmp_path: Path, clock: FakeClock) -> None:
    """Even then the row of the token family lets one redemption through only; without it, all would pass."""

    def broken(kv: KeyValueStore) -> KeyValueStore:
        return TakesInTwoSteps(kv)  # type: ignore[return-value]  # wraps every other method by name

    async with embedded_world(tmp_path, clock, wrap_kv=broken) as world:
        digest = "d" * 64
        codes = [world.ground.kv.take(f"idp:code:{digest}") for _ in range(PARALLEL)]
        await world.ground.kv.put(f"idp:code:{digest}", b"{}", 60)
        assert sum(value is not None for value in await asyncio.gather(*codes)) > 1
        entered = await Browser(world).enter(world.portal_a, world.lin)
        assert len(await winners(world, entered)) == 1


async def test_o_06_the_second_redemption_ends_what_the_first_began(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin)
    back_end = BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(entered)
    assert (await back_end.introspect(tokens["access_token"]))["active"] is True  # the twin: before the attack
    assert (await back_end.redeem(entered)).json()["error"] == "invalid_grant"
    assert await back_end.introspect(tokens["access_token"]) == {"active": False}
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    refused = [row for row in await world.audit("token.issue") if row.content["outcome"] == "refused"]
    assert [row.content["detail"]["reason"] for row in refused] == ["code-replayed"]


INJECTIONS = ["other client", "other redirect_uri", "no redirect_uri", "attacker's verifier", "too late"]


@pytest.mark.parametrize("case", INJECTIONS)
async def test_o_08_a_code_works_only_where_it_belongs_and_is_burnt(world: IdpWorld, case: str) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin)
    owner = BackEnd(world, world.portal_a)
    if case == "other client":
        answer = await BackEnd(world, world.portal_b).redeem(entered)
    elif case == "attacker's verifier":
        answer = await owner.redeem(entered, code_verifier=Pkce().verifier)
    elif case == "too late":
        world.clock.advance(61)
        answer = await owner.redeem(entered)
    else:
        uri = None if case == "no redirect_uri" else "https://a.example.test/callback?kept=1"
        answer = await owner.redeem(entered, redirect_uri=uri)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await owner.redeem(entered)).json()["error"] == "invalid_grant", "burnt"
    twin = await Browser(world).enter(world.portal_a, world.lin)
    assert (await owner.redeem(twin)).status_code == 200


DOWNGRADES: list[dict[str, str | None]] = [
    {"code_challenge": None, "code_challenge_method": None},
    {"code_challenge": None},
    {"code_challenge_method": None},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": "s256"},
    {"code_challenge_method": "S512"},
    {"code_challenge": "short"},
    {"code_challenge": "x" * 42},
    {"code_challenge": "x" * 44},
    {"code_challenge": "x" * 42 + "="},
    {"code_challenge": "x" * 42 + "+"},
]


@pytest.mark.parametrize("changes", DOWNGRADES, ids=range(len(DOWNGRADES)))
@pytest.mark.parametrize("name", ["portal_a", "phone_app"])
async def test_o_09_requests_without_a_real_challenge(
    world: IdpWorld, name: str, changes: dict[str, str | None]
) -> None:
    answer = await Browser(world).authorize(getattr(world, name), **changes)
    assert query_of(answer.headers["location"])["error"] == "invalid_request"


@pytest.mark.parametrize("verifier", [None, "", "x" * 42, "x" * 129, "x" * 43, "é" * 43, "x" * 42 + " "])
@pytest.mark.parametrize("name", ["portal_a", "phone_app"])
async def test_o_09_redemptions_without_the_right_verifier(world: IdpWorld, name: str, verifier: str | None) -> None:
    portal: Portal = getattr(world, name)
    entered = await Browser(world).enter(portal, world.lin)
    answer = await BackEnd(world, portal).redeem(entered, code_verifier=verifier)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_o_09_the_challenge_itself_is_no_verifier(world: IdpWorld) -> None:
    browser, pkce = Browser(world), Pkce()
    entered = await browser.follow(await browser.authorize(world.portal_a, pkce), pkce, world.portal_a, world.lin)
    answer = await BackEnd(world, world.portal_a).redeem(entered, code_verifier=pkce.challenge)
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes", [{}, {"prompt": "none"}, {"scope": "openid licence:issue"}, {"response_type": "token"}]
)
async def test_o_11_every_answer_names_its_issuer(world: IdpWorld, changes: dict[str, str]) -> None:
    browser = Browser(world)
    answer = await browser.authorize(world.portal_a, **changes)
    if not changes:
        answer = await browser.log_in(world.lin, answer.headers["location"])
        answer = await browser.http.get(answer.headers["location"])
    assert response_of(answer)["iss"] == world.idp.settings.issuer


@pytest.mark.parametrize("status", [AccountStatus.FROZEN, AccountStatus.CLOSED])
async def test_o_37_an_account_stopped_while_a_code_is_pending(world: IdpWorld, status: AccountStatus) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin)
    await world.idp.change_account_status(world.lin.account_id, status, SYSTEM)
    answer = await BackEnd(world, world.portal_a).redeem(entered)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_o_37_a_session_ended_while_a_code_is_pending(world: IdpWorld) -> None:
    browser = Browser(world)
    entered = await browser.enter(world.portal_a, world.lin)
    await browser.http.post("/logout")
    assert (await BackEnd(world, world.portal_a).redeem(entered)).json()["error"] == "invalid_grant"
