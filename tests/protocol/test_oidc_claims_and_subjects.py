"""Claims by scope and one by one, names of people, apps on devices, PKCE by registration.

Core §5.3 to §5.5, §8; RFC 7636; RFC 8252 §7, §8; rows A-5, A-6, A-15, U-1.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from idp.client_metadata import ApplicationType, SubjectType
from idp.model import ClientAuthMethod
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser, Pkce, response_of
from tests.support.idp_front import front_portal, verified
from tests.support.idp_world import IdpWorld, Portal, embedded_world

APPROVED = {"realname_approved": True, "scopes": frozenset({"openid", "realname", "offline_access"})}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def told(world: IdpWorld, portal: Portal, **changes: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Claims of the ID token and of userinfo."""
    tokens = await BackEnd(world, portal).tokens(await Browser(world).enter(portal, world.lin, **changes))
    answer = await BackEnd(world, portal).userinfo(tokens["access_token"])
    assert answer.status_code == 200
    return await verified(world, tokens["id_token"]), answer.json()


# Claims --------------------------------------------------------------------------------------------------------------


async def test_a_15_an_essential_name_is_answered_from_userinfo(world: IdpWorld) -> None:
    portal = await front_portal(world, "asks", **APPROVED)
    id_token, userinfo = await told(world, portal, claims=json.dumps({"userinfo": {"name": {"essential": True}}}))
    assert userinfo["name"] == world.lin.name
    assert "id_number" not in userinfo
    assert "name" not in id_token


@pytest.mark.parametrize(
    ("scope", "claims", "in_userinfo", "in_id_token"),
    [
        ("openid realname", {}, {"name", "id_number"}, set()),
        ("openid realname", {"id_token": {"name": None}}, {"name", "id_number"}, {"name"}),
        ("openid realname", {"userinfo": {"name": None}}, {"name", "id_number"}, set()),
        ("openid", {"id_token": {"name": None}}, set(), {"name"}),
        ("openid", {"userinfo": {"name": None}, "id_token": {"id_number": None}}, {"name"}, {"id_number"}),
        ("openid", {"userinfo": {"name#zh-CN": None}}, {"name"}, set()),
        ("openid", {"userinfo": {"nickname": {"essential": True}, "x": {"value": "y"}}}, set(), set()),
    ],
)
async def test_single_claims_are_given_where_they_are_asked_for_and_nothing_more(
    world: IdpWorld, scope: str, claims: dict[str, Any], in_userinfo: set[str], in_id_token: set[str]
) -> None:
    portal = await front_portal(world, "asks", **APPROVED)
    id_token, userinfo = await told(world, portal, scope=scope, claims=json.dumps(claims))
    personal = {"name", "id_number"}
    assert (userinfo.keys() & personal, id_token.keys() & personal) == (in_userinfo, in_id_token)
    assert userinfo["sub"] == id_token["sub"]


async def test_claims_that_the_client_may_not_have_are_left_out_without_a_page(world: IdpWorld) -> None:
    browser = Browser(world)
    await browser.enter(world.portal_a, world.lin)
    claims = json.dumps({"userinfo": {"name": {"essential": True}}, "id_token": {"id_number": None}})
    answer = await browser.authorize(world.portal_a, prompt="none", claims=claims)
    assert "code" in response_of(answer)  # nothing to consent to


async def test_a_claim_of_another_person_is_not_given(world: IdpWorld) -> None:
    browser = Browser(world)
    tokens = await BackEnd(world, world.portal_a).tokens(await browser.enter(world.portal_a, world.zhao))
    zhao = (await verified(world, tokens["id_token"]))["sub"]
    mine = Browser(world)
    await mine.enter(world.portal_a, world.lin)
    for member in ("id_token", "userinfo"):
        claims = json.dumps({member: {"sub": {"value": zhao}}})
        refused = response_of(await mine.authorize(world.portal_a, prompt="none", claims=claims))
        assert refused["error"] == "login_required"
        assert "code" in response_of(await browser.authorize(world.portal_a, prompt="none", claims=claims))


