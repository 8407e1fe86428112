"""FAPI 2.0 Message Signing: signed requests by PAR and signed answers (reference §5.6, the whole of it)."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from idp.client_metadata import SecurityProfile
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.fapi import FapiPortal, fapi_portal, request_object
from tests.support.idp_browser import Browser, Pkce, authorization_params, query_of
from tests.support.idp_proofs import SigningKey
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world

STRICT = SecurityProfile.FAPI2_MESSAGE_SIGNING
MINUTE = 60
JARM = {"response_mode": "jwt"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def fapi(world: IdpWorld) -> FapiPortal:
    return await fapi_portal(world, STRICT)


def now(world: IdpWorld) -> int:
    return int(world.clock.now().timestamp())


async def post(fapi: FapiPortal, signed: str, **beside: str) -> httpx.Response:
    return await fapi.back_end.post("/par", {"client_id": fapi.portal.client_id, "request": signed, **beside})


async def accepted(fapi: FapiPortal, **changes: Any) -> None:
    answer = await fapi.push(**JARM | changes)
    assert answer.status_code == 201, answer.text


async def refused(fapi: FapiPortal, error: str = "invalid_request_object", **changes: Any) -> None:
    answer = await fapi.push(**JARM | changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def answer_of(fapi: FapiPortal, location: str) -> dict[str, Any]:
    """What the signed answer says, verified by an independent library."""
    keys = KeySet.import_key_set((await fapi.back_end.http.get("/jwks")).json())
    return dict(jwt.decode(query_of(location)["response"], keys, algorithms=["ES256"]).claims)


async def test_the_flow_end_to_end(world: IdpWorld, fapi: FapiPortal) -> None:
    entered = await fapi.enter(Browser(world), world.lin, **JARM)
    said = await answer_of(fapi, entered.location)
    assert said["iss"] == ISSUER
    assert said["aud"] == fapi.portal.client_id
    assert said["state"] == "s-123"
    entered.params = said
    assert (await fapi.redeem(entered)).status_code == 200


async def test_the_error_is_signed_too(world: IdpWorld, fapi: FapiPortal) -> None:
    entered = await fapi.enter(Browser(world), world.lin, scope="openid offline_access", decision="refuse", **JARM)
    assert (await answer_of(fapi, entered.location))["error"] == "access_denied"


async def test_accepted_an_audience_list_that_holds_the_issuer(fapi: FapiPortal) -> None:
    await accepted(fapi, aud=[ISSUER, "https://other.example.test"])


async def test_accepted_nbf_some_seconds_ahead(world: IdpWorld, fapi: FapiPortal) -> None:
    await accepted(fapi, nbf=now(world) + 8, iat=None)
    await refused(fapi, nbf=now(world) + 61, iat=None)


@pytest.mark.parametrize("alg", ["PS256", "EdDSA"])
async def test_accepted_the_other_algorithms_of_the_profile(world: IdpWorld, alg: str) -> None:
    await accepted(await fapi_portal(world, STRICT, name="other", key=SigningKey(alg)))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iss", "aud", "client_id", "redirect_uri"])
async def test_refused_without_a_claim_that_must_be_there(fapi: FapiPortal, claim: str) -> None:
    await accepted(fapi)
    await refused(fapi, **{claim: None})


async def test_refused_expired(world: IdpWorld, fapi: FapiPortal) -> None:
    await refused(fapi, nbf=now(world) - 10 * MINUTE, iat=None, exp=now(world) - 5 * MINUTE)


@pytest.mark.parametrize("aud", ["https://other.example.test", f"{ISSUER}/", f"{ISSUER}/par", [], ["other"], 7])
async def test_refused_for_somebody_else(fapi: FapiPortal, aud: object) -> None:
    await refused(fapi, aud=aud)


async def test_refused_a_life_of_more_than_an_hour(world: IdpWorld, fapi: FapiPortal) -> None:
    await accepted(fapi, exp=now(world) + 60 * MINUTE)
    await refused(fapi, exp=now(world) + 60 * MINUTE + 1)


async def test_refused_begun_more_than_an_hour_ago(world: IdpWorld, fapi: FapiPortal) -> None:
    begun = now(world) - 59 * MINUTE
    await accepted(fapi, nbf=begun, iat=begun, exp=now(world) + 30)
    begun = now(world) - 62 * MINUTE
    await refused(fapi, nbf=begun, iat=begun, exp=now(world) - 2 * MINUTE)
    await refused(fapi, nbf=begun, iat=begun, exp=now(world) + MINUTE)


@pytest.mark.parametrize("alg", ["RS256", "ES384"])
async def test_refused_an_algorithm_of_another_profile(world: IdpWorld, fapi: FapiPortal, alg: str) -> None:
    """The key is the client's own, and still the algorithm does not do."""
    key = SigningKey(alg, "weak")
    other = await fapi_portal(world, STRICT, name="weak", key=SigningKey("ES256", "good"))
    metadata = {"keys": [key.jwk(), other.key.jwk()]}
    await change_client(world, "weak", jwks=metadata)
    await accepted(other)
    answer = await post(other, request_object(key, other.portal, world, **JARM))
    assert answer.json()["error"] == "invalid_request_object"


