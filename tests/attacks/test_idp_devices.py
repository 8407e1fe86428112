"""Attacks on the device grant (rows O-42, O-53, O-54), on both columns where a race could show."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.routes.pages import devices, entrance
from api.web.errors import error_page
from core.errors import AppError, LimitExceeded
from core.kv.port import KeyValueStore
from idp.device.user_code import ALPHABET, new_user_code, read_user_code
from idp.errors import UserCodeUnknown
from idp.model import ClientAuthMethod, GrantType, SessionKind
from idp.settings import IdpSettings
from idp.stores.sessions import SqlSessionStore
from tests.attacks.test_idp_codes import TakesInTwoSteps, column
from tests.conformance.harness import Slow
from tests.protocol.test_rfc8628_device import begin, poll
from tests.support.clock import FakeClock
from tests.support.grants_world import answer_device, other_client, visit_of
from tests.support.idp_browser import BackEnd, Browser, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world, somebody

PARALLEL = 30
HERE = "192.0.2.10"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    opened: AbstractAsyncContextManager[IdpWorld] = column(request, tmp_path, clock, request.param, wrap_kv=Slow)
    async with opened as made:
        yield made


async def kiosk_of(world: IdpWorld, name: str = "kiosk") -> Portal:
    return await other_client(
        world, name, GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN, auth_method=ClientAuthMethod.NONE
    )


async def test_o_42_thirty_polls_at_once_get_one_answer(slow_world: IdpWorld) -> None:
    world, kiosk = slow_world, await kiosk_of(slow_world)
    browser = Browser(world)
    for _ in range(3):
        answer = await begin(world, kiosk)
        await answer_device(world, browser, world.lin, answer["user_code"])
        polls = await asyncio.gather(*(poll(world, kiosk, answer["device_code"]) for _ in range(PARALLEL)))
        assert Counter(one.status_code for one in polls) == {200: 1, 400: PARALLEL - 1}
        assert {one.json()["error"] for one in polls if one.status_code == 400} == {"invalid_grant"}


async def test_o_42_the_row_of_the_family_is_a_second_barrier(tmp_path: Path, clock: FakeClock) -> None:
    def broken(kv: KeyValueStore) -> KeyValueStore:
        return TakesInTwoSteps(kv)  # type: ignore[return-value]  # wraps every other method by name

    async with embedded_world(tmp_path, clock, wrap_kv=broken) as world:
        kiosk = await kiosk_of(world)
        answer = await begin(world, kiosk)
        await answer_device(world, Browser(world), world.lin, answer["user_code"])
        polls = await asyncio.gather(*(poll(world, kiosk, answer["device_code"]) for _ in range(PARALLEL)))
        assert [one.status_code for one in polls].count(200) == 1


async def test_o_42_yes_and_no_at_once_is_one_of_them(slow_world: IdpWorld) -> None:
    world, kiosk = slow_world, await kiosk_of(slow_world)
    answer = await begin(world, kiosk)
    visits = [await visit_of(world, Browser(world), who) for who in (world.lin, world.zhao)]
    decide = world.idp.elsewhere.decide_device
    tickets = [await decide.enter(visit, answer["user_code"], HERE) for visit in visits]
    decisions = [
        decide.decide(visits[number % 2], tickets[number % 2], granted=number % 3 > 0) for number in range(PARALLEL)
    ]
    done = await asyncio.gather(*decisions, return_exceptions=True)
    assert Counter(type(one) for one in done) == {type(None): 1, UserCodeUnknown: PARALLEL - 1}
    async with world.ground.database.read() as tx:
        live = [
            one
            for who in (world.lin, world.zhao)
            for one in await SqlSessionStore().live_of_account(tx, who.account_id, world.clock.now())
            if one.kind is SessionKind.DEVICE
        ]
    assert len(live) <= 1, "nobody's refusal began a session"


async def test_o_42_only_the_client_that_asked_may_poll(world: IdpWorld) -> None:
    kiosk, other = await kiosk_of(world), await kiosk_of(world, "other-kiosk")
    answer = await begin(world, kiosk)
    assert (await poll(world, other, answer["device_code"])).json()["error"] == "invalid_grant"
    await answer_device(world, Browser(world), world.lin, answer["user_code"])
    assert (await poll(world, other, answer["device_code"])).json()["error"] == "invalid_grant"
    assert (await poll(world, kiosk, answer["device_code"])).status_code == 200, "the thief burnt nothing"


async def test_o_42_a_code_is_good_for_one_decision(world: IdpWorld) -> None:
    kiosk = await kiosk_of(world)
    answer = await begin(world, kiosk)
    visit = await visit_of(world, Browser(world), world.lin)
    decide = world.idp.elsewhere.decide_device
    ticket = await decide.enter(visit, answer["user_code"], HERE)
    await decide.decide(visit, ticket, granted=True)
    for again in (decide.decide(visit, ticket, granted=True), decide.enter(visit, answer["user_code"], HERE)):
        with pytest.raises(UserCodeUnknown):
            await again


async def test_o_42_a_ticket_is_nothing_in_another_session(world: IdpWorld) -> None:
    """An attacker who typed their own kiosk's code cannot send the victim a link to the question."""
    kiosk = await kiosk_of(world)
    answer = await begin(world, kiosk)
    decide = world.idp.elsewhere.decide_device
    attacker = await visit_of(world, Browser(world), world.zhao)
    ticket = await decide.enter(attacker, answer["user_code"], HERE)
    victim = await visit_of(world, Browser(world), world.lin)
    with pytest.raises(UserCodeUnknown):
        await decide.decide(victim, ticket, granted=True)
    assert (await poll(world, kiosk, answer["device_code"])).json()["error"] == "authorization_pending"
    await decide.decide(attacker, ticket, granted=True)  # the twin


