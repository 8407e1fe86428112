"""RFC 8628: the device authorization endpoint, polling, the decision, and what the tokens are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from stdnum.util import clean

from idp.model import ClientAuthMethod, GrantType, SessionKind
from idp.stores.clients import SqlConsentStore
from idp.stores.sessions import SqlSessionStore
from tests.support.clock import FakeClock
from tests.support.grants_world import answer_device, other_client, protected_resource, visit_of
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import Prover
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world

GRANTS = (GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN)
LICENCES = "https://licences.example.test/"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def kiosk(world: IdpWorld) -> Portal:
    return await other_client(world, "kiosk", *GRANTS, auth_method=ClientAuthMethod.NONE)


async def begin(world: IdpWorld, portal: Portal, **more: str) -> dict[str, Any]:
    answer = await BackEnd(world, portal).post("/device-authorization", {"scope": portal.scope, **more})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


async def poll(world: IdpWorld, portal: Portal, device_code: str) -> Any:
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": device_code}
    return await BackEnd(world, portal).post("/token", form)


async def test_the_answer_has_both_codes_and_where_to_go(world: IdpWorld, kiosk: Portal) -> None:
    answer = await begin(world, kiosk)
    assert set(answer) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    }  # fmt: skip
    issuer = world.idp.settings.issuer
    assert answer["verification_uri"] == f"{issuer}/device"
    assert answer["verification_uri_complete"] == f"{issuer}/device?user_code={answer['user_code']}"
    assert (answer["expires_in"], answer["interval"]) == (600, 5)
    code = clean(answer["user_code"], "-")
    assert len(code) == 8
    assert not set(code) & set("AEIOUY0123456789")


async def test_pending_then_tokens_that_work(world: IdpWorld, kiosk: Portal) -> None:
    answer = await begin(world, kiosk)
    pending = await poll(world, kiosk, answer["device_code"])
    assert (pending.status_code, pending.json()["error"]) == (400, "authorization_pending")
    await answer_device(world, Browser(world), world.lin, answer["user_code"])
    got = await poll(world, kiosk, answer["device_code"])
    assert got.status_code == 200, got.text
    tokens, back_end = got.json(), BackEnd(world, kiosk)
    assert tokens["token_type"] == "Bearer"
    assert (await back_end.userinfo(tokens["access_token"])).json()["sub"]
    claims = world.keys.verifier.verify(
        tokens["id_token"], typ="JWT", issuer=world.idp.settings.issuer, audience=kiosk.client_id
    )
    assert claims["amr"] == ["pwd"]
    assert (await back_end.refresh(tokens["refresh_token"])).status_code == 200
    again = await poll(world, kiosk, answer["device_code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_a_person_who_says_no(world: IdpWorld, kiosk: Portal) -> None:
    answer = await begin(world, kiosk)
    await answer_device(world, Browser(world), world.lin, answer["user_code"], granted=False)
    for _ in range(2):
        got = await poll(world, kiosk, answer["device_code"])
        assert (got.status_code, got.json()["error"]) == (400, "access_denied")
    (refused,) = [row for row in await world.audit("portal.enter") if row.content["outcome"] == "refused"]
    assert refused.content["detail"]["client"] == "kiosk"


async def test_polling_too_fast_slows_down_by_five_seconds_each_time(world: IdpWorld, kiosk: Portal) -> None:
    code = (await begin(world, kiosk))["device_code"]

    async def after(seconds: float) -> str:
        world.clock.advance(seconds)
        return str((await poll(world, kiosk, code)).json()["error"])

    assert await after(0) == "authorization_pending"
    assert await after(5) == "authorization_pending"
    assert await after(1) == "slow_down"  # 10 from now on
    assert await after(5) == "slow_down"  # 15
    assert await after(15) == "authorization_pending"
    assert await after(10) == "slow_down"  # 20
    assert await after(20) == "authorization_pending"


@pytest.mark.parametrize("decided", [False, True])
async def test_expired_is_told_as_such_even_if_the_person_agreed(
    world: IdpWorld, kiosk: Portal, *, decided: bool
) -> None:
    answer = await begin(world, kiosk)
    if decided:
        await answer_device(world, Browser(world), world.lin, answer["user_code"])
    world.clock.advance(600)
    got = await poll(world, kiosk, answer["device_code"])
    assert (got.status_code, got.json()["error"]) == (400, "expired_token")
    world.clock.advance(600)
    assert (await poll(world, kiosk, answer["device_code"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"scope": "licence:issue"}, 400, "invalid_scope"),
        ({"scope": "realname"}, 400, "invalid_scope"),
        ({"scope": "nothing such"}, 400, "invalid_scope"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
    ],
)
async def test_refusals_of_the_endpoint(
    world: IdpWorld, kiosk: Portal, changes: dict[str, str], status: int, error: str
) -> None:
    answer = await BackEnd(world, kiosk).http.post("/device-authorization", data={"client_id": "kiosk", **changes})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_only_clients_that_are_registered_for_it(world: IdpWorld, kiosk: Portal) -> None:
    answer = await BackEnd(world, world.portal_a).post("/device-authorization", {"scope": "openid"})
    assert answer.json()["error"] == "unauthorized_client"
    code = (await begin(world, kiosk))["device_code"]
    assert (await poll(world, world.portal_a, code)).json()["error"] == "unauthorized_client"


async def test_without_a_scope_it_is_openid(world: IdpWorld, kiosk: Portal) -> None:
    answer = (await BackEnd(world, kiosk).post("/device-authorization", {})).json()
    await answer_device(world, Browser(world), world.lin, answer["user_code"])
    assert (await poll(world, kiosk, answer["device_code"])).json()["scope"] == "openid"


async def test_a_confidential_client_must_prove_itself_at_both_endpoints(world: IdpWorld) -> None:
    television = await other_client(world, "television", *GRANTS)
    bare = await BackEnd(world, television).http.post("/device-authorization", data={"client_id": "television"})
    assert (bare.status_code, bare.json()["error"]) == (401, "invalid_client")
    answer = await begin(world, television)
    form = {"client_id": "television", "grant_type": GrantType.DEVICE_CODE.value, "device_code": answer["device_code"]}
    assert (await BackEnd(world, television).http.post("/token", data=form)).status_code == 401
    await answer_device(world, Browser(world), world.lin, answer["user_code"])
    assert (await poll(world, television, answer["device_code"])).status_code == 200


@pytest.mark.parametrize("offline", [False, True])
async def test_the_device_has_a_session_of_its_own_that_no_cookie_enters(
    world: IdpWorld, kiosk: Portal, *, offline: bool
) -> None:
    """It lives as long as its tokens, so that the person can always find it and end it."""
    settings = world.idp.settings
    lifetime = settings.refresh_absolute_public if offline else settings.session_absolute
    browser, answer = Browser(world), await begin(world, kiosk, scope="openid offline_access" if offline else "openid")
    await answer_device(world, browser, world.lin, answer["user_code"])
    assert (await poll(world, kiosk, answer["device_code"])).status_code == 200
    store = SqlSessionStore()
    async with world.ground.database.read() as tx:
        live = await store.live_of_account(tx, world.lin.account_id, world.clock.now())
        of_device = next(one for one in live if one.kind is SessionKind.DEVICE)
        assert len(live) == 2
        assert await store.by_cookie(tx, [of_device.cookie_digest]) is None
        assert (of_device.expires_at - world.clock.now()).total_seconds() == lifetime
    assert await world.idp.sessions.find(of_device.cookie_digest) is None


async def test_a_qr_code_of_the_complete_address_tells_nothing_else(world: IdpWorld, kiosk: Portal) -> None:
    answer, http = await begin(world, kiosk), BackEnd(world, kiosk).http
    real = await http.get("/device/qr.svg", params={"user_code": answer["user_code"]})
    made_up = await http.get("/device/qr.svg", params={"user_code": "BCDF-GHJK"})
    assert real.headers["content-type"] == "image/svg+xml"
    assert (real.status_code, made_up.status_code) == (200, 200)
    assert dict(real.headers) == dict(made_up.headers) | {"content-length": real.headers["content-length"]}
    assert (await http.get("/device/qr.svg", params={"user_code": "<script>"})).status_code == 400


async def test_what_may_be_left_out_is_left_out_and_what_may_not_is_given(world: IdpWorld) -> None:
    """The same items as on the consent page (PIPL Art. 16); remembered, with what was declined."""
    scopes = frozenset({"openid", "realname", "phone", "offline_access"})
    kiosk = await other_client(world, "kiosk", *GRANTS, scopes=scopes, realname_approved=True)
    answer = await begin(world, kiosk)
    visit = await visit_of(world, Browser(world), world.lin)
    decide = world.idp.elsewhere.decide_device
    ticket = await decide.enter(visit, answer["user_code"], "192.0.2.10")
    asked = (await decide.question(visit, ticket)).asked
    assert {item.scope: item.optional for item in asked.items} == {
        "realname": False, "phone": True, "offline_access": True,
    }  # fmt: skip
    await decide.decide(visit, ticket, granted=True, left_out=["phone", "realname"])
    got = await poll(world, kiosk, answer["device_code"])
    assert set(got.json()["scope"].split()) == {"openid", "realname", "offline_access"}
    async with world.ground.database.read() as tx:
        consent = await SqlConsentStore().get(tx, account_id=world.lin.account_id, client_id="kiosk")
    assert consent is not None
    assert (consent.scopes, consent.declined) == ({"realname", "offline_access"}, {"phone"})
    (noted,) = [row.content for row in await world.audit("portal-consent.grant")]
    assert noted["detail"]["left_out"] == "phone"


async def test_tokens_of_a_kiosk_are_bound_to_the_key_that_its_poll_proves(world: IdpWorld) -> None:
    """RFC 9449 §5: bound at the first fetch, and so are the refresh tokens of a client without a secret."""
    kiosk = await other_client(
        world, "kiosk", *GRANTS, auth_method=ClientAuthMethod.NONE, dpop_bound_access_tokens=True
    )
    prover, thief, back_end = Prover(world.clock), Prover(world.clock), BackEnd(world, kiosk)
    answer = await begin(world, kiosk)
    await answer_device(world, Browser(world), world.lin, answer["user_code"])
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": answer["device_code"]}
    bare = await back_end.post("/token", form)
    assert (bare.status_code, bare.json()["error"]) == (400, "invalid_dpop_proof")
    got = await back_end.post("/token", form, headers=prover.headers("POST", "/token"))
    tokens = got.json()
    assert tokens["token_type"] == "DPoP", got.text
    for headers, good in ((thief.headers("POST", "/token"), False), (prover.headers("POST", "/token"), True)):
        refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert ((await back_end.post("/token", refresh, headers=headers)).status_code == 200) is good


async def test_resources_and_details_are_asked_for_and_narrowed_at_the_poll(world: IdpWorld) -> None:
    """RFC 8707 §2, RFC 9396: the question shows them, the first token may take less."""
    await protected_resource(world, LICENCES)
    detail = {"type": "licence_copy", "licence_types": ["11410199DEMA00001W207"], "service_item": "x", "purpose": "y"}
    scopes = frozenset({"openid", "offline_access", "licence:read"})
    kiosk = await other_client(
        world, "kiosk", *GRANTS, scopes=scopes, resources=(LICENCES,), authorization_details_types=("licence_copy",)
    )
    asked = {"resource": LICENCES, "authorization_details": json.dumps([detail])}
    answer = await begin(world, kiosk, scope="openid licence:read", **asked)
    browser = Browser(world)
    visit = await visit_of(world, browser, world.clerk)
    decide = world.idp.elsewhere.decide_device
    ticket = await decide.enter(visit, answer["user_code"], "192.0.2.10")
    question = await decide.question(visit, ticket)
    assert (question.asked.scopes, list(question.authorization_details)) == (("openid", "licence:read"), [detail])
    await decide.decide(visit, ticket, granted=True)
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": answer["device_code"]}
    elsewhere = await BackEnd(world, kiosk).post("/token", form | {"resource": "https://elsewhere.example/"})
    assert elsewhere.json()["error"] == "invalid_target"
    got = await BackEnd(world, kiosk).post("/token", form | {"resource": LICENCES})
    claims = world.keys.verifier.verify(got.json()["access_token"], typ="at+jwt", issuer=ISSUER, audience=LICENCES)
    assert (claims["scope"], claims["authorization_details"]) == ("licence:read", [detail])
    refused = await BackEnd(world, kiosk).post(
        "/device-authorization", {"scope": "openid", "resource": "https://elsewhere.example/"}
    )
    assert refused.json()["error"] == "invalid_target"


async def test_discovery_names_it(world: IdpWorld, kiosk: Portal) -> None:
    found = (await BackEnd(world, kiosk).http.get("/.well-known/openid-configuration")).json()
    assert found["device_authorization_endpoint"] == f"{world.idp.settings.issuer}/device-authorization"
    assert GrantType.DEVICE_CODE.value in found["grant_types_supported"]
