"""RP-initiated and back-channel log-out (reference rows L-1 to L-5)."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from core.principal import SYSTEM
from core.text import Text
from idp.model import AccountStatus
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, query_of
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def entered(world: IdpWorld) -> tuple[Browser, dict[str, Any]]:
    browser = Browser(world)
    return browser, await BackEnd(world, world.portal_a).tokens(await browser.enter(world.portal_a, world.lin))


async def is_logged_in(world: IdpWorld, browser: Browser) -> bool:
    answer = await browser.authorize(world.portal_a, prompt="none")
    return "code" in query_of(answer.headers["location"])


async def test_l_1_discovery_names_the_endpoint_and_the_channel(world: IdpWorld) -> None:
    metadata = (await Browser(world).http.get("/.well-known/openid-configuration")).json()
    assert metadata["end_session_endpoint"] == f"{ISSUER}/end-session"
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("state", ["st ate&1", None])
async def test_l_2_a_good_hint_ends_the_session_and_leads_back(world: IdpWorld, method: str, state: str | None) -> None:
    browser, tokens = await entered(world)
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": world.portal_a.goodbye_uri}
    if state is not None:
        params["state"] = state
    sent = {"params": params} if method == "GET" else {"data": params}
    answer = await browser.http.request(method, "/end-session", **sent)  # type: ignore[arg-type]
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(world.portal_a.goodbye_uri)
    assert query_of(answer.headers["location"]).get("state") == state
    assert not await is_logged_in(world, browser)


async def test_l_2_an_expired_hint_is_still_a_hint(world: IdpWorld) -> None:
    browser, tokens = await entered(world)
    world.clock.advance(3000)
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": world.portal_a.goodbye_uri}
    answer = await browser.http.get("/end-session", params=params)
    assert answer.headers["location"] == world.portal_a.goodbye_uri


def with_alg_none(token: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def by_a_foreign_key(token: str) -> str:
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    key = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.thumbprint()}, payload, key, algorithms=["RS256"])


@pytest.mark.parametrize(
    "case", ["alg none", "foreign key", "no hint", "only state", "nothing", "access token", "twice"]
)
async def test_l_3_without_proof_there_is_no_redirect_and_no_end(world: IdpWorld, case: str) -> None:
    browser, tokens = await entered(world)
    goodbye = {"post_logout_redirect_uri": world.portal_a.goodbye_uri, "state": "x"}
    params: Any = {
        "alg none": {**goodbye, "id_token_hint": with_alg_none(tokens["id_token"])},
        "foreign key": {**goodbye, "id_token_hint": by_a_foreign_key(tokens["id_token"])},
        "no hint": goodbye,
        "only state": {"state": "x"},
        "nothing": {},
        "access token": {**goodbye, "id_token_hint": tokens["access_token"]},
        "twice": [*goodbye.items(), *goodbye.items(), ("id_token_hint", tokens["id_token"])],
    }[case]
    answer = await browser.http.get("/end-session", params=params)
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).path == "/logout"
    assert await is_logged_in(world, browser), "a page of ours asks first"


@pytest.mark.parametrize("suffix", ["?x=1", "/", "#f", "/../evil", ".evil.test"])
async def test_l_3_an_altered_return_address_is_not_followed(world: IdpWorld, suffix: str) -> None:
    browser, tokens = await entered(world)
    uri = world.portal_a.goodbye_uri + suffix
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": uri}
    answer = await browser.http.get("/end-session", params=params)
    assert answer.headers["location"] == "/logged-out"


async def test_l_3_another_portals_return_address_is_not_followed(world: IdpWorld) -> None:
    browser, tokens = await entered(world)
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": world.portal_b.goodbye_uri}
    assert (await browser.http.get("/end-session", params=params)).headers["location"] == "/logged-out"


async def test_l_3_a_client_id_that_is_not_the_hints(world: IdpWorld) -> None:
    browser, tokens = await entered(world)
    params = {"id_token_hint": tokens["id_token"], "client_id": "portal-b"}
    location = (await browser.http.get("/end-session", params=params)).headers["location"]
    assert urlsplit(location).path == "/logout"
    assert await is_logged_in(world, browser)


async def test_l_3_a_portal_that_proves_nothing_is_named_and_gets_a_link_and_never_a_redirect(world: IdpWorld) -> None:
    browser, _tokens = await entered(world)
    params = {
        "client_id": "portal-a",
        "post_logout_redirect_uri": world.portal_a.goodbye_uri,
        "state": "s",
        "ui_locales": "en zh-CN",
    }
    location = (await browser.http.get("/end-session", params=params)).headers["location"]
    assert urlsplit(location).path == "/logout"
    question = await world.idp.logout_questions.get(query_of(location)["r"])
    assert question.portal == Text("门户 portal-a", "Portal portal-a")
    assert question.ui_locales == "en zh-CN"
    assert await is_logged_in(world, browser)
    after = await browser.http.post(location)
    farewell = await world.idp.farewells.get(query_of(after.headers["location"])["f"])
    assert farewell.back is not None
    assert (farewell.back.proved, farewell.back.address) == (False, f"{world.portal_a.goodbye_uri}?state=s")
    assert not await is_logged_in(world, browser)


@pytest.mark.parametrize("uri", ["https://evil.test/", "https://b.example.test/goodbye"])
async def test_l_3_no_link_to_an_address_that_the_named_portal_did_not_register(world: IdpWorld, uri: str) -> None:
    browser, _tokens = await entered(world)
    params = {"client_id": "portal-a", "post_logout_redirect_uri": uri}
    location = (await browser.http.get("/end-session", params=params)).headers["location"]
    assert (await world.idp.logout_questions.get(query_of(location)["r"])).back is None


async def test_a_logout_hint_that_speaks_against_the_token_is_asked_about(world: IdpWorld) -> None:
    browser, tokens = await entered(world)
    payload = json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[1] + "=="))
    params = {"id_token_hint": tokens["id_token"], "logout_hint": "somebody else"}
    location = (await browser.http.get("/end-session", params=params)).headers["location"]
    assert urlsplit(location).path == "/logout"
    assert await is_logged_in(world, browser)
    for fitting in (payload["sid"], payload["sub"]):
        assert (await browser.http.get("/end-session", params={**params, "logout_hint": fitting})).status_code == 303
    assert not await is_logged_in(world, browser)


async def test_l_3_a_hint_about_somebody_else_asks_first(world: IdpWorld) -> None:
    _lins, tokens = await entered(world)
    browser = Browser(world)
    await browser.enter(world.portal_a, world.zhao)
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": world.portal_a.goodbye_uri}
    assert (await browser.http.get("/end-session", params=params)).headers["location"] == "/logout"
    assert await is_logged_in(world, browser)


async def test_l_4_a_good_hint_alone_ends_the_session(world: IdpWorld) -> None:
    browser, tokens = await entered(world)
    answer = await browser.http.get("/end-session", params={"id_token_hint": tokens["id_token"]})
    assert answer.headers["location"] == "/logged-out"
    assert not await is_logged_in(world, browser)
    assert (await BackEnd(world, world.portal_a).userinfo(tokens["access_token"])).status_code == 401


async def test_l_4_logging_out_twice_is_success(world: IdpWorld) -> None:
    browser, tokens = await entered(world)
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": world.portal_a.goodbye_uri}
    for _ in range(2):
        answer = await browser.http.get("/end-session", params=params)
        assert answer.headers["location"] == world.portal_a.goodbye_uri
    assert len(await world.audit("session.end")) == 1
    assert len(world.messenger.sent) == 1


async def test_l_5_every_portal_of_the_session_gets_a_signed_notice(world: IdpWorld) -> None:
    browser = Browser(world)
    tokens = {}
    for portal in (world.portal_a, world.portal_b):
        tokens[portal.client_id] = await BackEnd(world, portal).tokens(await browser.enter(portal, world.lin))
    await Browser(world).enter(world.phone_app, world.zhao)  # another session, not concerned
    await browser.http.get("/end-session", params={"id_token_hint": tokens["portal-a"]["id_token"]})

    jwks = KeySet.import_key_set((await browser.http.get("/jwks")).json())
    seen = {}
    for uri, token in world.messenger.sent:
        notice = jwt.decode(token, jwks, algorithms=["RS256", "ES256"])
        assert notice.header["typ"] == "logout+jwt"
        seen[str(notice.claims["aud"])] = (uri, notice.claims)
    assert seen.keys() == {"portal-a", "portal-b"}
    for client_id, (uri, claims) in seen.items():
        id_token = jwt.decode(tokens[client_id]["id_token"], jwks, algorithms=["RS256", "ES256"]).claims
        assert uri == f"https://{client_id[-1]}.example.test/backchannel"
        assert (claims["sid"], claims["sub"]) == (id_token["sid"], id_token["sub"])
        assert claims["iss"] == ISSUER
        assert claims["events"] == {EVENT: {}}
        assert int(claims["exp"]) - int(claims["iat"]) <= 120
        assert claims["jti"]
        assert "nonce" not in claims


async def test_l_5_our_own_log_out_page_does_the_same(world: IdpWorld) -> None:
    browser, tokens = await entered(world)
    await browser.http.post("/logout")
    assert len(world.messenger.sent) == 1
    assert not await is_logged_in(world, browser)
    assert (await BackEnd(world, world.portal_a).userinfo(tokens["access_token"])).status_code == 401


async def test_log_out_ends_offline_tokens_too(world: IdpWorld) -> None:
    """Stricter than Back-Channel Logout §2.7: whoever logs out at a counter must be able to rely on it."""
    browser, back_end = Browser(world), BackEnd(world, world.portal_b)
    tokens = await back_end.tokens(await browser.enter(world.portal_b, world.lin, scope="openid offline_access"))
    await browser.http.post("/logout")
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    world.clock.advance(20 * 86400)
    await world.idp.sweep()
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_notice_that_fails_is_tried_again_and_given_up_in_the_end(world: IdpWorld) -> None:
    browser, _tokens = await entered(world)
    world.messenger.answer = lambda _uri: "status-500"
    await browser.http.post("/logout")
    attempts = [len(world.messenger.sent)]
    for pause in (19, 1, 60, 180, 540, 1620, 4860, 14580, 100_000):
        world.clock.advance(pause)
        await world.idp.deliver_logouts.run_due()
        attempts.append(len(world.messenger.sent))
    assert attempts == [1, 1, 2, 3, 4, 5, 6, 7, 8, 8], "each pause is three times the one before"


async def test_a_portal_that_has_been_failing_keeps_nobody_waiting(world: IdpWorld) -> None:
    world.messenger.answer = lambda _uri: "timeout"
    for _ in range(3):
        browser, _tokens = await entered(world)
        await browser.http.post("/logout")
    assert len(world.messenger.sent) == 3
    browser, _tokens = await entered(world)
    await browser.http.post("/logout")
    assert len(world.messenger.sent) == 3, "its notice is left to the worker"
    world.messenger.answer = lambda _uri: "delivered"
    await world.idp.deliver_logouts.run_due()
    assert len(world.messenger.sent) == 4
    browser, _tokens = await entered(world)
    await browser.http.post("/logout")
    assert len(world.messenger.sent) == 5, "it took one, so it is told at once again"


async def test_a_notice_that_arrives_late_arrives_once(world: IdpWorld) -> None:
    browser, _tokens = await entered(world)
    world.messenger.answer = lambda _uri: "timeout"
    await browser.http.post("/logout")
    world.messenger.answer = lambda _uri: "delivered"
    for _ in range(3):
        world.clock.advance(60)
        await world.idp.deliver_logouts.run_due()
    assert len(world.messenger.sent) == 2


async def test_a_frozen_account_is_logged_out_everywhere(world: IdpWorld) -> None:
    browser, tokens = await entered(world)
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)
    assert not await is_logged_in(world, browser)
    assert (await BackEnd(world, world.portal_a).userinfo(tokens["access_token"])).status_code == 401
    assert len(world.messenger.sent) == 1
