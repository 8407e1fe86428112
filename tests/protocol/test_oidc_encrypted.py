"""Signed and encrypted ID tokens, userinfo and introspection (Core §2, §5.3.2; RFC 9701; rows K-1, K-2, pain 17)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey

from core.errors import InvalidInput
from keys.jose.jwe_content import ContentEncryption
from keys.jose.jwe_keys import KeyManagement
from keys.spec import SignatureAlgorithm
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, response_of
from tests.support.idp_front import client_key, front_portal, opened, public_jwks, verified
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world

INTROSPECTION_JWT = "application/token-introspection+jwt"
WAYS = [(management, encryption) for management in KeyManagement for encryption in ContentEncryption]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def tokens_of(world: IdpWorld, portal: Portal) -> dict[str, Any]:
    return await BackEnd(world, portal).tokens(await Browser(world).enter(portal, world.lin))


@pytest.mark.parametrize(("management", "encryption"), WAYS)
async def test_id_tokens_and_userinfo_are_signed_and_then_encrypted(
    world: IdpWorld, management: KeyManagement, encryption: ContentEncryption
) -> None:
    key = client_key("EC" if management.agrees else "RSA")
    portal = await front_portal(
        world,
        "sealed",
        jwks=public_jwks(key),
        id_token_alg=SignatureAlgorithm.ES256,
        id_token_encrypted_response_alg=str(management),
        id_token_encrypted_response_enc=str(encryption),
        userinfo_signed_response_alg="RS256",
        userinfo_encrypted_response_alg=str(management),
        userinfo_encrypted_response_enc=str(encryption),
    )
    tokens = await tokens_of(world, portal)
    inside, header = opened(tokens["id_token"], key, str(management), str(encryption))
    assert (header["cty"], header["kid"]) == ("JWT", key.as_dict()["kid"])
    claims = await verified(world, inside)
    answer = await BackEnd(world, portal).userinfo(tokens["access_token"])
    assert answer.headers["content-type"] == "application/jwt"
    told = await verified(world, opened(answer.text, key, str(management), str(encryption))[0])
    assert (told["sub"], told["aud"], told["iss"]) == (claims["sub"], portal.client_id, ISSUER)
    assert told["real_name_level"] == 2


@pytest.mark.parametrize("response_type", ["id_token", "code id_token"])
async def test_id_tokens_of_the_authorization_endpoint_are_encrypted_too(world: IdpWorld, response_type: str) -> None:
    key = client_key("EC")
    portal = await front_portal(
        world, "sealed", jwks=public_jwks(key), id_token_encrypted_response_alg="ECDH-ES+A256KW"
    )
    entered = await Browser(world).enter(portal, world.lin, response_type=response_type)
    inside, _ = opened(entered.params["id_token"], key, "ECDH-ES+A256KW", "A128CBC-HS256")
    assert (await verified(world, inside))["nonce"] == "n-456"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_userinfo_that_is_only_signed(world: IdpWorld, algorithm: str) -> None:
    portal = await front_portal(world, "signed", userinfo_signed_response_alg=algorithm)
    tokens = await tokens_of(world, portal)
    back_end = BackEnd(world, portal)
    for answer in (
        await back_end.userinfo(tokens["access_token"]),
        await back_end.http.post("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}),
    ):
        assert answer.headers["content-type"] == "application/jwt"
        assert answer.headers["cache-control"] == "no-store"
        claims = await verified(world, answer.text)
        assert claims["sub"] == (await verified(world, tokens["id_token"]))["sub"]


async def test_userinfo_that_is_only_encrypted_has_its_claims_right_inside(world: IdpWorld) -> None:
    """Core §5.3.2: signing is the client's wish as well."""
    key = client_key("RSA")
    portal = await front_portal(world, "sealed", jwks=public_jwks(key), userinfo_encrypted_response_alg="RSA-OAEP-256")
    answer = await BackEnd(world, portal).userinfo((await tokens_of(world, portal))["access_token"])
    inside, header = opened(answer.text, key, "RSA-OAEP-256", "A128CBC-HS256")
    assert "cty" not in header
    assert json.loads(inside)["aud"] == portal.client_id


async def test_k_1_rs256_for_a_client_that_asked_for_nothing(world: IdpWorld) -> None:
    tokens = await tokens_of(world, world.portal_a)
    assert (await header_of(tokens["id_token"]))["alg"] == "RS256"


async def test_k_2_alg_none_cannot_be_registered(world: IdpWorld) -> None:
    metadata = (await BackEnd(world, world.portal_a).http.get("/.well-known/openid-configuration")).json()
    for kind in ("id_token", "userinfo", "authorization", "introspection"):
        assert metadata[f"{kind}_signing_alg_values_supported"] == ["ES256", "RS256"]
        assert set(metadata[f"{kind}_encryption_alg_values_supported"]) == set(KeyManagement)
        assert set(metadata[f"{kind}_encryption_enc_values_supported"]) == set(ContentEncryption)
    for member in ("userinfo_signed_response_alg", "authorization_signed_response_alg"):
        with pytest.raises(InvalidInput):
            await front_portal(world, "unsigned", **{member: "none"})


async def header_of(token: str) -> dict[str, Any]:
    return dict(jws.extract_compact(token.encode()).headers())


async def test_a_key_that_is_gone_gives_no_token_in_the_clear(world: IdpWorld) -> None:
    key = client_key("EC")
    portal = await front_portal(
        world,
        "sealed",
        jwks=public_jwks(key),
        id_token_encrypted_response_alg="ECDH-ES",
        userinfo_encrypted_response_alg="ECDH-ES",
    )
    entered = await Browser(world).enter(portal, world.lin)
    await change_client(world, portal.client_id, jwks={"keys": [client_key("RSA").as_dict(private=False)]})
    answer = await BackEnd(world, portal).redeem(entered)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "id_token" not in answer.text.replace("id_token_", "")


