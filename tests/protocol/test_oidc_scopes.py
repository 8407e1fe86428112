"""Claims by scope and by the claims parameter (OpenID Connect Core §5.1, §5.4, §5.5; reference rows U-2, A-15)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.principal import SYSTEM
from idp.profile import Details, PostalAddress
from tests.support.client_changes import change_client
from tests.support.clock import START, FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_world import IdpWorld, Portal, embedded_world

STANDARD = ["openid", "profile", "email", "phone", "address", "offline_access"]
ADDRESS = PostalAddress("演示路 18 号", "青石区", "示例市", "459999")
SAID = {
    "profile": {
        "name": "林**",
        "gender": "male",
        "birthdate": "1988",
        "locale": "zh-CN",
        "zoneinfo": "Asia/Shanghai",
        "updated_at": int(START.timestamp()),
    },
    "email": {"email": "lin@citizen.invalid", "email_verified": True},
    "phone": {"phone_number": "+8613800000001", "phone_number_verified": True},
    "address": {
        "address": {
            "formatted": "示例市青石区演示路 18 号",
            "street_address": "演示路 18 号",
            "locality": "青石区",
            "region": "示例市",
            "postal_code": "459999",
            "country": "CN",
        }
    },
}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        for client_id, more in (("portal-a", []), ("portal-b", ["realname"])):
            await change_client(made, client_id, columns={"scopes": [*STANDARD, *more]})
        details = Details("lin@citizen.invalid", email_verified=True, address=ADDRESS)
        await made.idp.state_details(made.lin.account_id, details, SYSTEM)
        yield made


async def told(world: IdpWorld, portal: Portal, **changes: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Userinfo and the ID token's claims."""
    back_end = BackEnd(world, portal)
    tokens = await back_end.tokens(await Browser(world).enter(portal, world.lin, **changes))
    answer = (await back_end.userinfo(tokens["access_token"])).json()
    return answer, world.keys.verifier.verify(
        tokens["id_token"], typ="JWT", issuer=world.idp.settings.issuer, audience=portal.client_id
    )


def without_the_usual(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("sub", "real_name_level")}


@pytest.mark.parametrize("scope", sorted(SAID))
async def test_u_2_each_scope_gives_its_claims_from_userinfo(world: IdpWorld, scope: str) -> None:
    answer, id_token = await told(world, world.portal_a, scope=f"openid {scope}")
    assert without_the_usual(answer) == SAID[scope]
    assert answer["sub"] == id_token["sub"]
    assert not set(SAID[scope]) & set(id_token), "with a code they come from userinfo only (§5.4)"
    (event,) = await world.audit("identity.read")
    assert event.content["detail"]["claims"].split() == list(SAID[scope])
    assert "林" not in str(event.content)
    assert "citizen.invalid" not in str(event.content)


async def test_u_2_all_together(world: IdpWorld) -> None:
    answer, _ = await told(world, world.portal_a, scope="openid address phone profile email")
    assert without_the_usual(answer) == {name: value for claims in SAID.values() for name, value in claims.items()}
    assert len(await world.audit("identity.read")) == 1


async def test_what_was_never_stated_is_left_out(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(
        await Browser(world).enter(world.portal_a, world.zhao, scope="openid email address phone")
    )
    answer = without_the_usual((await back_end.userinfo(tokens["access_token"])).json())
    assert answer == {"phone_number": "+8613800000002", "phone_number_verified": True}


@pytest.mark.parametrize("scope", ["openid profile", "openid profile realname"])
async def test_a_name_is_whole_only_for_approved_portals_that_asked_for_it(world: IdpWorld, scope: str) -> None:
    answer, _ = await told(world, world.portal_b, scope=scope)
    real = "realname" in scope
    assert answer["name"] == ("林知远" if real else "林**")
    assert answer["birthdate"] == ("1988-02-29" if real else "1988")
    assert answer.get("id_number") == (world.lin.number if real else None)


@pytest.mark.parametrize("wished", ["name", "id_number", "birthdate"])
@pytest.mark.parametrize("place", ["userinfo", "id_token"])
async def test_a_15_an_essential_claim_never_reaches_further_than_the_portal_may(
    world: IdpWorld, wished: str, place: str
) -> None:
    """Attacks O-16: neither name nor number leaves for a portal without approval, whatever way it asks."""
    claims = json.dumps({place: {wished: {"essential": True}}})
    answer, id_token = await told(world, world.portal_a, scope="openid", claims=claims)
    said = answer if place == "userinfo" else id_token
    assert said.get(wished) == {"name": "林**", "birthdate": "1988", "id_number": None}[wished]
    assert "林知远" not in str((answer, id_token))
    assert world.lin.number not in str((answer, id_token))


async def test_single_claims_come_where_they_were_asked_for(world: IdpWorld) -> None:
    claims = json.dumps({"id_token": {"email": None}, "userinfo": {"phone_number": None, "picture": None}})
    answer, id_token = await told(world, world.portal_a, scope="openid", claims=claims)
    assert without_the_usual(answer) == {"phone_number": "+8613800000001"}
    assert id_token["email"] == "lin@citizen.invalid"
    assert "email_verified" not in id_token


async def test_claims_in_a_language_come_in_the_one_that_there_is(world: IdpWorld) -> None:
    claims = json.dumps({"userinfo": {"name#zh-CN": None}})
    answer, _ = await told(world, world.portal_b, scope="openid", claims=claims, claims_locales="en zh-CN")
    assert answer["name"] == "林知远"


async def test_less_scope_at_a_refresh_means_less_from_userinfo(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(
        await Browser(world).enter(world.portal_a, world.lin, scope="openid profile email phone")
    )
    narrow = (await back_end.refresh(tokens["refresh_token"], scope="openid email")).json()
    assert without_the_usual((await back_end.userinfo(narrow["access_token"])).json()) == SAID["email"]


@pytest.mark.parametrize("email", ["lin", "lin@", "a b@c.cn", "x@y", f"{'x' * 65}@a.cn", "x@a.cn\x00"])
async def test_what_is_no_address_is_not_kept(world: IdpWorld, email: str) -> None:
    with pytest.raises(InvalidInput):
        await world.idp.state_details(world.lin.account_id, Details(email), SYSTEM)
    with pytest.raises(InvalidInput):
        address = PostalAddress("x" * 201)
        await world.idp.state_details(world.lin.account_id, Details(address=address), SYSTEM)


async def test_discovery_names_scopes_and_claims(world: IdpWorld) -> None:
    metadata = (await Browser(world).http.get("/.well-known/openid-configuration")).json()
    assert set(metadata["scopes_supported"]) >= set(STANDARD)
    assert set(metadata["claims_supported"]) >= {name for claims in SAID.values() for name in claims}
