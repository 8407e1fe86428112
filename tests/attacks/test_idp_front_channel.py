"""Attacks on answers that pass through the browser (rows O-08, O-11, O-12, O-13, O-15, O-16, O-21).

Every attack stands next to its twin: the same request without the one evil part, which must pass.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from idp.levels import ONE_FACTOR, TWO_FACTORS
from idp.protocol.response_types import RESPONSE_TYPES
from idp.settings import IdpSettings
from tests.attacks.test_idp_redirects import HOSTS, STATES
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Entered, form_of, response_of
from tests.support.idp_front import EVERY_GRANT, front_portal, stand_higher, verified
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world, lose_phone, portal

GIVEN = {"code", "id_token", "access_token"}
MODES = ["query", "fragment", "form_post", "jwt", "fragment.jwt", "form_post.jwt"]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def front(world: IdpWorld) -> Portal:
    return await front_portal(world)


def essential(*contexts: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(contexts)}}})


async def said(world: IdpWorld, answer: httpx.Response) -> dict[str, Any]:
    params: dict[str, Any] = dict(response_of(answer))
    return await verified(world, params["response"]) if "response" in params else params


# O-01, O-08: where tokens go to ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["fragment", "form_post", "jwt"])
async def test_o_01_tokens_go_to_no_address_that_looks_alike(world: IdpWorld, mode: str) -> None:
    a = await portal(
        world.idp, "front-a", "a.example.test", grants=EVERY_GRANT, metadata=await every_type(world), sector="a"
    )
    browser = Browser(world)
    await browser.enter(a, world.lin)
    asked = {"response_type": "code id_token token", "response_mode": mode}
    for uri in HOSTS:
        answer = await browser.authorize(a, redirect_uri=uri, **asked)
        assert answer.status_code == 400, uri
        assert "location" not in answer.headers, uri
        assert "<form" not in answer.text, uri
    assert (await said(world, await browser.authorize(a, **asked))).keys() >= GIVEN  # the twin


async def every_type(world: IdpWorld) -> Any:
    made = await front_portal(world, "pattern")
    client = await world.idp.registry.active(made.client_id)
    assert client is not None
    return client.metadata


@pytest.mark.parametrize("response_type", [name for name in RESPONSE_TYPES if name.startswith("code ")])
async def test_o_08_a_hybrid_code_of_somebody_else_is_no_use(
    world: IdpWorld, front: Portal, response_type: str
) -> None:
    victim = await Browser(world).enter(front, world.lin, response_type=response_type)
    attacker = await Browser(world).enter(front, world.zhao, response_type=response_type)
    injected = Entered({**attacker.params, "code": victim.code}, attacker.verifier, front.redirect_uri, "")
    answer = await BackEnd(world, front).redeem(injected)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    burnt = await BackEnd(world, front).redeem(victim)
    assert burnt.json()["error"] == "invalid_grant"
    twin = await Browser(world).enter(front, world.lin, response_type=response_type)
    assert (await BackEnd(world, front).redeem(twin)).status_code == 200


async def test_o_08_a_swapped_code_shows_in_the_id_token_beside_it(world: IdpWorld, front: Portal) -> None:
    """What lets a client notice before it redeems anything: c_hash is of the code that was issued."""
    first = await Browser(world).enter(front, world.lin, response_type="code id_token")
    second = await Browser(world).enter(front, world.lin, response_type="code id_token")
    hashes = [(await verified(world, one.params["id_token"]))["c_hash"] for one in (first, second)]
    assert hashes[0] != hashes[1]


# O-11: who answered ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("response_type", ["code", "id_token token"])
async def test_o_11_every_answer_names_its_issuer_and_only_once(
    world: IdpWorld, front: Portal, response_type: str, mode: str
) -> None:
    browser = Browser(world)
    await browser.enter(front, world.lin)
    for changes in ({}, {"prompt": "login consent none"}, {"scope": "openid seal:sign"}, {"max_age": "x"}):
        params = await said(
            world, await browser.authorize(front, response_type=response_type, response_mode=mode, **changes)
        )
        assert params["iss"] == ISSUER
        assert ("error" in params) is bool(changes) or (mode == "query" and response_type != "code")


async def test_o_11_two_issuers_keep_codes_tokens_and_hints_apart(
    tmp_path: Path, clock: FakeClock, world: IdpWorld
) -> None:
    """They share the host's keys in this test, which is worse than any deployment."""
    (tmp_path / "other").mkdir()
    settings = IdpSettings(issuer="https://other.example.test")
    async with embedded_world(tmp_path / "other", clock, settings=settings) as other:
        browser = Browser(world)
        mine = await browser.enter(world.portal_a, world.lin)
        foreign = BackEnd(other, other.portal_a)
        assert (await foreign.redeem(mine)).json()["error"] == "invalid_grant"
        tokens = await BackEnd(world, world.portal_a).tokens(mine)
        assert (await foreign.userinfo(tokens["access_token"])).status_code == 401
        assert (await foreign.introspect(tokens["access_token"])) == {"active": False}
        assert (await foreign.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
        theirs = Browser(other)
        await theirs.enter(other.portal_a, other.lin)
        hinted = await theirs.authorize(other.portal_a, prompt="none", id_token_hint=tokens["id_token"])
        assert response_of(hinted)["error"] == "invalid_request"
        stranger = Browser(other)
        stranger.http.cookies = browser.http.cookies  # the session of the first issuer is none at the second
        assert response_of(await stranger.authorize(other.portal_a, prompt="none"))["error"] == "login_required"
        assert (await BackEnd(world, world.portal_a).userinfo(tokens["access_token"])).status_code == 200  # the twin


# O-12, O-13: how they travel ---------------------------------------------------------------------------------------


async def test_o_12_a_password_is_never_posted_on_to_a_portal(world: IdpWorld, front: Portal) -> None:
    browser = Browser(world)
    answer = await browser.authorize(front, response_mode="form_post", response_type="code id_token token")
    answer = await browser.log_in(world.lin, answer.headers["location"])
    assert answer.status_code == 303  # never 307 or 308
    page = await browser.http.get(answer.headers["location"])
    assert page.status_code == 200
    form = form_of(page)
    assert form.fields.keys() == GIVEN | {"state", "iss", "token_type", "expires_in", "scope", "session_state"}
    assert world.lin.password not in page.text


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
async def test_o_13_a_form_holds_its_values_as_text(world: IdpWorld, front: Portal, state: str) -> None:
    answer = await Browser(world).authorize(front, response_mode="form_post", prompt="none", state=state)
    form = form_of(answer)
    assert form.action == front.redirect_uri
    assert form.fields.keys() == {"error", "error_description", "state", "iss"}
    assert form.fields["state"] in (state, state.replace("\r\n", "\n"), state.replace("\x00", "\ufffd"))
    assert answer.text.count("<script") == 1
    assert "alert" not in answer.text.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
@pytest.mark.parametrize("mode", ["fragment", "query.jwt", "fragment.jwt"])
async def test_o_21_state_splits_no_address(world: IdpWorld, front: Portal, mode: str, state: str) -> None:
    answer = await Browser(world).authorize(front, response_mode=mode, prompt="none", state=state)
    location = answer.headers["location"]
    assert location.isascii()
    assert location.isprintable()
    assert location.startswith(f"{front.redirect_uri}{'?' if mode == 'query.jwt' else '#'}")
    assert "set-cookie" not in {name for name, value in answer.headers.items() if "evil" in value}
    params = await said(world, answer)
    assert params["state"] == state
    assert params["error"] == "login_required"


@pytest.mark.parametrize("response_type", [name for name in RESPONSE_TYPES if name != "code"])
async def test_o_13_a_right_withdrawn_while_the_person_is_on_a_page(
    world: IdpWorld, front: Portal, response_type: str
) -> None:
    """Implicit answers rest on the registration of now, not on what a request in waiting says."""
    browser = Browser(world)
    page = (await browser.authorize(front, response_type=response_type)).headers["location"]
    await change_client(world, front.client_id, response_types=frozenset({"code"}))
    answer = await browser.http.get((await browser.log_in(world.lin, page)).headers["location"])
    params = response_of(answer)
    assert params["error"] == "unauthorized_client"
    assert not params.keys() & GIVEN
    twin = await browser.authorize(front)
    assert "code" in response_of(twin)


async def test_o_16_a_scope_withdrawn_while_the_person_is_on_a_page(world: IdpWorld) -> None:
    browser = Browser(world)
    page = (await browser.authorize(world.portal_b, scope="openid realname")).headers["location"]
    await change_client(world, "portal-b", columns={"realname_approved": False})
    answer = await browser.http.get((await browser.log_in(world.lin, page)).headers["location"])
    assert response_of(answer)["error"] == "invalid_scope"


# O-15: contexts ----------------------------------------------------------------------------------------------------


async def test_o_15_a_password_alone_is_never_more_than_it_is(world: IdpWorld) -> None:
    await lose_phone(world, world.lin)  # so that there is nothing to add to it
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    wished = await browser.enter(world.portal_a, world.lin, acr_values=TWO_FACTORS)
    tokens = await back_end.tokens(wished)
    assert (await verified(world, tokens["id_token"]))["acr"] == ONE_FACTOR
    assert (await back_end.introspect(tokens["access_token"]))["acr"] == ONE_FACTOR
    page = (await browser.authorize(world.portal_a, claims=essential(TWO_FACTORS))).headers["location"]
    needed = await browser.http.get((await browser.log_in(world.lin, page)).headers["location"])
    assert response_of(needed)["error"] == "unmet_authentication_requirements"
    twin = await browser.authorize(world.portal_a, claims=essential(ONE_FACTOR))
    assert "code" in response_of(twin)


async def test_o_15_what_is_essential_cannot_be_dropped_on_the_way_back(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    await stand_higher(world, "urn:upstream:low", "fed")
    page = (await browser.authorize(world.portal_a, claims=essential(ONE_FACTOR))).headers["location"]
    resume = page.replace("/login", "/authorize/resume")
    for attempt in (resume, f"{resume}&claims=%7B%7D", f"{resume}&claims=&acr_values=&prompt=none"):
        again = await browser.http.get(attempt)  # the person closed the log-in page and went on
        assert again.headers["location"].startswith("/login")
    answer = await browser.http.get((await browser.log_in(world.lin, page)).headers["location"])
    assert "code" in response_of(answer)


async def test_o_15_an_old_session_does_not_pass_for_a_new_log_in(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    page = (await browser.authorize(world.portal_a, max_age="0")).headers["location"]
    cancelled = await browser.http.get(page.replace("/login", "/authorize/resume"))
    assert cancelled.headers["location"].startswith("/login")
    other = Browser(world)  # a log-in in another browser is no log-in here
    await other.enter(world.portal_a, world.lin)
    still = await browser.http.get(page.replace("/login", "/authorize/resume"))
    assert still.headers["location"].startswith("/login")
    answer = await browser.http.get((await browser.log_in(world.lin, page)).headers["location"])
    assert "code" in response_of(answer)


async def test_o_15_one_new_log_in_serves_one_request(world: IdpWorld) -> None:
    browser = Browser(world)
    page = (await browser.authorize(world.portal_a, prompt="login")).headers["location"]
    answer = await browser.http.get((await browser.log_in(world.lin, page)).headers["location"])
    assert "code" in response_of(answer)
    assert (await browser.authorize(world.portal_a, prompt="login")).headers["location"].startswith("/login")
    again = await browser.http.get(page.replace("/login", "/authorize/resume"))
    assert again.status_code == 404  # the request is finished


# O-16: more than was given -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("response_type", RESPONSE_TYPES)
async def test_o_16_a_portal_lends_its_own_rights_to_nobody(world: IdpWorld, response_type: str) -> None:
    scopes = frozenset({"openid", "licence:read"})
    rich = await front_portal(world, "rich", scopes=scopes)
    for somebody, granted in ((world.lin, "openid"), (world.clerk, "openid licence:read")):
        entered = await Browser(world).enter(rich, somebody, scope="openid licence:read", response_type=response_type)
        if "code" in entered.params:
            assert (await BackEnd(world, rich).tokens(entered))["scope"] == granted
        if "access_token" in entered.params:
            assert entered.params["scope"] == granted
            told = await BackEnd(world, rich).introspect(entered.params["access_token"])
            assert told["scope"] == granted


@pytest.mark.parametrize("scope", ["openid seal:sign", "openid realname", "licence:read", "profile", ""])
async def test_o_16_scopes_that_the_client_may_not_have(world: IdpWorld, front: Portal, scope: str) -> None:
    browser = Browser(world)
    await browser.enter(front, world.lin)
    for response_type in RESPONSE_TYPES:
        params = response_of(await browser.authorize(front, response_type=response_type, scope=scope))
        assert params["error"] == "invalid_scope"
        assert not params.keys() & GIVEN
    assert "code" in response_of(await browser.authorize(front, scope="openid"))  # the twin


async def test_o_05_a_signed_answer_cannot_be_asked_for_twice_over(world: IdpWorld, front: Portal) -> None:
    params = f"client_id={front.client_id}&response_mode=jwt&response_mode=query&response_type=code"
    answer = await Browser(world).http.get(f"/authorize?{params}&redirect_uri={front.redirect_uri}")
    assert answer.status_code == 400
    twin = await Browser(world).authorize(front, response_mode="jwt", prompt="none")
    assert (await said(world, twin))["error"] == "login_required"
