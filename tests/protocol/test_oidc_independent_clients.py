"""Clients that others wrote, openid-client and oauth4webapi on Node and Authlib in Python, complete every flow.

A client that accepts us proves that the two fit together, not that we are correct: the refusals have tests of their
own. The libraries check every answer; the tests look at what came of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from idp.settings import IdpSettings
from tests.support.clock import FakeClock
from tests.support.grants_world import answer_device, answer_request
from tests.support.idp_browser import Browser, idp_app, query_of
from tests.support.idp_world import IdpWorld, embedded_world
from tests.support.live_server import serving
from tests.support.node import Meanwhile, run_node
from tests.support.registered import registered
from tests.support.servers import BackendMissing, free_port

CALLBACK = "https://node.example.test/callback"
GOODBYE = "https://node.example.test/goodbye"
OWN = ECKey.generate_key("P-256", {"kid": "own", "alg": "ES256", "use": "sig"})
READING = ECKey.generate_key("P-256", {"kid": "reading", "alg": "ECDH-ES", "use": "enc"})
KEYS = {"keys": [OWN.as_dict(private=False), READING.as_dict(private=False)]}

PORTAL: dict[str, Any] = {
    "client_id": "node-portal",
    "redirect_uris": [CALLBACK],
    "post_logout_redirect_uris": [GOODBYE],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": "openid offline_access",
}
KEYED = {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "jwks": KEYS}
STRICT = {
    **KEYED,
    "id_token_signed_response_alg": "ES256",
    "authorization_signed_response_alg": "ES256",
    "request_object_signing_alg": "ES256",
    "dpop_bound_access_tokens": True,
}
DEVICE = {
    "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    "response_types": [],
    "redirect_uris": [],
    "post_logout_redirect_uris": [],
}
COUNTER = {
    **DEVICE,
    "grant_types": ["urn:openid:params:grant-type:ciba", "refresh_token"],
    "backchannel_token_delivery_mode": "poll",
}

FLOWS: dict[str, tuple[str, dict[str, Any]]] = {
    "code, secret in the header": ("code", {}),
    "code, secret in the form": ("code", {"token_endpoint_auth_method": "client_secret_post"}),
    "code, signed with the secret": ("code", {"token_endpoint_auth_method": "client_secret_jwt"}),
    "code, signed with a key": ("code", KEYED),
    "code, public": ("code", {"token_endpoint_auth_method": "none"}),
    "code, ES256": ("code", {"id_token_signed_response_alg": "ES256"}),
    "code, signed userinfo": ("code", {"userinfo_signed_response_alg": "RS256"}),
    "code, public subjects": ("code", {"subject_type": "public"}),
    "answer in a form": ("form_post", {}),
    "answer as a token": ("jarm", {"authorization_signed_response_alg": "ES256"}),
    "encrypted": (
        "encrypted",
        {
            **KEYED,
            "id_token_encrypted_response_alg": "ECDH-ES",
            "id_token_encrypted_response_enc": "A256GCM",
            "userinfo_signed_response_alg": "RS256",
            "userinfo_encrypted_response_alg": "ECDH-ES",
            "userinfo_encrypted_response_enc": "A128CBC-HS256",
        },
    ),
    "pushed": ("pushed", {"require_pushed_authorization_requests": True}),
    "request object": ("object", {**KEYED, "request_object_signing_alg": "ES256"}),
    "hybrid": (
        "hybrid",
        {"response_types": ["code", "code id_token"], "grant_types": [*PORTAL["grant_types"], "implicit"]},
    ),
    "detached signature": (
        "detached",
        {"response_types": ["code", "code id_token"], "grant_types": [*PORTAL["grant_types"], "implicit"]},
    ),
    "bound by DPoP": ("dpop", {"dpop_bound_access_tokens": True}),
    "bound by DPoP, public": ("dpop", {"token_endpoint_auth_method": "none", "dpop_bound_access_tokens": True}),
    "FAPI 2.0": ("fapi2", {**STRICT, "profile": "fapi2"}),
    "FAPI 2.0 message signing": ("fapi2-message-signing", {**STRICT, "profile": "fapi2-message-signing"}),
}


class RunningClock(FakeClock):
    """The machine's own time: the clients compare our times with theirs."""

    def __init__(self) -> None:
        from core.clock import SystemClock

        super().__init__(SystemClock().now())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[IdpWorld]:
    port = free_port()
    settings = IdpSettings(issuer=f"http://127.0.0.1:{port}")
    async with embedded_world(tmp_path, RunningClock(), settings=settings) as made, serving(idp_app(made), port):
        yield made


