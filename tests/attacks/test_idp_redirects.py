"""Attacks on the authorization endpoint: redirect URIs, parameters, answers (rows O-01, O-02, O-05, O-12, O-13, O-21).

Every attack stands next to its twin: the same request without the one evil part, which must pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest

from core.errors import InvalidInput
from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.errors import RequestRefused
from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser, Pkce, authorization_params, query_of, response_of
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world

GOOD = "https://a.example.test/callback"

HOSTS = [
    "https://a.example.test.evil.test/callback",
    "https://evila.example.test/callback",
    "https://aXexample.test/callback",
    "https://a.example.test@evil.test/callback",
    "https://x@a.example.test@evil.test/callback",
    "https://a@b@evil.test/callback",
    "https://a.example.test%40evil.test/callback",
    "https://evil.test\\@a.example.test/callback",
    "https://evil.test\\.a.example.test/callback",
    "https://evil.test#@a.example.test/callback",
    "https://evil.test?@a.example.test/callback",
    "https://a.example.test:443/callback",
    "https://a.example.test:8443/callback",
    "https://a.example.test:/callback",
    "https://a.example.test./callback",
    "http://a.example.test/callback",
    "HTTPS://a.example.test/callback",
    "https://A.example.test/callback",
    "https:/a.example.test/callback",
    "https:a.example.test/callback",
    "https:///a.example.test/callback",
    "//a.example.test/callback",
    "///evil.test/callback",
    "/\\evil.test/callback",
    "/\tevil.test/callback",
    "https://a.example.test\t/callback",
    "https://a.example.test\r\n/callback",
    " https://a.example.test/callback",
    "https://a.example.test/callback ",
    "https://a.example.test/callback\n",
    "https://a。example。test/callback",
    "https://ａ.example.test/callback",
    "https://xn--a-.example.test/callback",
    "https://[::ffff:192.0.2.1]/callback",
    "https://b.example.test/callback",
    "https://*.example.test/callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "urn:ietf:wg:oauth:2.0:oob",
    "callback",
    "https://a.example.test/callback\x00",
]
PATHS = [
    "/x",
    "/../x",
    "/..",
    "/.",
    "/%2e%2e/x",
    "/%2E%2E%2Fx",
    "%2f..%2fx",
    "%252f..%252fx",
    "/..;/x",
    "%00",
    ";a=b",
    "/",
    "//",
    "?",
    "?x=1",
    "?code=x",
    "?state=x&iss=y",
    "#",
    "#x",
    "#?code=x",
    "&x=1",
    "%23x",
    "%3Fx=1",
]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


def is_page_of_ours(answer: httpx.Response) -> bool:
    return answer.status_code == 400 and "location" not in answer.headers


async def test_o_01_twin(world: IdpWorld) -> None:
    assert (await Browser(world).authorize(world.portal_a, redirect_uri=GOOD)).status_code == 303


async def test_o_01_hosts_that_look_alike(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)  # a session is there, so a code would be given at once
    answers = {uri: await browser.authorize(world.portal_a, redirect_uri=uri) for uri in HOSTS}
    assert [uri for uri, answer in answers.items() if not is_page_of_ours(answer)] == []


async def test_o_02_paths_that_look_alike(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    uris = [GOOD + end for end in PATHS] + ["https://a.example.test/CALLBACK", "https://a.example.test/callbac%6B"]
    uris += ["https://a.example.test/callback?kept=1&x=1", "https://a.example.test/callback?kept=2"]
    answers = {uri: await browser.authorize(world.portal_a, redirect_uri=uri) for uri in uris}
    assert [uri for uri, answer in answers.items() if not is_page_of_ours(answer)] == []


async def test_o_01_an_empty_or_missing_redirect_uri(world: IdpWorld) -> None:
    for uri in (None, ""):
        assert is_page_of_ours(await Browser(world).authorize(world.portal_a, redirect_uri=uri))


async def test_o_04_registration_takes_no_such_address(world: IdpWorld) -> None:
    evil = [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://*.example.test/cb",
        "https://a.test/cb#x",
        "https://a.test/cb#",
        "http://a.test/cb",
        "https://a.test/cb?code=1",
        "https://a.test/cb?state=1",
        "https://a.test/cb?response=1",
        "https://a.test/cb?session_state=1",
        "com.example.app:/cb",
        "https://user@a.test/cb",
        "https://a.test\\@evil.test/cb",
        "https:///cb",
        "/cb",
        "https://a.test/c b",
    ]
    for uri in evil:
        with pytest.raises(InvalidInput) as caught:
            await world.idp.register_client(NewClient(Text("门户", "Portal"), redirect_uris=(uri,)), SYSTEM)
        assert caught.value.code == "uri-not-allowed", uri
    for uri in ("https://c.test/cb", "https://c.test/cb?x=1", "http://127.0.0.1:9000/cb"):  # the twins
        await world.idp.register_client(NewClient(Text("门户", "Portal"), redirect_uris=(uri,)), SYSTEM)


DUPLICABLE = ["redirect_uri", "client_id", "scope", "code_challenge", "state", "response_type", "prompt", "x-unknown"]


@pytest.mark.parametrize("name", DUPLICABLE)
async def test_o_05_a_parameter_twice(world: IdpWorld, name: str) -> None:
    browser = Browser(world)
    params = authorization_params(world.portal_a, Pkce())
    double = [*params.items(), (name, params.get(name, "a")), *([] if name in params else [(name, "a")])]
    in_query = await browser.http.get(f"/authorize?{urlencode(double)}")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    in_body = await browser.http.post("/authorize", content=urlencode(double), headers=form)
    one_in_each = await browser.http.post(
        f"/authorize?{urlencode({name: params.get(name, 'a')})}",
        content=urlencode({**params, name: params.get(name, "a")}),
        headers=form,
    )
    assert [is_page_of_ours(answer) for answer in (in_query, in_body, one_in_each)] == [True] * 3
    twin = await browser.http.post("/authorize", content=urlencode(params), headers=form)
    assert twin.status_code == 303


async def test_o_05_a_parameter_twice_at_the_token_endpoint(world: IdpWorld) -> None:
    http = Browser(world).http
    form = [("grant_type", "client_credentials"), ("scope", "licence:read"), ("scope", "licence:issue")]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await http.post("/token", content=urlencode(form), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_o_05_a_json_body(world: IdpWorld) -> None:
    browser = Browser(world)
    params = authorization_params(world.portal_a, Pkce())
    assert is_page_of_ours(await browser.http.post("/authorize", json=params))
    answer = await browser.http.post("/token", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_o_12_every_hop_after_a_password_is_303(world: IdpWorld) -> None:
    browser = Browser(world)
    answer = await browser.authorize(world.portal_b, scope="openid realname")
    statuses = [answer.status_code]
    answer = await browser.log_in(world.lin, answer.headers["location"])
    while answer.headers["location"].startswith("/"):
        statuses.append(answer.status_code)
        location = answer.headers["location"]
        consent = location.startswith("/consent")
        answer = await (
            browser.http.post(location, data={"decision": "grant"}) if consent else browser.http.get(location)
        )
    assert {*statuses, answer.status_code} == {303}
    assert "code=" in answer.headers["location"]


UNKNOWN_TYPES = ["token", "CODE", "code ", " code", "code code", "code  id_token", "none", "code none", "x"]
NOT_REGISTERED = ["id_token", "id_token token", "token id_token", "code id_token", "code token", "token code id_token"]


@pytest.mark.parametrize("response_type", UNKNOWN_TYPES)
async def test_o_13_response_types_that_do_not_exist(world: IdpWorld, response_type: str) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    params = response_of(await browser.authorize(world.portal_a, response_type=response_type))
    assert params["error"] == "unsupported_response_type"
    assert not params.keys() & {"code", "id_token", "access_token"}


@pytest.mark.parametrize("response_type", NOT_REGISTERED)
async def test_o_13_tokens_in_the_browser_only_for_clients_registered_for_them(
    world: IdpWorld, response_type: str
) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    answer = await browser.authorize(world.portal_a, response_type=response_type)
    assert "?" not in answer.headers["location"]  # what asks for tokens is answered where tokens are
    params = response_of(answer)
    assert params["error"] == "unauthorized_client"
    assert not params.keys() & {"code", "id_token", "access_token"}


@pytest.mark.parametrize("mode", ["web_message", "x", "QUERY", "query jwt", "form_post.jws"])
async def test_o_13_response_modes_that_do_not_exist(world: IdpWorld, mode: str) -> None:
    answer = await Browser(world).authorize(world.portal_a, response_mode=mode)
    assert query_of(answer.headers["location"])["error"] == "invalid_request"
    twin = await Browser(world).authorize(world.portal_a, response_mode="query")
    assert twin.headers["location"].startswith("/login")


STATES = [
    "x\r\nSet-Cookie: evil=1",
    "x\nLocation: https://evil.test",
    "\"'><script>alert(1)</script>",
    "\x00",
    "\u202egnp.exe",
    "%0d%0aX: y",
    "a b+c&code=evil&iss=https://evil.test#x",
    "状态",
    "s" * 4096,
]


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
async def test_o_21_state_comes_back_encoded_and_as_it_was(world: IdpWorld, state: str) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin, state=state)
    assert entered.params["state"] == state
    assert entered.params["iss"] == ISSUER
    assert set(entered.params) == {"code", "state", "iss", "session_state"}
    assert entered.location.isascii()
    assert entered.location.isprintable()


@pytest.mark.parametrize("name", ["state", "nonce"])
async def test_o_21_values_that_are_too_long_are_refused_in_time(world: IdpWorld, name: str) -> None:
    browser = Browser(world)
    long = await browser.authorize(world.portal_a, **{name: "x" * 8000})
    assert query_of(long.headers["location"])["error"] == "invalid_request"
    huge = await browser.authorize(world.portal_a, method="POST", **{name: "x" * 100_000})
    assert is_page_of_ours(huge)


@pytest.mark.parametrize("raw", ["%ED%A0%80", "%FF", "%C0%AF"])
async def test_o_21_bytes_that_are_not_utf_8(world: IdpWorld, raw: str) -> None:
    params = authorization_params(world.portal_a, Pkce(), state=None)
    answer = await Browser(world).http.get(f"/authorize?{urlencode(params)}&state={raw}")
    assert is_page_of_ours(answer)


@pytest.mark.parametrize("client_id", ["", "no-such", "x" * 5000, "a\x00b", "portal-a'--", "../portal-a", "门户"])
async def test_unknown_clients_get_a_page(world: IdpWorld, client_id: str) -> None:
    assert is_page_of_ours(await Browser(world).authorize(world.portal_a, client_id=client_id))


async def test_errors_are_ours_to_map(world: IdpWorld) -> None:
    with pytest.raises(RequestRefused) as caught:
        await world.idp.authorize.begin(query=f"client_id={quote('x y')}".encode(), body=None, session_cookie=None)
    assert caught.value.code == "client-unknown"
