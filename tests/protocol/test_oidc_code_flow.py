"""The code flow end to end (OpenID Connect Core §3.1; RFC 6749 §4.1; RFC 7636; reference rows A-1 to A-15, K-1)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.client_metadata import AccessTokenFormat, ClientMetadata
from tests.support.access_tokens import claims_in
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, idp_app, query_of, response_of
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world, portal


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def verified(world: IdpWorld, token: str, algorithm: str, typ: str = "JWT") -> dict[str, object]:
    """The claims, judged by an independent JOSE library with the published keys."""
    jwks = (await BackEnd(world, world.portal_a).http.get("/jwks")).json()
    decoded = jwt.decode(token, KeySet.import_key_set(jwks), algorithms=[algorithm])
    assert decoded.header["typ"] == typ
    return dict(decoded.claims)


async def test_a_1_the_flow_gives_tokens_that_an_independent_library_accepts(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin)
    tokens = await BackEnd(world, world.portal_a).tokens(entered)

    claims = await verified(world, tokens["id_token"], "RS256")  # K-1: RS256 for a client that asked for nothing
    now = int(world.clock.now().timestamp())
    assert claims["iss"] == ISSUER
    assert claims["aud"] == "portal-a"
    assert claims["nonce"] == "n-456"
    assert claims["iat"] == claims["auth_time"] == now
    assert claims["exp"] == now + 600
    assert claims["acr"] == "urn:yizheng:loa:1"
    assert claims["amr"] == ["pwd"]
    access = claims_in(world, tokens["access_token"])
    assert access["sub"] == claims["sub"]
    assert access["aud"] == ISSUER
    assert access["client_id"] == "portal-a"
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == "openid"


async def test_a_client_may_choose_jwts_for_its_access_tokens(world: IdpWorld) -> None:
    """RFC 9068: an independent library verifies what it says; opaque to its client like the other kind."""
    metadata = ClientMetadata(access_token_format=AccessTokenFormat.JWT)
    reader = await portal(world.idp, "reader", "reader.example.test", metadata=metadata)
    tokens = await BackEnd(world, reader).tokens(await Browser(world).enter(reader, world.lin))
    claims = await verified(world, tokens["access_token"], "ES256", "at+jwt")
    assert (claims["iss"], claims["aud"], claims["client_id"]) == (ISSUER, ISSUER, "reader")
    assert (await BackEnd(world, reader).userinfo(tokens["access_token"])).status_code == 200
    other = await BackEnd(world, world.portal_a).tokens(await Browser(world).enter(world.portal_a, world.lin))
    assert other["access_token"].startswith("yz_"), "the twin: who chooses nothing gets what nobody can read"


async def test_a_1_every_answer_carries_state_and_issuer(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin)
    assert entered.location.startswith("https://a.example.test/callback?code=")
    assert entered.params["state"] == "s-123"
    assert entered.params["iss"] == ISSUER  # RFC 9207


async def test_a_client_may_choose_es256_for_its_id_tokens(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_b, world.lin)
    tokens = await BackEnd(world, world.portal_b).tokens(entered)
    claims = await verified(world, tokens["id_token"], "ES256")
    assert claims["aud"] == "portal-b"


async def test_a_public_client_needs_its_verifier_and_nothing_else(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.phone_app, world.lin)
    tokens = await BackEnd(world, world.phone_app).tokens(entered)
    assert {"access_token", "id_token", "refresh_token"} <= tokens.keys()


@pytest.mark.parametrize(
    "changes", [{"response_type": None}, {"response_type": "token"}, {"response_type": "id_token"}]
)
async def test_a_2_another_response_type_gives_no_code(world: IdpWorld, changes: dict[str, str | None]) -> None:
    answer = await Browser(world).authorize(world.portal_a, **changes)
    params = response_of(answer)
    assert params["error"] in {"invalid_request", "unsupported_response_type", "unauthorized_client"}
    assert params["state"] == "s-123"
    assert params["iss"] == ISSUER
    assert "code" not in params


async def test_a_3_an_unregistered_redirect_uri_gets_a_page_of_ours(world: IdpWorld) -> None:
    answer = await Browser(world).authorize(world.portal_a, redirect_uri="https://a.example.test/other")
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_4_the_endpoint_takes_form_post(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin, method="POST")
    assert (await BackEnd(world, world.portal_a).redeem(entered)).status_code == 200


async def test_a_4_a_cross_site_post_finds_the_session_on_its_way_back(world: IdpWorld) -> None:
    """Such a POST comes without cookies (SameSite=Lax); the GET that follows has them."""
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    session = browser.http.cookies
    pkce = Pkce()
    browser.http.cookies = {}  # type: ignore[assignment]  # what a browser sends across sites
    answer = await browser.authorize(world.portal_b, pkce, method="POST")
    assert answer.headers["location"].startswith("/authorize/resume?i=")
    for cookie in session.jar:
        browser.http.cookies.set(cookie.name, cookie.value or "", domain=cookie.domain)
    entered = await browser.follow(answer, pkce, world.portal_b)
    assert "code" in entered.params


async def test_a_5_unknown_parameters_and_order_do_not_matter(world: IdpWorld) -> None:
    browser = Browser(world)
    pkce = Pkce()
    params = {
        "x-unknown": "1",
        "code_challenge_method": "S256",
        "code_challenge": pkce.challenge,
        "scope": "profile unknown openid",
        "redirect_uri": world.portal_a.redirect_uri,
        "client_id": world.portal_a.client_id,
        "response_type": "code",
    }
    answer = await browser.http.get("/authorize", params=params)
    entered = await browser.follow(answer, pkce, world.portal_a, world.lin)
    assert "state" not in entered.params
    tokens = await BackEnd(world, world.portal_a).tokens(entered)
    assert tokens["scope"] == "openid"


async def test_a_6_nonce_is_optional(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin, nonce=None)
    tokens = await BackEnd(world, world.portal_a).tokens(entered)
    assert "nonce" not in await verified(world, tokens["id_token"], "RS256")


@pytest.mark.parametrize(
    "hint",
    [
        {"display": "popup"},
        {"login_hint": "somebody"},
        {"ui_locales": "xx de"},
        {"claims_locales": "de"},
        {"acr_values": "urn:yizheng:loa:9 urn:yizheng:loa:1"},
    ],
)
async def test_a_7_wishes_are_never_errors(world: IdpWorld, hint: dict[str, str]) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin, **hint)
    tokens = await BackEnd(world, world.portal_a).tokens(entered)
    assert (await verified(world, tokens["id_token"], "RS256"))["acr"] == "urn:yizheng:loa:1"


async def test_a_8_prompt_login_forces_a_second_log_in(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    first = await back_end.tokens(await browser.enter(world.portal_a, world.lin))
    world.clock.advance(100)
    answer = await browser.authorize(world.portal_a, prompt="login")
    assert answer.headers["location"].startswith("/login")
    second = await back_end.tokens(await browser.enter(world.portal_a, world.lin, prompt="login"))
    before, after = [await verified(world, t["id_token"], "RS256") for t in (first, second)]
    assert int(str(after["auth_time"])) == int(str(before["auth_time"])) + 100
    assert after["sub"] == before["sub"]
    assert after["sid"] == before["sid"]  # still one session, so that one log-out reaches all


async def test_a_8_going_on_without_the_second_log_in_is_of_no_use(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    answer = await browser.authorize(world.portal_a, prompt="login")
    again = await browser.http.get(answer.headers["location"].replace("/login", "/authorize/resume"))
    assert again.headers["location"].startswith("/login")


async def test_a_9_prompt_none_without_a_session(world: IdpWorld) -> None:
    answer = await Browser(world).authorize(world.portal_a, prompt="none")
    params = query_of(answer.headers["location"])
    assert params["error"] == "login_required"
    assert params["state"] == "s-123"
    assert params["iss"] == ISSUER


async def test_a_10_the_second_portal_is_entered_without_a_page(world: IdpWorld) -> None:
    browser = Browser(world)
    first = await BackEnd(world, world.portal_a).tokens(await browser.enter(world.portal_a, world.lin))
    world.clock.advance(50)
    silent = await browser.enter(world.portal_a, prompt="none")
    again = await BackEnd(world, world.portal_a).tokens(silent)
    other = await BackEnd(world, world.portal_b).tokens(await browser.enter(world.portal_b))
    one, two = [await verified(world, t["id_token"], "RS256") for t in (first, again)]
    three = await verified(world, other["id_token"], "ES256")
    assert (one["sub"], one["auth_time"]) == (two["sub"], two["auth_time"])
    assert three["auth_time"] == one["auth_time"]
    assert three["sub"] != one["sub"], "portals of different sectors see different people"
    assert three["sid"] != one["sid"], "and cannot match their sessions either"


async def test_a_10_consent_needed_with_prompt_none(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    answer = await browser.authorize(world.portal_b, prompt="none", scope="openid realname")
    assert query_of(answer.headers["location"])["error"] == "consent_required"


async def test_a_11_max_age(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    first = await back_end.tokens(await browser.enter(world.portal_a, world.lin))
    world.clock.advance(2)
    silent = await back_end.tokens(await browser.enter(world.portal_a, max_age="10000"))
    stale = await browser.authorize(world.portal_a, max_age="1")
    assert stale.headers["location"].startswith("/login")
    fresh = await back_end.tokens(await browser.enter(world.portal_a, world.lin, max_age="1"))
    times = [
        int(str((await verified(world, tokens["id_token"], "RS256"))["auth_time"])) for tokens in (first, silent, fresh)
    ]
    assert times[1] == times[0]
    assert times[2] == times[0] + 2


async def test_a_12_id_token_hint(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(await browser.enter(world.portal_a, world.lin))
    entered = await browser.enter(world.portal_a, prompt="none", id_token_hint=tokens["id_token"])
    assert "code" in entered.params

    other = Browser(world)
    await other.enter(world.portal_a, world.zhao)
    answer = await other.authorize(world.portal_a, prompt="none", id_token_hint=tokens["id_token"])
    assert query_of(answer.headers["location"])["error"] == "login_required"


async def test_a_12_somebody_else_logs_in_where_a_person_was_hinted(world: IdpWorld) -> None:
    tokens = await BackEnd(world, world.portal_a).tokens(await Browser(world).enter(world.portal_a, world.lin))
    entered = await Browser(world).enter(world.portal_a, world.zhao, id_token_hint=tokens["id_token"])
    assert entered.params["error"] == "login_required"


@pytest.mark.parametrize(
    ("name", "error"), [("request", "invalid_request_object"), ("request_uri", "invalid_request_uri")]
)
async def test_a_14_request_objects_that_cannot_be_read_are_refused_by_name(
    world: IdpWorld, name: str, error: str
) -> None:
    answer = await Browser(world).authorize(world.portal_a, **{name: "https://a.example.test/x"})
    assert query_of(answer.headers["location"])["error"] == error


async def test_a_15_a_single_claim_is_answered_from_userinfo(world: IdpWorld) -> None:
    claims = json.dumps({"userinfo": {"name": {"essential": True}, "nickname": None}})
    entered = await Browser(world).enter(world.portal_b, world.lin, claims=claims)
    back_end = BackEnd(world, world.portal_b)
    tokens = await back_end.tokens(entered)
    answer = (await back_end.userinfo(tokens["access_token"])).json()
    assert answer["name"] == "林知远"
    assert "id_number" not in answer


async def test_a_15_the_same_claim_in_the_id_token(world: IdpWorld) -> None:
    claims = json.dumps({"id_token": {"id_number": None}})
    entered = await Browser(world).enter(world.portal_b, world.lin, claims=claims)
    tokens = await BackEnd(world, world.portal_b).tokens(entered)
    assert (await verified(world, tokens["id_token"], "ES256"))["id_number"] == world.lin.number
    assert len(await world.audit("identity.read")) == 1


async def test_an_essential_acr_that_cannot_be_met_is_refused(world: IdpWorld) -> None:
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:example:gold"]}}})
    answer = await Browser(world).authorize(world.portal_a, claims=claims)
    assert query_of(answer.headers["location"])["error"] == "unmet_authentication_requirements"


async def test_a_redirect_uri_with_a_query_keeps_it(world: IdpWorld) -> None:
    uri = "https://a.example.test/callback?kept=1"
    portal = Portal(world.portal_a.client_id, uri, world.portal_a.secret)
    entered = await Browser(world).enter(portal, world.lin)
    assert entered.location.startswith(f"{uri}&code=")
    assert (await BackEnd(world, portal).redeem(entered)).status_code == 200


async def test_the_person_says_no(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_b, world.lin, scope="openid realname", decision="refuse")
    assert entered.params["error"] == "access_denied"
    assert entered.params["state"] == "s-123"
    assert "code" not in entered.params


async def test_consent_is_remembered_until_more_is_asked(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_b, world.lin, scope="openid realname")
    again = await browser.authorize(world.portal_b, scope="openid realname")
    assert "code=" in again.headers["location"]
    more = await browser.authorize(world.portal_b, scope="openid realname offline_access")
    assert more.headers["location"].startswith("/consent")
    asked = await browser.authorize(world.portal_b, scope="openid realname", prompt="consent")
    assert asked.headers["location"].startswith("/consent")


async def test_discovery_offers_what_the_endpoints_do(world: IdpWorld) -> None:
    http = BackEnd(world, world.portal_a, idp_app(world)).http
    answer = await http.get("/.well-known/openid-configuration")
    metadata = answer.json()
    assert metadata["issuer"] == ISSUER
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    published = {key["alg"] for key in (await http.get("/jwks")).json()["keys"] if key["use"] == "sig"}
    assert set(metadata["id_token_signing_alg_values_supported"]) == published == {"ES256", "RS256"}
    assert (await http.get("/.well-known/oauth-authorization-server")).json() == metadata
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"):
        path = metadata[name].removeprefix(ISSUER)
        assert (await http.get(path)).status_code != 404, name
