"""Attacks on log-in and sessions (rows O-50, O-52, O-53, O-54, O-59, O-61)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.principal import SYSTEM
from idp.model import AccountStatus
from idp.people import NewAccount
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, idp_app, query_of
from tests.support.idp_world import IdpWorld, citizen_number, embedded_world

WRONG = "not the password"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


def browser_at(world: IdpWorld, source: str) -> Browser:
    return Browser(world, source=source)


async def test_o_50_a_planted_cookie_is_of_no_use(world: IdpWorld) -> None:
    browser = Browser(world)
    planted = "A" * 43
    browser.http.cookies.set("__Host-yz_session", planted)
    await browser.log_in(world.lin)
    attacker = Browser(world)
    attacker.http.cookies.set("__Host-yz_session", planted)
    answer = await attacker.authorize(world.portal_a, prompt="none")
    assert query_of(answer.headers["location"])["error"] == "login_required"


async def test_o_50_every_authentication_makes_a_new_cookie_and_kills_the_old(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    old = browser.session_cookie
    await browser.enter(world.portal_a, world.lin, prompt="login")
    assert browser.session_cookie != old
    assert await world.idp.sessions.principal(old) is None
    assert await world.idp.sessions.principal(browser.session_cookie) is not None


async def test_o_50_another_person_in_the_same_browser_ends_the_first_ones_session(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(await browser.enter(world.portal_a, world.lin))
    await browser.log_in(world.zhao)
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert len(world.messenger.sent) == 1, "the portal is told"


async def test_o_50_a_request_prepared_elsewhere_cannot_be_finished_here(world: IdpWorld) -> None:
    """The attacker begins, the victim logs in, the attacker waits: neither gets a code for the attacker's request."""
    attacker, victim = Browser(world), Browser(world)
    begun = await attacker.authorize(world.portal_a, Pkce())
    link = begun.headers["location"]
    done = await victim.log_in(world.lin, link)
    resume = done.headers["location"]
    at_the_victim = await victim.http.get(resume)
    assert at_the_victim.status_code == 404
    at_the_attacker = await attacker.http.get(resume)
    assert at_the_attacker.headers["location"].startswith("/login")


async def test_o_50_an_interaction_ends_once(world: IdpWorld) -> None:
    browser = Browser(world)
    begun = await browser.authorize(world.portal_a)
    resume = (await browser.log_in(world.lin, begun.headers["location"])).headers["location"]
    answers = await asyncio.gather(*(browser.http.get(resume) for _ in range(10)))
    codes = [a for a in answers if a.status_code == 303 and "code=" in a.headers["location"]]
    assert len(codes) == 1
    assert {a.status_code for a in answers if a not in codes} == {404}


async def test_o_52_an_account_without_a_password_is_opened_by_none(world: IdpWorld) -> None:
    new = NewAccount(citizen_number(41), "无密码", None, "13800000041")
    await world.idp.create_account(new, SYSTEM)
    for password in ("", "plain:", " "):
        answer = await Browser(world).http.post("/login", data={"identifier": new.citizen_id, "password": password})
        assert answer.status_code == 400
    assert world.keys.passwords.verified[-3:] == [False, False, False], "the same work as for nobody"


async def test_o_61_cookies_are_bound_to_the_host_and_hidden_from_scripts(world: IdpWorld) -> None:
    browser = Browser(world)
    begun = await browser.authorize(world.portal_a)
    done = await browser.log_in(world.lin, begun.headers["location"])
    for header in (begun.headers["set-cookie"], done.headers["set-cookie"]):
        assert header.startswith("__Host-yz_")
        words = {part.strip().lower() for part in header.split(";")}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= words
        assert not any(word.startswith("domain") for word in words)


@pytest.mark.parametrize(("seconds", "alive"), [(3599, True), (3600, False)])
async def test_o_61_idle_sessions_end(world: IdpWorld, seconds: int, alive: bool) -> None:
    browser = Browser(world)
    await browser.log_in(world.lin)
    world.clock.advance(seconds)
    assert (await world.idp.sessions.principal(browser.session_cookie) is not None) is alive