@pytest.mark.parametrize("when", ["before the question", "before the decision", "after the decision"])
async def test_o_42_an_expired_request_leads_nowhere(world: IdpWorld, when: str) -> None:
    kiosk = await kiosk_of(world)
    answer = await begin(world, kiosk)
    visit = await visit_of(world, Browser(world), world.lin)
    decide = world.idp.elsewhere.decide_device
    if when == "before the question":
        world.clock.advance(600)
        with pytest.raises(UserCodeUnknown):
            await decide.enter(visit, answer["user_code"], HERE)
        return
    ticket = await decide.enter(visit, answer["user_code"], HERE)
    if when == "before the decision":
        world.clock.advance(600)
        with pytest.raises(UserCodeUnknown):
            await decide.decide(visit, ticket, granted=True)
    else:
        await decide.decide(visit, ticket, granted=True)
        world.clock.advance(600)
    assert (await poll(world, kiosk, answer["device_code"])).json()["error"] == "expired_token"


# user codes


def test_o_42_user_codes_have_34_bits_and_no_letter_that_looks_like_another() -> None:
    assert len(ALPHABET) ** 8 >= 2**34
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert not set(ALPHABET) & set("AEIOUY0123456789")
    made = {new_user_code() for _ in range(2000)}
    assert len(made) == 2000
    assert {letter for code in made for letter in code} == set(ALPHABET)


@pytest.mark.parametrize("typed", ["WDJB-MJHT", "wdjbmjht", " WDJB MJHT ", "ＷＤＪＢ－ＭＪＨＴ", "wdjb–mjht"])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert read_user_code(typed) == "WDJBMJHT"


