"""What ends must end everything that rests on it, also what is being made at that moment (rows O-23, O-36, I-07)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from api.wiring.idp import IdpStores
from core.principal import Principal, PrincipalKind
from tests.attacks.test_idp_codes import column
from tests.conformance.harness import Slow
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Entered, Pkce, idp_app, query_of
from tests.support.idp_world import IdpWorld, embedded_world

PARALLEL = 20


def slow_stores(stores: IdpStores) -> IdpStores:
    return dataclasses.replace(stores, tokens=Slow(stores.tokens), consents=Slow(stores.consents))


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with column(request, tmp_path, clock, request.param, wrap_stores=slow_stores) as made:
        yield made


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def test_i_07_a_withdrawal_ends_what_is_being_granted_at_that_moment(slow_world: IdpWorld) -> None:
    """Twenty portals' requests in flight; whichever of them came first, no token outlives the withdrawal."""
    world, app = slow_world, idp_app(slow_world)
    browser, back_end = Browser(world, app), BackEnd(world, world.portal_b, app)
    lin = Principal(PrincipalKind.PERSON, world.lin.account_id)
    twin = await browser.enter(world.portal_b, world.lin, scope="openid realname")
    assert (await back_end.userinfo((await back_end.tokens(twin))["access_token"])).status_code == 200

    proofs = [Pkce() for _ in range(PARALLEL)]
    asked = (browser.authorize(world.portal_b, pkce, scope="openid realname", prompt="none") for pkce in proofs)
    withdrawn = world.idp.consents.withdraw(lin, "portal-b")
    answers = (await asyncio.gather(*asked, withdrawn))[:PARALLEL]
    for pkce, answer in zip(proofs, answers, strict=True):
        assert isinstance(answer, httpx.Response)
        said = query_of(answer.headers["location"])
        if "code" not in said:
            assert said["error"] == "consent_required"
            continue
        redeemed = await back_end.redeem(Entered(said, pkce.verifier, world.portal_b.redirect_uri, ""))
        assert redeemed.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("portal", ["portal_a", "phone_app"])
async def test_o_36_a_log_out_ends_what_is_being_refreshed_at_that_moment(slow_world: IdpWorld, portal: str) -> None:
    app = idp_app(slow_world)
    browser, back_end = Browser(slow_world, app), BackEnd(slow_world, getattr(slow_world, portal), app)
    tokens = await back_end.tokens(await browser.enter(back_end.portal, slow_world.lin))
    key = "one-and-the-same-request"
    refreshes = (back_end.refresh(tokens["refresh_token"], key=key) for _ in range(PARALLEL))
    *answers, _done = await asyncio.gather(*refreshes, browser.http.post("/logout"))
    for answer in answers:
        said = answer.json()
        if answer.status_code == 200:
            assert (await back_end.userinfo(said["access_token"])).status_code == 401
            assert (await back_end.refresh(said["refresh_token"], key=key)).json()["error"] == "invalid_grant"
        else:
            assert said["error"] == "invalid_grant"


GOOD = "https://a.example.test/goodbye"
TRICKS = [
    "https://a.example.test/goodbye/",
    "https://a.example.test/goodbye?x=1",
    "https://a.example.test/goodbye#x",
    "https://a.example.test/GOODBYE",
    "https://A.example.test/goodbye",
    "http://a.example.test/goodbye",
    "https://a.example.test:444/goodbye",
    "https://a.example.test:443/goodbye",
    "https://a.example.test./goodbye",
    "https://a.example.test.evil.test/goodbye",
    "https://evila.example.test/goodbye",
    "https://a.example.test@evil.test/goodbye",
    "https://a.example.test%40evil.test/goodbye",
    "https://evil.test/a.example.test/goodbye",
    "https://evil.test\\@a.example.test/goodbye",
    "//a.example.test/goodbye",
    "/goodbye",
    "https://a.example.test/goodbye/../evil",
    "https://a.example.test/%67oodbye",
    "https://a.example.test/goodbye%00",
    "https://a.example.test/goodbye\t",
    " https://a.example.test/goodbye",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://b.example.test/goodbye",
]


@pytest.mark.parametrize("proved", [True, False], ids=["with a good hint", "without"])
async def test_o_23_no_way_back_but_the_registered_one(world: IdpWorld, proved: bool) -> None:
    for uri in [*TRICKS, GOOD]:
        browser, back_end = Browser(world), BackEnd(world, world.portal_a)
        tokens = await back_end.tokens(await browser.enter(world.portal_a, world.lin))
        params = {"post_logout_redirect_uri": uri, "client_id": "portal-a"}
        params |= {"id_token_hint": tokens["id_token"]} if proved else {}
        location = (await browser.http.get("/end-session", params=params)).headers["location"]
        if proved:
            assert location == (GOOD if uri == GOOD else "/logged-out"), uri
            continue
        assert urlsplit(location).path == "/logout", "the person is asked"
        question = await world.idp.logout_questions.get(query_of(location)["r"])
        assert (question.back is not None) is (uri == GOOD), uri
        after = (await browser.http.post(location)).headers["location"]
        farewell = await world.idp.farewells.get(query_of(after).get("f", ""))
        assert farewell.back is None or (farewell.back.address, farewell.back.proved) == (GOOD, False), uri
