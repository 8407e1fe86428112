"""Expired state goes: whatever is begun and left, tables and short-lived state come back to what is alive (issue 9 of
the field: expired tokens and finished flows pile up).
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.tables import metadata
from idp.client_metadata import DeliveryMode
from idp.model import ClientAuthMethod, GrantType
from idp.stores import some
from tests.support.clock import FakeClock
from tests.support.grants_world import answer_device, other_client, subject_at
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_proofs import Prover
from tests.support.idp_world import IdpWorld, Portal, cluster_world, embedded_world
from tests.support.pushing import pushed

pytestmark = pytest.mark.slow
KEPT_FOR_GOOD = {"audit_event", "audit_head"}  # what happened stays told, by law
TIMES = 6
LONGEST = dt.timedelta(days=40)  # of what is kept: a refresh token's life of 30 days and a day of grace
LONGEST_SHORT = 24 * 3600  # seconds; nothing short-lived is kept for longer, but for the sources that a person uses


@pytest.fixture(params=["embedded", "cluster"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    if request.param == "embedded":
        async with embedded_world(tmp_path, clock) as made:
            yield made
    else:
        servers = (request.getfixturevalue("postgres_server"), request.getfixturevalue("redis_server"))
        async with cluster_world(*servers, tmp_path, clock) as made:
            yield made


@pytest.fixture
async def kiosk(world: IdpWorld) -> Portal:
    grants = (GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN)
    return await other_client(world, "kiosk", *grants, auth_method=ClientAuthMethod.NONE)


@pytest.fixture
async def counter(world: IdpWorld) -> Portal:
    return await other_client(world, "counter", GrantType.CIBA, backchannel_token_delivery_mode=DeliveryMode.POLL)


async def rows(world: IdpWorld) -> dict[str, int]:
    """How many rows each table has."""
    async with world.ground.database.read() as tx:
        counts = {}
        for table in metadata.sorted_tables:
            if table.name not in KEPT_FOR_GOOD:
                counts[table.name] = (await tx.connection.execute(select(func.count()).select_from(table))).scalar_one()
    return {name: count for name, count in counts.items() if count}


async def begin_everything(world: IdpWorld, kiosk: Portal, counter: Portal) -> None:
    """One of everything that ends by itself, most of it left half-way."""
    a, b = BackEnd(world, world.portal_a), BackEnd(world, world.portal_b)
    browser = Browser(world)
    await browser.authorize(world.portal_a)  # nobody logs in
    tokens = await a.tokens(await browser.enter(world.portal_a, world.lin, scope="openid offline_access"))
    for _ in range(3):
        tokens = (await a.refresh(tokens["refresh_token"])).json()
    await b.tokens(await browser.enter(world.portal_b, world.lin))
    await browser.enter(world.portal_a, world.lin)  # its code is never redeemed
    spent = await browser.enter(world.portal_a, world.lin)
    await a.tokens(spent)
    assert (await a.redeem(spent)).status_code == 400
    for token in (tokens["access_token"], (await a.client_credentials()).text):
        await a.post("/revoke", {"token": token})
    own = (await BackEnd(world, world.department).client_credentials()).json()["access_token"]
    assert (await BackEnd(world, world.department).post("/revoke", {"token": own})).status_code == 200
    await pushed(a)  # nobody brings it
    await a.post("/token", {"grant_type": "client_credentials"}, headers={"DPoP": Prover(world.clock).proof()})
    await BackEnd(world, kiosk).post("/device-authorization", {"scope": "openid"})
    device = (await BackEnd(world, kiosk).post("/device-authorization", {"scope": "openid"})).json()
    await answer_device(world, Browser(world), world.lin, device["user_code"])
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": device["device_code"]}
    assert (await BackEnd(world, kiosk).post("/token", form)).status_code == 200
    hint = {"scope": "openid", "login_hint": await subject_at(world, counter, world.lin)}
    assert (await BackEnd(world, counter).post("/backchannel-authentication", hint)).status_code == 200
    if world.clock.now().minute % 2:
        await browser.http.post("/logout")  # and the portals are told


async def test_what_has_expired_goes(
    world: IdpWorld, kiosk: Portal, counter: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin_everything(world, kiosk, counter)
    once = await rows(world)
    monkeypatch.setattr(some.delete_some, "__kwdefaults__", {"limit": 2})  # small parts, so that there are many
    for _ in range(TIMES):
        world.clock.advance(61)
        await begin_everything(world, kiosk, counter)
    many = await rows(world)
    assert many["token_family"] > once["token_family"] * TIMES, "the load left something behind"
    world.clock.advance(LONGEST.total_seconds())
    assert await world.idp.sweep() > 5 * TIMES
    left = await rows(world)
    for table in ("token_family", "session", "session_client", "revoked_token", "logout_delivery", "ciba_request"):
        assert left.get(table, 0) == 0, table
    lasting = {name for name in once if left.get(name)}
    half_a_year = {
        "account_notice",
        "login_record",
        "known_device",
        "security_event",
    }  # what a person is told stays for them to read
    for name in lasting - half_a_year:
        assert left[name] <= once[name], f"{name} grows with every visit"
    world.clock.advance(200 * 24 * 3600)
    await world.idp.sweep()
    assert half_a_year.isdisjoint(await rows(world))


async def test_a_sweep_leaves_what_lives(world: IdpWorld, kiosk: Portal, counter: Portal) -> None:
    """The twin: nothing that can still be used goes."""
    browser, back_end = Browser(world), BackEnd(world, world.portal_a)
    tokens = await back_end.tokens(await browser.enter(world.portal_a, world.lin, scope="openid offline_access"))
    await begin_everything(world, kiosk, counter)
    world.clock.advance(2 * 24 * 3600)
    assert await world.idp.sweep() > 0
    assert (await back_end.refresh(tokens["refresh_token"])).status_code == 200
    assert (await world.idp.sweep()) == 0


async def test_short_lived_state_ends_by_itself(
    world: IdpWorld, kiosk: Portal, counter: Portal, tmp_path: Path
) -> None:
    for _ in range(TIMES):
        await begin_everything(world, kiosk, counter)
        world.clock.advance(61)
    if not (tmp_path / "kv.db").exists():  # Redis removes by itself what has an end; so nothing may be without one
        redis, prefix = world.ground.kv._redis, world.ground.kv._prefix  # type: ignore[attr-defined]
        names = [name async for name in redis.scan_iter(match=f"{prefix}*")]
        lives = {name.decode().removeprefix(prefix): await redis.ttl(name) for name in names}
        assert len(lives) > TIMES
        assert all(life >= 0 for life in lives.values()), "without an end"
        long = {name for name, life in lives.items() if life > LONGEST_SHORT}
        assert all(name.startswith("idp:known:") for name in long), long
        return
    with sqlite3.connect(tmp_path / "kv.db") as connection:
        (before,) = connection.execute("SELECT count(*) FROM kv").fetchone()
        assert before > TIMES
        world.clock.advance(LONGEST_SHORT)
        await world.ground.kv.sweep()
        left = [name for (name,) in connection.execute("SELECT key FROM kv")]
    assert all(name.startswith("idp:known:") for name in left), left