@pytest.mark.parametrize("typed", ["", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJH0", "WDJB-MJHA", "W" * 100_000, "\x00" * 8])
def test_what_cannot_be_a_code(typed: str) -> None:
    assert read_user_code(typed) is None


async def tried(world: IdpWorld, visit: Any, code: str, source: str = HERE) -> type[Exception] | None:
    try:
        await world.idp.elsewhere.decide_device.enter(visit, code, source)
    except AppError as error:
        return type(error)
    return None


async def test_o_53_guesses_of_one_person_are_counted_in_a_burst_and_over_all_their_sessions(
    slow_world: IdpWorld,
) -> None:
    world = slow_world
    visits = [await visit_of(world, Browser(world), world.zhao) for _ in range(3)]
    sources = [f"198.51.100.{number}" for number in range(PARALLEL)]
    answers = await asyncio.gather(
        *(tried(world, visits[number % 3], "BCDFGHJK", source) for number, source in enumerate(sources))
    )
    assert Counter(answers) == {UserCodeUnknown: 10, LimitExceeded: PARALLEL - 10}


async def test_o_53_a_right_code_in_between_gains_no_further_guesses(world: IdpWorld) -> None:
    kiosk = await kiosk_of(world)
    visit = await visit_of(world, Browser(world), world.zhao)
    answers = []
    for number in range(12):
        code = (await begin(world, kiosk))["user_code"] if number % 2 else "BCDFGHJK"
        answers.append(await tried(world, visit, code))
    assert Counter(answers[0:10:2]) == {UserCodeUnknown: 5}
    assert set(answers[10:]) == {LimitExceeded}
    world.clock.advance(901)
    assert await tried(world, visit, (await begin(world, kiosk))["user_code"]) is None


async def test_o_53_sources_and_the_total_are_limited_and_o_54_everybody_keeps_a_first_try(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = IdpSettings(issuer=ISSUER, even_answers=0, code_tries_per_source=6, code_tries_in_all=12)
    async with embedded_world(tmp_path, clock, settings=settings) as world:
        kiosk = await kiosk_of(world)
        attackers = [await somebody(world.idp, 20 + n, f"甲{n}", f"1390000002{n}") for n in range(4)]
        visits = [await visit_of(world, Browser(world), one) for one in attackers]
        one_source = [await tried(world, visits[n % 2], "BCDFGHJK") for n in range(8)]
        assert Counter(one_source) == {UserCodeUnknown: 6, LimitExceeded: 2}
        spread = [await tried(world, visits[2 + n % 2], "BCDFGHJK", f"203.0.113.{n}") for n in range(8)]
        assert Counter(spread) == {UserCodeUnknown: 4, LimitExceeded: 4}
        victim = await visit_of(world, Browser(world), world.lin)
        assert await tried(world, victim, (await begin(world, kiosk))["user_code"]) is None


async def test_o_63_device_requests_of_one_source_are_bounded(tmp_path: Path, clock: FakeClock) -> None:
    async with embedded_world(
        tmp_path, clock, settings=IdpSettings(issuer=ISSUER, even_answers=0, device_requests_per_source=3)
    ) as world:
        kiosk = await kiosk_of(world)
        for _ in range(3):
            await begin(world, kiosk)
        refused = await BackEnd(world, kiosk).post("/device-authorization", {})
        assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")


# pages


def page_app(world: IdpWorld) -> FastAPI:
    """The protocol with the real pages of this grant."""
    app = idp_app(world)
    app.router.routes[:0] = [*devices.router.routes, *entrance.router.routes]

    @app.exception_handler(AppError)
    async def _told(request: Request, error: AppError) -> Response:
        return error_page(request, error)

    return app


def form_of(page: httpx.Response) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return {"csrf": found[1]}


async def test_o_42_a_complete_address_fills_the_code_in_and_decides_nothing(world: IdpWorld) -> None:
    kiosk = await kiosk_of(world)
    answer = await begin(world, kiosk)
    browser = Browser(world, page_app(world))
    link = answer["verification_uri_complete"].removeprefix(ISSUER)

    sent_away = await browser.http.get(link)
    assert sent_away.headers["location"] == f"/login?next=/device/{answer['user_code']}"
    log_in = await browser.http.get(sent_away.headers["location"])
    back = await browser.log_in(world.lin, sent_away.headers["location"], **form_of(log_in))
    assert back.headers["location"] == f"/device/{answer['user_code']}"

    for address in (link, back.headers["location"]):
        page = await browser.http.get(address)
        assert answer["user_code"] in page.text
        assert (await poll(world, kiosk, answer["device_code"])).json()["error"] != "invalid_grant"
    asked = await browser.http.post("/device", data={"user_code": answer["user_code"], **form_of(page)})
    assert asked.status_code == 303
    question = await browser.http.get(asked.headers["location"])
    for words in ("终端 kiosk", "示例市住房保障局", answer["user_code"], "代号"):
        assert words in question.text
    world.clock.advance(60)
    assert (await poll(world, kiosk, answer["device_code"])).json()["error"] == "authorization_pending"

    data = {"decision": "grant", **form_of(question)}
    done = await browser.http.post(asked.headers["location"], data=data)
    assert done.headers["location"] == "/device/done?d=granted"
    assert (await poll(world, kiosk, answer["device_code"])).status_code == 200


async def test_o_51_no_form_of_another_site_decides(world: IdpWorld) -> None:
    kiosk = await kiosk_of(world)
    answer = await begin(world, kiosk)
    browser = Browser(world, page_app(world))
    log_in = await browser.http.get("/login")
    await browser.log_in(world.lin, "/login", **form_of(log_in))
    page = await browser.http.get("/device")
    forged = await browser.http.post("/device", data={"user_code": answer["user_code"]})
    assert forged.status_code == 403
    asked = await browser.http.post("/device", data={"user_code": answer["user_code"], **form_of(page)})
    address = asked.headers["location"]
    token = form_of(await browser.http.get(address))
    for data, headers in (
        ({"decision": "grant"}, {}),
        ({"decision": "grant", "csrf": "0" * 64}, {}),
        ({"decision": "grant", **token}, {"origin": "https://evil.example"}),
        ({"decision": "grant", **token}, {"sec-fetch-site": "cross-site"}),
    ):
        assert (await browser.http.post(address, data=data, headers=headers)).status_code == 403
    assert (await poll(world, kiosk, answer["device_code"])).json()["error"] == "authorization_pending"
    assert (await browser.http.post(address, data={"decision": "grant", **token})).status_code == 303


async def test_o_42_without_a_log_in_no_code_is_looked_up(world: IdpWorld) -> None:
    kiosk = await kiosk_of(world)
    answer = await begin(world, kiosk)
    browser = Browser(world, page_app(world))
    form = form_of(await browser.http.get("/login"))
    for code in (answer["user_code"], "BCDF-GHJK"):
        sent = await browser.http.post("/device", data={"user_code": code, **form})
        assert sent.headers["location"] == f"/login?next=/device/{code}", "the same for a right and a wrong one"