async def test_u_1_userinfo_by_get_and_by_post(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(await Browser(world).enter(world.portal_a, world.lin))
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    answers = [
        await back_end.http.get("/userinfo", headers=header),
        await back_end.http.post("/userinfo", headers=header),
        await back_end.http.post("/userinfo", data={"access_token": tokens["access_token"]}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    in_query = await back_end.http.get("/userinfo", params={"access_token": tokens["access_token"]})
    assert in_query.status_code == 401


# Subjects ------------------------------------------------------------------------------------------------------------


async def test_public_subjects_are_one_name_and_pairwise_ones_are_not(world: IdpWorld) -> None:
    subjects = {}
    for name, kind in (("p1", "public"), ("p2", "public"), ("w1", "pairwise"), ("w2", "pairwise")):
        portal = await front_portal(world, f"portal-{name}", subject_type=SubjectType(kind))
        id_token, userinfo = await told(world, portal)
        assert userinfo["sub"] == id_token["sub"]
        subjects[name] = id_token["sub"]
        assert await world.idp.directory.account_by_subject(portal.client_id, id_token["sub"]) == world.lin.account_id
    assert subjects["p1"] == subjects["p2"]
    assert len(set(subjects.values())) == 3
    assert world.lin.account_id not in subjects.values()


async def test_public_subjects_differ_between_people(world: IdpWorld) -> None:
    portal = await front_portal(world, "portal-p", subject_type=SubjectType.PUBLIC)
    names = []
    for somebody in (world.lin, world.zhao):
        tokens = await BackEnd(world, portal).tokens(await Browser(world).enter(portal, somebody))
        names.append((await verified(world, tokens["id_token"]))["sub"])
    assert names[0] != names[1]


# Apps ----------------------------------------------------------------------------------------------------------------


async def app_on_a_device(world: IdpWorld, *uris: str) -> Portal:
    return await front_portal(
        world,
        "device-app",
        redirect_uris=uris,
        sector="device-app",
        post_logout_redirect_uris=(),
        backchannel_logout_uri=None,
        auth_method=ClientAuthMethod.NONE,
        application_type=ApplicationType.NATIVE,
        response_types=frozenset({"code"}),
    )


async def enter_at(world: IdpWorld, app: Portal, uri: str, **changes: str) -> Any:
    there = Portal(app.client_id, uri, None, ClientAuthMethod.NONE)
    entered = await Browser(world).enter(there, world.lin, redirect_uri=uri, **changes)
    return entered, await BackEnd(world, there).redeem(entered)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:51004/cb", "http://127.0.0.1/cb", "http://[::1]:9/cb?a=1"])
async def test_an_app_listens_on_the_port_that_it_gets(world: IdpWorld, uri: str) -> None:
    app = await app_on_a_device(world, "http://127.0.0.1/cb", "http://[::1]:8000/cb?a=1")
    entered, answer = await enter_at(world, app, uri)
    assert entered.location.startswith(uri)
    assert answer.status_code == 200


async def test_the_code_is_bound_to_the_very_port(world: IdpWorld) -> None:
    app = await app_on_a_device(world, "http://127.0.0.1/cb")
    there = Portal(app.client_id, "http://127.0.0.1:5001/cb", None, ClientAuthMethod.NONE)
    entered = await Browser(world).enter(there, world.lin)
    other = await BackEnd(world, there).redeem(entered, redirect_uri="http://127.0.0.1:5002/cb")
    assert (other.status_code, other.json()["error"]) == (400, "invalid_grant")


async def test_a_site_on_the_web_has_no_free_port(world: IdpWorld) -> None:
    answer = await Browser(world).authorize(world.portal_a, redirect_uri="https://a.example.test:444/callback")
    assert answer.status_code == 400


@pytest.mark.parametrize("uri", ["cn.example.app:/cb", "cn.example.app://done/cb"])
async def test_an_app_has_a_scheme_of_its_own(world: IdpWorld, uri: str) -> None:
    app = await app_on_a_device(world, uri)
    entered, answer = await enter_at(world, app, uri)
    assert entered.location.startswith(f"{uri}?code=")
    assert answer.status_code == 200
    there = Portal(app.client_id, uri, None, ClientAuthMethod.NONE)
    form = await Browser(world).authorize(there, response_mode="form_post")
    assert response_of(form)["error"] == "invalid_request"  # nothing takes a form there


async def test_only_apps_have_schemes_of_their_own(world: IdpWorld) -> None:
    with pytest.raises(InvalidInput):
        await front_portal(world, "web-app", redirect_uris=("cn.example.app:/cb",), sector="x")


# PKCE ----------------------------------------------------------------------------------------------------------------


async def test_pkce_may_be_left_out_where_that_was_registered_and_then_a_nonce_is_needed(world: IdpWorld) -> None:
    portal = await front_portal(world, "old-library", require_pkce=False)
    without: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    entered = await Browser(world).enter(portal, world.lin, **without)
    assert (await BackEnd(world, portal).redeem(entered, code_verifier=None)).status_code == 200
    refused = await Browser(world).authorize(portal, nonce=None, **without)
    assert response_of(refused)["error"] == "invalid_request"
    with_pkce = await Browser(world).enter(portal, world.lin, nonce=None)
    assert (await BackEnd(world, portal).redeem(with_pkce)).status_code == 200


async def test_a_verifier_without_a_challenge_is_refused(world: IdpWorld) -> None:
    """RFC 9700 §4.8.2: somebody took the challenge out of the request."""
    portal = await front_portal(world, "old-library", require_pkce=False)
    entered = await Browser(world).enter(portal, world.lin, code_challenge=None, code_challenge_method=None)
    answer = await BackEnd(world, portal).redeem(entered)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_challenge_that_came_is_kept_to(world: IdpWorld) -> None:
    portal = await front_portal(world, "old-library", require_pkce=False)
    entered = await Browser(world).enter(portal, world.lin)
    for verifier in (None, Pkce().verifier):
        answer = await BackEnd(world, portal).redeem(entered, code_verifier=verifier)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    for changes in ({"code_challenge_method": None}, {"code_challenge_method": "plain"}, {"code_challenge": None}):
        refused = await Browser(world).authorize(portal, **changes)
        assert response_of(refused)["error"] == "invalid_request"
