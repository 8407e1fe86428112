"""Tokens bound to a key, by every grant that gives some: rule × grant × requests at the same time (RFC 9449 §5, §5.2).

Each grant is brought to the point where its token request is good but for the proof. Then: without a proof, or with a
bad one, nothing is given and nothing is spent where the client may come again; with one, the tokens are bound; of many
at once, each with a proof of its own, as many are answered as without proofs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from idp.client_metadata import DeliveryMode
from idp.exchange.parties import ACCESS_TOKEN
from idp.model import ClientAuthMethod, GrantType
from tests.support.access_tokens import claims_in
from tests.support.clock import FakeClock
from tests.support.grants_world import answer_device, answer_request, other_client, subject_at
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import Prover
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world

PARALLEL = 12
Form = dict[str, str]
Ready = Callable[[IdpWorld, Portal, Prover], Awaitable[Form]]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def code(world: IdpWorld, portal: Portal, prover: Prover) -> Form:
    entered = await Browser(world).enter(portal, world.lin)
    return {
        "grant_type": "authorization_code",
        "code": entered.code,
        "redirect_uri": entered.redirect_uri,
        "code_verifier": entered.verifier,
    }


async def refresh(world: IdpWorld, portal: Portal, prover: Prover) -> Form:
    first = await ask(world, portal, await code(world, portal, prover), prover)
    assert first.status_code == 200, first.text
    return {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}


async def client_credentials(world: IdpWorld, portal: Portal, prover: Prover) -> Form:
    return {"grant_type": "client_credentials", "scope": "licence:read"}


async def device(world: IdpWorld, portal: Portal, prover: Prover) -> Form:
    begun = await BackEnd(world, portal).post("/device-authorization", {"scope": "openid"})
    await answer_device(world, Browser(world), world.lin, begun.json()["user_code"])
    return {"grant_type": GrantType.DEVICE_CODE.value, "device_code": begun.json()["device_code"]}


async def ciba(world: IdpWorld, portal: Portal, prover: Prover) -> Form:
    form = {"scope": "openid", "login_hint": await subject_at(world, portal, world.lin)}
    begun = await BackEnd(world, portal).post("/backchannel-authentication", form)
    assert begun.status_code == 200, begun.text
    await answer_request(world, Browser(world), world.lin)
    return {"grant_type": GrantType.CIBA.value, "auth_req_id": begun.json()["auth_req_id"]}


async def exchange(world: IdpWorld, portal: Portal, prover: Prover) -> Form:
    """Its own token, narrowed for our API."""
    first = await ask(world, portal, await code(world, portal, prover), prover)
    assert first.status_code == 200, first.text
    return {
        "grant_type": GrantType.TOKEN_EXCHANGE.value,
        "subject_token": first.json()["access_token"],
        "subject_token_type": ACCESS_TOKEN,
        "audience": ISSUER,
        "scope": "openid",
    }


GRANTS: dict[str, Ready] = {
    "authorization_code": code,
    "refresh_token": refresh,
    "client_credentials": client_credentials,
    "device_code": device,
    "ciba": ciba,
    "token_exchange": exchange,
}
PUBLIC = ("authorization_code", "refresh_token", "device_code")
CASES = [(grant, ClientAuthMethod.BASIC) for grant in GRANTS] + [(grant, ClientAuthMethod.NONE) for grant in PUBLIC]


async def bound_client(world: IdpWorld, method: ClientAuthMethod, *, always: bool = True) -> Portal:
    everything = [GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE]
    if method is not ClientAuthMethod.NONE:
        everything += [GrantType.CLIENT_CREDENTIALS, GrantType.CIBA, GrantType.TOKEN_EXCHANGE]
    made = await other_client(
        world,
        "bound",
        *everything,
        auth_method=method,
        redirect_uris=("https://bound.example.test/callback",),
        scopes=frozenset({"openid", "licence:read"}),
        dpop_bound_access_tokens=always,
        exchange_audiences=(ISSUER,),
        backchannel_token_delivery_mode=None if method is ClientAuthMethod.NONE else DeliveryMode.POLL,
    )
    return Portal(made.client_id, "https://bound.example.test/callback", made.secret, made.auth_method)


async def ask(world: IdpWorld, portal: Portal, form: Form, prover: Prover | None, **options: Any) -> httpx.Response:
    headers = {} if prover is None else {"DPoP": prover.proof(**options)}
    return await BackEnd(world, portal).post("/token", form, headers=headers)


def confirmation(world: IdpWorld, answer: httpx.Response) -> Any:
    return claims_in(world, answer.json()["access_token"]).get("cnf")


@pytest.mark.parametrize(("grant", "method"), CASES)
async def test_a_bound_client_gets_nothing_without_its_proof(
    world: IdpWorld, grant: str, method: ClientAuthMethod
) -> None:
    """And has lost nothing: proofs are looked at before a grant spends anything."""
    portal, prover = await bound_client(world, method), Prover(world.clock)
    form = await GRANTS[grant](world, portal, prover)
    bad: list[dict[str, Any]] = [{"htm": "GET"}, {"htu": f"{ISSUER}/userinfo"}, {"iat": 1}, {"jti": None}]
    refused = [await ask(world, portal, form, None)]
    refused += [await ask(world, portal, form, prover, **changes) for changes in bad]
    for answer in refused:
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
        assert set(answer.json()) == {"error", "error_description"}
    given = await ask(world, portal, form, prover)
    assert given.status_code == 200, given.text
    assert given.json()["token_type"] == "DPoP"
    assert confirmation(world, given) == {"jkt": prover.jkt}


@pytest.mark.parametrize(("grant", "method"), CASES)
async def test_what_a_grant_gives_is_bound_through_its_life(
    world: IdpWorld, grant: str, method: ClientAuthMethod
) -> None:
    """At introspection, userinfo and every refresh; a thief's key is of no use, at the refresh of a public client."""
    portal, prover, thief = await bound_client(world, method), Prover(world.clock), Prover(world.clock)
    tokens = (await ask(world, portal, await GRANTS[grant](world, portal, prover), prover)).json()
    http = BackEnd(world, portal).http
    if grant != "client_credentials":
        for held, status in ((prover, 200), (thief, 401)):
            headers = held.headers("GET", "/userinfo", tokens["access_token"])
            assert (await http.get("/userinfo", headers=headers)).status_code == status
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await http.get("/userinfo", headers=bearer)).status_code == 401
    if method is not ClientAuthMethod.NONE:
        shown = await BackEnd(world, portal).introspect(tokens["access_token"])
        assert (shown["token_type"], shown["cnf"]) == ("DPoP", {"jkt": prover.jkt})
    if "refresh_token" not in tokens:
        return
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await ask(world, portal, form, None)).json()["error"] == "invalid_dpop_proof"
    if method is ClientAuthMethod.NONE:
        assert (await ask(world, portal, form, thief)).json()["error"] == "invalid_grant"
    again = await ask(world, portal, form, prover)
    assert confirmation(world, again) == {"jkt": prover.jkt}


