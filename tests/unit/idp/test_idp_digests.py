"""Digests of bearer values while their key turns, and while some are still of the release before (attacks K-05)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import select, update

from idp.client_metadata import DeliveryMode
from idp.model import GrantType
from idp.stores.tables import client, session, token_family
from keys.secrets.purposes import ACCESS_TOKENS, SERVICE_SECRETS, TOKENS
from tests.support.clock import FakeClock
from tests.support.grants_world import Callback, answer_device, answer_request, other_client
from tests.support.idp_browser import BackEnd, Browser, Pkce, basic, idp_app
from tests.support.idp_world import IdpWorld, Portal, embedded_world
from tests.support.secrets import MemorySecrets


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets(ACCESS_TOKENS, *SERVICE_SECRETS)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, secrets: MemorySecrets) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, secrets=secrets, fetcher=Callback()) as made:
        yield made


async def stored_secret(world: IdpWorld, portal: Portal) -> str:
    async with world.ground.database.read() as tx:
        query = select(client.c.secret_digest).where(client.c.id == portal.client_id)
        return (await tx.connection.execute(query)).scalar_one()


async def write(world: IdpWorld, change: object) -> None:
    async with world.ground.database.write() as tx:
        await tx.connection.execute(change)  # type: ignore[call-overload]
        await tx.commit()


async def put_former_digest(world: IdpWorld, portal: Portal) -> str:
    assert portal.secret is not None
    former = hashlib.sha256(portal.secret.encode()).hexdigest()
    await write(world, update(client).where(client.c.id == portal.client_id).values(secret_digest=former))
    world.idp.registry.forget(portal.client_id)
    return former


async def test_a_plain_digest_gives_way_when_its_secret_is_shown(world: IdpWorld) -> None:
    former = await put_former_digest(world, world.department)
    machine = BackEnd(world, world.department)
    wrong = basic(world.department.client_id, "wrong " * 8)
    refused = await machine.post("/token", {"grant_type": "client_credentials"}, headers={"Authorization": wrong})
    assert refused.status_code == 401
    assert await stored_secret(world, world.department) == former
    for _ in range(2):
        assert (await machine.client_credentials()).status_code == 200
        kept = await stored_secret(world, world.department)
        assert world.keys.secrets.tokens.is_current(kept)
    refused = await machine.post("/token", {"grant_type": "client_credentials"}, headers={"Authorization": wrong})
    assert refused.status_code == 401


async def test_a_client_works_through_a_rotation_and_after_the_old_key_is_gone(
    world: IdpWorld, secrets: MemorySecrets
) -> None:
    machine, first = BackEnd(world, world.department), secrets.secrets(TOKENS)[0].key_id
    secrets.rotate(TOKENS)
    world.idp.registry.forget(world.department.client_id)
    assert (await machine.client_credentials()).status_code == 200  # renews the digest
    secrets.retire(first)
    world.idp.registry.forget(world.department.client_id)
    assert (await machine.client_credentials()).status_code == 200


async def test_a_client_that_slept_through_the_whole_rotation_is_refused(
    world: IdpWorld, secrets: MemorySecrets
) -> None:
    machine, first = BackEnd(world, world.department), secrets.secrets(TOKENS)[0].key_id
    secrets.rotate(TOKENS)
    secrets.retire(first)  # by force: `KeyUsage` says that the client's digest needs it
    assert (await machine.client_credentials()).status_code == 401


async def test_sessions_codes_and_refresh_tokens_outlive_a_rotation(world: IdpWorld, secrets: MemorySecrets) -> None:
    app = idp_app(world)
    browser, back_end = Browser(world, app), BackEnd(world, world.portal_a, app)
    entered = await browser.enter(world.portal_a, world.lin)
    secrets.rotate(TOKENS)
    tokens = await back_end.tokens(entered)  # the code was digested under the key before
    assert "code=" in (await browser.authorize(world.portal_a)).headers["location"]  # so was the session
    secrets.rotate(TOKENS)
    tokens = (await back_end.refresh(tokens["refresh_token"])).json()
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 200


async def test_a_replayed_code_ends_its_family_across_a_rotation(world: IdpWorld, secrets: MemorySecrets) -> None:
    back_end = BackEnd(world, world.portal_a, idp_app(world))
    entered = await Browser(world).enter(world.portal_a, world.lin)
    tokens = await back_end.tokens(entered)
    secrets.rotate(TOKENS)
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 200
    assert (await back_end.redeem(entered)).status_code == 400
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401


async def test_an_interaction_that_began_before_a_rotation_ends_after_it(
    world: IdpWorld, secrets: MemorySecrets
) -> None:
    browser = Browser(world)
    pkce = Pkce()
    begun = await browser.authorize(world.portal_a, pkce)
    secrets.rotate(TOKENS)
    done = await browser.follow(begun, pkce, world.portal_a, world.lin)
    assert "code=" in done.location


async def test_sessions_and_spent_codes_of_the_release_before_are_known(world: IdpWorld) -> None:
    app = idp_app(world)
    browser, back_end = Browser(world, app), BackEnd(world, world.portal_a, app)
    entered = await browser.enter(world.portal_a, world.lin)
    tokens = await back_end.tokens(entered)
    cookie = browser.session_cookie
    assert cookie is not None
    await write(world, update(session).values(cookie_digest=hashlib.sha256(cookie.encode()).hexdigest()))
    await write(world, update(token_family).values(code_digest=hashlib.sha256(entered.code.encode()).hexdigest()))
    assert "code=" in (await browser.authorize(world.portal_a)).headers["location"]
    assert (await back_end.redeem(entered)).status_code == 400
    assert (await back_end.userinfo(tokens["access_token"])).status_code == 401, "the replay was recognised"


@pytest.mark.parametrize("sent", ["秘密" * 20, "\x00" * 40, "é" * 43, "a" * 4000, ""])
async def test_o38_a_secret_in_any_script_is_refused_not_an_error(world: IdpWorld, sent: str) -> None:
    machine = BackEnd(world, world.department)
    body: Mapping[str, str] = {"grant_type": "client_credentials"}
    answer = await machine.post("/token", body, headers={"Authorization": basic(world.department.client_id, sent)})
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


async def test_a_registration_access_token_moves_to_the_next_key_when_it_is_shown(
    tmp_path: Path, clock: FakeClock, secrets: MemorySecrets
) -> None:
    from idp.stores.registration_tables import client_registration
    from tests.support.registration_http import registration_world

    (tmp_path / "own").mkdir()
    async with registration_world(tmp_path / "own", clock, secrets=secrets) as there:
        made = (await there.register()).json()
        path, token = f"/register/{made['client_id']}", made["registration_access_token"]

        async def kept() -> str:
            async with there.world.ground.database.read() as tx:
                query = select(client_registration.c.access_digest)
                found = query.where(client_registration.c.client_id == made["client_id"])
                return str((await tx.connection.execute(found)).scalar_one())

        before = await kept()
        secrets.rotate(TOKENS)
        assert (await there.call(token, "GET", path)).status_code == 200
        after = await kept()
        assert before.partition(".")[0] != after.partition(".")[0]
        assert (await there.call(token, "GET", path)).status_code == 200
        assert await kept() == after


async def test_what_people_grant_elsewhere_survives_a_turn_of_the_key(world: IdpWorld, secrets: MemorySecrets) -> None:
    """Between the request, the decision and the fetch; a client is told the id that it was given."""
    callback = world.idp.fetcher
    assert isinstance(callback, Callback)
    kiosk = await other_client(world, "kiosk", GrantType.DEVICE_CODE)
    counter = await other_client(
        world,
        "counter",
        GrantType.CIBA,
        backchannel_token_delivery_mode=DeliveryMode.PING,
        backchannel_client_notification_endpoint="https://counter.example.test/notices",
    )
    browser, hint = Browser(world), await world.idp.elsewhere.hint_tokens.make(world.lin.account_id)
    secrets.rotate(TOKENS)
    device = (await BackEnd(world, kiosk).post("/device-authorization", {"scope": "openid"})).json()
    form = {"scope": "openid", "login_hint": hint, "client_notification_token": "t" * 40}
    request = (await BackEnd(world, counter).post("/backchannel-authentication", form)).json()
    secrets.rotate(TOKENS)
    await answer_device(world, browser, world.lin, device["user_code"])
    await answer_request(world, browser, world.lin)
    assert [content for _, _, content in callback.got] == [{"auth_req_id": request["auth_req_id"]}]
    secrets.rotate(TOKENS)
    for portal, name, code in ((kiosk, "device_code", device), (counter, "auth_req_id", request)):
        grant = GrantType.DEVICE_CODE if portal is kiosk else GrantType.CIBA
        got = await BackEnd(world, portal).post("/token", {"grant_type": grant.value, name: code[name]})
        assert got.status_code == 200, got.text