# Hints ---------------------------------------------------------------------------------------------------------------


async def our_key(world: IdpWorld) -> ECKey:
    keys = (await BackEnd(world, world.portal_a).http.get("/jwks")).json()["keys"]
    return ECKey.import_key(next(key for key in keys if key["use"] == "enc"))


@pytest.mark.parametrize("management", ["ECDH-ES", "ECDH-ES+A256KW"])
async def test_a_hint_encrypted_to_our_key_is_read(world: IdpWorld, management: str) -> None:
    """Core §3.1.2.1: a client that got the ID token encrypted may encrypt it anew, to us."""
    browser = Browser(world)
    tokens = await BackEnd(world, world.portal_a).tokens(await browser.enter(world.portal_a, world.lin))
    key = await our_key(world)
    header = {"alg": management, "enc": "A256GCM", "kid": key.kid, "cty": "JWT"}
    sealed = jwe.encrypt_compact(header, tokens["id_token"].encode(), key, algorithms=[management, "A256GCM"])
    silent = await browser.enter(world.portal_a, prompt="none", id_token_hint=sealed)
    assert "code" in silent.params
    await browser.http.post("/logout")
    await browser.log_in(world.zhao)
    other = await browser.authorize(world.portal_a, prompt="none", id_token_hint=sealed)
    assert response_of(other)["error"] == "login_required"
    bye = await browser.http.get("/end-session", params={"id_token_hint": sealed})
    assert bye.status_code in (200, 303)


async def test_a_hint_encrypted_to_the_client_is_refused_clearly(world: IdpWorld) -> None:
    key = client_key("EC")
    portal = await front_portal(world, "sealed", jwks=public_jwks(key), id_token_encrypted_response_alg="ECDH-ES")
    browser = Browser(world)
    tokens = await BackEnd(world, portal).tokens(await browser.enter(portal, world.lin))
    params = response_of(await browser.authorize(portal, prompt="none", id_token_hint=tokens["id_token"]))
    assert params["error"] == "invalid_request"
    assert "decrypted" in params["error_description"]
    inside, _ = opened(tokens["id_token"], key, "ECDH-ES", "A128CBC-HS256")
    assert "code" in (await browser.enter(portal, prompt="none", id_token_hint=inside)).params  # the twin


# Introspection -------------------------------------------------------------------------------------------------------


async def introspected(world: IdpWorld, portal: Portal, token: str, accept: str) -> Any:
    return await BackEnd(world, portal).post("/introspect", {"token": token}, headers={"Accept": accept})


async def test_introspection_as_a_signed_token(world: IdpWorld) -> None:
    portal = await front_portal(world, "server", introspection_signed_response_alg="ES256")
    tokens = await tokens_of(world, portal)
    answer = await introspected(world, portal, tokens["access_token"], INTROSPECTION_JWT)
    assert answer.headers["content-type"] == INTROSPECTION_JWT
    claims = await verified(world, answer.text, typ="token-introspection+jwt")
    assert claims.keys() == {"iss", "aud", "iat", "token_introspection"}  # RFC 9701 §5: no sub, no exp beside it
    assert claims["aud"] == portal.client_id
    told = claims["token_introspection"]
    assert told["active"] is True
    plain = await introspected(world, portal, tokens["access_token"], "application/json")
    assert told == plain.json()
    dead = await introspected(world, portal, "no-token", INTROSPECTION_JWT)
    assert (await verified(world, dead.text, typ="token-introspection+jwt"))["token_introspection"] == {"active": False}


async def test_introspection_as_an_encrypted_token(world: IdpWorld) -> None:
    key = client_key("RSA")
    portal = await front_portal(
        world,
        "server",
        jwks=public_jwks(key),
        introspection_signed_response_alg="RS256",
        introspection_encrypted_response_alg="RSA-OAEP-256",
        introspection_encrypted_response_enc="A256GCM",
    )
    tokens = await tokens_of(world, portal)
    answer = await introspected(world, portal, tokens["access_token"], f"{INTROSPECTION_JWT}, application/json;q=0.1")
    inside, _ = opened(answer.text, key, "RSA-OAEP-256", "A256GCM")
    assert (await verified(world, inside, typ="token-introspection+jwt"))["token_introspection"]["active"] is True


async def test_what_is_made_for_clients_never_passes_for_another_token(world: IdpWorld) -> None:
    """Attack O-34: userinfo, JARM and introspection tokens are signed with the keys of ID tokens."""
    portal = await front_portal(
        world, "signed", userinfo_signed_response_alg="ES256", introspection_signed_response_alg="ES256"
    )
    browser, back_end = Browser(world), BackEnd(world, portal)
    entered = await browser.enter(portal, world.lin)
    tokens = await back_end.tokens(entered)
    made = [
        (await back_end.userinfo(tokens["access_token"])).text,
        (await introspected(world, portal, tokens["access_token"], INTROSPECTION_JWT)).text,
        (await browser.enter(portal, response_mode="jwt")).params["response"],
        (await browser.enter(portal, response_type="code id_token token", response_mode="jwt")).params["response"],
    ]
    for token in made:
        assert (await back_end.userinfo(token)).status_code == 401
        hinted = await browser.authorize(portal, prompt="none", id_token_hint=token)
        assert response_of(hinted)["error"] == "invalid_request"
    assert "code" in (await browser.enter(portal, prompt="none", id_token_hint=tokens["id_token"])).params  # the twin
