"""Pushed authorization requests (RFC 9126; reference §5.5, PAR)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from idp.settings import IdpSettings
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, query_of
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world
from tests.support.pushing import bring, enter_pushed, push, pushed


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.mark.parametrize("name", ["portal_a", "portal_b", "phone_app"])
async def test_a_pushed_request_leads_to_the_portal(world: IdpWorld, name: str) -> None:
    """Whatever the client's method of authentication, and with everything that the request said."""
    back_end = BackEnd(world, getattr(world, name))
    entered = await enter_pushed(Browser(world), back_end, world.lin)
    assert entered.params["state"] == "s-123"
    assert entered.params["iss"] == ISSUER
    assert (await back_end.tokens(entered))["scope"] == "openid"


async def test_the_answer_is_as_specified(world: IdpWorld) -> None:
    answer = await push(BackEnd(world, world.portal_a))
    assert answer.status_code == 201  # RFC 9126 §2.2
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert len(body["request_uri"].rpartition(":")[2]) >= 22, "at least 128 bits"
    assert body["expires_in"] == 90
    assert body.keys() == {"request_uri", "expires_in"}


async def test_client_id_may_be_left_to_the_authentication(world: IdpWorld) -> None:
    assert (await push(BackEnd(world, world.portal_a), client_id=None)).status_code == 201


async def test_discovery_names_the_endpoint(world: IdpWorld) -> None:
    metadata = (await BackEnd(world, world.portal_a).http.get("/.well-known/openid-configuration")).json()
    assert metadata["pushed_authorization_request_endpoint"] == f"{ISSUER}/par"
    assert metadata["require_pushed_authorization_requests"] is False


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
async def test_other_methods_are_refused(world: IdpWorld, method: str) -> None:
    assert (await BackEnd(world, world.portal_a).http.request(method, "/par")).status_code == 405  # §2.3


async def test_it_may_be_opened_again_until_the_person_has_finished(world: IdpWorld) -> None:
    """A page reload, a second tab: each begins anew; one of them gets the answer."""
    back_end, browser, pkce = BackEnd(world, world.portal_a), Browser(world), Pkce()
    request_uri = await pushed(back_end, pkce)
    first = await bring(browser, world.portal_a, request_uri)
    again = await bring(browser, world.portal_a, request_uri)
    assert first.headers["location"].startswith("/login")
    assert again.headers["location"].startswith("/login")
    entered = await browser.follow(again, pkce, world.portal_a, world.lin)
    assert (await back_end.redeem(entered)).status_code == 200
    left = await browser.http.get(first.headers["location"].replace("/login", "/authorize/resume"))
    assert left.status_code == 404  # the tab that came second: a page that says that this has ended
    assert left.json()["type"].endswith("/interaction-gone")


async def test_a_person_may_take_longer_than_the_reference_lives(world: IdpWorld) -> None:
    back_end, browser, pkce = BackEnd(world, world.portal_a), Browser(world), Pkce()
    answer = await bring(browser, world.portal_a, await pushed(back_end, pkce))
    world.clock.advance(600)
    entered = await browser.follow(answer, pkce, world.portal_a, world.lin)
    assert (await back_end.redeem(entered)).status_code == 200


async def test_what_stands_beside_the_reference_does_not_count(world: IdpWorld) -> None:
    browser, pkce = Browser(world), Pkce()
    request_uri = await pushed(BackEnd(world, world.portal_a), pkce)
    answer = await bring(browser, world.portal_a, request_uri, state="other", scope="openid realname", prompt="none")
    entered = await browser.follow(answer, pkce, world.portal_a, world.lin)
    assert entered.params["state"] == "s-123"


async def test_a_pushed_request_without_state_has_none_even_if_one_stands_beside(world: IdpWorld) -> None:
    browser, pkce = Browser(world), Pkce()
    request_uri = await pushed(BackEnd(world, world.portal_a), pkce, state=None)
    answer = await bring(browser, world.portal_a, request_uri, state="other")
    entered = await browser.follow(answer, pkce, world.portal_a, world.lin)
    assert "state" not in entered.params


