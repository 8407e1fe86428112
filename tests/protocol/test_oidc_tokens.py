"""Token endpoint, refresh, client authentication (RFC 6749 §2.3, §5, §6; reference rows T-1 to T-5)."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jws import extract_compact

from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, ClientStatus, GrantType, StaffRole
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, basic
from tests.support.idp_world import IdpWorld, Portal, embedded_world


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def begun(world: IdpWorld, portal: Portal, **changes: str | None) -> tuple[BackEnd, dict[str, Any]]:
    back_end = BackEnd(world, portal)
    return back_end, await back_end.tokens(await Browser(world).enter(portal, world.lin, **changes))


async def test_answers_are_not_for_caches(world: IdpWorld) -> None:
    answer = await BackEnd(world, world.department).client_credentials()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"


async def test_t_1_a_code_used_twice_takes_its_tokens_along(world: IdpWorld) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin)
    back_end = BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(entered)
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 200

    world.clock.advance(30)
    second = await back_end.redeem(entered)
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert await back_end.introspect(tokens["access_token"]) == {"active": False}
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_t_1_a_code_lives_for_a_minute(world: IdpWorld) -> None:
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    in_time = await browser.enter(world.portal_a, world.lin)
    world.clock.advance(59)
    assert (await back_end.redeem(in_time)).status_code == 200
    too_late = await browser.enter(world.portal_a)
    world.clock.advance(60)
    assert (await back_end.redeem(too_late)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("name", ["portal_a", "portal_b"])
async def test_t_2_both_secret_methods_work_as_registered(world: IdpWorld, name: str) -> None:
    portal: Portal = getattr(world, name)
    _back_end, tokens = await begun(world, portal)
    assert tokens["access_token"]


@pytest.mark.parametrize("name", ["portal_a", "portal_b"])
async def test_t_2_the_other_method_is_refused(world: IdpWorld, name: str) -> None:
    portal: Portal = getattr(world, name)
    other = ClientAuthMethod.POST if portal.auth_method is ClientAuthMethod.BASIC else ClientAuthMethod.BASIC
    swapped = Portal(portal.client_id, portal.redirect_uri, portal.secret, other)
    entered = await Browser(world).enter(portal, world.lin)
    answer = await BackEnd(world, swapped).redeem(entered)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_basic_credentials_are_form_encoded_first(world: IdpWorld) -> None:
    """RFC 6749 §2.3.1: a secret with reserved characters survives, and only in its encoded form."""
    secret = "s%+ e&c=r:e/t" * 3
    new = NewClient(
        Text("系统", "System"),
        "odd-secret",
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:read"}),
        secret=secret,
    )
    await world.idp.register_client(new, SYSTEM)
    back_end = BackEnd(world, Portal("odd-secret", secret=secret))
    assert (await back_end.client_credentials()).status_code == 200
    raw = "Basic " + base64.b64encode(f"odd-secret:{secret}".encode()).decode()
    answer = await back_end.http.post(
        "/token", data={"grant_type": "client_credentials"}, headers={"Authorization": raw}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("verifier", [None, "x" * 43])
async def test_t_4_a_wrong_verifier_is_refused(world: IdpWorld, verifier: str | None) -> None:
    entered = await Browser(world).enter(world.portal_a, world.lin)
    answer = await BackEnd(world, world.portal_a).redeem(entered, code_verifier=verifier)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_t_5_refresh_keeps_who_and_when(world: IdpWorld) -> None:
    back_end, first = await begun(world, world.portal_a)
    world.clock.advance(700)
    answer = await back_end.refresh(first["refresh_token"])
    assert answer.status_code == 200
    second = answer.json()
    before, after = (extract_claims(t["id_token"]) for t in (first, second))
    assert {name: before[name] for name in ("iss", "sub", "aud", "auth_time", "sid")} == {
        name: after[name] for name in ("iss", "sub", "aud", "auth_time", "sid")
    }
    assert after["iat"] == before["iat"] + 700
    assert second["refresh_token"] != first["refresh_token"]
    assert (await back_end.userinfo(second["access_token"])).status_code == 200


async def test_t_5_a_refresh_token_is_bound_to_its_client(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    stranger = BackEnd(world, world.portal_b)
    assert (await stranger.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await back_end.refresh(tokens["refresh_token"])).status_code == 200, "the owner is not harmed by it"


async def test_refresh_ends_with_the_session_unless_offline(world: IdpWorld) -> None:
    online, tokens = await begun(world, world.portal_a)
    offline, lasting = await begun(world, world.portal_b, scope="openid offline_access")
    world.clock.advance(13 * 3600)
    assert (await online.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await offline.refresh(lasting["refresh_token"])).status_code == 200


async def test_offline_tokens_have_an_end_too(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_b, scope="openid offline_access")
    for _ in range(3):
        world.clock.advance(9 * 86400)
        tokens = (await back_end.refresh(tokens["refresh_token"])).json()
    world.clock.advance(3 * 86400)
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_refresh_token_that_nobody_uses_ends_before(world: IdpWorld) -> None:
    offline, lasting = await begun(world, world.portal_b, scope="openid offline_access")
    online, tokens = await begun(world, world.portal_a)
    world.clock.advance(3500)
    tokens = (await online.refresh(tokens["refresh_token"])).json()
    world.clock.advance(3500)
    tokens = (await online.refresh(tokens["refresh_token"])).json()
    world.clock.advance(3601)
    assert (await online.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant", "idle"
    world.clock.advance(14 * 86400)
    assert (await offline.refresh(lasting["refresh_token"])).json()["error"] == "invalid_grant", "idle"
    await world.idp.sweep()
    assert (await offline.introspect(lasting["refresh_token"])) == {"active": False}


async def test_refresh_may_narrow_the_scope_but_never_widen_it(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_b, scope="openid realname")
    narrowed = (await back_end.refresh(tokens["refresh_token"], scope="openid")).json()
    assert narrowed["scope"] == "openid"
    userinfo = (await back_end.userinfo(narrowed["access_token"])).json()
    assert "name" not in userinfo
    wider = await back_end.refresh(narrowed["refresh_token"], scope="openid realname offline_access")
    assert wider.json()["error"] == "invalid_scope"
    assert (await back_end.refresh(narrowed["refresh_token"])).json()["scope"] == "openid realname"


@pytest.mark.parametrize(("client", "key"), [("portal_a", None), ("phone_app", "01J-retry-of-one-request")])
async def test_a_lost_answer_may_be_asked_for_again(world: IdpWorld, client: str, key: str | None) -> None:
    """By a client that proves its secret again; by a public one under the key of its first request."""
    back_end, tokens = await begun(world, getattr(world, client))
    first = (await back_end.refresh(tokens["refresh_token"], key=key)).json()
    world.clock.advance(14)
    second = await back_end.refresh(tokens["refresh_token"], key=key)
    assert second.json()["refresh_token"] == first["refresh_token"]
    assert (await back_end.refresh(first["refresh_token"])).status_code == 200


@pytest.mark.parametrize("case", ["another key", "no key", "too late", "successor used"])
async def test_what_is_no_lost_answer_is_reuse(world: IdpWorld, case: str) -> None:
    back_end, tokens = await begun(world, world.phone_app if case.endswith("key") else world.portal_a)
    key = "01J-retry-of-one-request"
    first = (await back_end.refresh(tokens["refresh_token"], key=key)).json()
    if case == "too late":
        world.clock.advance(16)
    if case == "successor used":
        first = (await back_end.refresh(first["refresh_token"])).json()
    again = {"another key": "01J-another-request", "no key": None}.get(case, key)
    answer = await back_end.refresh(tokens["refresh_token"], key=again)
    assert answer.json()["error"] == "invalid_grant"
    assert (await back_end.refresh(first["refresh_token"])).json()["error"] == "invalid_grant", "the family is dead"
    assert [row.content["detail"]["reason"] for row in await world.audit("token.refresh")] == ["refresh-reused"]


async def test_client_credentials_give_the_clients_own_scopes(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.department)
    tokens = (await back_end.client_credentials()).json()
    assert tokens["scope"] == "licence:issue licence:read"
    assert "refresh_token" not in tokens
    assert "id_token" not in tokens
    principal = await world.idp.authenticate(tokens["access_token"], world.facts)
    assert (principal.kind, principal.id, principal.organisation) == ("client", "department", world.organisation)
    assert principal.may("licence:issue")
    narrow = (await back_end.client_credentials(scope="licence:read")).json()
    assert not (await world.idp.authenticate(narrow["access_token"], world.facts)).may("licence:issue")


async def test_client_credentials_write_nothing(world: IdpWorld) -> None:
    before = len(await world.audit())
    await BackEnd(world, world.department).client_credentials()
    assert len(await world.audit()) == before


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "unauthorized_client"),
        ({"grant_type": "client_credentials", "scope": "audit:read"}, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "openid"}, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "licence:read\x01"}, "invalid_scope"),
    ],
)
async def test_refusals_say_which_rule(world: IdpWorld, form: dict[str, str], error: str) -> None:
    answer = await BackEnd(world, world.department).post("/token", form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_disabled_client_stops_at_once_in_this_process(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.department)
    token = (await back_end.client_credentials()).json()["access_token"]
    await world.idp.change_client_status("department", ClientStatus.DISABLED, SYSTEM)
    assert (await back_end.client_credentials()).status_code == 401
    introspected = await BackEnd(world, world.portal_b).introspect(token)
    assert introspected == {"active": False}


async def test_a_clerk_may_take_rights_along_and_a_citizen_may_not(world: IdpWorld) -> None:
    scope = "openid licence:read"
    back_end = BackEnd(world, world.portal_b)
    clerk = await back_end.tokens(await Browser(world).enter(world.portal_b, world.clerk, scope=scope))
    citizen = await back_end.tokens(await Browser(world).enter(world.portal_b, world.lin, scope=scope))
    assert clerk["scope"] == "openid licence:read"
    assert citizen["scope"] == "openid"
    principal = await world.idp.authenticate(clerk["access_token"], world.facts)
    assert (principal.kind, principal.organisation) == ("staff", world.organisation)
    assert principal.may("licence:read")
    role = StaffRole(world.clerk.account_id, world.organisation, "clerk")
    await world.idp.remove_staff_role(role, SYSTEM)
    assert not (await world.idp.authenticate(clerk["access_token"], world.facts)).may("licence:read")
    assert (await back_end.refresh(clerk["refresh_token"])).json()["scope"] == "openid"


async def test_revocation_of_an_access_token(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    assert (await back_end.post("/revoke", {"token": tokens["access_token"]})).status_code == 200
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert (await back_end.refresh(tokens["refresh_token"])).status_code == 200, "only that token"


async def test_revocation_of_a_refresh_token_ends_its_family(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    assert (await back_end.post("/revoke", {"token": tokens["refresh_token"]})).status_code == 200
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401
    assert (await back_end.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_revocation_of_a_clients_own_token(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.department)
    token = (await back_end.client_credentials()).json()["access_token"]
    assert (await back_end.introspect(token))["active"] is True
    await back_end.post("/revoke", {"token": token})
    assert await back_end.introspect(token) == {"active": False}


async def test_revocation_of_nonsense_is_no_error_and_of_others_tokens_is(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    assert (await back_end.post("/revoke", {"token": "nonsense"})).status_code == 200
    stranger = BackEnd(world, world.department)
    for kind in ("access_token", "refresh_token"):
        answer = await stranger.post("/revoke", {"token": tokens[kind]})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert (await back_end.introspect(tokens["access_token"]))["active"] is True


async def test_introspection_tells_a_client_about_its_own_tokens(world: IdpWorld) -> None:
    back_end, tokens = await begun(world, world.portal_a)
    seen = await back_end.introspect(tokens["access_token"])
    assert (seen["active"], seen["client_id"], seen["scope"]) == (True, "portal-a", "openid")
    assert seen["sub"] == extract_claims(tokens["id_token"])["sub"]
    assert (await back_end.introspect(tokens["refresh_token"]))["active"] is True
    assert await BackEnd(world, world.department).introspect(tokens["access_token"]) == {"active": False}
    world.clock.advance(700)
    assert await back_end.introspect(tokens["access_token"]) == {"active": False}


async def test_introspection_within_one_organisation(world: IdpWorld) -> None:
    token = (await BackEnd(world, world.department).client_credentials()).json()["access_token"]
    assert (await BackEnd(world, world.portal_b).introspect(token))["active"] is True
    assert await BackEnd(world, world.portal_a).introspect(token) == {"active": False}


async def test_introspection_needs_a_client_that_can_prove_itself(world: IdpWorld) -> None:
    _back_end, tokens = await begun(world, world.phone_app)
    answer = await BackEnd(world, world.phone_app).post("/introspect", {"token": tokens["access_token"]})
    assert answer.status_code == 401


def extract_claims(token: str) -> dict[str, Any]:
    import json

    return dict(json.loads(extract_compact(token.encode()).payload))


async def test_two_credentials_at_once_are_refused(world: IdpWorld) -> None:
    form = {"grant_type": "client_credentials", "client_id": "department", "client_secret": "x"}
    headers = {"Authorization": basic("department", world.department.secret or "")}
    answer = await BackEnd(world, world.department).http.post("/token", data=form, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
