"""Consent to portals: item by item, remembered, withdrawn with effect at once (PIPL Art. 14 to 17; invariant I-07)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.principal import Principal, PrincipalKind
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, query_of
from tests.support.idp_world import IdpWorld, embedded_world

SCOPES = ["openid", "profile", "email", "phone", "address", "offline_access", "realname"]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        await change_client(made, "portal-b", columns={"scopes": SCOPES})
        await change_client(made, "portal-a", columns={"scopes": SCOPES[:-1]})
        yield made


def lin(world: IdpWorld) -> Principal:
    return Principal(PrincipalKind.PERSON, world.lin.account_id)


async def decided(world: IdpWorld, browser: Browser, *, left_out: str = "", **changes: str | None) -> dict[str, Any]:
    """Through the consent page, if there is one; the token answer."""
    pkce = Pkce()
    answer = await browser.authorize(world.portal_b, pkce, **changes)
    if answer.headers["location"].startswith("/login"):
        answer = await browser.log_in(world.lin, answer.headers["location"])
        answer = await browser.http.get(answer.headers["location"])
    assert answer.headers["location"].startswith("/consent"), answer.headers["location"]
    answer = await browser.http.post(answer.headers["location"], data={"decision": "grant", "left_out": left_out})
    entered = await browser.follow(answer, pkce, world.portal_b)
    return await BackEnd(world, world.portal_b).tokens(entered)


async def scope_of(world: IdpWorld, browser: Browser, **changes: str | None) -> str:
    """Without any page."""
    entered = await browser.enter(world.portal_b, prompt="none", **changes)
    return str((await BackEnd(world, world.portal_b).tokens(entered))["scope"])


async def test_what_is_left_out_is_neither_granted_nor_asked_again(world: IdpWorld) -> None:
    browser = Browser(world)
    tokens = await decided(world, browser, scope="openid email phone", left_out="phone")
    assert tokens["scope"] == "openid email", "RFC 6749 §3.3: the answer says what was given"
    assert "phone_number" not in (await BackEnd(world, world.portal_b).userinfo(tokens["access_token"])).json()
    assert await scope_of(world, browser, scope="openid email phone") == "openid email"
    (consent,) = await world.idp.consents.of(lin(world))
    assert (consent.scopes, consent.declined) == ({"email"}, {"phone"})
    (event,) = await world.audit("portal-consent.grant")
    assert event.content["detail"]["left_out"] == "phone"


async def test_prompt_consent_asks_again_and_a_yes_replaces_a_no(world: IdpWorld) -> None:
    browser = Browser(world)
    await decided(world, browser, scope="openid email phone", left_out="phone email")
    tokens = await decided(world, browser, scope="openid email phone", prompt="consent", left_out="email")
    assert tokens["scope"] == "openid phone"
    (consent,) = await world.idp.consents.of(lin(world))
    assert (consent.scopes, consent.declined) == ({"phone"}, {"email"})


async def test_only_what_is_new_makes_the_page_come_back(world: IdpWorld) -> None:
    browser = Browser(world)
    await decided(world, browser, scope="openid email")
    assert await scope_of(world, browser, scope="openid email") == "openid email"
    answer = await browser.authorize(world.portal_b, scope="openid email address")
    assert answer.headers["location"].startswith("/consent")


@pytest.mark.parametrize(
    ("scope", "claims", "left_out"),
    [
        ("openid realname", None, "realname"),
        ("openid realname", None, "openid"),
        ("openid email", {"userinfo": {"email": {"essential": True}}}, "email"),
    ],
)
async def test_what_the_portal_cannot_do_without_is_all_or_nothing(
    world: IdpWorld, scope: str, claims: dict[str, Any] | None, left_out: str
) -> None:
    browser = Browser(world)
    more = {} if claims is None else {"claims": json.dumps(claims)}
    tokens = await decided(world, browser, scope=scope, left_out=left_out, **more)
    assert tokens["scope"] == scope


async def test_what_becomes_essential_is_asked_once_more(world: IdpWorld) -> None:
    browser = Browser(world)
    await decided(world, browser, scope="openid email", left_out="email")
    claims = json.dumps({"userinfo": {"email": {"essential": True}}})
    answer = await browser.authorize(world.portal_b, scope="openid email", claims=claims)
    assert answer.headers["location"].startswith("/consent")


async def test_o_16_nobody_agrees_to_more_than_was_asked(world: IdpWorld) -> None:
    """Also when the request in between grew smaller: the client lost a scope while the page was open."""
    browser = Browser(world)
    pkce = Pkce()
    answer = await browser.authorize(world.portal_b, pkce, scope="openid email realname")
    answer = await browser.log_in(world.lin, answer.headers["location"])
    page = (await browser.http.get(answer.headers["location"])).headers["location"]
    await change_client(world, "portal-b", columns={"realname_approved": False, "scopes": SCOPES[:-1]})
    answer = await browser.http.post(page, data={"decision": "grant"})
    answer = await browser.http.get(answer.headers["location"])
    assert query_of(answer.headers["location"])["error"] == "invalid_scope"


async def test_withdrawal_ends_tokens_at_once_and_forgets_what_was_left_out(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_b)
    tokens = await decided(world, browser, scope="openid email offline_access", left_out="email")
    await world.idp.consents.withdraw(lin(world), "portal-b")
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    answer = await browser.authorize(world.portal_b, scope="openid email")
    assert answer.headers["location"].startswith("/consent"), "everything is asked anew"


async def test_the_items_say_what_would_be_told(world: IdpWorld) -> None:
    browser = Browser(world)
    claims = {"userinfo": {"email": {"essential": True}, "gender": None}}
    answer = await browser.authorize(world.portal_b, scope="openid realname", claims=json.dumps(claims))
    answer = await browser.log_in(world.lin, answer.headers["location"])
    page = (await browser.http.get(answer.headers["location"])).headers["location"]
    asked = await world.idp.ask_consent(query_of(page)["i"], world.lin.account_id)
    items = {item.scope: item for item in asked.items}
    assert set(items) == {"realname", "email", "profile"}
    assert items["realname"].claims == ("name", "id_number")
    assert items["email"].claims == ("email",), "one claim of the scope"
    assert items["profile"].claims == ("gender",)
    assert [items[name].essential for name in ("realname", "email", "profile")] == [False, True, False]
    assert [items[name].optional for name in ("realname", "email", "profile")] == [False, False, True]
    assert [items[name].sensitive for name in ("realname", "email", "profile")] == [True, False, False]
    assert asked.office is not None
    assert asked.lasts.days == 30


async def test_the_person_reads_what_happened_to_their_account(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_b)
    tokens = await decided(world, browser, scope="openid realname")
    await back_end.userinfo(tokens["access_token"])
    await world.idp.consents.withdraw(lin(world), "portal-b")
    await browser.http.post("/logout")
    found = await world.idp.own_history.of(lin(world))
    assert [one.action for one in found.items] == [
        "session.end",
        "portal-consent.withdraw",
        "identity.read",
        "portal.enter",
        "portal-consent.grant",
        "session.start",
    ]
    told = found.items[2]
    assert (told.client_id, told.told) == ("portal-b", ("name", "id_number"))
    first = await world.idp.own_history.of(lin(world), limit=4)
    rest = await world.idp.own_history.of(lin(world), first.next_cursor, 4)
    assert [*first.items, *rest.items] == list(found.items)
    assert rest.next_cursor is None
    zhao = Principal(PrincipalKind.PERSON, world.zhao.account_id)
    assert not (await world.idp.own_history.of(zhao)).items
