"""Portals demand a real-name level; the person is led to where it is proved, and back (OIDC Core §5.5.1.1)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.demo.sources.registers import KnownPerson, Registers
from core.principal import SYSTEM, Principal, PrincipalKind
from idp.levels import BOUND_KEY, REAL, TWO_FACTORS
from idp.model import ONE_FACTOR
from idp.people import NewAccount
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, response_of
from tests.support.idp_front import verified
from tests.support.idp_world import PASSWORD, IdpWorld, Somebody, citizen_number, embedded_world

NUMBER, NAME, PHONE = citizen_number(41), "周一宁", "13700000041"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    registers = Registers({NUMBER: KnownPerson(NUMBER, NAME)}, {})
    async with embedded_world(tmp_path, clock, registers=registers) as made:
        yield made


@pytest.fixture
async def newcomer(world: IdpWorld) -> Somebody:
    account = await world.idp.create_account(NewAccount(NUMBER, NAME, PASSWORD, PHONE, level=0), SYSTEM)
    return Somebody(account, NUMBER, NAME, PHONE)


def essential(*contexts: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(contexts)}}})


async def _asked(browser: Browser, somebody: Somebody, pkce: Pkce, **changes: str) -> httpx.Response:
    """The answer after the log-in."""
    answer = await browser.authorize(browser.world.portal_a, pkce, **changes)
    if answer.headers["location"].startswith("/login"):
        logged_in = await browser.log_in(somebody, answer.headers["location"])
        answer = await browser.http.get(logged_in.headers["location"])
    return answer


async def _acr(world: IdpWorld, answer: httpx.Response, pkce: Pkce) -> str:
    entered = await Browser(world).follow(answer, pkce, world.portal_a)
    tokens = await BackEnd(world, world.portal_a).tokens(entered)
    return str((await verified(world, tokens["id_token"]))["acr"])


async def test_whoever_is_proved_far_enough_goes_straight_on(world: IdpWorld) -> None:
    pkce = Pkce()
    answer = await _asked(Browser(world), world.lin, pkce, claims=essential(REAL[2]))  # who is at level 2
    assert await _acr(world, answer, pkce) == REAL[2]


async def test_whoever_is_not_is_led_to_the_proof_and_back(world: IdpWorld, newcomer: Somebody) -> None:
    pkce, browser, proofing = Pkce(), Browser(world), world.idp.proofing
    answer = await _asked(browser, newcomer, pkce, claims=essential(REAL[1]))
    page = answer.headers["location"]
    assert page.startswith("/prove?i=")
    again = await browser.http.get(page.replace("/prove", "/authorize/resume"))
    assert again.headers["location"].startswith("/prove")  # nothing was proved
    visit = await world.idp.sessions.find(browser.http.cookies.get("__Host-yz_session"))
    assert visit is not None
    await proofing.check(visit.account, Principal(PrincipalKind.PERSON, newcomer.account_id))
    answer = await browser.http.get(page.replace("/prove", "/authorize/resume"))
    assert await _acr(world, answer, pkce) == REAL[1]


async def test_a_demand_that_is_not_met_is_told_to_the_portal(world: IdpWorld, newcomer: Somebody) -> None:
    browser = Browser(world)
    page = (await _asked(browser, newcomer, Pkce(), claims=essential(REAL[2]))).headers["location"]
    back = await browser.http.post(page.replace("/prove", "/prove/back"))
    answer = await browser.http.get(back.headers["location"])
    assert response_of(answer)["error"] == "unmet_authentication_requirements"


async def test_a_wish_that_is_not_met_is_offered_once(world: IdpWorld, newcomer: Somebody) -> None:
    pkce, browser = Pkce(), Browser(world)
    page = (await _asked(browser, newcomer, pkce, acr_values=REAL[2])).headers["location"]
    assert page.startswith("/prove?i=")
    back = await browser.http.post(page.replace("/prove", "/prove/back"))
    answer = await browser.http.get(back.headers["location"])
    assert await _acr(world, answer, pkce) == ONE_FACTOR


async def test_a_higher_level_takes_a_stronger_log_in(world: IdpWorld) -> None:
    account = await world.idp.create_account(NewAccount(NUMBER, NAME, PASSWORD, PHONE, level=3), SYSTEM)
    seen, pkce = Somebody(account, NUMBER, NAME, PHONE), Pkce()
    answer = await _asked(Browser(world), seen, pkce, claims=essential(REAL[3]))
    assert world.sender.to(PHONE), "a second factor was asked for"
    assert await _acr(world, answer, pkce) == REAL[3]
    assert await _acr(world, await _asked(Browser(world), seen, pkce, acr_values=TWO_FACTORS), pkce) == TWO_FACTORS


async def test_without_a_page_nobody_is_led(world: IdpWorld, newcomer: Somebody) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, newcomer)
    answer = await browser.authorize(world.portal_a, prompt="none", claims=essential(REAL[1]))
    assert response_of(answer)["error"] == "interaction_required"
    assert "code" in response_of(await browser.authorize(world.portal_a, prompt="none"))


async def test_what_is_supported_is_said(world: IdpWorld) -> None:
    document = (await Browser(world).http.get("/.well-known/openid-configuration")).json()
    assert document["acr_values_supported"] == [ONE_FACTOR, TWO_FACTORS, BOUND_KEY, *REAL]
