"""Stronger log-ins by way of an upstream provider (OpenID Connect Core §5.5.1.1; RFC 9470 §5)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.levels import BOUND_KEY, ONE_FACTOR, TWO_FACTORS
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Pkce, response_of
from tests.support.idp_front import verified
from tests.support.idp_world import lose_phone
from tests.support.upstream_world import REALNAME_MAPPING, Upstream, UpstreamWorld, of, upstream_world


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[UpstreamWorld]:
    async with upstream_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def national(world: UpstreamWorld) -> Upstream:
    """Knows a class of its own that counts as two factors here."""
    mapping = dataclasses.replace(REALNAME_MAPPING, acrs={"gov:strong": TWO_FACTORS})
    return await world.add("national", "https://id.national.test", (of(world.idp.lin, "lin"),), mapping=mapping)


def essential(*contexts: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(contexts)}}})


async def test_what_no_way_leads_to_is_refused_at_once(world: UpstreamWorld) -> None:
    answer = await world.browser().authorize(world.idp.portal_a, claims=essential("urn:example:gold"))
    assert response_of(answer)["error"] == "unmet_authentication_requirements"


async def test_what_a_provider_leads_to_is_asked_for_there(world: UpstreamWorld, national: Upstream) -> None:
    browser, pkce = world.browser(), Pkce()
    await browser.enter(world.idp.portal_a, world.idp.lin)
    beyond = await browser.authorize(world.idp.portal_a, claims=essential("urn:example:gold"))
    assert response_of(beyond)["error"] == "unmet_authentication_requirements"
    asked = await browser.authorize(world.idp.portal_a, pkce, claims=essential(TWO_FACTORS, BOUND_KEY))
    assert asked.headers["location"].startswith("/login?i=")
    answer = await browser.log_in_at(national, "lin", asked.headers["location"].removeprefix("/login"))
    entered = await browser.follow(answer, pkce, world.idp.portal_a)
    tokens = await BackEnd(world.idp, world.idp.portal_a, world.app).tokens(entered)
    assert (await verified(world.idp, tokens["id_token"]))["acr"] == TWO_FACTORS


async def test_a_password_of_somebody_with_nothing_else_does_not_meet_it(
    world: UpstreamWorld, national: Upstream
) -> None:
    await lose_phone(world.idp, world.idp.lin)
    browser = world.browser()
    page = (await browser.authorize(world.idp.portal_a, claims=essential(TWO_FACTORS))).headers["location"]
    answer = await browser.http.get((await browser.log_in(world.idp.lin, page)).headers["location"])
    assert response_of(answer)["error"] == "unmet_authentication_requirements"


async def test_a_wish_that_a_provider_could_meet_offers_the_way(world: UpstreamWorld, national: Upstream) -> None:
    browser = world.browser()
    await browser.enter(world.idp.portal_a, world.idp.lin)
    asked = await browser.authorize(world.idp.portal_a, acr_values=TWO_FACTORS)
    page = asked.headers["location"]
    assert page.startswith("/login")
    silent = await browser.authorize(world.idp.portal_a, acr_values=TWO_FACTORS, prompt="none")
    assert response_of(silent)["error"] == "login_required"
    answer = await browser.http.get((await browser.log_in(world.idp.lin, page)).headers["location"])
    assert "code" in response_of(answer)  # a wish only: a password will do, and the token says so
    assert "code" in response_of(await browser.authorize(world.idp.portal_a, acr_values=ONE_FACTOR, prompt="none"))
