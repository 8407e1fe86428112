"""Client assertions: private_key_jwt and client_secret_jwt (RFC 7523 §3; OIDC Core §9; reference row T-3)."""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.egress.errors import FetchFailed
from core.egress.port import Fetched
from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import ClientMetadata, SecurityProfile
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import Prover, SigningKey, assertion, by_assertion
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world, portal

ENDPOINTS = ("/token", "/introspect", "/revoke")


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def system(world: IdpWorld, name: str, key: SigningKey, **metadata: Any) -> Portal:
    """A department's system that signs with its key."""
    new = NewClient(
        Text("系统", "System"),
        name,
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:read"}),
        metadata=ClientMetadata(jwks=key.jwks(), **metadata),
    )
    await world.idp.register_client(new, SYSTEM)
    signs = functools.partial(assertion, key, name, world.clock)
    return Portal(name, auth_method=ClientAuthMethod.PRIVATE_KEY_JWT, assertion=signs)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "RS256", "PS256", "EdDSA"])
async def test_a_client_logs_in_with_its_key(world: IdpWorld, alg: str) -> None:
    back_end = BackEnd(world, await system(world, f"system-{alg.lower()}", SigningKey(alg)))
    answer = await back_end.client_credentials()
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "Bearer"


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
async def test_a_client_logs_in_with_its_secret_as_a_key(world: IdpWorld, alg: str) -> None:
    new = NewClient(
        Text("系统", "System"),
        "signs-with-secret",
        auth_method=ClientAuthMethod.SECRET_JWT,
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:read"}),
        metadata=ClientMetadata(token_endpoint_auth_signing_alg=alg),
    )
    secret = (await world.idp.register_client(new, SYSTEM)).secret
    assert secret is not None
    key = SigningKey.of_secret(secret, alg)
    back_end = BackEnd(world, Portal("signs-with-secret", assertion=lambda: "", auth_method=new.auth_method))
    good = by_assertion(assertion(key, "signs-with-secret", world.clock))
    form = {"grant_type": "client_credentials"}
    assert (await back_end.http.post("/token", data=form | good)).status_code == 200
    for other in ("HS256", "HS384", "HS512"):
        if other != alg:  # only the registered algorithm
            forged = by_assertion(assertion(SigningKey.of_secret(secret, other), "signs-with-secret", world.clock))
            answer = await back_end.http.post("/token", data=form | forged)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_t_3_whom_an_assertion_may_be_for(world: IdpWorld) -> None:
    """Of a plain client: the issuer, the token endpoint or the endpoint called, alone or in a list (RFC 7523 §3)."""
    key = SigningKey()
    one = await system(world, "system", key)
    back_end = BackEnd(world, one)
    for endpoint in ENDPOINTS:
        form = {"grant_type": "client_credentials", "token": "unknown"}
        good = (ISSUER, f"{ISSUER}/token", ISSUER + endpoint, [ISSUER], ["https://other.test", ISSUER])
        for audience in good:
            signed = by_assertion(assertion(key, one.client_id, world.clock, aud=audience))
            answer = await back_end.http.post(endpoint, data=form | signed)
            assert answer.status_code == 200, (endpoint, audience, answer.text)
        for audience in ("https://other.test", ISSUER + "/", ISSUER + "/authorize", [], ["x"], "", None):
            signed = by_assertion(assertion(key, one.client_id, world.clock, aud=audience))
            answer = await back_end.http.post(endpoint, data=form | signed)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), audience


async def test_fapi_takes_the_issuer_as_a_string_and_its_algorithms_only(world: IdpWorld) -> None:
    """FAPI 2.0 §5.3.2.1, §5.4.1; reference §5.5, group client assertion."""
    key, proofs = SigningKey("PS256"), Prover(world.clock)
    one = await system(world, "strict", key, profile=SecurityProfile.FAPI2, dpop_bound_access_tokens=True)
    http = BackEnd(world, one).http

    async def status(text: str) -> tuple[int, str]:
        form = {"grant_type": "client_credentials", **by_assertion(text)}
        nonce: str | None = None
        for _ in range(2):
            answer = await http.post("/token", data=form, headers=proofs.headers("POST", "/token", nonce=nonce))
            if answer.json().get("error") != "use_dpop_nonce":
                return answer.status_code, answer.json().get("error", "")
            nonce = answer.headers["dpop-nonce"]
        raise AssertionError("no nonce is good enough")

    assert await status(assertion(key, one.client_id, world.clock)) == (200, "")
    refused = (401, "invalid_client")
    for audience in ([ISSUER], f"{ISSUER}/token", f"{ISSUER}/par", f"{ISSUER}/", "https://other.test", None):
        assert await status(assertion(key, one.client_id, world.clock, aud=audience)) == refused, audience
    assert await status(assertion(key, one.client_id, world.clock, header={"alg": "RS256"})) == refused


