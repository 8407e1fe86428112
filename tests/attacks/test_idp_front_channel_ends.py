"""Every rule on tokens of the authorization endpoint: what ends them, and that nothing is given twice (O-07, O-37)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from core.principal import SYSTEM, Principal, PrincipalKind
from idp.model import AccountStatus, ClientStatus
from idp.protocol.response_types import RESPONSE_TYPES
from tests.attacks.test_idp_codes import column
from tests.conformance.harness import Slow
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, response_of
from tests.support.idp_front import front_portal
from tests.support.idp_world import IdpWorld, Portal, embedded_world

WITH_TOKEN = [name for name in RESPONSE_TYPES if "token" in name.split()]
GIVEN = {"code", "id_token", "access_token"}
SCOPES = frozenset({"openid", "realname"})
Ending = Callable[[IdpWorld, Browser, Portal], Awaitable[object]]


async def freeze(world: IdpWorld, _browser: Browser, _portal: Portal) -> None:
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)


async def close(world: IdpWorld, _browser: Browser, _portal: Portal) -> None:
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.CLOSED, SYSTEM)


async def log_out(_world: IdpWorld, browser: Browser, _portal: Portal) -> None:
    await browser.http.post("/logout")


async def withdraw_consent(world: IdpWorld, _browser: Browser, portal: Portal) -> None:
    person = Principal(PrincipalKind.PERSON, world.lin.account_id)
    await world.idp.consents.withdraw(person, portal.client_id)


async def disable_client(world: IdpWorld, _browser: Browser, portal: Portal) -> None:
    await world.idp.change_client_status(portal.client_id, ClientStatus.DISABLED, SYSTEM)


ENDINGS: dict[str, Ending] = {
    "account frozen": freeze,
    "account closed": close,
    "logged out": log_out,
    "consent withdrawn": withdraw_consent,
    "client disabled": disable_client,
}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with column(request, tmp_path, clock, request.param, wrap_kv=Slow) as made:
        yield made


async def approved(world: IdpWorld) -> Portal:
    return await front_portal(world, "front", realname_approved=True, scopes=SCOPES)


@pytest.mark.parametrize("response_type", WITH_TOKEN)
@pytest.mark.parametrize("ending", ENDINGS)
async def test_o_37_tokens_of_the_browser_end_at_once(world: IdpWorld, response_type: str, ending: str) -> None:
    portal, browser = await approved(world), Browser(world)
    entered = await browser.enter(portal, world.lin, response_type=response_type, scope="openid realname")
    back_end, token = BackEnd(world, portal), entered.params["access_token"]
    assert (await back_end.userinfo(token)).status_code == 200  # the twin
    await ENDINGS[ending](world, browser, portal)
    assert (await back_end.userinfo(token)).status_code == 401
    if "code" in entered.params:
        assert (await back_end.redeem(entered)).status_code in (400, 401)


@pytest.mark.parametrize("response_type", RESPONSE_TYPES)
@pytest.mark.parametrize("ending", ["account frozen", "account closed", "logged out"])
async def test_o_37_nothing_is_given_to_whoever_was_stopped_on_a_page(
    world: IdpWorld, response_type: str, ending: str
) -> None:
    portal, browser = await approved(world), Browser(world)
    asked = await browser.authorize(portal, response_type=response_type, scope="openid realname")
    answer = await browser.log_in(world.lin, asked.headers["location"])
    answer = await browser.http.get(answer.headers["location"])
    consent = answer.headers["location"]
    assert consent.startswith("/consent")
    answer = await browser.http.post(consent, data={"decision": "grant"})
    await ENDINGS[ending](world, browser, portal)
    answer = await browser.http.get(answer.headers["location"])
    assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("response_type", WITH_TOKEN)
async def test_one_token_is_revoked_and_the_family_lives(world: IdpWorld, response_type: str) -> None:
    portal, browser = await approved(world), Browser(world)
    entered = await browser.enter(portal, world.lin, response_type=response_type)
    back_end, token = BackEnd(world, portal), entered.params["access_token"]
    other = await browser.enter(portal, response_type=response_type)
    assert (await back_end.post("/revoke", {"token": token})).status_code == 200
    assert (await back_end.userinfo(token)).status_code == 401
    assert (await back_end.userinfo(other.params["access_token"])).status_code == 200
    if "code" in entered.params:
        assert (await back_end.redeem(entered)).status_code == 200


@pytest.mark.parametrize("response_type", ["code", "id_token token", "code id_token token"])
async def test_o_07_many_who_come_back_at_once_get_one_answer(slow_world: IdpWorld, response_type: str) -> None:
    world = slow_world
    portal, browser = await front_portal(world), Browser(world)
    page = (await browser.authorize(portal, response_type=response_type)).headers["location"]
    resume = (await browser.log_in(world.lin, page)).headers["location"]
    answers = await asyncio.gather(*(browser.http.get(resume) for _ in range(20)))
    given = [response_of(answer) for answer in answers if answer.status_code == 303]
    assert len(given) == 1
    assert len(given[0].keys() & GIVEN) == len(response_type.split())
    assert {answer.status_code for answer in answers} <= {303, 404}
    assert (await browser.http.get(resume)).status_code == 404


async def test_a_client_that_lost_its_grant_gets_nothing_more(world: IdpWorld) -> None:
    portal, browser = await approved(world), Browser(world)
    await browser.enter(portal, world.lin)
    await change_client(world, portal.client_id, columns={"grants": ["authorization_code"]})
    for response_type in RESPONSE_TYPES:
        params = response_of(await browser.authorize(portal, response_type=response_type))
        assert ("code" in params) is (response_type == "code")
        assert params.get("error") == (None if response_type == "code" else "unauthorized_client")
