"""OpenID Connect CIBA Core 1.0: the request, the three ways of delivery, signed requests, hints."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select

from core.egress.errors import FetchFailed
from core.egress.port import Fetched
from core.principal import SYSTEM
from idp.client_metadata import DeliveryMode, SecurityProfile
from idp.model import AccountStatus, ClientAuthMethod, DeliveryState, GrantType, SessionKind
from idp.stores.ciba import SqlBackchannelStore
from idp.stores.registration_tables import client_error
from idp.stores.sessions import SqlSessionStore
from tests.support.clock import FakeClock
from tests.support.grants_world import Callback, answer_request, other_client, subject_at, visit_of
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import Prover, SigningKey, assertion, by_assertion
from tests.support.idp_world import ISSUER, IdpWorld, Portal, embedded_world

GRANTS = (GrantType.CIBA, GrantType.REFRESH_TOKEN)
TOKEN = "notification-token-of-the-client"
NOTICES = "https://counter.example.test/notices"
KEY, STRANGER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)


@pytest.fixture
def callback() -> Callback:
    return Callback()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, callback: Callback) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, fetcher=callback) as made:
        yield made


async def counter_of(world: IdpWorld, mode: DeliveryMode = DeliveryMode.POLL, **changes: Any) -> Portal:
    endpoint = None if mode is DeliveryMode.POLL else NOTICES
    return await other_client(
        world,
        f"counter-{mode}",
        *GRANTS,
        backchannel_token_delivery_mode=mode,
        backchannel_client_notification_endpoint=endpoint,
        **changes,
    )


async def ask(world: IdpWorld, portal: Portal, **changes: str | None) -> Any:
    client = await world.idp.registry.active(portal.client_id)
    assert client is not None
    form: dict[str, str | None] = {"scope": "openid", "login_hint": await subject_at(world, portal, world.lin)}
    if client.metadata.backchannel_token_delivery_mode is not DeliveryMode.POLL:
        form["client_notification_token"] = TOKEN
    form |= changes
    present = {name: value for name, value in form.items() if value is not None}
    return await BackEnd(world, portal).post("/backchannel-authentication", present)


async def begun(world: IdpWorld, portal: Portal, **changes: str | None) -> str:
    answer = await ask(world, portal, **changes)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["auth_req_id"])


async def poll(world: IdpWorld, portal: Portal, auth_req_id: str) -> Any:
    return await BackEnd(world, portal).post("/token", {"grant_type": GrantType.CIBA.value, "auth_req_id": auth_req_id})


# poll


async def test_poll_pending_then_tokens(world: IdpWorld) -> None:
    counter = await counter_of(world)
    answer = await ask(world, counter)
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"auth_req_id", "expires_in", "interval"}
    auth_req_id = answer.json()["auth_req_id"]
    assert set(auth_req_id) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")  # §7.3
    pending = await poll(world, counter, auth_req_id)
    assert (pending.status_code, pending.json()["error"]) == (400, "authorization_pending")
    await answer_request(world, Browser(world), world.lin)
    got = await poll(world, counter, auth_req_id)
    assert got.status_code == 200, got.text
    tokens, back_end = got.json(), BackEnd(world, counter)
    claims = world.keys.verifier.verify(tokens["id_token"], typ="JWT", issuer=ISSUER, audience=counter.client_id)
    assert claims["sub"] == await subject_at(world, counter, world.lin)
    assert "urn:openid:params:jwt:claim:auth_req_id" not in claims
    assert (await back_end.userinfo(tokens["access_token"])).json()["sub"] == claims["sub"]
    assert (await back_end.refresh(tokens["refresh_token"])).status_code == 200
    assert (await poll(world, counter, auth_req_id)).json()["error"] == "invalid_grant"


async def test_the_person_refuses(world: IdpWorld) -> None:
    counter = await counter_of(world)
    auth_req_id = await begun(world, counter)
    await answer_request(world, Browser(world), world.lin, granted=False)
    got = await poll(world, counter, auth_req_id)
    assert (got.status_code, got.json()["error"]) == (400, "access_denied")


async def test_polling_too_fast(world: IdpWorld) -> None:
    counter = await counter_of(world)
    auth_req_id = await begun(world, counter)
    errors = [(await poll(world, counter, auth_req_id)).json()["error"] for _ in range(2)]
    world.clock.advance(5)
    errors.append((await poll(world, counter, auth_req_id)).json()["error"])
    world.clock.advance(15)
    errors.append((await poll(world, counter, auth_req_id)).json()["error"])
    assert errors == ["authorization_pending", "slow_down", "slow_down", "authorization_pending"]


@pytest.mark.parametrize("decided", [False, True])
async def test_an_expired_request(world: IdpWorld, *, decided: bool) -> None:
    counter = await counter_of(world)
    auth_req_id = await begun(world, counter, requested_expiry="60")
    if decided:
        await answer_request(world, Browser(world), world.lin)
    world.clock.advance(60)
    got = await poll(world, counter, auth_req_id)
    assert (got.status_code, got.json()["error"]) == (400, "expired_token")
    assert not await world.idp.elsewhere.decide_backchannel.waiting(world.lin.account_id)


@pytest.mark.parametrize(("wish", "seconds"), [(None, 300), ("1", 30), ("120", 120), ("900", 900), ("86400", 900)])
async def test_requested_expiry_within_bounds(world: IdpWorld, wish: str | None, seconds: int) -> None:
    counter = await counter_of(world)
    assert (await ask(world, counter, requested_expiry=wish)).json()["expires_in"] == seconds


async def test_an_auth_req_id_that_is_wrong_or_of_another_client(world: IdpWorld) -> None:
    counter = await counter_of(world)
    other = await other_client(world, "other", *GRANTS, backchannel_token_delivery_mode=DeliveryMode.POLL)
    auth_req_id = await begun(world, counter)
    await answer_request(world, Browser(world), world.lin)
    for wrong in ("x", auth_req_id[:-1] + ("A" if auth_req_id[-1] != "A" else "B"), auth_req_id.split(".")[0]):
        assert (await poll(world, counter, wrong)).json()["error"] == "invalid_grant"
    assert (await poll(world, other, auth_req_id)).json()["error"] == "invalid_grant"
    assert (await poll(world, counter, auth_req_id)).status_code == 200


async def test_holder_of_key(world: IdpWorld) -> None:
    """FAPI CIBA §5.2.2: a client that binds its tokens gets none without a proof, and none is spent by trying."""
    counter = await counter_of(world, dpop_bound_access_tokens=True)
    prover, back_end = Prover(world.clock), BackEnd(world, counter)
    auth_req_id = await begun(world, counter)
    await answer_request(world, Browser(world), world.lin)
    assert (await poll(world, counter, auth_req_id)).json()["error"] == "invalid_dpop_proof"
    form = {"grant_type": GrantType.CIBA.value, "auth_req_id": auth_req_id}
    got = await back_end.post("/token", form, headers=prover.headers("POST", "/token"))
    assert got.json()["token_type"] == "DPoP", got.text
    shown = await back_end.introspect(got.json()["access_token"])
    assert shown["cnf"] == {"jkt": prover.jkt}


# ping and push


async def test_ping_tells_of_yes_and_of_no_and_the_tokens_are_fetched(world: IdpWorld, callback: Callback) -> None:
    counter = await counter_of(world, DeliveryMode.PING)
    for granted in (True, False):
        auth_req_id = await begun(world, counter)
        await answer_request(world, Browser(world), world.lin, granted=granted)
        url, headers, content = callback.got.pop()
        assert (url, headers["Authorization"], content) == (
            NOTICES,
            f"Bearer {TOKEN}",
            {"auth_req_id": auth_req_id},
        )
        assert headers["Content-Type"] == "application/json"
        got = await poll(world, counter, auth_req_id)
        assert got.status_code == (200 if granted else 400)
    assert callback.got == []


HARMLESS: dict[str, Callable[[], Fetched]] = {
    "200 with a body": lambda: Fetched(200, "text/html", b"<script>" * 1000),
    "401": lambda: Fetched(401, "", b""),
    "403": lambda: Fetched(403, "", b""),
    "302": lambda: Fetched(302, "", b""),
    "500": lambda: Fetched(500, "", b""),
}


def _away() -> Fetched:
    raise FetchFailed("timeout")


@pytest.mark.parametrize("case", [*HARMLESS, "away"])
async def test_an_endpoint_that_answers_oddly_does_no_harm(world: IdpWorld, callback: Callback, case: str) -> None:
    counter = await counter_of(world, DeliveryMode.PING)
    callback.answer = HARMLESS.get(case, _away)
    auth_req_id = await begun(world, counter)
    await answer_request(world, Browser(world), world.lin)
    assert len(callback.got) == 1, "no redirect was followed"
    again = case in ("500", "away")
    for _ in range(8):
        world.clock.advance(100)
        await world.idp.elsewhere.notify.run_due()
    assert len(callback.got) == (5 if again else 1)
    world.clock.advance(-800)
    assert (await poll(world, counter, auth_req_id)).status_code == 200


async def test_a_message_that_failed_is_tried_again_until_it_arrives(world: IdpWorld, callback: Callback) -> None:
    counter = await counter_of(world, DeliveryMode.PING)
    callback.answer = lambda: Fetched(503, "", b"")
    auth_req_id = await begun(world, counter)
    await answer_request(world, Browser(world), world.lin)
    assert await world.idp.elsewhere.notify.run_due() == 0, "not yet due"
    callback.answer = lambda: Fetched(204, "", b"")
    world.clock.advance(5)
    assert await world.idp.elsewhere.notify.run_due() == 1
    assert [content["auth_req_id"] for _, _, content in callback.got] == [auth_req_id] * 2
    world.clock.advance(3600)
    assert await world.idp.elsewhere.notify.run_due() == 0


async def test_developers_read_why_a_request_or_a_message_failed(world: IdpWorld, callback: Callback) -> None:
    counter = await counter_of(world, DeliveryMode.PING)
    callback.answer = lambda: Fetched(401, "", b"")
    await ask(world, counter, binding_message="<b>")
    await begun(world, counter)
    await answer_request(world, Browser(world), world.lin)
    log = world.idp.clients.errors_log
    assert await log.write() == 2
    async with world.ground.database.read() as tx:
        rows = (await tx.connection.execute(select(client_error))).all()
    noted = {row.endpoint: (row.error, row.description) for row in rows}
    assert noted["backchannel"][0] == "invalid_binding_message"
    assert noted["backchannel-notification"][0] == "notification-failed"
    assert "refused-401" in noted["backchannel-notification"][1]


async def test_push_sends_tokens_that_are_bound_to_the_request(world: IdpWorld, callback: Callback) -> None:
    counter = await counter_of(world, DeliveryMode.PUSH)
    answer = await ask(world, counter)
    assert set(answer.json()) == {"auth_req_id", "expires_in"}
    auth_req_id = answer.json()["auth_req_id"]
    assert (await poll(world, counter, auth_req_id)).json()["error"] == "unauthorized_client"  # §11
    await answer_request(world, Browser(world), world.lin)
    ((_, headers, pushed),) = callback.got
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert pushed["auth_req_id"] == auth_req_id
    claims = world.keys.verifier.verify(pushed["id_token"], typ="JWT", issuer=ISSUER, audience=counter.client_id)
    assert claims["urn:openid:params:jwt:claim:auth_req_id"] == auth_req_id
    assert claims["urn:openid:params:jwt:claim:rt_hash"] == _half(pushed["refresh_token"])
    assert claims["at_hash"] == _half(pushed["access_token"])
    back_end = BackEnd(world, counter)
    assert (await back_end.userinfo(pushed["access_token"])).status_code == 200
    assert (await back_end.refresh(pushed["refresh_token"])).status_code == 200


async def test_pushed_again_the_refresh_token_is_the_same(world: IdpWorld, callback: Callback) -> None:
    counter = await counter_of(world, DeliveryMode.PUSH)
    callback.answer = lambda: Fetched(502, "", b"")
    await begun(world, counter)
    await answer_request(world, Browser(world), world.lin)
    callback.answer = lambda: Fetched(200, "", b"")
    world.clock.advance(5)
    assert await world.idp.elsewhere.notify.run_due() == 1
    first, second = (content for _, _, content in callback.got)
    assert first["refresh_token"] == second["refresh_token"]
    assert first["access_token"] != second["access_token"]


@pytest.mark.parametrize(
    ("what", "error"), [("refuse", "access_denied"), ("wait", "expired_token"), ("freeze", "transaction_failed")]
)
async def test_push_tells_why_there_are_no_tokens(world: IdpWorld, callback: Callback, what: str, error: str) -> None:
    counter = await counter_of(world, DeliveryMode.PUSH)
    auth_req_id = await begun(world, counter)
    if what == "refuse":
        await answer_request(world, Browser(world), world.lin, granted=False)
    elif what == "wait":
        world.clock.advance(300)
        assert await world.idp.elsewhere.notify.run_due() == 1
        assert await world.idp.elsewhere.notify.run_due() == 0
    else:
        callback.answer = lambda: Fetched(500, "", b"")
        await answer_request(world, Browser(world), world.lin)
        await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)
        world.clock.advance(5)
        await world.idp.elsewhere.notify.run_due()
    content = callback.got[-1][2]
    assert (content["auth_req_id"], content["error"]) == (auth_req_id, error)


# the request


REFUSED: list[tuple[dict[str, str | None], str]] = [
    ({"scope": None}, "invalid_request"),
    ({"scope": "offline_access"}, "invalid_scope"),
    ({"scope": "openid licence:issue"}, "invalid_scope"),
    ({"login_hint": None}, "invalid_request"),
    ({"login_hint_token": "hint_" + "x" * 32}, "invalid_request"),
    ({"id_token_hint": "x"}, "invalid_request"),
    ({"login_hint": None, "id_token_hint": "x"}, "invalid_request"),
    ({"login_hint": "A" * 43}, "unknown_user_id"),
    ({"login_hint": "410199198802290013"}, "unknown_user_id"),
    ({"login_hint": "13800000001"}, "unknown_user_id"),
    ({"login_hint": None, "login_hint_token": "hint_" + "x" * 32}, "unknown_user_id"),
    ({"requested_expiry": "0"}, "invalid_request"),
    ({"requested_expiry": "-5"}, "invalid_request"),
    ({"requested_expiry": "1.5"}, "invalid_request"),
    ({"requested_expiry": "ten"}, "invalid_request"),
    ({"user_code": "1234"}, "invalid_request"),
    ({"request": "a.b.c"}, "invalid_request"),
    ({"binding_message": "x" * 65}, "invalid_binding_message"),
    ({"binding_message": "line\nbreak"}, "invalid_binding_message"),
    ({"binding_message": "<b>Bank</b>"}, "invalid_binding_message"),
    ({"binding_message": "see https://evil.example"}, "invalid_binding_message"),
    ({"binding_message": "\u202eabc"}, "invalid_binding_message"),
    ({"binding_message": "zero\u200bwidth"}, "invalid_binding_message"),
    ({"binding_message": "\U0001f600"}, "invalid_binding_message"),
    ({"binding_message": " around "}, "invalid_binding_message"),
]


@pytest.mark.parametrize(("changes", "error"), REFUSED, ids=range(len(REFUSED)))
async def test_refusals(world: IdpWorld, changes: dict[str, str | None], error: str) -> None:
    counter = await counter_of(world)
    answer = await ask(world, counter, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("message", ["1234", "GZF-2026-0418", "三号窗口：公租房 0418", "Gate 7 (left)"])
async def test_a_binding_message_is_shown_to_the_person(world: IdpWorld, message: str) -> None:
    counter = await counter_of(world)
    await begun(world, counter, binding_message=message)
    (question,) = await world.idp.elsewhere.decide_backchannel.waiting(world.lin.account_id)
    assert question.binding_message == message
    assert message not in repr(question)


@pytest.mark.parametrize(
    ("token", "good"), [(None, False), ("short", False), ("spaces " * 10, False), ("x" * 1025, False), (TOKEN, True)]
)
@pytest.mark.parametrize("mode", [DeliveryMode.PING, DeliveryMode.PUSH])
async def test_the_notification_token(world: IdpWorld, mode: DeliveryMode, token: str | None, *, good: bool) -> None:
    counter = await counter_of(world, mode)
    answer = await ask(world, counter, client_notification_token=token)
    assert answer.status_code == (200 if good else 400)
    assert good or answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changes",
    [
        {"backchannel_token_delivery_mode": None},
        {"backchannel_token_delivery_mode": DeliveryMode.PING, "backchannel_client_notification_endpoint": None},
        {"backchannel_token_delivery_mode": DeliveryMode.PUSH, "dpop_bound_access_tokens": True},
        {"backchannel_token_delivery_mode": DeliveryMode.PUSH, "tls_client_certificate_bound_access_tokens": True},
        {"backchannel_token_delivery_mode": DeliveryMode.POLL, "auth_method": ClientAuthMethod.NONE},
    ],
)
async def test_clients_that_may_not(world: IdpWorld, changes: dict[str, Any]) -> None:
    settings = {"backchannel_client_notification_endpoint": NOTICES} | changes
    odd = await other_client(world, "odd", *GRANTS, **settings)
    answer = await BackEnd(world, odd).post("/backchannel-authentication", {"scope": "openid", "login_hint": "x"})
    assert answer.json()["error"] == "unauthorized_client"
    not_registered = await BackEnd(world, world.portal_b).post("/backchannel-authentication", {"scope": "openid"})
    assert not_registered.json()["error"] == "unauthorized_client"


# hints


async def test_an_id_token_of_this_client_is_a_hint_and_another_clients_is_not(world: IdpWorld) -> None:
    counter = await counter_of(world)
    entered = await Browser(world).enter(world.portal_a, world.lin)
    foreign = (await BackEnd(world, world.portal_a).tokens(entered))["id_token"]
    first = await begun(world, counter)
    await answer_request(world, Browser(world), world.lin)
    own = (await poll(world, counter, first)).json()["id_token"]
    world.clock.advance(86_400)  # it may have expired (Core §3.1.2.1)
    await begun(world, counter, login_hint=None, id_token_hint=own)
    refused = await ask(world, counter, login_hint=None, id_token_hint=foreign)
    assert refused.json()["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["login_hint", "login_hint_token"])
async def test_a_hint_token_from_the_phone_stands_for_the_person_once(world: IdpWorld, name: str) -> None:
    counter, hints = await counter_of(world), world.idp.elsewhere.hint_tokens
    token = await hints.make(world.zhao.account_id)
    auth_req_id = await begun(world, counter, **{"login_hint": None, name: token})
    await answer_request(world, Browser(world), world.zhao)
    assert (await poll(world, counter, auth_req_id)).status_code == 200
    again = await ask(world, counter, **{"login_hint": None, name: token})
    assert again.json()["error"] == "unknown_user_id"
    late = await hints.make(world.zhao.account_id)
    world.clock.advance(300)
    expired = await ask(world, counter, **{"login_hint": None, name: late})
    assert expired.json()["error"] == "expired_login_hint_token"


# signed requests


async def signing_counter(world: IdpWorld, algorithm: str = "ES256", key: Any = KEY) -> Portal:
    jwks = {"keys": [dict(key.as_dict(private=False)) | {"kid": "k"}]}
    return await counter_of(world, jwks=jwks, backchannel_authentication_request_signing_alg=algorithm)


async def request_of(world: IdpWorld, counter: Portal, *, alg: str = "ES256", key: Any = KEY, **changes: Any) -> str:
    now = int(world.clock.now().timestamp())
    claims = {
        "iss": counter.client_id,
        "aud": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 120,
        "jti": "one",
        "scope": "openid",
        "login_hint": await subject_at(world, counter, world.lin),
        "binding_message": "0418",
    } | changes
    present = {name: value for name, value in claims.items() if value is not None}
    if alg == "none":
        parts = (b'{"alg":"none"}', json.dumps(present).encode())
        return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."
    return jwt.encode({"alg": alg, "kid": "k"}, present, key, algorithms=[alg])


async def sent(world: IdpWorld, counter: Portal, request: str, **beside: str) -> Any:
    return await BackEnd(world, counter).post("/backchannel-authentication", {"request": request, **beside})


@pytest.mark.parametrize(("algorithm", "key"), [("ES256", KEY), ("PS256", RSA)])
async def test_a_signed_request_works_once(world: IdpWorld, algorithm: str, key: Any) -> None:
    counter = await signing_counter(world, algorithm, key)
    request = await request_of(world, counter, alg=algorithm, key=key, requested_expiry=120)
    answer = await sent(world, counter, request)
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 120), answer.text
    (question,) = await world.idp.elsewhere.decide_backchannel.waiting(world.lin.account_id)
    assert question.binding_message == "0418"
    replayed = await sent(world, counter, request)
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_request")


async def test_aud_may_be_a_list_that_names_us(world: IdpWorld) -> None:
    counter = await signing_counter(world)
    request = await request_of(world, counter, aud=["https://other.example", ISSUER])
    assert (await sent(world, counter, request)).status_code == 200


FAULTS: dict[str, dict[str, Any]] = {
    "no aud": {"aud": None},
    "wrong aud": {"aud": "https://other.example"},
    "aud the endpoint": {"aud": f"{ISSUER}/backchannel-authentication"},
    "no iss": {"iss": None},
    "wrong iss": {"iss": "somebody"},
    "no exp": {"exp": None},
    "expired": {"exp": -120},
    "exp too far": {"exp": 3_700},
    "no iat": {"iat": None},
    "iat ahead": {"iat": 120},
    "no nbf": {"nbf": None},
    "nbf ahead": {"nbf": 120},
    "nbf long ago": {"nbf": -3_600},
    "no jti": {"jti": None},
    "jti no text": {"jti": 5},
    "jti too long": {"jti": "x" * 600},
    "none": {"alg": "none"},
    "RS256": {"alg": "RS256", "key": RSA},
    "another algorithm than registered": {"alg": "PS256", "key": RSA},
    "another client's key": {"key": STRANGER},
    "a list for a text": {"scope": ["openid"]},
}


@pytest.mark.parametrize("case", FAULTS)
async def test_faults_of_signed_requests(world: IdpWorld, case: str) -> None:
    counter = await signing_counter(world)
    now = int(world.clock.now().timestamp())
    changes = {
        name: now + value if name in ("exp", "iat", "nbf") and value is not None else value
        for name, value in FAULTS[case].items()
    }
    answer = await sent(world, counter, await request_of(world, counter, **changes))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert not await world.idp.elsewhere.decide_backchannel.waiting(world.lin.account_id)
    twin = await sent(world, counter, await request_of(world, counter, jti="twin"))
    assert twin.status_code == 200


@pytest.mark.parametrize("profile", [SecurityProfile.FAPI2, SecurityProfile.FAPI2_MESSAGE_SIGNING])
async def test_a_profile_of_signed_requests_counts_here_too(world: IdpWorld, profile: SecurityProfile) -> None:
    """Its client proves itself by its key, as the profile demands; only then it matters what the request is."""
    key = SigningKey()
    counter = await counter_of(world, auth_method=ClientAuthMethod.PRIVATE_KEY_JWT, jwks=key.jwks(), profile=profile)
    form = {"scope": "openid", "login_hint": await subject_at(world, counter, world.lin)}
    shown = by_assertion(assertion(key, counter.client_id, world.clock))
    answer = await BackEnd(world, counter).http.post("/backchannel-authentication", data=form | shown)
    signing = profile is SecurityProfile.FAPI2_MESSAGE_SIGNING
    assert (answer.status_code, answer.json().get("error")) == ((400, "invalid_request") if signing else (200, None))


async def test_a_client_that_signs_must_sign_all_of_it(world: IdpWorld) -> None:
    counter = await signing_counter(world)
    assert (await ask(world, counter)).json()["error"] == "invalid_request"
    beside = await sent(world, counter, await request_of(world, counter), binding_message="other")
    assert beside.json()["error"] == "invalid_request"


# the person's side


async def test_the_session_is_of_its_own_kind_and_in_the_persons_list(world: IdpWorld) -> None:
    counter, browser = await counter_of(world), Browser(world)
    auth_req_id = await begun(world, counter)
    await answer_request(world, browser, world.lin)
    tokens = (await poll(world, counter, auth_req_id)).json()
    person = await world.idp.sessions.principal(browser.session_cookie)
    assert person is not None
    first, second = await world.idp.own_sessions.of(person)
    assert (first.session.kind, first.current) == (SessionKind.BROWSER, True)
    assert (second.session.kind, [one.id for one in second.clients]) == (SessionKind.DECOUPLED, [counter.client_id])
    await world.idp.own_sessions.end(person, second.session.id)
    assert (await BackEnd(world, counter).userinfo(tokens["access_token"])).status_code == 401
    assert (await visit_of(world, browser, world.lin)).session.id == first.session.id


async def test_what_has_expired_is_swept(world: IdpWorld) -> None:
    counter = await counter_of(world)
    request_id = (await begun(world, counter)).split(".")[0]
    store = SqlBackchannelStore()
    world.clock.advance(86_400 + 299)
    await world.idp.sweep()
    async with world.ground.database.read() as tx:
        kept = await store.get(tx, request_id)
    assert kept is not None
    assert kept.notice is not DeliveryState.PENDING
    world.clock.advance(2)
    assert await world.idp.sweep() >= 1
    async with world.ground.database.read() as tx:
        assert await store.get(tx, request_id) is None
        assert not await SqlSessionStore().live_of_account(tx, world.lin.account_id, world.clock.now())


async def test_discovery_names_it(world: IdpWorld) -> None:
    found = (await BackEnd(world, world.portal_a).http.get("/.well-known/openid-configuration")).json()
    assert found["backchannel_authentication_endpoint"] == f"{ISSUER}/backchannel-authentication"
    assert found["backchannel_token_delivery_modes_supported"] == ["poll", "ping", "push"]
    assert found["backchannel_authentication_request_signing_alg_values_supported"] == ["PS256", "ES256", "EdDSA"]
    assert found["backchannel_user_code_parameter_supported"] is False
    assert GrantType.CIBA.value in found["grant_types_supported"]


def _half(value: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()
