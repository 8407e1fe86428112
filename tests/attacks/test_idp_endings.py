"""O-37 over every grant: whatever ends while something is pending, no token comes of it; what was issued is dead.

Grants × endings. A grant that is added belongs into `WAYS`; a test here holds the list against the grants that exist.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from core.egress.port import Fetched
from core.principal import SYSTEM
from idp.client_metadata import DeliveryMode
from idp.exchange.parties import ACCESS_TOKEN
from idp.model import AccountStatus, GrantType, SessionKind
from tests.support.clock import FakeClock
from tests.support.grants_world import (
    Callback,
    answer_device,
    answer_request,
    disable,
    other_client,
    subject_at,
)
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_world import IdpWorld, Portal, embedded_world

SCOPE = "openid offline_access"
CALLBACK = "https://c.example.test/callback"
Answer = dict[str, Any]


@dataclass
class Held:
    """What a client holds after the person has agreed: the next step is `fetch`.

    Attributes:
        clients: those whose end must end the tokens; the person's consent is to the first.
        lives_in: the kind of session that the tokens hang on.
    """

    browser: Browser
    clients: tuple[Portal, ...]
    fetch: Callable[[], Awaitable[Answer]]
    lives_in: SessionKind = SessionKind.BROWSER


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, fetcher=Callback()) as made:
        yield made


def tokens_by(world: IdpWorld, client: Portal, **form: str) -> Callable[[], Awaitable[Answer]]:
    async def fetch() -> Answer:
        return dict((await BackEnd(world, client).post("/token", form)).json())

    return fetch


async def code_portal(world: IdpWorld, *grants: GrantType, **changes: Any) -> Portal:
    made = await other_client(
        world,
        "portal-c",
        GrantType.AUTHORIZATION_CODE,
        GrantType.REFRESH_TOKEN,
        *grants,
        redirect_uris=(CALLBACK,),
        **changes,
    )
    return Portal(made.client_id, CALLBACK, made.secret, made.auth_method, SCOPE)


async def by_code(world: IdpWorld) -> Held:
    portal, browser = await code_portal(world), Browser(world)
    entered = await browser.enter(portal, world.lin, prompt="consent")
    form = {
        "grant_type": GrantType.AUTHORIZATION_CODE.value,
        "code": entered.code,
        "redirect_uri": CALLBACK,
        "code_verifier": entered.verifier,
    }
    return Held(browser, (portal,), tokens_by(world, portal, **form))


async def by_refresh(world: IdpWorld) -> Held:
    held = await by_code(world)
    tokens = await held.fetch()
    form = {"grant_type": GrantType.REFRESH_TOKEN.value, "refresh_token": tokens["refresh_token"]}
    return Held(held.browser, held.clients, tokens_by(world, held.clients[0], **form))


async def by_front_channel(world: IdpWorld) -> Held:
    """The tokens come with the decision itself; there is nothing left to fetch."""
    portal = await code_portal(world, GrantType.IMPLICIT, response_types=frozenset({"id_token token"}))
    browser = Browser(world)
    entered = await browser.enter(
        portal,
        world.lin,
        prompt="consent",
        response_type="id_token token",
        code_challenge=None,
        code_challenge_method=None,
    )
    came = dict(parse_qsl(urlsplit(entered.location).fragment))

    async def fetch() -> Answer:
        return came

    return Held(browser, (portal,), fetch)


async def by_device(world: IdpWorld) -> Held:
    kiosk, browser = (
        await other_client(world, "kiosk", GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN),
        Browser(world),
    )
    begun = (await BackEnd(world, kiosk).post("/device-authorization", {"scope": SCOPE})).json()
    await answer_device(world, browser, world.lin, begun["user_code"])
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": begun["device_code"]}
    return Held(browser, (kiosk,), tokens_by(world, kiosk, **form), SessionKind.DEVICE)


def by_ciba(mode: DeliveryMode) -> Callable[[IdpWorld], Awaitable[Held]]:
    async def prepare(world: IdpWorld) -> Held:
        counter, browser = (
            await other_client(
                world,
                "counter",
                GrantType.CIBA,
                GrantType.REFRESH_TOKEN,
                backchannel_token_delivery_mode=mode,
                backchannel_client_notification_endpoint="https://counter.example.test/notices",
            ),
            Browser(world),
        )
        callback = world.idp.fetcher
        assert isinstance(callback, Callback)
        callback.answer = lambda: Fetched(503, "", b"")  # it does not hear of the decision yet
        form = {
            "scope": SCOPE,
            "login_hint": await subject_at(world, counter, world.lin),
            "client_notification_token": "notification-token-of-the-client",
        }
        begun = (await BackEnd(world, counter).post("/backchannel-authentication", form)).json()
        await answer_request(world, browser, world.lin)
        poll = tokens_by(world, counter, grant_type=GrantType.CIBA.value, auth_req_id=begun["auth_req_id"])

        async def pushed() -> Answer:
            callback.answer = lambda: Fetched(204, "", b"")
            callback.got.clear()
            world.clock.advance(5)
            await world.idp.elsewhere.notify.run_due()
            return callback.got[-1][2] if callback.got else {}

        return Held(browser, (counter,), pushed if mode is DeliveryMode.PUSH else poll, SessionKind.DECOUPLED)

    return prepare


async def by_exchange(world: IdpWorld) -> Held:
    portal, browser = await code_portal(world, exchange_actor="gateway"), Browser(world)
    gateway = await other_client(
        world,
        "gateway",
        GrantType.TOKEN_EXCHANGE,
        GrantType.CLIENT_CREDENTIALS,
        scopes=frozenset({"openid", "licence:read"}),
        exchange_audiences=("department",),
    )
    tokens = await BackEnd(world, portal).tokens(await browser.enter(portal, world.lin, prompt="consent"))
    own = (await BackEnd(world, gateway).client_credentials()).json()["access_token"]
    fetch = tokens_by(
        world,
        gateway,
        grant_type=GrantType.TOKEN_EXCHANGE.value,
        subject_token=tokens["access_token"],
        subject_token_type=ACCESS_TOKEN,
        actor_token=own,
        actor_token_type=ACCESS_TOKEN,
    )
    return Held(browser, (portal, gateway), fetch)


WAYS: dict[str, tuple[GrantType, Callable[[IdpWorld], Awaitable[Held]]]] = {
    "code": (GrantType.AUTHORIZATION_CODE, by_code),
    "refresh": (GrantType.REFRESH_TOKEN, by_refresh),
    "front channel": (GrantType.IMPLICIT, by_front_channel),
    "device": (GrantType.DEVICE_CODE, by_device),
    "ciba poll": (GrantType.CIBA, by_ciba(DeliveryMode.POLL)),
    "ciba ping": (GrantType.CIBA, by_ciba(DeliveryMode.PING)),
    "ciba push": (GrantType.CIBA, by_ciba(DeliveryMode.PUSH)),
    "exchange": (GrantType.TOKEN_EXCHANGE, by_exchange),
}
PENDING = [name for name in WAYS if name != "front channel"]


async def log_out(world: IdpWorld, held: Held) -> None:
    """Of the session that the tokens hang on, by the person."""
    if held.lives_in is SessionKind.BROWSER:
        await held.browser.http.post("/logout")
        return
    person = await world.idp.sessions.principal(held.browser.session_cookie)
    assert person is not None
    (theirs,) = [one for one in await world.idp.own_sessions.of(person) if one.session.kind is held.lives_in]
    await world.idp.own_sessions.end(person, theirs.session.id)


async def freeze(world: IdpWorld, held: Held) -> None:
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)


async def close(world: IdpWorld, held: Held) -> None:
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.CLOSED, SYSTEM)


async def withdraw(world: IdpWorld, held: Held) -> None:
    person = await world.idp.sessions.principal(held.browser.session_cookie)
    assert person is not None
    await world.idp.consents.withdraw(person, held.clients[0].client_id)


async def disable_first(world: IdpWorld, held: Held) -> None:
    await disable(world, held.clients[0].client_id)


async def disable_last(world: IdpWorld, held: Held) -> None:
    await disable(world, held.clients[-1].client_id)


ENDINGS = [log_out, freeze, close, withdraw, disable_first, disable_last]


async def active(world: IdpWorld, token: str) -> bool:
    """As a department of the same organisation sees it, whose own client is touched by none of the endings."""
    return bool((await BackEnd(world, world.portal_b).introspect(token))["active"])


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("way", PENDING)
async def test_o_37_no_token_comes_of_what_ended_while_it_was_pending(world: IdpWorld, way: str, ending: Any) -> None:
    held = await WAYS[way][1](world)
    await ending(world, held)
    answer = await held.fetch()
    assert "access_token" not in answer
    assert "refresh_token" not in answer
    assert "id_token" not in answer


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("way", WAYS)
async def test_o_37_what_was_issued_dies_with_it(world: IdpWorld, way: str, ending: Any) -> None:
    held = await WAYS[way][1](world)
    tokens = await held.fetch()
    assert await active(world, tokens["access_token"]), "the twin: before the end"
    await ending(world, held)
    assert not await active(world, tokens["access_token"])
    if "refresh_token" in tokens:
        assert (await BackEnd(world, held.clients[0]).refresh(tokens["refresh_token"])).status_code in (400, 401)


def test_no_grant_is_forgotten() -> None:
    by_themselves = {GrantType.CLIENT_CREDENTIALS}  # no person, no session; ends with its client
    assert {grant for grant, _ in WAYS.values()} == set(GrantType) - by_themselves


async def test_a_clients_own_token_ends_with_the_client(world: IdpWorld) -> None:
    back_end = BackEnd(world, world.department)
    token = (await back_end.client_credentials()).json()["access_token"]
    assert await active(world, token)
    await disable(world, world.department.client_id)
    assert not await active(world, token)
    assert (await back_end.client_credentials()).status_code == 401