async def test_the_browser_may_post_the_reference(world: IdpWorld) -> None:
    browser, pkce = Browser(world), Pkce()
    request_uri = await pushed(BackEnd(world, world.portal_a), pkce)
    form = {"client_id": "portal-a", "request_uri": request_uri}
    answer = await browser.http.post("/authorize", data=form)
    assert "code" in (await browser.follow(answer, pkce, world.portal_a, world.lin)).params


async def test_an_answer_that_is_an_error_uses_the_reference_up_too(world: IdpWorld) -> None:
    browser = Browser(world)
    request_uri = await pushed(BackEnd(world, world.portal_a), prompt="none")
    answer = await bring(browser, world.portal_a, request_uri)
    assert query_of(answer.headers["location"])["error"] == "login_required"
    assert (await bring(browser, world.portal_a, request_uri)).status_code == 400


async def test_the_person_says_no_and_the_reference_is_used_up(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_b)
    request_uri = await pushed(back_end, scope="openid realname")
    answer = await bring(browser, world.portal_b, request_uri)
    entered = await browser.follow(answer, Pkce(), world.portal_b, world.lin, decision="refuse")
    assert (entered.params["error"], entered.params["state"]) == ("access_denied", "s-123")
    assert (await bring(browser, world.portal_b, request_uri)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),  # §2.1
        ({"request_uri": "https://a.example.test/request"}, "invalid_request"),
        ({"redirect_uri": "https://a.example.test/other"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "unknown"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "openid realname"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"client_id": "portal-b"}, "invalid_request"),
        ({"request": "no.object.here"}, "invalid_request_object"),
        ({"dpop_jkt": "short"}, "invalid_request"),
        ({"resource": "https://unknown.example.test"}, "invalid_target"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"prompt": "none login"}, "invalid_request"),
    ],
)
async def test_what_the_authorization_endpoint_would_refuse_is_refused_at_once(
    world: IdpWorld, changes: dict[str, str | None], error: str
) -> None:
    answer = await push(BackEnd(world, world.portal_a), **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert "request_uri" not in answer.json()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"client_id=portal-a&state=a&state=b", "application/x-www-form-urlencoded"),
    ],
)
async def test_bodies_that_are_no_form_are_refused(world: IdpWorld, content: bytes, kind: str) -> None:
    answer = await BackEnd(world, world.portal_a).http.post("/par", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_body_that_is_too_long_is_refused_as_such(world: IdpWorld) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await BackEnd(world, world.portal_a).http.post("/par", content=b"x=" + b"y" * 70_000, headers=form)
    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")  # §2.3


async def test_credentials_are_not_kept(world: IdpWorld) -> None:
    """The store holds what was asked, never how the client proved who it is."""
    kept: list[bytes] = []
    kv = world.ground.kv
    put = kv.put

    async def watched(key: str, value: bytes, ttl: float) -> None:
        kept.append(value)
        await put(key, value, ttl)

    kv.put = watched  # type: ignore[method-assign]  # only for this world
    await pushed(BackEnd(world, world.portal_b))
    assert len(kept) == 1
    assert b"s-123" in kept[0]
    assert (world.portal_b.secret or "?").encode() not in kept[0]
    assert b"client_secret" not in kept[0]


async def test_a_client_may_demand_it_of_itself(world: IdpWorld) -> None:
    await change_client(world, "portal-a", require_pushed_authorization_requests=True)
    answer = await Browser(world).authorize(world.portal_a)
    assert query_of(answer.headers["location"])["error"] == "invalid_request"  # §6
    entered = await enter_pushed(Browser(world), BackEnd(world, world.portal_a), world.lin)
    assert "code" in entered.params


@pytest.mark.parametrize("seconds", [59, 600])
def test_the_life_of_a_reference_has_bounds(seconds: int) -> None:
    assert IdpSettings(issuer=ISSUER, pushed_lifetime=60).pushed_lifetime == 60
    with pytest.raises(ValidationError):
        IdpSettings(issuer=ISSUER, pushed_lifetime=seconds)