@pytest.fixture
def node(world: IdpWorld, pytestconfig: pytest.Config) -> Any:
    """Registers a portal and runs one of its flows."""

    async def run(
        flow: str,
        changes: dict[str, Any],
        *,
        script: str = "flows.mjs",
        meanwhile: Meanwhile | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        client = await registered(world, {**PORTAL, **changes})
        whole = {
            "flow": flow,
            "issuer": world.idp.settings.issuer,
            "client": client,
            "jwk": OWN.as_dict(private=True),
            "decryption": READING.as_dict(private=True),
            "person": {"number": world.lin.number, "password": world.lin.password},
            "scope": "openid offline_access",
            **given,
        }
        try:
            return await run_node(script, whole, meanwhile)
        except BackendMissing as missing:
            if pytestconfig.getoption("--require-backends"):
                pytest.fail(f"a required backend is missing: {missing}", pytrace=False)
            pytest.skip(str(missing))

    return run


def check_log_in(world: IdpWorld, seen: dict[str, Any], changes: dict[str, Any]) -> None:
    bound = changes.get("dpop_bound_access_tokens", False)
    assert seen["claims"]["iss"] == world.idp.settings.issuer
    assert seen["userinfo"]["sub"] == seen["claims"]["sub"] == seen["refreshed"]["claims"]["sub"]
    assert {seen["tokenType"], seen["refreshed"]["tokenType"]} == {"dpop" if bound else "bearer"}
    assert seen["afterwards"] == "invalid_grant"
    if changes.get("token_endpoint_auth_method") != "none":
        assert seen["introspected"]["active"] is True
        assert ("cnf" in seen["introspected"]) == bound


@pytest.mark.parametrize("name", FLOWS)
async def test_openid_client_logs_people_in(world: IdpWorld, node: Any, name: str) -> None:
    flow, changes = FLOWS[name]
    check_log_in(world, await node(flow, changes), changes)


async def test_openid_client_reads_real_names(world: IdpWorld, node: Any) -> None:
    changes = {"scope": "openid realname", "realname_approved": True}
    seen = await node("code", changes, scope="openid realname")
    assert (seen["userinfo"]["name"], seen["userinfo"]["id_number"]) == (world.lin.name, world.lin.number)


async def test_openid_client_reads_an_id_token_from_the_authorization_endpoint(world: IdpWorld, node: Any) -> None:
    changes = {"response_types": ["id_token"], "grant_types": ["implicit"], "scope": "openid"}
    seen = await node("implicit", changes, scope="openid")
    assert seen["claims"]["iss"] == world.idp.settings.issuer


async def test_openid_client_logs_people_out(node: Any) -> None:
    assert (await node("logout", {}))["goodbye"] == f"{GOODBYE}?state=bye"


async def test_openid_client_acts_for_itself(node: Any) -> None:
    changes = {
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "post_logout_redirect_uris": [],
        "scope": "licence:read",
    }
    seen = await node("client", changes, scope="licence:read")
    assert seen["introspected"]["scope"] == "licence:read"


@pytest.mark.parametrize("method", ["none", "client_secret_basic"])
async def test_openid_client_logs_people_in_at_a_kiosk(world: IdpWorld, node: Any, method: str) -> None:
    async def approve(begun: dict[str, Any]) -> None:
        await answer_device(world, Browser(world), world.lin, begun["user_code"])

    changes = {**DEVICE, "token_endpoint_auth_method": method}
    check_log_in(world, await node("device", changes, meanwhile=approve), changes)


@pytest.mark.parametrize("changes", [{}, KEYED], ids=["secret", "key"])
async def test_openid_client_asks_a_person_on_their_phone(world: IdpWorld, node: Any, changes: dict[str, Any]) -> None:
    async def approve(begun: dict[str, Any]) -> None:
        await answer_request(world, Browser(world), world.lin)

    changes = {**COUNTER, **changes}
    hint = await world.idp.elsewhere.hint_tokens.make(world.lin.account_id)
    check_log_in(world, await node("decoupled", changes, meanwhile=approve, hint=hint), changes)


async def test_openid_client_hands_a_token_on(world: IdpWorld, node: Any) -> None:
    exchange = {"audience": world.department.client_id}
    changes = {
        "grant_types": [*PORTAL["grant_types"], "urn:ietf:params:oauth:grant-type:token-exchange"],
        "exchange_audiences": [world.department.client_id],
    }
    seen = await node("exchange", changes, exchange=exchange)
    assert seen["issued"] == "urn:ietf:params:oauth:token-type:access_token"
    assert (seen["introspected"]["active"], seen["introspected"]["aud"]) == (True, world.department.client_id)


STRICTLY: dict[str, dict[str, Any]] = {
    "plain": {},
    "pushed": KEYED,
    "object": {**KEYED, "request_object_signing_alg": "ES256"},
    "jarm": {"authorization_signed_response_alg": "ES256"},
    "hybrid": {"response_types": ["code", "code id_token"], "grant_types": [*PORTAL["grant_types"], "implicit"]},
    "dpop": {"token_endpoint_auth_method": "client_secret_jwt", "dpop_bound_access_tokens": True},
    "fapi2": {**STRICT, "profile": "fapi2"},
    "fapi2-message-signing": {**STRICT, "profile": "fapi2-message-signing"},
}


@pytest.mark.parametrize("flow", STRICTLY)
async def test_oauth4webapi_finds_nothing_to_object_to(world: IdpWorld, node: Any, flow: str) -> None:
    changes = STRICTLY[flow]
    bound = changes.get("dpop_bound_access_tokens", False)
    seen = await node(flow, changes, script="strict.mjs")
    assert seen["userinfo"]["sub"] == seen["claims"]["sub"]
    assert seen["introspected"]["active"] is True
    assert seen["tokenType"] == ("dpop" if bound else "bearer")
    assert seen["afterwards"] == "invalid_grant"


async def test_oauth4webapi_reads_an_access_token_as_rfc_9068_says(world: IdpWorld, node: Any) -> None:
    changes = {
        **{name: [] for name in ("response_types", "redirect_uris", "post_logout_redirect_uris")},
        "grant_types": ["client_credentials"],
        "scope": "licence:read",
        "access_token_format": "jwt",
    }
    seen = await node("client", changes, script="strict.mjs", scope="licence:read", jwt=True)
    assert seen["read"]["client_id"] == PORTAL["client_id"]
    assert seen["scope"] == seen["read"]["scope"] == "licence:read"


async def test_oauth4webapi_waits_for_a_kiosk(world: IdpWorld, node: Any) -> None:
    async def approve(begun: dict[str, Any]) -> None:
        await answer_device(world, Browser(world), world.lin, begun["user_code"])

    changes = {**DEVICE, "token_endpoint_auth_method": "none"}
    seen = await node("device", changes, script="strict.mjs", meanwhile=approve)
    assert seen["early"] == {"status": 400, "error": "authorization_pending"}
    assert seen["claims"]["iss"] == world.idp.settings.issuer


async def test_oauth4webapi_understands_every_refusal(world: IdpWorld, node: Any) -> None:
    seen = await node("refusals", {}, script="strict.mjs")
    challenged = {"status": 401, "challenges": [["basic", None]]}
    assert seen == {
        "verifier": {"status": 400, "error": "invalid_grant"},
        "secret": challenged,
        "token": {"status": 401, "challenges": [["bearer", "invalid_token"], ["dpop", None]]},
        "prompt": {"error": "login_required"},
        "pushed": {"status": 400, "error": "invalid_request"},
        "revocation": challenged,
        "introspection": challenged,
    }


@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt"])
async def test_authlib(world: IdpWorld, method: str) -> None:
    issuer = world.idp.settings.issuer
    async with httpx.AsyncClient(trust_env=False) as http:
        metadata = (await http.get(f"{issuer}/.well-known/openid-configuration")).json()
        jwks = KeySet.import_key_set((await http.get(metadata["jwks_uri"])).json())
    keyed = KEYED if method == "private_key_jwt" else {}
    client = await registered(world, {**PORTAL, **keyed})
    secret = OWN if keyed else client["client_secret"]
    async with AsyncOAuth2Client(
        client["client_id"],
        secret,
        scope="openid",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        trust_env=False,
    ) as portal:
        portal.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg="ES256"))
        verifier = "v" * 64
        address, state = portal.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
        )
        entered = await walk(world, address)
        assert entered["state"] == state
        token = await portal.fetch_token(
            metadata["token_endpoint"],
            authorization_response=f"{CALLBACK}?{httpx.QueryParams(entered)}",
            state=state,
            code_verifier=verifier,
        )
        claims = jwt.decode(token["id_token"], jwks, algorithms=["RS256"]).claims
        assert (claims["aud"], claims["nonce"]) == (client["client_id"], "n-1")
        answer = await portal.get(metadata["userinfo_endpoint"])
        assert answer.json()["sub"] == claims["sub"]
        fresh = await portal.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        # a client that proves a key keeps its token (FAPI 2.0 §5.3.2.1)
        assert (fresh["refresh_token"] == token["refresh_token"]) is bool(keyed)
        seen = await portal.introspect_token(metadata["introspection_endpoint"], token=fresh["access_token"])
        assert seen.json()["active"] is True
        revoked = await portal.revoke_token(metadata["revocation_endpoint"], token=fresh["refresh_token"])
        assert revoked.status_code == 200


async def walk(world: IdpWorld, address: str) -> dict[str, str]:
    """The browser's way from the portal's address to its redirect URI."""
    async with httpx.AsyncClient(base_url=world.idp.settings.issuer, trust_env=False) as browser:
        answer = await browser.get(address)
        while answer.headers["location"].startswith("/"):
            location = answer.headers["location"]
            if location.startswith("/login"):
                form = {"identifier": world.lin.number, "password": world.lin.password}
                answer = await browser.post(location, data=form)
            else:
                answer = await browser.get(location)
    return query_of(answer.headers["location"])