async def test_o_61_busy_sessions_end_too(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.log_in(world.lin)
    for _ in range(23):
        world.clock.advance(1800)
        assert await world.idp.sessions.principal(browser.session_cookie) is not None
    world.clock.advance(1800)
    assert await world.idp.sessions.principal(browser.session_cookie) is None


def seen_by_an_attacker(answer: httpx.Response) -> tuple[object, ...]:
    body = answer.json()
    body.pop("request_id", None)
    return answer.status_code, body, sorted(answer.headers.keys()), answer.headers.get("set-cookie")


async def test_o_52_unknown_accounts_answer_like_known_ones(world: IdpWorld) -> None:
    await world.idp.change_account_status(world.zhao.account_id, AccountStatus.FROZEN, SYSTEM)
    unknown_number, unknown_phone = citizen_number(99), "13900000099"
    identifiers = [world.lin.number, world.zhao.number, unknown_number, world.lin.phone, unknown_phone]
    answers = []
    for place, identifier in enumerate(identifiers):
        browser = browser_at(world, f"198.51.100.{place + 1}")
        answers.append([await browser.log_in(world.lin, identifier=identifier, password=WRONG) for _ in range(7)])
    looks = [[seen_by_an_attacker(answer) for answer in row] for row in answers]
    assert all(row == looks[0] for row in looks)
    assert [answer.status_code for answer in answers[0]] == [400] * 5 + [429] * 2


async def test_o_52_unknown_accounts_cost_the_same_work(world: IdpWorld) -> None:
    for identifier in (world.lin.number, citizen_number(99)):
        before, rows = len(world.keys.passwords.verified), len(await world.audit())
        await Browser(world).log_in(world.lin, identifier=identifier, password=WRONG)
        assert len(world.keys.passwords.verified) == before + 1, "one password hash each"
        assert len(await world.audit()) == rows + 1, "one audit event each"
    assert world.keys.passwords.verified[-2:] == [True, False]


async def test_o_52_a_frozen_account_shows_only_after_the_right_password(world: IdpWorld) -> None:
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)
    answer = await Browser(world).log_in(world.lin)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_o_53_one_source_gets_five_tries_and_no_burst_gets_more(world: IdpWorld) -> None:
    app = idp_app(world)
    browsers = [Browser(world, app, source="198.51.100.7") for _ in range(40)]
    answers = await asyncio.gather(*(browser.log_in(world.lin, password=WRONG) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [400] * 5 + [429] * 35
    assert len(world.keys.passwords.verified) == 5
    right = await browsers[0].log_in(world.lin)
    assert right.status_code == 429, "not even the right password, from here, for now"
    assert right.headers["retry-after"] == "900"
    world.clock.advance(901)
    assert (await browsers[0].log_in(world.lin)).status_code == 303


async def test_o_53_two_hundred_sources_together_stay_within_the_budget(world: IdpWorld) -> None:
    app = idp_app(world)
    for number in range(200):
        browser = Browser(world, app, source=f"198.51.{number // 100}.{number % 100}")
        await browser.log_in(world.lin, password=WRONG)
    assert len(world.keys.passwords.verified) <= 100  # F-08: guesses per account and hour


async def test_o_53_success_of_another_account_resets_nothing(world: IdpWorld) -> None:
    browser = browser_at(world, "198.51.100.7")
    for _ in range(4):
        await browser.log_in(world.lin, password=WRONG)
    assert (await browser.log_in(world.zhao)).status_code == 303
    assert (await browser.log_in(world.lin, password=WRONG)).status_code == 400
    assert (await browser.log_in(world.lin, password=WRONG)).status_code == 429


async def test_o_53_ipv6_neighbours_are_one_source(world: IdpWorld) -> None:
    statuses = []
    for number in range(7):
        browser = browser_at(world, f"2001:db8:1:2::{number + 1:x}")
        statuses.append((await browser.log_in(world.lin, password=WRONG)).status_code)
    assert statuses == [400] * 5 + [429] * 2


async def test_o_54_the_victim_logs_in_while_the_attacker_hammers(world: IdpWorld) -> None:
    attacker = browser_at(world, "198.51.100.7")
    for _ in range(50):
        await attacker.log_in(world.lin, password=WRONG)
    assert (await browser_at(world, "192.0.2.10").log_in(world.lin)).status_code == 303, "at the first try"
    assert (await attacker.log_in(world.lin)).status_code == 429


@pytest.mark.parametrize(
    "password", ["x" * 257, "x" * 1_000_000, "", "\x00" * 20, "correct horse battery\x00", "🐎" * 20]
)
async def test_o_59_odd_passwords_are_wrong_and_nothing_else(world: IdpWorld, password: str) -> None:
    answer = await Browser(world).log_in(world.lin, password=password)
    assert (answer.status_code, answer.json()["field"]) == (400, "password")


@pytest.mark.parametrize(
    "typed",
    ["４１０１９９１９８８０２２９００１", "410199 19880229 001", "410199-19880229-001"],
    ids=["wide", "spaces", "dashes"],
)
async def test_typed_forms_of_an_id_number(world: IdpWorld, typed: str) -> None:
    answer = await Browser(world).log_in(world.lin, identifier=typed + world.lin.number[-1].lower())
    assert answer.status_code == 303


@pytest.mark.parametrize("typed", ["13800000001", "+86 138 0000 0001", "0086-138-0000-0001", "１３８００００0001"])
async def test_typed_forms_of_a_phone_number(world: IdpWorld, typed: str) -> None:
    assert (await Browser(world).log_in(world.lin, identifier=typed)).status_code == 303


async def test_no_personal_datum_in_refusals(world: IdpWorld) -> None:
    for identifier in (world.lin.number[:-1] + "0", "199", "", world.lin.number):
        answer = await Browser(world).log_in(world.lin, identifier=identifier, password=WRONG)
        assert answer.status_code == 400
        assert world.lin.number[:12] not in answer.text
    assert world.lin.number not in str([row.content for row in await world.audit()])
