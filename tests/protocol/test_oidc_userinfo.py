"""Userinfo and real names (OpenID Connect Core §5.3; RFC 6750; reference row U-1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from idp.clients.registration import NewClient
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, query_of
from tests.support.idp_world import IdpWorld, Portal, embedded_world


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def begun(world: IdpWorld, portal: Portal, **changes: str | None) -> tuple[BackEnd, dict[str, Any]]:
    back_end = BackEnd(world, portal)
    return back_end, await back_end.tokens(await Browser(world).enter(portal, world.lin, **changes))


async def test_u_1_get_and_post_with_the_header_and_the_body(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    by_get = await back_end.http.get("/userinfo", headers=header)
    by_post = await back_end.http.post("/userinfo", headers=header)
    in_body = await back_end.http.post("/userinfo", data={"access_token": tokens["access_token"]})
    assert by_get.json() == by_post.json() == in_body.json()
    both = await back_end.http.post("/userinfo", headers=header, data={"access_token": tokens["access_token"]})
    assert both.status_code == 400
    in_query = await back_end.http.get("/userinfo", params={"access_token": tokens["access_token"]})
    assert in_query.status_code == 401


async def test_without_a_token_the_challenge_names_no_error(world: IdpWorld) -> None:
    answer = await BackEnd(world, world.portal_a).http.get("/userinfo")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="yizheng", DPoP')
    assert "error" not in answer.headers["www-authenticate"]


async def test_a_portal_without_approval_gets_a_pseudonym_and_a_level(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    answer = (await back_end.userinfo(tokens["access_token"])).json()
    assert answer.keys() == {"sub", "real_name_level"}
    assert answer["real_name_level"] == 2
    assert len(answer["sub"]) == 43
    assert not await world.audit("identity.read"), "nothing personal was read"


async def test_an_approved_portal_gets_name_and_number_and_it_is_recorded(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_b, scope="openid realname")
    answer = (await back_end.userinfo(tokens["access_token"])).json()
    assert (answer["name"], answer["id_number"]) == ("林知远", world.lin.number)
    (event,) = await world.audit("identity.read")
    assert event.content["actor_id"] == "portal-b"
    assert event.content["subject"] == world.lin.account_id
    assert event.content["basis"]
    assert world.lin.number not in str(event.content)
    assert "林知远" not in str(event.content)


async def test_a_portal_may_not_ask_for_real_names_without_approval(world: IdpWorld) -> None:
    answer = await Browser(world).authorize(world.portal_a, scope="openid realname")
    assert query_of(answer.headers["location"])["error"] == "invalid_scope"
    new = NewClient(
        Text("门户", "Portal"),
        "portal-x",
        redirect_uris=("https://x.test/cb",),
        scopes=frozenset({"openid", "realname"}),
    )
    with pytest.raises(InvalidInput):
        await world.idp.register_client(new, SYSTEM)


async def test_a_withdrawn_consent_ends_the_tokens_that_rest_on_it(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_b, scope="openid realname")
    lin = Principal(PrincipalKind.PERSON, world.lin.account_id)
    (consent,) = await world.idp.consents.of(lin)
    assert consent.scopes == {"realname"}
    await world.idp.consents.withdraw(lin, "portal-b")
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    assert (await browser.authorize(world.portal_b, scope="openid realname")).headers["location"].startswith("/consent")


async def test_the_directory_finds_the_person_behind_a_pseudonym(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    subject = (await back_end.userinfo(tokens["access_token"])).json()["sub"]
    directory = world.idp.directory
    assert await directory.account_by_subject("portal-a", subject) == world.lin.account_id
    assert await directory.account_by_subject("portal-b", subject) is None
    assert (await directory.person(world.lin.account_id)).name == "林知远"


async def test_a_clients_own_token_is_nobodys(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.department)
    token = (await back_end.client_credentials()).json()["access_token"]
    answer = await back_end.userinfo(token)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
