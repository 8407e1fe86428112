"""Security events: gathered without waiting, bounded, read by those who may; people hear of new browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import NotPermitted
from core.principal import Principal, PrincipalKind
from idp.model import NoticeKind
from idp.security_events.log import SecurityLog
from idp.security_events.model import SecurityEvent, SecurityEventKind, Severity
from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser, idp_app
from tests.support.idp_world import IdpWorld, embedded_world


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


def watcher(scope: str = "admin:security") -> Principal:
    return Principal(PrincipalKind.PERSON, "acc_watcher", scopes=frozenset({scope}))


async def seen(world: IdpWorld) -> list[SecurityEvent]:
    await world.idp.abuse.events.write()
    return list((await world.idp.abuse.read_events.page(watcher(), limit=100)).items)


async def test_equal_events_of_a_moment_are_one_with_a_count(world: IdpWorld) -> None:
    events = world.idp.abuse.events
    for _ in range(3):
        events.note(SecurityEventKind.CODE_GUESSING, account_id="acc_1", source="2001:db8::9", detail={"way": "code"})
    events.note(SecurityEventKind.CODE_GUESSING, account_id="acc_2", source="2001:db8::9")
    assert await events.write() == 2
    assert await events.write() == 0
    first = next(one for one in await seen(world) if one.account_id == "acc_1")
    assert (first.times, first.source, first.severity) == (3, "2001:db8::", Severity.WARNING)
    assert "2001:db8" not in repr(first)


async def test_a_flood_is_cut_off_and_an_alert_still_finds_room(world: IdpWorld) -> None:
    log = SecurityLog(world.ground.database, world.idp.abuse.read_events._store, world.clock)
    for number in range(5_000):
        log.note(SecurityEventKind.TRIES_REFUSED, account_id=f"acc_{number}")
    log.note(SecurityEventKind.ACCOUNT_UNDER_ATTACK, account_id="acc_1")
    assert await log.write() == 2_001


async def test_only_those_who_watch_may_read(world: IdpWorld) -> None:
    read = world.idp.abuse.read_events
    for scope in ("admin:system", "audit:read", "licence:read"):
        with pytest.raises(NotPermitted):
            await read.page(watcher(scope))
        with pytest.raises(NotPermitted):
            await read.since(watcher(scope), None)
    assert (await read.page(watcher("admin:audit"))).items == []


async def test_pages_and_what_came_since(world: IdpWorld) -> None:
    for number in range(5):
        world.clock.advance(1)
        world.idp.abuse.events.note(SecurityEventKind.FACTOR_ADDED, account_id=f"acc_{number}")
        await world.idp.abuse.events.write()
    read = world.idp.abuse.read_events
    first = await read.page(watcher(), limit=2)
    rest = await read.page(watcher(), limit=3, cursor=first.next_cursor)
    assert [one.account_id for one in (*first.items, *rest.items)] == ["acc_4", "acc_3", "acc_2", "acc_1", "acc_0"]
    assert rest.next_cursor is None
    assert list((await read.since(watcher(), first.items[1].id)).items) == [first.items[0]]


async def test_the_api_tells_watchers_and_nobody_else(world: IdpWorld) -> None:
    browser = Browser(world)
    assert (await browser.http.get("/v1/security-events")).status_code == 401
    headers = {"authorization": "Bearer nonsense"}
    assert (await browser.http.get("/v1/security-events", headers=headers)).status_code == 401


async def test_a_new_browser_is_told_to_the_person_and_the_first_is_not(world: IdpWorld) -> None:
    app = idp_app(world)
    own = Browser(world, app)
    await own.log_in(world.lin)
    await own.log_in(world.lin)
    assert await seen(world) == []
    await Browser(world, app, source="203.0.113.9").log_in(world.lin)
    (event,) = await seen(world)
    assert (event.kind, event.account_id, event.source) == (
        SecurityEventKind.NEW_DEVICE,
        world.lin.account_id,
        "203.0.113.9",
    )
    lin = Principal(PrincipalKind.PERSON, world.lin.account_id)
    assert [one.kind for one in await world.idp.notices.open_of(lin)] == [NoticeKind.NEW_DEVICE]
    await own.log_in(world.zhao)
    zhao = Principal(PrincipalKind.PERSON, world.zhao.account_id)
    assert await world.idp.notices.open_of(zhao) == [], "the first that is known of somebody is no news"
