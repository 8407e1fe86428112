"""FAPI 2.0 Security Profile, the rows of requests, codes and answers (reference §5.5)."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from idp.profiles.rules import must_bind_tokens, must_push, must_sign_requests, must_use_pkce
from idp.settings import IdpSettings
from tests.support.clock import FakeClock
from tests.support.fapi import FapiPortal, fapi_portal
from tests.support.idp_browser import Browser, Pkce, authorization_params, query_of
from tests.support.idp_proofs import Prover, SigningKey, assertion
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world
from tests.support.registered import registered


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def fapi(world: IdpWorld) -> FapiPortal:
    return await fapi_portal(world)


async def test_the_flow_end_to_end(world: IdpWorld, fapi: FapiPortal) -> None:
    entered = await fapi.enter(Browser(world), world.lin)
    assert entered.params["iss"] == ISSUER  # §5.3.2.2
    answer = await fapi.redeem(entered)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "DPoP"


async def test_the_person_says_no(world: IdpWorld, fapi: FapiPortal) -> None:
    entered = await fapi.enter(Browser(world), world.lin, scope="openid offline_access", decision="refuse")
    assert entered.params["error"] == "access_denied"
    assert entered.params["state"] == "s-123"
    assert entered.params["iss"] == ISSUER


@pytest.mark.parametrize(
    "changes",
    [
        {"state": None},
        {"nonce": None},
        {"nonce": "n" * 64},
        {"nonce": "n" * 384},
        {"state": "s" * 1_000},
        {"scope": "offline_access openid"},
        {"claims": '{"id_token":{"acr":null}}'},
    ],
)
async def test_tolerances(world: IdpWorld, fapi: FapiPortal, changes: dict[str, Any]) -> None:
    entered = await fapi.enter(Browser(world), world.lin, **changes)
    assert entered.params.get("state") == changes.get("state", "s-123")
    assert (await fapi.redeem(entered)).status_code == 200


async def test_a_direct_request_without_par_is_refused(world: IdpWorld, fapi: FapiPortal) -> None:
    answer = await Browser(world).authorize(fapi.portal)
    params = query_of(answer.headers["location"])
    assert params["error"] == "invalid_request"
    assert params["iss"] == ISSUER
    assert "code" not in params


async def test_a_signed_request_without_par_is_refused_too(world: IdpWorld, fapi: FapiPortal) -> None:
    params = authorization_params(fapi.portal, Pkce()) | {"request": fapi.request_object()}
    answer = await Browser(world).http.get("/authorize", params=params)
    assert query_of(answer.headers["location"])["error"] == "invalid_request"


async def test_par_without_client_authentication_is_refused(fapi: FapiPortal) -> None:
    answer = await fapi.back_end.http.post("/par", data=authorization_params(fapi.portal, Pkce()))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "https://fapi.example.test/other"}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
    ],
)
async def test_what_the_profile_forbids_is_refused_when_pushed(
    fapi: FapiPortal, changes: dict[str, Any], error: str
) -> None:
    answer = await fapi.push(**changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("verifier", [None, "", "w" * 43, "short"])
async def test_a_token_request_with_a_wrong_verifier_or_none(
    world: IdpWorld, fapi: FapiPortal, verifier: str | None
) -> None:
    entered = await fapi.enter(Browser(world), world.lin)
    answer = await fapi.redeem(entered, code_verifier=verifier)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_lives_sixty_seconds_at_most(world: IdpWorld, fapi: FapiPortal) -> None:
    with pytest.raises(ValidationError):
        IdpSettings(issuer=ISSUER, code_lifetime=61)
    good = await fapi.enter(Browser(world), world.lin)
    world.clock.advance(59)
    assert (await fapi.redeem(good)).status_code == 200
    late = await fapi.enter(Browser(world), world.lin)
    world.clock.advance(61)
    answer = await fapi.redeem(late)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_is_bound_to_its_client_and_used_once(world: IdpWorld, fapi: FapiPortal) -> None:
    other = await fapi_portal(world, name="other")
    entered = await fapi.enter(Browser(world), world.lin)
    assert (await fapi.redeem(entered)).status_code == 200
    world.clock.advance(1)
    assert (await fapi.redeem(entered)).json()["error"] == "invalid_grant"
    stolen = await fapi.enter(Browser(world), world.lin)
    assert (await other.redeem(stolen)).json()["error"] == "invalid_grant"


async def test_a_token_request_without_a_proof_is_refused(world: IdpWorld, fapi: FapiPortal) -> None:
    entered = await fapi.enter(Browser(world), world.lin)
    answer = await fapi.back_end.redeem(entered)
    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.json()


async def test_a_code_bound_by_dpop_jkt_needs_that_key(world: IdpWorld, fapi: FapiPortal) -> None:
    right = await fapi.enter(Browser(world), world.lin, dpop_jkt=fapi.prover.jkt)
    assert (await fapi.redeem(right)).status_code == 200
    wrong = await fapi.enter(Browser(world), world.lin, dpop_jkt=fapi.prover.jkt)
    answer = await fapi.redeem(wrong, Prover(world.clock))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def proved(fapi: FapiPortal, prover: Prover, **changes: Any) -> Any:
    """A push with a DPoP proof, learning the nonce on the way."""
    answer = await fapi.push(headers=prover.headers("POST", "/par"), **changes)
    if answer.json().get("error") == "use_dpop_nonce":
        nonce = answer.headers["dpop-nonce"]
        answer = await fapi.push(headers=prover.headers("POST", "/par", nonce=nonce), **changes)
    return answer


async def test_dpop_jkt_and_the_proof_at_par_must_agree(fapi: FapiPortal) -> None:
    assert (await proved(fapi, fapi.prover, dpop_jkt=fapi.prover.jkt)).status_code == 201
    answer = await proved(fapi, fapi.prover, dpop_jkt=Prover(fapi.world.clock).jkt)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_request", "invalid_dpop_proof")


async def test_a_proof_at_par_binds_the_code(world: IdpWorld, fapi: FapiPortal) -> None:
    for prover, status in ((fapi.prover, 200), (Prover(world.clock), 400)):
        pkce = Pkce()
        first = await fapi.push(pkce, headers=fapi.prover.headers("POST", "/par"))
        if first.status_code != 201:
            nonce = first.headers["dpop-nonce"]
            first = await fapi.push(pkce, headers=fapi.prover.headers("POST", "/par", nonce=nonce))
        browser = Browser(world)
        params = {"client_id": fapi.portal.client_id, "request_uri": first.json()["request_uri"]}
        step = await browser.http.get("/authorize", params=params)
        entered = await browser.follow(step, pkce, fapi.portal, world.lin)
        assert (await fapi.redeem(entered, prover)).status_code == status


async def test_a_proof_that_is_not_good_is_refused_at_par(fapi: FapiPortal) -> None:
    answer = await fapi.push(headers=fapi.prover.headers("POST", "/token"))  # made for another endpoint
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_dpop_proof", "use_dpop_nonce")


async def test_discovery_says_what_the_profile_demands(fapi: FapiPortal) -> None:
    metadata = (await fapi.back_end.http.get("/.well-known/openid-configuration")).json()
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    assert {"PS256", "ES256"} <= set(metadata["request_object_signing_alg_values_supported"])
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert "none" not in metadata["request_object_signing_alg_values_supported"]


@pytest.mark.parametrize("profile", ["fapi2", "fapi2-message-signing"])
async def test_one_setting_is_enough(world: IdpWorld, profile: str) -> None:
    """A portal that says its profile and its keys gets everything else that the profile demands."""
    key = SigningKey("ES256", "one-1")
    document = {
        "client_id": "one",
        "client_name": "One",
        "redirect_uris": ["https://one.example.test/callback"],
        "scope": "openid",
        "profile": profile,
        "jwks": key.jwks(),
    }
    assert "client_secret" not in await registered(world, document)
    client = await world.idp.registry.active("one")
    assert client is not None
    assert must_push(client)
    assert must_use_pkce(client)
    assert must_bind_tokens(client)
    assert must_sign_requests(client) is (profile == "fapi2-message-signing")
    portal = Portal(
        "one",
        "https://one.example.test/callback",
        auth_method=client.auth_method,
        assertion=functools.partial(assertion, key, "one", world.clock),
    )
    one = FapiPortal(world, portal, key, Prover(world.clock), must_sign_requests(client))
    mode = {"response_mode": "jwt"} if one.signs else {}
    entered = await one.enter(Browser(world), world.lin, **mode)
    if one.signs:
        entered.params = json.loads(base64.urlsafe_b64decode(entered.params["response"].split(".")[1] + "=="))
    answer = await one.redeem(entered)
    assert (answer.status_code, answer.json()["token_type"]) == (200, "DPoP")
