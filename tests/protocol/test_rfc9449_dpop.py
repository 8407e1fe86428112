"""DPoP: tokens bound to a key that the client proves with each request (RFC 9449; FAPI 2.0 rows of the reference)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.requests import Request

from api.deps import requires
from core.principal import SYSTEM
from core.text import Text
from idp.binding.nonces import PERIOD
from idp.client_metadata import ClientMetadata
from idp.clients.registration import NewClient
from idp.model import GrantType
from idp.settings import DpopNonce, IdpSettings
from tests.support.access_tokens import claims_in
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, authorization_params, idp_app
from tests.support.idp_proofs import Prover, SigningKey
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world

CC = {"grant_type": "client_credentials"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
def prover(clock: FakeClock) -> Prover:
    return Prover(clock)


async def asked(back_end: BackEnd, prover: Prover, form: dict[str, str], **options: Any) -> httpx.Response:
    """A token request with a proof."""
    return await back_end.post("/token", form, headers={"DPoP": prover.proof(**options)})


async def redeemed(world: IdpWorld, portal: Portal, prover: Prover, **changes: str | None) -> dict[str, Any]:
    entered = await Browser(world).enter(portal, world.lin, **changes)
    form = {
        "grant_type": "authorization_code",
        "code": entered.code,
        "redirect_uri": entered.redirect_uri,
        "code_verifier": entered.verifier,
    }
    answer = await asked(BackEnd(world, portal), prover, form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refresh(world: IdpWorld, portal: Portal, token: str, prover: Prover | None) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    back_end = BackEnd(world, portal)
    return await (back_end.post("/token", form) if prover is None else asked(back_end, prover, form))


async def test_a_proof_binds_the_token(world: IdpWorld, prover: Prover) -> None:
    tokens = (await asked(BackEnd(world, world.department), prover, CC)).json()
    assert tokens["token_type"] == "DPoP"
    assert claims_in(world, tokens["access_token"])["cnf"] == {"jkt": prover.jkt}
    shown = await BackEnd(world, world.department).introspect(tokens["access_token"])
    assert (shown["active"], shown["token_type"], shown["cnf"]) == (True, "DPoP", {"jkt": prover.jkt})


@pytest.mark.parametrize("alg", ["ES256", "ES384", "PS256", "EdDSA"])
async def test_algorithms_that_are_offered(world: IdpWorld, clock: FakeClock, alg: str) -> None:
    offered = (await BackEnd(world, world.department).http.get("/.well-known/openid-configuration")).json()
    assert alg in offered["dpop_signing_alg_values_supported"]
    made = Prover(clock, SigningKey(alg, None))
    assert (await asked(BackEnd(world, world.department), made, CC)).json()["token_type"] == "DPoP"


async def test_userinfo_takes_the_token_with_its_proof(world: IdpWorld, prover: Prover) -> None:
    token = (await redeemed(world, world.phone_app, prover))["access_token"]
    http = BackEnd(world, world.phone_app).http
    for method in ("GET", "POST"):
        answer = await http.request(method, "/userinfo", headers=prover.headers(method, "/userinfo", token))
        assert answer.status_code == 200, answer.text
        assert answer.json()["sub"]


async def test_htu_is_compared_as_addresses_are(world: IdpWorld, prover: Prover) -> None:
    """RFC 9449 §4.3: after normalisation by syntax and scheme; query and fragment do not count."""
    back_end = BackEnd(world, world.department)
    host = ISSUER.removeprefix("https://")
    for htu in (
        f"{ISSUER}/token",
        f"HTTPS://{host.upper()}/token",
        f"{ISSUER}:443/token",
        f"{ISSUER}/token?query=1",
        f"{ISSUER}/token#part",
        f"{ISSUER}/%74oken",
    ):
        assert (await asked(back_end, prover, CC, path=htu)).status_code == 200, htu


async def test_iat_may_be_ten_seconds_off(world: IdpWorld, prover: Prover) -> None:
    back_end, now = BackEnd(world, world.department), int(world.clock.now().timestamp())
    for iat in (now - 10, now + 10, now - 60, now + 60, now + 0.5):
        assert (await asked(back_end, prover, CC, iat=iat)).status_code == 200, iat


async def test_a_public_clients_refresh_token_is_bound_to_the_key(world: IdpWorld, prover: Prover) -> None:
    first = await redeemed(world, world.phone_app, prover, scope="openid offline_access", prompt="consent")
    for other in (None, Prover(world.clock)):
        refused = await refresh(world, world.phone_app, first["refresh_token"], other)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    answer = await refresh(world, world.phone_app, first["refresh_token"], prover)
    again = await refresh(world, world.phone_app, first["refresh_token"], prover)
    assert again.json()["refresh_token"] == answer.json()["refresh_token"] == first["refresh_token"], "it stays"
    assert answer.status_code == 200, "the tries with other keys have spent nothing"
    assert claims_in(world, answer.json()["access_token"])["cnf"] == {"jkt": prover.jkt}
    assert answer.json()["token_type"] == "DPoP"


async def test_a_confidential_client_may_change_its_key(world: IdpWorld, prover: Prover) -> None:
    """RFC 9449 §5: its refresh tokens are bound by its authentication; but they never become bearer tokens."""
    first = await redeemed(world, world.portal_a, prover)
    back_end = BackEnd(world, world.portal_a)
    assert (await back_end.introspect(first["refresh_token"]))["cnf"] == {"jkt": prover.jkt}
    refused = await refresh(world, world.portal_a, first["refresh_token"], None)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    other = Prover(world.clock)
    answer = await refresh(world, world.portal_a, first["refresh_token"], other)
    assert claims_in(world, answer.json()["access_token"])["cnf"] == {"jkt": other.jkt}


async def test_a_client_may_be_registered_for_proofs_only(world: IdpWorld, prover: Prover) -> None:
    """RFC 9449 §5.2."""
    new = NewClient(
        Text("系统", "System"),
        "always-proves",
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:read"}),
        metadata=ClientMetadata(dpop_bound_access_tokens=True),
    )
    made = await world.idp.register_client(new, SYSTEM)
    back_end = BackEnd(world, Portal(made.client.id, secret=made.secret))
    refused = await back_end.client_credentials()
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_dpop_proof")
    assert (await asked(back_end, prover, CC)).status_code == 200


async def test_a_code_is_bound_by_dpop_jkt(world: IdpWorld, prover: Prover) -> None:
    """RFC 9449 §10."""
    portal = world.phone_app

    async def form() -> dict[str, str]:
        entered = await Browser(world).enter(portal, world.lin, dpop_jkt=prover.jkt)
        return {
            "grant_type": "authorization_code",
            "code": entered.code,
            "redirect_uri": entered.redirect_uri,
            "code_verifier": entered.verifier,
        }

    back_end = BackEnd(world, portal)
    for answer in (
        await asked(back_end, Prover(world.clock), await form()),
        await back_end.post("/token", await form()),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await asked(back_end, prover, await form())).status_code == 200


async def test_a_code_is_bound_by_the_proof_of_the_pushed_request(world: IdpWorld, prover: Prover) -> None:
    """RFC 9449 §10.1; reference §5.5: dpop_jkt that differs from the proof there is refused."""
    portal, other = world.portal_a, Prover(world.clock)
    back_end = BackEnd(world, portal)

    async def pushed(pkce: Pkce, headers: dict[str, str], **changes: str) -> httpx.Response:
        return await back_end.post("/par", authorization_params(portal, pkce, **changes), headers=headers)

    async def redeem(key: Prover | None) -> httpx.Response:
        pkce = Pkce()
        kept = await pushed(pkce, {"DPoP": prover.proof("POST", "/par")})
        assert kept.status_code == 201, kept.text
        browser = Browser(world)
        answer = await browser.http.get(
            "/authorize", params={"client_id": portal.client_id, "request_uri": kept.json()["request_uri"]}
        )
        entered = await browser.follow(answer, pkce, portal, world.lin)
        form = {
            "grant_type": "authorization_code",
            "code": entered.code,
            "redirect_uri": entered.redirect_uri,
            "code_verifier": entered.verifier,
        }
        return await (back_end.post("/token", form) if key is None else asked(back_end, key, form))

    for key in (other, None):
        assert (await redeem(key)).json()["error"] == "invalid_grant"
    assert (await redeem(prover)).json()["token_type"] == "DPoP"
    proved = {"DPoP": prover.proof("POST", "/par")}
    assert (await pushed(Pkce(), proved, dpop_jkt=other.jkt)).json()["error"] == "invalid_request"
    proved = {"DPoP": prover.proof("POST", "/par")}
    assert (await pushed(Pkce(), proved, dpop_jkt=prover.jkt)).status_code == 201
    for wrong in ({"DPoP": prover.proof()}, {"DPoP": prover.proof("POST", "/par", jti=None)}):
        assert (await pushed(Pkce(), wrong)).json()["error"] == "invalid_dpop_proof"


async def test_our_own_api_takes_bound_tokens(world: IdpWorld, prover: Prover) -> None:
    app = idp_app(world)
    router = APIRouter()

    async def things(request: Request) -> dict[str, str]:
        return {"client": (await requires("licence:read")(request)).id}

    router.add_api_route("/v1/things", things)
    app.include_router(router)
    back_end = BackEnd(world, world.department, app)
    token = (await asked(back_end, prover, CC)).json()["access_token"]
    answer = await back_end.http.get("/v1/things", headers=prover.headers("GET", "/v1/things", token))
    assert (answer.status_code, answer.json()) == (200, {"client": "department"})
    for headers, error in (
        ({"Authorization": f"Bearer {token}"}, "invalid_token"),
        ({"Authorization": f"DPoP {token}"}, "invalid_dpop_proof"),
        (prover.headers("POST", "/v1/things", token), "invalid_dpop_proof"),
        (Prover(world.clock).headers("GET", "/v1/things", token), "invalid_token"),
    ):
        answer = await back_end.http.get("/v1/things", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert f'error="{error}"' in answer.headers["www-authenticate"]
        assert 'algs="ES256 ' in answer.headers["www-authenticate"]


@pytest.fixture
async def strict(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    """A world in which every proof needs a nonce."""
    settings = IdpSettings(issuer=ISSUER, even_answers=0, dpop_nonce=DpopNonce.ALL)
    async with embedded_world(tmp_path, clock, settings=settings) as made:
        yield made


async def test_a_nonce_is_asked_for_and_taken(strict: IdpWorld, clock: FakeClock) -> None:
    """RFC 9449 §8."""
    back_end, prover = BackEnd(strict, strict.department), Prover(clock)
    refused = await asked(back_end, prover, CC)
    assert (refused.status_code, refused.json()["error"]) == (400, "use_dpop_nonce")
    assert refused.headers["cache-control"] == "no-store"
    nonce = refused.headers["dpop-nonce"]
    taken = await asked(back_end, prover, CC, nonce=nonce)
    assert taken.status_code == 200
    assert "dpop-nonce" not in taken.headers, "the one that it has is good"
    clock.advance(PERIOD)
    renewed = await asked(back_end, prover, CC, nonce=nonce)
    assert renewed.status_code == 200
    assert renewed.headers["dpop-nonce"] not in ("", nonce), "a new one before the old one ends (§8.2)"
    clock.advance(PERIOD)
    late = await asked(back_end, prover, CC, nonce=nonce)
    assert late.json()["error"] == "use_dpop_nonce"


async def test_a_resource_asks_for_a_nonce(strict: IdpWorld, clock: FakeClock) -> None:
    """RFC 9449 §9."""
    back_end, prover = BackEnd(strict, strict.phone_app), Prover(clock)
    nonce = (await asked(back_end, prover, {"grant_type": "refresh_token", "refresh_token": "x"})).headers["dpop-nonce"]
    entered = await Browser(strict).enter(strict.phone_app, strict.lin)
    form = {
        "grant_type": "authorization_code",
        "code": entered.code,
        "redirect_uri": entered.redirect_uri,
        "code_verifier": entered.verifier,
    }
    token = (await asked(back_end, prover, form, nonce=nonce)).json()["access_token"]
    refused = await back_end.http.get("/userinfo", headers=prover.headers("GET", "/userinfo", token))
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("DPoP ")
    assert 'error="use_dpop_nonce"' in refused.headers["www-authenticate"]
    nonce = refused.headers["dpop-nonce"]
    headers = prover.headers("GET", "/userinfo", token, nonce=nonce)
    assert (await back_end.http.get("/userinfo", headers=headers)).status_code == 200


async def test_workers_know_each_others_nonces(strict: IdpWorld, clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    settings = IdpSettings(issuer=ISSUER, even_answers=0, dpop_nonce=DpopNonce.ALL)
    async with embedded_world(tmp_path / "second", clock, settings=settings) as second:
        nonce = (await asked(BackEnd(strict, strict.department), Prover(clock), CC)).headers["dpop-nonce"]
        assert (await asked(BackEnd(second, second.department), Prover(clock), CC, nonce=nonce)).status_code == 200


async def test_a_token_request_without_a_proof_is_as_ever(world: IdpWorld) -> None:
    answer = await BackEnd(world, world.department).client_credentials()
    assert answer.json()["token_type"] == "Bearer"
    assert "cnf" not in claims_in(world, answer.json()["access_token"])
