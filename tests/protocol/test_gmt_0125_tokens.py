"""Tokens by SM2 with SM3 for those who ask (GM/T 0125.1, .4; RFC 7515; RFC 7517), read and made by another library."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import AccessTokenFormat, ClientMetadata, SecurityProfile
from idp.clients.policy import RegistrationPolicy
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType
from keys.keyring import KeyRing
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.fapi import request_object
from tests.support.idp_browser import BackEnd, Browser, Pkce
from tests.support.idp_keys import make_ring
from tests.support.idp_proofs import SigningKey, assertion, by_assertion
from tests.support.idp_world import Portal
from tests.support.registration_http import CB, RegistrationWorld, registration_world
from tests.support.resources import TAX, add_resources, described
from tests.support.sm2_clients import ALG, Sm2SigningKey, read_token

RESPONSES = ("id_token", "userinfo", "authorization", "introspection")
_rings: list[KeyRing] = []
KEY = Sm2SigningKey()


async def national_ring(folder: Path) -> KeyRing:
    """Made once: RSA keys take their time."""
    if not _rings:
        _rings.append(await make_ring(folder, national=True))
    return _rings[0]


@pytest.fixture
async def there(tmp_path: Path, clock: FakeClock) -> AsyncIterator[RegistrationWorld]:
    """A city whose profile is national, or both."""
    ring = await national_ring(tmp_path)
    async with registration_world(tmp_path, clock, national=True, ring=ring) as world:
        yield world


@pytest.fixture
async def international(tmp_path: Path, clock: FakeClock) -> AsyncIterator[RegistrationWorld]:
    async with registration_world(tmp_path, clock) as world:
        yield world


async def jwks(there: RegistrationWorld) -> dict[str, Any]:
    return dict((await there.http.get("/jwks")).json())


async def portal(there: RegistrationWorld, **members: Any) -> Portal:
    answer = await there.register(scope="openid offline_access", **members)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    for name, value in members.items():
        assert made[name] == value
    return Portal(made["client_id"], CB, made.get("client_secret"))


def half_of_sm3(value: str) -> str:
    digest = hashlib.new("sm3", value.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


async def test_the_key_is_shown_and_the_algorithm_is_listed(there: RegistrationWorld) -> None:
    (key,) = [one for one in (await jwks(there))["keys"] if one.get("alg") == ALG]
    assert (key["kty"], key["crv"], key["use"], sorted(key)) == (
        "EC", "SM2-P-256", "sig", ["alg", "crv", "kid", "kty", "use", "x", "y"]
    )  # fmt: skip
    told = (await there.http.get("/.well-known/openid-configuration")).json()
    listed = {name for name, value in told.items() if isinstance(value, list) and ALG in value}
    assert listed == {f"{kind}_signing_alg_values_supported" for kind in RESPONSES} | {
        "request_object_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
        "introspection_endpoint_auth_signing_alg_values_supported",
    }, "neither DPoP proofs nor backchannel requests: their profiles name their algorithms"


async def test_a_city_without_it_neither_lists_nor_registers_it(international: RegistrationWorld) -> None:
    assert ALG not in (await international.http.get("/.well-known/openid-configuration")).text
    assert ALG not in (await international.http.get("/jwks")).text
    fields = [f"{kind}_signed_response_alg" for kind in RESPONSES] + ["request_object_signing_alg"]
    own = {"jwks": KEY.jwks()}
    for field in fields:
        refused = await international.register(**{field: ALG}, **(own if field.startswith("request") else {}))
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata"), field
        assert field in refused.json()["error_description"]
        assert "YIZHENG_PROFILE" in refused.json()["error_description"]
    auth = {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": ALG}
    assert "YIZHENG_PROFILE" in (await international.register(**auth, **own)).json()["error_description"]
    wish = await international.register(access_token_format="jwt-sm2")
    assert "YIZHENG_PROFILE" in wish.json()["error_description"]
    with pytest.raises(InvalidInput, match="YIZHENG_PROFILE"):  # nor does the operator at the command line
        await _system(international, "by-operator")
    tax = described(TAX, "tax:read", access_token_format=AccessTokenFormat.JWT_SM2)
    with pytest.raises(InvalidInput, match="YIZHENG_PROFILE"):
        await international.world.idp.resources.add(tax, SYSTEM)


async def test_nobody_gets_it_who_did_not_ask(there: RegistrationWorld) -> None:
    plain = await portal(there)
    tokens = await BackEnd(there.world, plain).tokens(await Browser(there.world).enter(plain, there.world.lin))
    with pytest.raises(ValueError, match="not a key for this algorithm"):
        read_token(tokens["id_token"], await jwks(there))


async def test_an_id_token_by_sm2_is_verified_by_another_library(there: RegistrationWorld) -> None:
    asked = await portal(there, id_token_signed_response_alg=ALG)
    back_end = BackEnd(there.world, asked)
    tokens = await back_end.tokens(await Browser(there.world).enter(asked, there.world.lin, nonce="n-1"))
    header, claims = read_token(tokens["id_token"], await jwks(there))
    assert header == {"alg": ALG, "kid": header["kid"], "typ": "JWT"}
    assert (claims["aud"], claims["nonce"]) == (asked.client_id, "n-1")
    assert claims["at_hash"] == half_of_sm3(tokens["access_token"]), "by the hash of the algorithm (Core §3.1.3.6)"
    assert len(tokens["id_token"].rpartition(".")[2]) == 86, "64 octets: r and s, 32 each"
    signed, _, signature = tokens["id_token"].rpartition(".")
    forged = f"{signed}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    with pytest.raises(ValueError, match="signature"):
        read_token(forged, await jwks(there))
    with pytest.raises(ValueError, match="signature"):
        read_token(tokens["id_token"], await jwks(there), b"another user ID")
    # and we take it back as a hint
    told = await Browser(there.world).authorize(asked, prompt="none", id_token_hint=tokens["id_token"])
    assert "login_required" in told.headers["location"]


async def test_answers_of_every_kind_are_signed_as_registered(there: RegistrationWorld) -> None:
    named = {f"{kind}_signed_response_alg": ALG for kind in RESPONSES}
    asked = await portal(there, **named)
    back_end, browser = BackEnd(there.world, asked), Browser(there.world)
    pkce = Pkce()
    step = await browser.authorize(asked, pkce, response_mode="query.jwt")
    entered = await browser.follow(step, pkce, asked, there.world.lin)
    response = entered.location.partition("response=")[2]
    assert read_token(response, await jwks(there))[1]["aud"] == asked.client_id
    tokens = await back_end.tokens(await Browser(there.world).enter(asked, there.world.lin))
    info = await back_end.userinfo(tokens["access_token"])
    assert info.headers["content-type"] == "application/jwt"
    assert read_token(info.text, await jwks(there))[1]["aud"] == asked.client_id
    accept = {"accept": "application/token-introspection+jwt"}
    answer = await back_end.post("/introspect", {"token": tokens["access_token"]}, headers=accept)
    assert read_token(answer.text, await jwks(there))[1]["token_introspection"]["active"] is True


async def test_a_resource_asks_for_access_tokens_by_sm2(there: RegistrationWorld) -> None:
    world = there.world
    await add_resources(world, AccessTokenFormat.JWT_SM2)
    back_end = BackEnd(world, world.department)
    token = (await back_end.client_credentials(resource=TAX, scope="tax:read")).json()["access_token"]
    header, claims = read_token(token, await jwks(there))
    assert (header["typ"], claims["aud"]) == ("at+jwt", TAX)
    own = (await back_end.client_credentials()).json()["access_token"]
    assert own.count(".") != 2, "for our own API nothing changes"


async def _system(there: RegistrationWorld, name: str, algorithm: str | None = ALG, **metadata: Any) -> BackEnd:
    """A department's system that signs by SM2."""
    new = NewClient(
        Text("系统", "System"),
        name,
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:read"}),
        metadata=ClientMetadata(jwks=KEY.jwks(), token_endpoint_auth_signing_alg=algorithm, **metadata),
    )
    await there.world.idp.register_client(new, SYSTEM)
    signs = functools.partial(assertion, KEY, name, there.world.clock)  # type: ignore[arg-type]  # signs as that does
    return BackEnd(there.world, Portal(name, auth_method=ClientAuthMethod.PRIVATE_KEY_JWT, assertion=signs))