@pytest.mark.parametrize("grant", ["authorization_code", "device_code", "ciba"])
async def test_of_many_at_once_with_good_proofs_one_is_answered(world: IdpWorld, grant: str) -> None:
    """A proof makes no second answer out of a one-time thing, and two keys do not either."""
    portal = await bound_client(world, ClientAuthMethod.BASIC)
    provers = [Prover(world.clock) for _ in range(PARALLEL)]
    form = await GRANTS[grant](world, portal, provers[0])
    answers = await asyncio.gather(*(ask(world, portal, form, prover) for prover in provers))
    given = [(answer, prover) for answer, prover in zip(answers, provers, strict=True) if answer.status_code == 200]
    assert len(given) == 1
    assert confirmation(world, given[0][0]) == {"jkt": given[0][1].jkt}


@pytest.mark.parametrize("grant", list(GRANTS))
async def test_a_client_that_need_not_bind_gets_what_it_asks_for(world: IdpWorld, grant: str) -> None:
    portal = await bound_client(world, ClientAuthMethod.BASIC, always=False)
    prover = Prover(world.clock)
    begun = grant in ("refresh_token", "token_exchange")  # these stay with what their family began with
    plain = code if begun else GRANTS[grant]
    answer = await ask(world, portal, await plain(world, portal, prover), None)
    assert answer.json()["token_type"] == "Bearer"
    assert confirmation(world, answer) is None
    bound = await ask(world, portal, await GRANTS[grant](world, portal, prover), prover)
    assert confirmation(world, bound) == {"jkt": prover.jkt}
