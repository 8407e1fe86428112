"""L-04: scraping by somebody who may look licences up is seen within a minute; a day's work at a window is not odd."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from certstore.alerts.rules import (
    LOOKS_OF_ONE_CASE,
    OFF_HOURS_LOOKS,
    REFUSALS,
    SWEEP_MISSES,
    Oddity,
    Seen,
    Watched,
)
from certstore.alerts.watch import WatchLooks
from certstore.find import FindQuery
from core.errors import AppError
from core.kv.embedded import EmbeddedKeyValueStore
from core.principal import Principal, PrincipalKind
from tests.support.certstore_world import CLERK, HOUSING, LIN_NUMBER, PORTAL, World
from tests.support.idp_world import citizen_number

NOON = dt.datetime(2026, 11, 26, 4, 0, tzinfo=dt.UTC)  # 12:00 in Shanghai
MINUTE = dt.timedelta(minutes=1)


def look(
    at: dt.datetime, *, found: int | None = 1, case: str = "", error: str | None = None, staff: bool = True
) -> Seen:
    return Seen(at, "licence.search", "acc_1", staff, HOUSING, case or f"{at:%H%M%S}", found, error)


def odd(*events: Seen) -> set[Oddity]:
    watched = Watched()
    return set[Oddity]().union(*(watched.add(one) for one in events))


def test_a_busy_day_at_a_window_is_not_odd() -> None:
    start = NOON - dt.timedelta(hours=4)
    day = [look(start + number * MINUTE, found=number % 4, case=f"case-{number // 5}") for number in range(480)]
    assert odd(*day) == set()


def test_each_oddity_begins_at_its_threshold_and_not_before() -> None:
    misses = [look(NOON + number * MINUTE / 4, found=0) for number in range(SWEEP_MISSES)]
    assert (odd(*misses[:-1]), odd(*misses)) == (set(), {Oddity.SWEEP})
    night = [look(NOON + dt.timedelta(hours=10) + number * MINUTE) for number in range(OFF_HOURS_LOOKS)]
    assert (odd(*night[:-1]), odd(*night)) == (set(), {Oddity.OFF_HOURS})
    one_case = [look(NOON + number * MINUTE, case="same") for number in range(LOOKS_OF_ONE_CASE)]
    assert (odd(*one_case[:-1]), odd(*one_case)) == (set(), {Oddity.ONE_CASE})
    refused = [look(NOON + number * MINUTE, error="use-not-granted") for number in range(REFUSALS)]
    assert (odd(*refused[:-1]), odd(*refused)) == (set(), {Oddity.PROBING})
    assert odd(look(NOON, error="clerk-quota-used-up")) == {Oddity.QUOTA}


def test_what_lies_more_than_an_hour_apart_is_not_added_up() -> None:
    spread = [look(NOON + number * 4 * MINUTE, found=0) for number in range(SWEEP_MISSES * 3)]
    assert odd(*spread) == set()


def test_a_system_works_at_night_too() -> None:
    night = NOON + dt.timedelta(hours=12)
    assert odd(*(look(night + number * MINUTE, staff=False) for number in range(20))) == set()


class Told:
    """Implements `certstore.alerts.ports.AlertSink`: remembers."""

    def __init__(self) -> None:
        self.told: list[tuple[Oddity, str]] = []

    def tell(self, oddity: Oddity, event: Seen) -> None:
        assert LIN_NUMBER not in repr(event)
        self.told.append((oddity, event.actor_id))


async def test_a_sweep_is_told_once_whoever_follows_the_log(both_cities: World, tmp_path: Path) -> None:
    city, told = both_cities, Told()
    kv = EmbeddedKeyValueStore(tmp_path / "watch.db", city.clock)
    first = WatchLooks(city.database, kv, told, city.clock)
    await city.issue_permit()
    for number in range(SWEEP_MISSES + 5):
        if number == SWEEP_MISSES // 2:
            assert await first() == []
        await city.search(PORTAL, number=citizen_number(100 + number), case_number=f"CASE-{number}")
    second = WatchLooks(city.database, kv, told, city.clock)  # another worker takes over, and reads the hour again
    assert await second() == [(Oddity.SWEEP, PORTAL.id)]
    assert await first() == []
    assert told.told == [(Oddity.SWEEP, PORTAL.id)]
    city.clock.advance(3700)
    assert await WatchLooks(city.database, kv, told, city.clock)() == [], "what is older than an hour is no news"
    await kv.close()


async def test_probing_and_night_work_are_told_of_whoever_did_it(both_cities: World, tmp_path: Path) -> None:
    city, told = both_cities, Told()
    kv = EmbeddedKeyValueStore(tmp_path / "watch.db", city.clock)
    watch = WatchLooks(city.database, kv, told, city.clock)
    for _ in range(REFUSALS):
        with pytest.raises(AppError):
            await city.search(PORTAL, fields=["mortgage"])
    city.clock.set(city.clock.now().replace(hour=15, minute=0))  # 23:00 in Shanghai
    for number in range(OFF_HOURS_LOOKS):
        await city.search(CLERK, case_number=f"NIGHT-{number}")
    await watch()
    assert (Oddity.OFF_HOURS, CLERK.id) in told.told
    nobody = Principal(PrincipalKind.CLIENT, "quiet", HOUSING, scopes=frozenset({"licence:read"}))
    await city.services.find(FindQuery(), nobody)
    assert await watch() == []
    await kv.close()
