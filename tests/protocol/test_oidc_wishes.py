"""What a portal may wish of the log-in: prompts, age, contexts, languages, hints (Core §3.1.2.1; rows A-7 to A-13)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from api.deps import language, prefer_languages
from idp.levels import LEVELS
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, response_of
from tests.support.idp_front import front_portal, stand_higher, verified
from tests.support.idp_world import IdpWorld, Portal, Somebody, embedded_world, lose_phone

ONE, TWO, THREE = LEVELS


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def browser(world: IdpWorld) -> Browser:
    """Somebody is logged in already."""
    made = Browser(world)
    await made.enter(world.portal_a, world.lin)
    return made


async def id_token(
    world: IdpWorld, browser: Browser, portal: Portal, *, somebody: Somebody | None = None, **changes: str | None
) -> dict[str, Any]:
    entered = await browser.enter(portal, somebody or world.lin, **changes)
    return await verified(world, (await BackEnd(world, portal).tokens(entered))["id_token"])


def essential(*contexts: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": list(contexts)}}})


# Which account -----------------------------------------------------------------------------------------------------


async def test_select_account_asks_and_goes_on_with_the_one_that_is_there(world: IdpWorld, browser: Browser) -> None:
    asked = await browser.authorize(world.portal_a, prompt="select_account")
    page = asked.headers["location"]
    assert page.startswith("/select-account?i=")
    again = await browser.http.get(page.replace("/select-account", "/authorize/resume"))
    assert again.headers["location"].startswith("/select-account")  # nobody chose
    chosen = await browser.http.post(page)
    answer = await browser.http.get(chosen.headers["location"])
    assert "code" in response_of(answer)


async def test_select_account_may_end_with_somebody_else(world: IdpWorld, browser: Browser) -> None:
    asked = await browser.authorize(world.portal_a, prompt="select_account")
    page = asked.headers["location"].replace("/select-account", "/login")
    answer = await browser.http.get((await browser.log_in(world.zhao, page)).headers["location"])
    assert "code" in response_of(answer)


async def test_select_account_without_a_session_is_a_log_in(world: IdpWorld) -> None:
    answer = await Browser(world).authorize(world.portal_a, prompt="select_account")
    assert answer.headers["location"].startswith("/login")


async def test_a_choice_counts_for_its_request_and_its_session_only(world: IdpWorld, browser: Browser) -> None:
    page = (await browser.authorize(world.portal_a, prompt="select_account")).headers["location"]
    await browser.http.post(page)
    await browser.http.post("/logout")
    await browser.log_in(world.zhao)
    resumed = await browser.http.get(page.replace("/select-account", "/authorize/resume"))
    assert resumed.headers["location"].startswith("/select-account")
    other = await browser.authorize(world.portal_a, prompt="select_account")
    assert other.headers["location"].startswith("/select-account")


@pytest.mark.parametrize("logged_in", [True, False])
async def test_create_shows_how_to_get_an_account_and_whoever_has_one_logs_in(
    world: IdpWorld, browser: Browser, logged_in: bool
) -> None:
    browser = browser if logged_in else Browser(world)
    answer = await browser.authorize(world.portal_a, prompt="create")
    page = answer.headers["location"]
    assert page.startswith("/open-account?i=")
    answer = await browser.log_in(world.lin, page.replace("/open-account", "/login"))
    assert "code" in response_of(await browser.http.get(answer.headers["location"]))


@pytest.mark.parametrize("prompt", ["none login", "create login", "none create", "x", "login x"])
async def test_prompts_that_do_not_go_together(world: IdpWorld, browser: Browser, prompt: str) -> None:
    assert response_of(await browser.authorize(world.portal_a, prompt=prompt))["error"] == "invalid_request"


@pytest.mark.parametrize("prompt", ["login consent", "consent select_account", "login select_account consent"])
async def test_prompts_that_do_are_all_met(world: IdpWorld, prompt: str) -> None:
    portal = await front_portal(world, "asks")
    browser = Browser(world)
    await browser.enter(portal, world.lin)
    seen = []
    answer = await browser.authorize(portal, prompt=prompt)
    while answer.headers["location"].startswith("/"):
        page = answer.headers["location"]
        seen.append(page.partition("?")[0])
        if page.startswith("/login"):
            answer = await browser.log_in(world.lin, page)
        elif page.startswith(("/consent", "/select-account")):
            answer = await browser.http.post(page, data={"decision": "grant"})
        else:
            answer = await browser.http.get(page)
    assert "code" in response_of(answer)
    assert ("/login" in seen) is ("login" in prompt)
    assert ("/consent" in seen) is ("consent" in prompt)
    assert ("/select-account" in seen) is ("select_account" in prompt and "login" not in prompt)


# Age ---------------------------------------------------------------------------------------------------------------


async def test_a_11_an_old_log_in_is_repeated_and_a_young_one_is_not(world: IdpWorld, browser: Browser) -> None:
    first = await id_token(world, browser, world.portal_a)
    world.clock.advance(2)
    silent = await id_token(world, browser, world.portal_a, max_age="10000", prompt="none")
    assert silent["auth_time"] == first["auth_time"]
    again = await id_token(world, browser, world.portal_a, max_age="1")
    assert again["auth_time"] == first["auth_time"] + 2
    refused = await browser.authorize(world.portal_a, max_age="0", prompt="none")
    assert response_of(refused)["error"] == "login_required"


async def test_a_registered_age_counts_where_none_is_asked_for(world: IdpWorld, browser: Browser) -> None:
    await change_client(world, "portal-a", default_max_age=60)
    world.clock.advance(61)
    assert response_of(await browser.authorize(world.portal_a, prompt="none"))["error"] == "login_required"
    assert "code" in response_of(await browser.authorize(world.portal_a, prompt="none", max_age="100"))


@pytest.mark.parametrize("max_age", ["-1", "1.5", "x", "１", "1" * 10, "0x1"])
async def test_ages_that_are_no_number_of_seconds(world: IdpWorld, browser: Browser, max_age: str) -> None:
    assert response_of(await browser.authorize(world.portal_a, max_age=max_age))["error"] == "invalid_request"


# Contexts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", [ONE, f"{THREE} {ONE}", "urn:unknown:gold", "urn:unknown:gold " + ONE])
async def test_a_13_wishes_for_contexts_are_never_errors_and_the_token_is_honest(
    world: IdpWorld, browser: Browser, wish: str
) -> None:
    by_parameter = await id_token(world, browser, world.portal_a, acr_values=wish, prompt="none")
    assert (by_parameter["acr"], by_parameter["amr"]) == (ONE, ["pwd"])
    claims = json.dumps({"id_token": {"acr": {"values": wish.split()}}})
    assert (await id_token(world, browser, world.portal_a, claims=claims, prompt="none"))["acr"] == ONE


async def test_a_wish_for_two_factors_asks_for_both_and_takes_what_there_is(world: IdpWorld) -> None:
    """Core §3.1.2.1: a voluntary claim. Whoever has a phone is asked for the code, whoever has none is let in."""
    both = await id_token(world, Browser(world), world.portal_a, acr_values=f"{TWO} {ONE}", somebody=world.lin)
    assert (both["acr"], both["amr"]) == (TWO, ["pwd", "otp", "sms", "mfa"])
    await lose_phone(world, world.zhao)
    one = await id_token(world, Browser(world), world.portal_a, acr_values=f"{TWO} {ONE}", somebody=world.zhao)
    assert (one["acr"], one["amr"]) == (ONE, ["pwd"])


@pytest.mark.parametrize(
    ("contexts", "told"),
    [
        ((ONE,), ONE),  # Core §5.5.1.1: one of those that were asked for
        ((TWO,), TWO),
        ((ONE, TWO), TWO),
        ((THREE, TWO), TWO),
        (("urn:unknown:gold",), None),
    ],
)
async def test_essential_contexts_are_met_by_a_session_that_stands_higher(
    world: IdpWorld, browser: Browser, contexts: tuple[str, ...], told: str | None
) -> None:
    await stand_higher(world, TWO, "pwd", "otp", "mfa")
    answer = await browser.authorize(world.portal_a, claims=essential(*contexts), prompt="none")
    if told is None:
        assert response_of(answer)["error"] == "unmet_authentication_requirements"
        return
    claims = await id_token(world, browser, world.portal_a, claims=essential(*contexts), prompt="none")
    assert (claims["acr"], claims["amr"]) == (told, ["pwd", "otp", "mfa"])


async def test_what_a_bound_key_could_meet_is_asked_for_and_never_pretended(world: IdpWorld, browser: Browser) -> None:
    await stand_higher(world, TWO, "pwd", "otp", "mfa")
    for asked in ({"claims": essential(THREE)}, {"acr_values": THREE}):
        silent = await browser.authorize(world.portal_a, prompt="none", **asked)
        assert response_of(silent)["error"] == "login_required"
        assert (await browser.authorize(world.portal_a, **asked)).headers["location"].startswith("/login?i=")


async def test_a_wish_is_told_as_what_the_session_is(world: IdpWorld, browser: Browser) -> None:
    await stand_higher(world, THREE, "hwk")
    assert (await id_token(world, browser, world.portal_a, acr_values=ONE, prompt="none"))["acr"] == THREE


async def test_a_session_below_what_a_log_in_reaches_is_stepped_up(world: IdpWorld, browser: Browser) -> None:
    await stand_higher(world, "urn:upstream:low", "fed")
    for wish in ({"acr_values": ONE}, {"claims": essential(ONE)}):
        silent = await browser.authorize(world.portal_a, prompt="none", **wish)
        assert response_of(silent)["error"] == "login_required"
    await change_client(world, "portal-a", default_acr_values=(ONE,))
    assert (await browser.authorize(world.portal_a)).headers["location"].startswith("/login")
    await change_client(world, "portal-a", default_acr_values=())
    assert (await id_token(world, browser, world.portal_a, prompt="none"))["acr"] == "urn:upstream:low"
    assert (await id_token(world, browser, world.portal_a, acr_values=ONE))["acr"] == ONE


# Languages, looks and hints ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ui_locales", "lang"), [("en", "en"), ("en-GB zh-CN", "en"), ("fr zh-Hans", "zh"), ("fr de", "zh"), ("EN", "en")]
)
async def test_a_7_pages_come_in_the_first_language_that_they_have(world: IdpWorld, ui_locales: str, lang: str) -> None:
    location = (await Browser(world).authorize(world.portal_a, ui_locales=ui_locales)).headers["location"]
    asking = await world.idp.interactions.get(location.partition("i=")[2])
    for cookie, shown in (("", lang), ("yz_lang=zh", "zh"), ("yz_lang=en", "en")):  # one's own choice counts more
        headers = [(b"cookie", cookie.encode())]
        page = Request({"type": "http", "query_string": b"", "headers": headers})
        prefer_languages(page, " ".join(asking.ui_locales))
        assert language(page) == shown


@pytest.mark.parametrize("name", ["display", "login_hint", "ui_locales", "claims_locales", "acr_values"])
@pytest.mark.parametrize("value", ["page", "popup", "touch", "wap", "x", "en zh", "' OR 1=1 --", "\u202e<b>"])
async def test_a_7_wishes_are_never_errors(world: IdpWorld, browser: Browser, name: str, value: str) -> None:
    assert "code" in response_of(await browser.authorize(world.portal_a, prompt="none", **{name: value}))


async def test_a_login_hint_waits_sealed_and_is_seen_by_nobody_but_its_page(world: IdpWorld) -> None:
    browser = Browser(world)
    answer = await browser.authorize(world.portal_a, login_hint=world.lin.phone, display="popup")
    assert world.lin.phone not in answer.headers["location"]
    interaction = await world.idp.interactions.get(answer.headers["location"].partition("i=")[2])
    assert (interaction.login_hint, interaction.compact) == (world.lin.phone, True)
    assert world.lin.phone not in repr(interaction)
    stored = await world.idp.interactions.pending(interaction.id)
    assert stored.request.login_hint is None
    assert stored.login_hint is not None
    assert world.lin.phone.encode() not in stored.login_hint
    twin = await Browser(world).authorize(world.portal_a)
    plain = await world.idp.interactions.get(twin.headers["location"].partition("i=")[2])
    assert (plain.login_hint, plain.compact) == ("", False)


async def test_a_12_a_hint_of_the_right_person_is_silent_and_of_another_is_not(
    world: IdpWorld, browser: Browser
) -> None:
    back_end = BackEnd(world, world.portal_a)
    own = (await back_end.tokens(await browser.enter(world.portal_a)))["id_token"]
    other = (await back_end.tokens(await Browser(world).enter(world.portal_a, world.zhao)))["id_token"]
    assert "code" in response_of(await browser.authorize(world.portal_a, prompt="none", id_token_hint=own))
    refused = response_of(await browser.authorize(world.portal_a, prompt="none", id_token_hint=other))
    assert (refused["error"], refused["state"]) == ("login_required", "s-123")
