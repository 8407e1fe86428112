"""Attacks on refresh tokens (rows O-36, O-37, O-16), on both columns where a race could show."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from api.wiring.idp import IdpStores
from core.errors import NotFound
from core.principal import SYSTEM, Principal, PrincipalKind
from idp.grants.base import TokenRequest
from idp.grants.refresh_token import RefreshTokenGrant
from idp.model import AccountStatus, ClientAuthMethod, ClientStatus, Notice, NoticeKind
from idp.protocol.params import parse_parameters
from tests.attacks.test_idp_codes import column
from tests.conformance.harness import Slow
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, idp_app
from tests.support.idp_world import IdpWorld, Portal, embedded_world

PARALLEL = 20


def slow_tokens(stores: IdpStores) -> IdpStores:
    return dataclasses.replace(stores, tokens=Slow(stores.tokens))


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with column(request, tmp_path, clock, request.param, wrap_stores=slow_tokens) as made:
        yield made


async def begun(world: IdpWorld, portal: Portal, **changes: str | None) -> tuple[BackEnd, dict[str, Any]]:
    back_end = BackEnd(world, portal, idp_app(world))
    return back_end, await back_end.tokens(await Browser(world).enter(portal, world.lin, **changes))


async def test_o_36_twin_one_after_the_other(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    for _ in range(5):
        tokens = (await back_end.refresh(tokens["refresh_token"])).json()
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 200


async def test_o_36_twenty_at_once_have_one_winner_and_end_the_family(slow_world: IdpWorld) -> None:
    """Of a public client, whose token alone is enough."""
    back_end, tokens = await begun(slow_world, slow_world.phone_app)
    answers = await asyncio.gather(*(back_end.refresh(tokens["refresh_token"]) for _ in range(PARALLEL)))
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert {a.json()["error"] for a in answers if a.status_code != 200} == {"invalid_grant"}
    assert (await back_end.refresh(won["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await back_end.userinfo(won["access_token"])).status_code == 401
    events = await slow_world.audit("token.refresh")
    assert [event.content["detail"]["reason"] for event in events] == ["refresh-reused"], "told once"
    assert len(await told(slow_world)) == 1


async def test_o_36_twenty_at_once_of_a_client_with_a_secret_get_one_successor(slow_world: IdpWorld) -> None:
    """Its own workers, or answers that were lost: whoever has only the token cannot be among them."""
    back_end, tokens = await begun(slow_world, slow_world.portal_a)
    answers = await asyncio.gather(*(back_end.refresh(tokens["refresh_token"]) for _ in range(PARALLEL)))
    assert {answer.status_code for answer in answers} == {200}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert (await back_end.refresh(successor)).status_code == 200
    again = await back_end.refresh(tokens["refresh_token"])
    assert again.json()["error"] == "invalid_grant", "its successor has been used: that is reuse"
    assert len(await told(slow_world)) == 1


async def test_o_36_twenty_at_once_of_a_client_with_a_key_keep_their_token(slow_world: IdpWorld) -> None:
    """FAPI 2.0 Security Profile §5.3.2.1: no rotation where the token is of no use without the key."""
    _back_end, tokens = await begun(slow_world, slow_world.portal_a)
    grant = next(one for one in slow_world.idp.token._grants.values() if isinstance(one, RefreshTokenGrant))
    portal = await slow_world.idp.registry.active("portal-a")
    assert portal is not None
    with_key = dataclasses.replace(portal, auth_method=ClientAuthMethod.PRIVATE_KEY_JWT)
    parameters = parse_parameters(urlencode({"refresh_token": tokens["refresh_token"]}).encode())
    decided = await asyncio.gather(*(grant.decide(TokenRequest(with_key, parameters)) for _ in range(PARALLEL)))
    assert {decision.generation for decision in decided} == {0}
    assert not await told(slow_world)


async def test_o_36_twenty_retries_of_one_request_get_one_token(slow_world: IdpWorld) -> None:
    back_end, tokens = await begun(slow_world, slow_world.portal_a)
    key = "01J-one-and-the-same-request"
    answers = await asyncio.gather(*(back_end.refresh(tokens["refresh_token"], key=key) for _ in range(PARALLEL)))
    assert {answer.status_code for answer in answers} == {200}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert (await back_end.refresh(successor)).status_code == 200


async def told(world: IdpWorld) -> Sequence[Notice]:
    return await world.idp.notices.open_of(Principal(PrincipalKind.PERSON, world.lin.account_id))


async def test_o_36_reuse_in_the_same_second_is_seen_and_the_person_is_told(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.phone_app)
    new = (await back_end.refresh(tokens["refresh_token"])).json()
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await back_end.refresh(new["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await back_end.userinfo(new["access_token"])).status_code == 401
    lin = Principal(PrincipalKind.PERSON, world.lin.account_id)
    (notice,) = await told(world)
    assert (notice.kind, notice.client_id) == (NoticeKind.REFRESH_REUSED, "phone-app")
    with pytest.raises(NotFound):
        await world.idp.notices.put_away(Principal(PrincipalKind.PERSON, world.zhao.account_id), notice.id)
    await world.idp.notices.put_away(lin, notice.id)
    assert not await told(world)


async def test_o_36_a_stolen_token_of_a_client_with_a_secret_is_nothing_without_it(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    thief = BackEnd(world, dataclasses.replace(world.portal_a, secret="g" * 43))
    assert (await thief.refresh(tokens["refresh_token"])).status_code == 401
    new = (await back_end.refresh(tokens["refresh_token"])).json()
    assert (await thief.refresh(tokens["refresh_token"])).status_code == 401, "within the window too"
    assert (await back_end.refresh(new["refresh_token"])).status_code == 200
    assert not await told(world)


async def test_o_36_a_very_old_token_ends_the_family_too(world: IdpWorld) -> None:
    back_end, first = await begun(world, world.portal_b, scope="openid offline_access")
    tokens = first
    for _ in range(3):
        world.clock.advance(86400)
        tokens = (await back_end.refresh(tokens["refresh_token"])).json()
    assert (await back_end.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_o_36_made_up_tokens_harm_nobody(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    good = tokens["refresh_token"]
    family, generation, mac = good.split(".", 2)
    forged = [
        f"{family}.{int(generation) + 1}.{mac}",
        f"{family}.0{generation}.{mac}",
        f"{family}.{generation}.{mac[:17]}{'A' * 43}",
        f"{family}.{generation}.{'A' * 16}{mac[16:]}",
        f"{family}.{generation}.{'A' * 43}",
        f"{family}.{generation}",
        good + "x",
        good.upper(),
        "x" * 5000,
        "\x00",
        "令牌",
    ]
    for token in forged:
        assert (await back_end.refresh(token)).json()["error"] == "invalid_grant", token
    assert (await back_end.refresh(good)).status_code == 200


ENDINGS = ["log-out", "account frozen", "client disabled", "absolute end", "consent withdrawn"]


@pytest.mark.parametrize("ending", ENDINGS)
async def test_o_36_no_refresh_after_an_ending(world: IdpWorld, ending: str) -> None:
    browser = Browser(world)
    back_end = BackEnd(world, world.portal_b)
    tokens = await back_end.tokens(
        await browser.enter(world.portal_b, world.lin, scope="openid realname offline_access")
    )
    if ending == "log-out":
        await browser.http.post("/logout")
    elif ending == "account frozen":
        await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)
    elif ending == "client disabled":
        await world.idp.change_client_status("portal-b", ClientStatus.DISABLED, SYSTEM)
    elif ending == "absolute end":
        world.clock.advance(31 * 86400)
    else:
        lin = (await world.idp.sessions.principal(browser.session_cookie)) or SYSTEM
        await world.idp.consents.withdraw(lin, "portal-b")
    answer = await back_end.refresh(tokens["refresh_token"])
    assert answer.json()["error"] == ("invalid_client" if ending == "client disabled" else "invalid_grant")


async def test_o_16_more_scope_on_refresh(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_b)
    for scope in ("openid realname", "openid licence:read", "admin:system", "openid offline_access"):
        answer = await back_end.refresh(tokens["refresh_token"], scope=scope)
        assert answer.json()["error"] == "invalid_scope"
    twin = await back_end.refresh(tokens["refresh_token"], scope="openid")
    assert twin.json()["scope"] == "openid"


async def test_o_36_another_client_gets_nothing_and_spoils_nothing(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    for stranger in (world.portal_b, world.phone_app):
        answer = await BackEnd(world, stranger).refresh(tokens["refresh_token"])
        assert answer.json()["error"] == "invalid_grant"
    assert (await back_end.refresh(tokens["refresh_token"])).status_code == 200