async def test_refused_unsigned(world: IdpWorld, fapi: FapiPortal) -> None:
    claims = fapi.request_object(**JARM).split(".")[1]
    for alg in ("none", "None", "NONE", "nOnE"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": alg}).encode()).rstrip(b"=").decode()
        for signature in ("", "AA"):
            answer = await post(fapi, f"{header}.{claims}.{signature}")
            assert answer.json()["error"] == "invalid_request_object"


async def test_refused_a_bad_signature(fapi: FapiPortal) -> None:
    head, claims, signature = fapi.request_object(**JARM).split(".")
    flipped = ("B" if signature[10] == "A" else "A").join((signature[:10], signature[11:]))
    assert (await post(fapi, f"{head}.{claims}.{flipped}")).json()["error"] == "invalid_request_object"
    assert (await post(fapi, f"{head}.{claims}.")).json()["error"] == "invalid_request_object"


async def test_refused_signed_with_another_clients_key(world: IdpWorld, fapi: FapiPortal) -> None:
    other = await fapi_portal(world, STRICT, name="other")
    for header in ({}, {"kid": fapi.key.kid}, {"kid": None}):
        signed = request_object(other.key, fapi.portal, world, header=header, **JARM)
        assert (await post(fapi, signed)).json()["error"] == "invalid_request_object"


async def test_refused_another_clients_object(world: IdpWorld, fapi: FapiPortal) -> None:
    other = await fapi_portal(world, STRICT, name="other")
    signed = other.request_object(**JARM)
    assert (await post(other, signed)).status_code == 201
    assert (await post(fapi, signed)).json()["error"] == "invalid_request_object"
    await refused(fapi, client_id="other")
    await refused(fapi, iss="other")


async def test_refused_an_unsigned_request_at_par(fapi: FapiPortal) -> None:
    answer = await fapi.back_end.post("/par", authorization_params(fapi.portal, Pkce(), **JARM))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["request_uri", "request"])
async def test_refused_an_object_that_holds_another(fapi: FapiPortal, name: str) -> None:
    await refused(fapi, **{name: "urn:ietf:params:oauth:request_uri:x"})


async def test_refused_without_code_challenge_inside(fapi: FapiPortal) -> None:
    """Beside the object it does not count."""
    signed = fapi.request_object(**JARM, code_challenge=None, code_challenge_method=None)
    beside = {"code_challenge": Pkce().challenge, "code_challenge_method": "S256"}
    assert (await post(fapi, signed, **beside)).json()["error"] == "invalid_request"


@pytest.mark.parametrize("mode", [None, "query", "fragment", "form_post"])
async def test_refused_an_answer_that_is_not_signed(fapi: FapiPortal, mode: str | None) -> None:
    await refused(fapi, "invalid_request", response_mode=mode)


async def test_what_differs_outside_never_wins(world: IdpWorld, fapi: FapiPortal) -> None:
    pkce, browser = Pkce(), Browser(world)
    beside = {
        "state": "outside",
        "nonce": "outside",
        "redirect_uri": "https://evil.example.test",
        "scope": "openid offline_access",
        "response_type": "code id_token",
        "response_mode": "fragment",
        "prompt": "none",
    }
    pushed = await post(fapi, fapi.request_object(pkce, **JARM), **beside)
    params = {"client_id": fapi.portal.client_id, "request_uri": pushed.json()["request_uri"], **beside}
    step = await browser.http.get("/authorize", params=params)
    entered = await browser.follow(step, pkce, fapi.portal, world.lin)
    entered.params = await answer_of(fapi, entered.location)
    assert entered.params["state"] == "s-123"
    tokens = (await fapi.redeem(entered)).json()
    assert tokens["scope"] == "openid"
    assert b'"n-456"' in (jws.extract_compact(tokens["id_token"].encode()).payload or b"")


async def test_state_only_outside_is_not_used(world: IdpWorld, fapi: FapiPortal) -> None:
    pkce, browser = Pkce(), Browser(world)
    pushed = await post(fapi, fapi.request_object(pkce, **JARM, state=None), state="outside")
    params = {"client_id": fapi.portal.client_id, "request_uri": pushed.json()["request_uri"], "state": "outside"}
    entered = await browser.follow(await browser.http.get("/authorize", params=params), pkce, fapi.portal, world.lin)
    assert "state" not in await answer_of(fapi, entered.location)
