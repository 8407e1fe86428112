"""Attacks on CIBA (rows O-37, O-51, O-52, O-68 and the races of its grant), on both columns where one could show."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from api.routes.pages import sign_ins
from core.errors import NotFound
from core.principal import SYSTEM
from idp.client_metadata import DeliveryMode
from idp.model import AccountStatus, SessionKind
from idp.stores.ciba_tables import backchannel_request
from idp.stores.sessions import SqlSessionStore
from tests.attacks.test_idp_codes import column
from tests.attacks.test_idp_devices import form_of, page_app
from tests.conformance.harness import Slow
from tests.protocol.test_ciba import GRANTS, TOKEN, ask, begun, counter_of, poll
from tests.support.clock import FakeClock
from tests.support.grants_world import Callback, answer_request, other_client, visit_of
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_world import IdpWorld, embedded_world

PARALLEL = 30


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, fetcher=Callback()) as made:
        yield made


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    opened: AbstractAsyncContextManager[IdpWorld] = column(
        request, tmp_path, clock, request.param, wrap_kv=Slow, fetcher=Callback()
    )
    async with opened as made:
        yield made


async def test_thirty_polls_at_once_get_one_answer(slow_world: IdpWorld) -> None:
    world, counter = slow_world, await counter_of(slow_world)
    browser = Browser(world)
    for _ in range(3):
        auth_req_id = await begun(world, counter)
        await answer_request(world, browser, world.lin)
        polls = await asyncio.gather(*(poll(world, counter, auth_req_id) for _ in range(PARALLEL)))
        assert Counter(one.status_code for one in polls) == {200: 1, 400: PARALLEL - 1}
        assert {one.json()["error"] for one in polls if one.status_code == 400} == {"invalid_grant"}


async def test_yes_and_no_at_once_is_one_of_them_and_leaves_no_session_behind(slow_world: IdpWorld) -> None:
    world, counter = slow_world, await counter_of(slow_world, DeliveryMode.PING)
    request_id = (await begun(world, counter)).split(".")[0]
    visit = await visit_of(world, Browser(world), world.lin)
    decide = world.idp.elsewhere.decide_backchannel
    done = await asyncio.gather(
        *(decide.decide(visit, request_id, granted=number % 3 > 0) for number in range(PARALLEL)),
        return_exceptions=True,
    )
    assert Counter(type(one) for one in done) == {type(None): 1, NotFound: PARALLEL - 1}
    granted = done.index(None) % 3 > 0
    async with world.ground.database.read() as tx:
        live = await SqlSessionStore().live_of_account(tx, world.lin.account_id, world.clock.now())
    assert [one.kind for one in live].count(SessionKind.DECOUPLED) == (1 if granted else 0)
    assert len(world.idp.fetcher.got) == 1, "told once"  # type: ignore[attr-defined]  # the test's own fetcher


async def test_o_68_nobody_sees_or_decides_anothers_request(world: IdpWorld) -> None:
    counter = await counter_of(world)
    auth_req_id = await begun(world, counter)
    request_id = auth_req_id.split(".")[0]
    decide = world.idp.elsewhere.decide_backchannel
    stranger = await visit_of(world, Browser(world), world.zhao)
    assert not await decide.waiting(world.zhao.account_id)
    with pytest.raises(NotFound):
        await decide.question(world.zhao.account_id, request_id)
    with pytest.raises(NotFound):
        await decide.decide(stranger, request_id, granted=True)
    assert (await poll(world, counter, auth_req_id)).json()["error"] == "authorization_pending"
    await answer_request(world, Browser(world), world.lin)  # the twin


async def test_o_68_nobody_ends_anothers_session(world: IdpWorld) -> None:
    theirs = await visit_of(world, browser := Browser(world), world.lin)
    stranger = Browser(world)
    await visit_of(world, stranger, world.zhao)
    who = await world.idp.sessions.principal(stranger.session_cookie)
    assert who is not None
    with pytest.raises(NotFound):
        await world.idp.own_sessions.end(who, theirs.session.id)
    assert (await visit_of(world, browser, world.lin)).session.id == theirs.session.id


async def test_o_52_a_frozen_account_looks_like_one_that_does_not_answer(world: IdpWorld) -> None:
    counter = await counter_of(world)
    before = await ask(world, counter)
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)
    after = await ask(world, counter)
    assert (before.status_code, after.status_code) == (200, 200)
    assert set(before.json()) == set(after.json())
    assert len(before.json()["auth_req_id"]) == len(after.json()["auth_req_id"])
    got = await poll(world, counter, after.json()["auth_req_id"])
    assert got.json()["error"] == "authorization_pending"


async def test_o_52_numbers_of_people_are_no_hints(world: IdpWorld) -> None:
    """The same answer for a number that has an account and for one that has none."""
    counter = await counter_of(world)
    answers = [
        await ask(world, counter, login_hint=hint)
        for hint in (world.lin.number, world.lin.phone, "410199198802290993", "13811111111")
    ]
    assert {(one.status_code, one.text) for one in answers} == {(400, answers[0].text)}


async def test_o_52_the_subject_of_another_sector_is_unknown(world: IdpWorld) -> None:
    counter = await counter_of(world)
    entered = await Browser(world).enter(world.portal_a, world.lin)
    tokens = await BackEnd(world, world.portal_a).tokens(entered)
    subject = (await BackEnd(world, world.portal_a).userinfo(tokens["access_token"])).json()["sub"]
    assert (await ask(world, counter, login_hint=subject)).json()["error"] == "unknown_user_id"


async def test_one_client_cannot_wear_a_person_out_and_others_are_not_touched(world: IdpWorld) -> None:
    counter = await counter_of(world)
    answers = [await ask(world, counter) for _ in range(16)]
    assert [one.status_code for one in answers] == [200] * 15 + [503]
    other = await other_client(world, "other", *GRANTS, backchannel_token_delivery_mode=DeliveryMode.POLL)
    assert (await ask(world, other)).status_code == 200


@pytest.mark.parametrize("status", [AccountStatus.FROZEN, AccountStatus.CLOSED])
@pytest.mark.parametrize("when", ["before the decision", "after it"])
async def test_o_37_an_account_stopped_while_a_request_is_pending(
    world: IdpWorld, status: AccountStatus, when: str
) -> None:
    counter, browser = await counter_of(world), Browser(world)
    auth_req_id = await begun(world, counter)
    await visit_of(world, browser, world.lin)
    if when == "after it":
        await answer_request(world, browser, world.lin)
    await world.idp.change_account_status(world.lin.account_id, status, SYSTEM)
    assert await world.idp.sessions.find(browser.session_cookie) is None, "cannot decide any more"
    got = await poll(world, counter, auth_req_id)
    assert got.status_code == 400
    assert got.json()["error"] == ("authorization_pending" if when == "before the decision" else "invalid_grant")


async def test_nothing_secret_or_said_lies_in_the_open(world: IdpWorld) -> None:
    """Neither the client's token nor the words on the screen are in the table; in the other store they are sealed."""
    counter = await counter_of(world, DeliveryMode.PING)
    auth_req_id = await begun(world, counter, binding_message="GZF 0418")
    async with world.ground.database.read() as tx:
        (row,) = (await tx.connection.execute(select(backchannel_request))).all()
    sealed = await world.ground.kv.get(f"idp:ciba:{row.id}")
    assert sealed is not None
    for said in (TOKEN, "GZF 0418", auth_req_id):
        assert said not in str(row)
        assert said.encode() not in sealed
    files = [path.read_bytes() for path in world.ground.settings.data.rglob("*") if path.is_file()]
    assert not any(said.encode() in content for content in files for said in (TOKEN, "GZF 0418", auth_req_id))


