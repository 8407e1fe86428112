"""Clients that others wrote complete the log-in: openid-client on Node, Authlib in Python.

A client that accepts us proves that the two fit together, not that we are correct: the refusals have tests of
their own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet

from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod
from idp.settings import IdpSettings
from keys.jose.jwk import TOKEN_PURPOSES
from keys.spec import SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.support.idp_browser import idp_app, query_of
from tests.support.idp_world import IdpWorld, embedded_world
from tests.support.live_server import serving
from tests.support.node import run_node
from tests.support.servers import BackendMissing, free_port


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


async def node_portal(pytestconfig: pytest.Config, given: dict[str, Any]) -> dict[str, Any]:
    try:
        return await run_node("portal.mjs", given)
    except BackendMissing as missing:
        if pytestconfig.getoption("--require-backends"):
            pytest.fail(f"a required backend is missing: {missing}", pytrace=False)
        pytest.skip(str(missing))


@pytest.mark.parametrize("algorithm", list(TOKEN_PURPOSES))
@pytest.mark.parametrize("method", [ClientAuthMethod.BASIC, ClientAuthMethod.NONE])
async def test_openid_client_on_node(
    world: IdpWorld, pytestconfig: pytest.Config, algorithm: SignatureAlgorithm, method: ClientAuthMethod
) -> None:
    new = NewClient(
        Text("门户", "Portal"),
        "node-portal",
        redirect_uris=("https://node.example.test/callback",),
        post_logout_redirect_uris=("https://node.example.test/goodbye",),
        auth_method=method,
        id_token_alg=algorithm,
        scopes=frozenset({"openid", "realname"}),
        realname_approved=True,
    )
    made = await world.idp.register_client(new, SYSTEM)
    seen = await node_portal(
        pytestconfig,
        {
            "issuer": world.idp.settings.issuer,
            "clientId": made.client.id,
            "clientSecret": made.secret,
            "idTokenAlg": algorithm.value,
            "redirectUri": new.redirect_uris[0],
            "goodbyeUri": new.post_logout_redirect_uris[0],
            "scope": "openid realname",
            "identifier": world.lin.number,
            "password": world.lin.password,
        },
    )
    assert seen["claims"]["iss"] == world.idp.settings.issuer
    assert seen["userinfo"]["sub"] == seen["claims"]["sub"] == seen["refreshed"]["sub"]
    assert (seen["userinfo"]["name"], seen["userinfo"]["id_number"]) == (world.lin.name, world.lin.number)
    assert seen["goodbye"] == "https://node.example.test/goodbye?state=bye"
    assert seen["afterwards"] == "invalid_grant"
    if method is ClientAuthMethod.BASIC:
        assert seen["seen"]["active"] is True


async def test_authlib(world: IdpWorld) -> None:
    issuer = world.idp.settings.issuer
    async with httpx.AsyncClient(trust_env=False) as http:
        metadata = (await http.get(f"{issuer}/.well-known/openid-configuration")).json()
        jwks = KeySet.import_key_set((await http.get(metadata["jwks_uri"])).json())
    async with AsyncOAuth2Client(
        world.portal_a.client_id,
        world.portal_a.secret,
        scope="openid",
        redirect_uri=world.portal_a.redirect_uri,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
        trust_env=False,
    ) as portal:
        verifier = "v" * 64
        address, state = portal.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
        )
        entered = await walk(world, address)
        assert entered["state"] == state
        token = await portal.fetch_token(
            metadata["token_endpoint"],
            authorization_response=f"{world.portal_a.redirect_uri}?{httpx.QueryParams(entered)}",
            state=state,
            code_verifier=verifier,
        )
        claims = jwt.decode(token["id_token"], jwks, algorithms=["RS256"]).claims
        assert (claims["aud"], claims["nonce"]) == (world.portal_a.client_id, "n-1")
        answer = await portal.get(metadata["userinfo_endpoint"])
        assert answer.json()["sub"] == claims["sub"]
        fresh = await portal.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        assert fresh["refresh_token"] != token["refresh_token"]
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