async def test_times_of_an_assertion(world: IdpWorld) -> None:
    """Reference §5.5: nbf a little ahead is accepted, far ahead not; expired is not, nor is a life of years."""
    key = SigningKey()
    one = await system(world, "system", key)
    back_end, now = BackEnd(world, one), int(world.clock.now().timestamp())

    async def status(**changes: Any) -> int:
        form = {"grant_type": "client_credentials"} | by_assertion(
            assertion(key, one.client_id, world.clock, **changes)
        )
        return (await back_end.http.post("/token", data=form)).status_code

    for good in ({"nbf": now + 8}, {"iat": now + 10}, {"exp": now + 3600}, {"iat": None}, {"nbf": now - 3600}):
        assert await status(**good) == 200, good
    bad = ({"nbf": now + 120}, {"iat": now + 120}, {"exp": now - 300}, {"exp": now + 10 * 365 * 86400}, {"exp": None})
    for one_bad in bad:
        assert await status(**one_bad) == 401, one_bad


async def test_the_registered_algorithm_only(world: IdpWorld) -> None:
    key = SigningKey("RS256")
    one = await system(world, "system", key, token_endpoint_auth_signing_alg="RS256")
    back_end = BackEnd(world, one)
    assert (await back_end.client_credentials()).status_code == 200
    other = SigningKey("PS256", key.kid, key.key)
    form = {"grant_type": "client_credentials"} | by_assertion(assertion(other, one.client_id, world.clock))
    assert (await back_end.http.post("/token", data=form)).json()["error"] == "invalid_client"


async def test_the_client_id_beside_an_assertion_must_agree(world: IdpWorld) -> None:
    """RFC 7521 §4.2."""
    key = SigningKey()
    one = await system(world, "system", key)
    back_end = BackEnd(world, one)
    for client_id, status in (("system", 200), ("department", 401)):
        form = {"grant_type": "client_credentials", "client_id": client_id} | by_assertion(one.assertion())  # type: ignore[misc]
        assert (await back_end.http.post("/token", data=form)).status_code == status


async def test_a_portal_runs_the_whole_code_flow_with_its_key(world: IdpWorld) -> None:
    key = SigningKey()
    made = await portal(
        world.idp,
        "portal-keyed",
        "keyed.example.test",
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        metadata=ClientMetadata(jwks=key.jwks()),
    )
    keyed = Portal(
        made.client_id,
        made.redirect_uri,
        auth_method=made.auth_method,
        assertion=functools.partial(assertion, key, made.client_id, world.clock),
    )
    back_end = BackEnd(world, keyed)
    tokens = await back_end.tokens(await Browser(world).enter(keyed, world.lin))
    assert (await back_end.introspect(tokens["access_token"]))["active"] is True
    refreshed = await back_end.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200
    assert (await back_end.post("/revoke", {"token": refreshed.json()["access_token"]})).status_code == 200
    assert await back_end.introspect(refreshed.json()["access_token"]) == {"active": False}


class _Address:
    """Implements `core.egress.port.Fetcher`: one JWK Set, which its client changes."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.down = False

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        self.asked += 1
        if self.down:
            raise FetchFailed("unreachable")
        return Fetched(200, "application/json", json.dumps({"keys": [key.jwk() for key in self.keys]}).encode())


async def test_r_6_keys_at_an_address_may_change(tmp_path: Path, clock: FakeClock) -> None:
    """Reference R-6: looked at again on the next use of a new key, and bounded."""
    first, second, stranger = SigningKey(kid="first"), SigningKey(kid="second"), SigningKey(kid="nobody")
    address = _Address(first)
    async with embedded_world(tmp_path, clock, fetcher=address) as world:
        new = NewClient(
            Text("系统", "System"),
            "far-keys",
            auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
            grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
            scopes=frozenset({"licence:read"}),
            metadata=ClientMetadata(jwks_uri="https://far.example.test/jwks"),
        )
        await world.idp.register_client(new, SYSTEM)
        http = BackEnd(world, world.department).http

        async def status(key: SigningKey) -> int:
            form = {"grant_type": "client_credentials"} | by_assertion(assertion(key, "far-keys", clock))
            return (await http.post("/token", data=form)).status_code

        assert [await status(first) for _ in range(5)] == [200] * 5
        assert address.asked == 1
        address.keys = [first, second]
        clock.advance(10)
        assert await status(second) == 200
        assert await status(first) == 200
        assert address.asked == 2
        for _ in range(5):
            assert await status(stranger) == 401
        assert address.asked == 2, "an unknown key makes us look, but not each time"
        address.keys, address.down = [second], True
        clock.advance(3_000)
        assert await status(second) == 200, "the address may be away for an hour"
        address.down = False
        clock.advance(30)
        assert await status(second) == 200
        assert await status(first) == 401, "a key that was taken away is gone with the next look"