# pages


def phone_app(world: IdpWorld) -> FastAPI:
    app = page_app(world)
    app.router.routes[:0] = [*sign_ins.router.routes]
    return app


async def logged_in(world: IdpWorld) -> Browser:
    browser = Browser(world, phone_app(world))
    form = form_of(await browser.http.get("/login"))
    await browser.log_in(world.lin, "/login", **form)
    return browser


async def test_the_page_looks_again_by_itself_without_scripts_and_not_for_ever(world: IdpWorld) -> None:
    browser = await logged_in(world)
    address, looks = "/me/sign-ins", 0
    while found := re.search(
        r'http-equiv="refresh" content="5; url=([^"]+)"', (page := await browser.http.get(address)).text
    ):
        address, looks = found[1].replace("&amp;", "&"), looks + 1
        assert looks < 100
    assert looks == 60
    assert "没有人请您登录" in page.text
    stopped = await browser.http.get("/me/sign-ins?wait=0")
    assert "http-equiv" not in stopped.text
    counter = await counter_of(world)
    await begun(world, counter)
    assert "http-equiv" not in (await browser.http.get("/me/sign-ins")).text, (
        "it rests while there is something to read"
    )


async def test_o_51_only_our_own_form_decides(world: IdpWorld) -> None:
    counter, browser = await counter_of(world), await logged_in(world)
    auth_req_id = await begun(world, counter, binding_message="三号窗口 0418")
    listed = await browser.http.get("/me/sign-ins")
    address = f"/me/sign-ins/requests/{auth_req_id.split('.')[0]}"
    assert address in listed.text
    question = await browser.http.get(address)
    for words in ("终端 counter-poll", "示例市住房保障局", "三号窗口 0418", "代号"):
        assert words in question.text
    token = form_of(question)
    forged: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"decision": "grant"}, {}),
        ({"decision": "grant", **token}, {"origin": "https://evil.example"}),
        ({"decision": "grant", **token}, {"sec-fetch-site": "same-site"}),
    ]
    for data, headers in forged:
        assert (await browser.http.post(address, data=data, headers=headers)).status_code == 403
    assert (await poll(world, counter, auth_req_id)).json()["error"] == "authorization_pending"
    done = await browser.http.post(address, data={"decision": "grant", **token})
    assert done.headers["location"] == "/me/sign-ins?wait=0&done=granted"
    assert (await poll(world, counter, auth_req_id)).status_code == 200
    gone = await browser.http.get(address)
    assert gone.status_code == 404


async def test_a_code_for_the_counter_is_shown_to_its_owner_only(world: IdpWorld) -> None:
    browser = await logged_in(world)
    made = await browser.http.post("/me/sign-ins/code", data=form_of(await browser.http.get("/me/sign-ins")))
    shown = await browser.http.get(made.headers["location"])
    token = re.search(r"hint_[A-Za-z0-9_-]{32}", shown.text)
    assert token
    assert "<svg" in shown.text
    assert world.lin.number not in shown.text
    stranger = Browser(world, phone_app(world))
    form = form_of(await stranger.http.get("/login"))
    await stranger.log_in(world.zhao, "/login", **form)
    assert (await stranger.http.get(made.headers["location"])).status_code == 404
    counter = await counter_of(world)
    answer: httpx.Response = await ask(world, counter, login_hint=None, login_hint_token=token[0])
    assert answer.status_code == 200
