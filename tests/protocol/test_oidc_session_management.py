"""The session as portals may watch it (OpenID Connect Session Management 1.0; reference row L-7)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from idp.protocol.session_state import browser_state, session_state, web_origin
from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser, query_of
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world

COOKIE = "__Host-yz_state"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


def as_the_frame_does(state: str, client_id: str, origin: str, cookie: str) -> str:
    """§3.2, computed independently of our own code."""
    _, _, salt = state.partition(".")
    return hashlib.sha256(f"{client_id} {origin} {cookie} {salt}".encode()).hexdigest() + "." + salt


async def test_l_7_discovery_names_the_frame_and_anybody_may_hold_it(world: IdpWorld) -> None:
    browser = Browser(world)
    address = (await browser.http.get("/.well-known/openid-configuration")).json()["check_session_iframe"]
    assert address == f"{ISSUER}/check-session"
    answer = await browser.http.get(address)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "https:" in policy["frame-ancestors"]
    assert f'data-cookie="{COOKIE}"' in answer.text
    assert "<script>" not in answer.text, "its script is a file of ours"


async def test_l_7_session_state_comes_with_the_answer_and_fits_the_cookie(world: IdpWorld) -> None:
    browser = Browser(world)
    entered = await browser.enter(world.portal_a, world.lin)
    state, cookie = entered.params["session_state"], browser.http.cookies[COOKIE]
    assert " " not in state
    assert state == as_the_frame_does(state, "portal-a", "https://a.example.test", cookie)
    assert state != as_the_frame_does(state, "portal-a", "https://evil.example.test", cookie), "for its origin only"
    assert state != as_the_frame_does(state, "portal-b", "https://a.example.test", cookie)


async def test_l_7_it_changes_at_log_out_and_at_the_next_log_in_and_not_between(world: IdpWorld) -> None:
    browser = Browser(world)
    states = []
    for portal in (world.portal_a, world.portal_b):
        await browser.enter(portal, world.lin)
        states.append(browser.http.cookies[COOKIE])
    assert states[0] == states[1], "entering another portal is no change"
    await browser.http.post("/logout")
    states.append(browser.http.cookies[COOKIE])
    await browser.enter(world.portal_a, world.lin)
    states.append(browser.http.cookies[COOKIE])
    await browser.enter(world.portal_a, world.zhao, prompt="login")
    states.append(browser.http.cookies[COOKIE])
    assert len(set(states)) == 4


async def test_the_cookie_is_readable_and_no_secret_while_the_session_cookie_is_neither(world: IdpWorld) -> None:
    browser = Browser(world)
    answer = await browser.log_in(world.lin)
    cookies = {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}
    assert "httponly" not in cookies[COOKIE].lower()
    assert "samesite=none" in cookies[COOKIE].lower()
    assert "secure" in cookies[COOKIE].lower()
    assert "httponly" in cookies["__Host-yz_session"].lower()
    assert browser.session_cookie is not None
    assert browser.session_cookie not in cookies[COOKIE]
    stolen = httpx.Cookies({"__Host-yz_session": browser.http.cookies[COOKIE]})
    thief = Browser(world)
    thief.http.cookies = stolen
    assert query_of((await thief.authorize(world.portal_a, prompt="none")).headers["location"])["error"]


async def test_a_browser_that_lost_the_cookie_gets_it_back_with_the_next_answer(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    kept = browser.http.cookies[COOKIE]
    browser.http.cookies.delete(COOKIE)
    again = await browser.enter(world.portal_a)
    assert browser.http.cookies[COOKIE] == kept
    state = again.params["session_state"]
    assert state == as_the_frame_does(state, "portal-a", "https://a.example.test", kept)


def test_origins_are_written_as_browsers_write_them() -> None:
    assert web_origin("https://A.Example:443/cb?x=1") == "https://a.example"
    assert web_origin("https://a.example:8443/cb") == "https://a.example:8443"
    assert web_origin("http://[::1]:80/cb") == "http://[::1]"
    assert web_origin("cn.example.app:/cb") is None
    assert session_state("app", "cn.example.app:/cb", "cookie") is None
    assert browser_state("one") != browser_state("two")