async def test_a_client_logs_in_by_its_sm2_key_if_it_registered_that(there: RegistrationWorld) -> None:
    back_end = await _system(there, "system")
    assert (await back_end.client_credentials()).status_code == 200
    # the same key, the same assertion, and no word of it in the registration
    await change_client(there.world, "system", token_endpoint_auth_signing_alg=None)
    refused = await back_end.client_credentials()
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    with pytest.raises(InvalidInput, match="needs a key in jwks"):
        await _system(there, "silent", None)


async def test_a_request_object_by_sm2_is_honoured_if_it_was_registered(there: RegistrationWorld) -> None:
    world = there.world
    await change_client(world, "portal-a", jwks=KEY.jwks(), request_object_signing_alg=ALG)
    pkce, browser = Pkce(), Browser(world)
    signed = request_object(KEY, world.portal_a, world, pkce, state="inside")  # type: ignore[arg-type]
    step = await browser.http.get("/authorize", params={"client_id": "portal-a", "request": signed})
    assert (await browser.follow(step, pkce, world.portal_a, world.lin)).params["state"] == "inside"
    await change_client(world, "portal-a", request_object_signing_alg=None)
    around = {"client_id": "portal-a", "response_type": "code", "scope": "openid", "redirect_uri": CB}
    around["redirect_uri"] = world.portal_a.redirect_uri
    step = await Browser(world).http.get("/authorize", params={**around, "request": signed})
    assert "error=invalid_request_object" in step.headers["location"]


@pytest.mark.parametrize("profile", [SecurityProfile.FAPI2, SecurityProfile.FAPI2_MESSAGE_SIGNING])
async def test_a_strict_profile_does_not_have_it(there: RegistrationWorld, profile: SecurityProfile) -> None:
    """FAPI 2.0 §5.4.1 names the algorithms."""
    strict = RegistrationPolicy(review=False, profile=profile)
    keys = [*KEY.jwks()["keys"], SigningKey("ES256", "es").jwk()]
    base = {"jwks": {"keys": keys}, "token_endpoint_auth_method": "private_key_jwt"}
    for field in ("id_token_signed_response_alg", "token_endpoint_auth_signing_alg", "request_object_signing_alg"):
        token = await there.permit(strict)
        refused = await there.register(token=token, **{**base, field: ALG})
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")
        assert "in this profile" in refused.json()["error_description"], field


async def test_an_assertion_counts_once_by_this_algorithm_too(there: RegistrationWorld) -> None:
    back_end = await _system(there, "system")
    one = by_assertion(assertion(KEY, "system", there.world.clock))  # type: ignore[arg-type]
    form = {"grant_type": "client_credentials", **one}
    answers = [(await back_end.http.post("/token", data=form)).status_code for _ in range(2)]
    assert answers == [200, 401]
