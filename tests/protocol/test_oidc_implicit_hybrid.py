"""Implicit and hybrid flows (OpenID Connect Core §3.2, §3.3; OAuth 2.0 Multiple Response Types; reference §5.2)."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.protocol.response_types import RESPONSE_TYPES
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, response_of
from tests.support.idp_front import front_portal, verified
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world

FRONT = [name for name in RESPONSE_TYPES if name != "code"]
WITH_ID_TOKEN = [name for name in RESPONSE_TYPES if "id_token" in name]
HYBRID = [name for name in FRONT if "code" in name]
WITH_TOKEN = [name for name in RESPONSE_TYPES if "token" in name.split()]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def front(world: IdpWorld) -> Portal:
    return await front_portal(world)


def half_hash(value: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize("response_type", FRONT)
async def test_each_type_gives_exactly_what_it_names(world: IdpWorld, front: Portal, response_type: str) -> None:
    entered = await Browser(world).enter(front, world.lin, response_type=response_type)
    assert entered.location.startswith(f"{front.redirect_uri}#")  # never in the query
    words = set(response_type.split())
    given = {"code": "code", "access_token": "token", "id_token": "id_token"}
    assert {given[name] for name in entered.params.keys() & given.keys()} == words
    assert (entered.params["state"], entered.params["iss"]) == ("s-123", ISSUER)
    assert "refresh_token" not in entered.params
    if "token" in words:
        assert (entered.params["token_type"], entered.params["expires_in"]) == ("Bearer", "600")
        assert entered.params["scope"] == "openid"


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
async def test_the_id_token_is_bound_to_all_that_it_comes_with(
    world: IdpWorld, front: Portal, response_type: str
) -> None:
    entered = await Browser(world).enter(front, world.lin, response_type=response_type)
    claims = await verified(world, entered.params["id_token"])
    assert claims["aud"] == front.client_id
    assert claims["nonce"] == "n-456"
    assert claims["auth_time"] == int(world.clock.now().timestamp())
    for claim, parameter in (("c_hash", "code"), ("at_hash", "access_token")):
        assert claims.get(claim) == (half_hash(entered.params[parameter]) if parameter in entered.params else None)
    assert claims.get("s_hash") == (half_hash("s-123") if "code" in entered.params else None)


@pytest.mark.parametrize("response_type", HYBRID)
async def test_hybrid_codes_are_redeemed_and_both_id_tokens_name_the_same_person(
    world: IdpWorld, front: Portal, response_type: str
) -> None:
    entered = await Browser(world).enter(front, world.lin, response_type=response_type)
    tokens = await BackEnd(world, front).tokens(entered)
    second = await verified(world, tokens["id_token"])
    assert second["nonce"] == "n-456"  # Core §3.3.3.6
    assert "c_hash" not in second
    if "id_token" in entered.params:
        first = await verified(world, entered.params["id_token"])
        assert [first[name] for name in ("iss", "sub", "aud", "sid", "auth_time")] == [
            second[name] for name in ("iss", "sub", "aud", "sid", "auth_time")
        ]


@pytest.mark.parametrize("response_type", WITH_TOKEN)
async def test_front_channel_access_tokens_work_and_belong_to_a_family(
    world: IdpWorld, front: Portal, response_type: str
) -> None:
    browser = Browser(world)
    entered = await browser.enter(front, world.lin, response_type=response_type)
    back_end, token = BackEnd(world, front), entered.params["access_token"]
    answer = await back_end.userinfo(token)
    assert answer.status_code == 200
    if "id_token" in entered.params:
        assert answer.json()["sub"] == (await verified(world, entered.params["id_token"]))["sub"]
    assert (await back_end.introspect(token))["active"] is True
    world.clock.advance(590)  # as long as it says, although a code lives for 60 s only
    assert (await back_end.userinfo(token)).status_code == 200
    await browser.http.post("/logout")
    assert (await back_end.userinfo(token)).status_code == 401  # ending the session kills it at once


async def test_front_channel_access_tokens_end(world: IdpWorld, front: Portal) -> None:
    entered = await Browser(world).enter(front, world.lin, response_type="id_token token")
    world.clock.advance(661)
    assert (await BackEnd(world, front).userinfo(entered.params["access_token"])).status_code == 401


@pytest.mark.parametrize("response_type", RESPONSE_TYPES)
async def test_a_6_nonce_is_required_where_an_id_token_comes_from_here(
    world: IdpWorld, front: Portal, response_type: str
) -> None:
    answer = await Browser(world).authorize(front, response_type=response_type, nonce=None)
    if "id_token" in response_type:
        params = response_of(answer)
        assert params["error"] == "invalid_request"
        assert params["state"] == "s-123"
    else:
        assert answer.headers["location"].startswith("/login")


async def test_the_order_of_the_words_does_not_matter(world: IdpWorld, front: Portal) -> None:
    browser = Browser(world)
    await browser.enter(front, world.lin)
    for words in itertools.permutations(("code", "id_token", "token")):
        entered = await browser.enter(front, response_type=" ".join(words))
        assert {"code", "id_token", "access_token"} <= entered.params.keys()


@pytest.mark.parametrize("response_type", FRONT)
async def test_errors_are_in_the_fragment_too(world: IdpWorld, front: Portal, response_type: str) -> None:
    answer = await Browser(world).authorize(front, response_type=response_type, prompt="none")
    assert answer.headers["location"].startswith(f"{front.redirect_uri}#")
    params = response_of(answer)
    assert (params["error"], params["state"], params["iss"]) == ("login_required", "s-123", ISSUER)


async def test_a_public_app_needs_pkce_for_hybrid_codes_only(world: IdpWorld, front: Portal) -> None:
    browser = Browser(world)
    hybrid = await browser.authorize(front, response_type="code id_token", code_challenge=None)
    assert response_of(hybrid)["error"] == "invalid_request"
    implicit = await browser.enter(
        front, world.lin, response_type="id_token", code_challenge=None, code_challenge_method=None
    )
    assert "id_token" in implicit.params


async def test_claims_of_scopes_come_in_the_id_token_where_there_is_no_access_token(world: IdpWorld) -> None:
    """Core §5.4."""
    scopes = frozenset({"openid", "realname", "offline_access"})
    approved = await front_portal(world, "approved", realname_approved=True, scopes=scopes)
    browser = Browser(world)
    alone = await browser.enter(approved, world.lin, scope="openid realname", response_type="id_token")
    claims = await verified(world, alone.params["id_token"])
    assert (claims["name"], claims["id_number"]) == (world.lin.name, world.lin.number)
    beside = await browser.enter(approved, scope="openid realname", response_type="id_token token")
    assert "name" not in await verified(world, beside.params["id_token"])
    answer = await BackEnd(world, approved).userinfo(beside.params["access_token"])
    assert answer.json()["name"] == world.lin.name


async def test_offline_access_without_a_code_is_ignored(world: IdpWorld, front: Portal) -> None:
    """Core §11."""
    entered = await Browser(world).enter(
        front, world.lin, scope="openid offline_access", response_type="id_token token"
    )
    assert entered.params["scope"] == "openid"
    with_code = await Browser(world).enter(
        front, world.lin, scope="openid offline_access", response_type="code id_token"
    )
    assert (await BackEnd(world, front).tokens(with_code))["scope"] == "openid offline_access"


async def test_a_replayed_hybrid_code_takes_the_front_channel_token_with_it(world: IdpWorld, front: Portal) -> None:
    entered = await Browser(world).enter(front, world.lin, response_type="code token")
    back_end = BackEnd(world, front)
    await back_end.tokens(entered)
    assert (await back_end.userinfo(entered.params["access_token"])).status_code == 200
    assert (await back_end.redeem(entered)).status_code == 400
    assert (await back_end.userinfo(entered.params["access_token"])).status_code == 401


async def test_what_an_implicit_family_leaves_is_swept(world: IdpWorld, front: Portal) -> None:
    await Browser(world).enter(front, world.lin, response_type="id_token token")
    await Browser(world).enter(front, world.lin, response_type="id_token")
    world.clock.advance(30 * 86400)
    assert await world.idp.sweep() >= 2
