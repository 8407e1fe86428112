"""Step-up: a resource asks for a stronger or fresher log-in, and the portal gets it (RFC 9470)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from api.deps import requires
from core.principal import Principal
from idp.levels import BOUND_KEY, ONE_FACTOR, TWO_FACTORS
from idp.settings import IdpSettings
from idp.step_up import Demand, read_demands
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, idp_app, response_of
from tests.support.idp_front import stand_higher
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world

Reader = Annotated[Principal, Depends(requires("licence:read"))]
RULES = f"realname={TWO_FACTORS}, licence:read=900, licence:verify={TWO_FACTORS}, licence:verify=300, openid=86400"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    settings = IdpSettings(issuer=ISSUER, even_answers=0, step_up=RULES)
    async with embedded_world(tmp_path, clock, settings=settings) as made:
        yield made


def app_with_a_resource(world: IdpWorld) -> FastAPI:
    app = idp_app(world)

    @app.get("/v1/read")
    async def read(principal: Reader) -> dict[str, str]:
        return {"kind": principal.kind}

    return app


def challenge(answer: httpx.Response) -> dict[str, str]:
    """The parameters of the first challenge (RFC 9110 §11.6.1)."""
    header = answer.headers["www-authenticate"]
    assert header.startswith("Bearer ")
    return dict(re.findall(r'(\w+)="([^"]*)"', header.partition(", DPoP ")[0]))


async def token_for(world: IdpWorld, browser: Browser, scope: str, **changes: str) -> str:
    who = world.clerk if "licence:read" in scope else world.lin  # staff always log in with two factors
    entered = await browser.enter(world.portal_b, who, scope=scope, **changes)
    return str((await BackEnd(world, world.portal_b).tokens(entered))["access_token"])


async def test_userinfo_asks_for_a_stronger_log_in(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_b)
    token = await token_for(world, browser, "openid realname")
    refused = await back_end.userinfo(token)
    assert refused.status_code == 401
    said = challenge(refused)
    assert said["error"] == "insufficient_user_authentication"
    assert said["acr_values"] == TWO_FACTORS
    assert said["max_age"] == "86400"  # one more log-in will do for all that the answer rests on
    plain = await token_for(world, browser, "openid")
    assert (await back_end.userinfo(plain)).status_code == 200  # the twin: no real name, no such demand
    await stand_higher(world, TWO_FACTORS, "pwd", "otp", "mfa")
    stronger = await token_for(world, browser, "openid realname", acr_values=said["acr_values"], prompt="none")
    answer = await back_end.userinfo(stronger)
    assert answer.json()["name"] == world.lin.name
    assert (await back_end.userinfo(token)).status_code == 401  # the old token is not stronger than it was
    assert (await back_end.introspect(stronger))["acr"] == TWO_FACTORS


async def test_our_api_asks_for_a_fresher_log_in_and_gets_it(world: IdpWorld) -> None:
    app = app_with_a_resource(world)
    browser, back_end = Browser(world, app), BackEnd(world, world.portal_b, app)

    async def call(token: str) -> httpx.Response:
        return await back_end.http.get("/v1/read", headers={"Authorization": f"Bearer {token}"})

    first = await token_for(world, browser, "openid licence:read")
    world.clock.advance(500)
    assert (await call(first)).status_code == 200
    world.clock.advance(401)
    stale = await token_for(world, browser, "openid licence:read", prompt="none")
    refused = await call(stale)
    assert refused.status_code == 401
    assert refused.json()["type"] == f"{ISSUER}/problems/step-up-needed"
    said = challenge(refused)
    assert (said["error"], said["max_age"]) == ("insufficient_user_authentication", "900")
    assert "acr_values" not in said
    silent = await browser.authorize(
        world.portal_b, scope="openid licence:read", max_age=said["max_age"], prompt="none"
    )
    assert response_of(silent)["error"] == "login_required"
    fresh = await token_for(world, browser, "openid licence:read", max_age=said["max_age"])
    assert (await call(fresh)).status_code == 200


async def test_a_client_s_own_token_has_no_log_in_to_be_judged(world: IdpWorld) -> None:
    app = app_with_a_resource(world)
    back_end = BackEnd(world, world.department, app)
    token = (await back_end.client_credentials(scope="licence:read")).json()["access_token"]
    world.clock.advance(300)
    answer = await back_end.http.get("/v1/read", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()) == (200, {"kind": "client"})


async def test_without_demands_nothing_is_asked(tmp_path: Path, clock: FakeClock) -> None:
    async with embedded_world(tmp_path, clock) as world:
        token = await token_for(world, Browser(world), "openid realname")
        world.clock.advance(599)
        assert (await BackEnd(world, world.portal_b).userinfo(token)).status_code == 200


def test_demands_are_read_and_joined() -> None:
    assert read_demands("") == {}
    read = read_demands(RULES)
    assert read["licence:verify"] == Demand(TWO_FACTORS, 300)
    assert Demand(ONE_FACTOR, 300).joined(Demand(BOUND_KEY, 60)) == Demand(BOUND_KEY, 60)
    assert Demand().joined(Demand(max_age=5)) == Demand(max_age=5)


@pytest.mark.parametrize("text", ["realname", "realname=", "x=900", "realname=gold", "realname=0", "realname=-1", "=1"])
def test_demands_that_cannot_be_stop_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="step-up"):
        read_demands(text)
