"""Reminders: at each stage once, to whoever has an account, of what runs out and nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from certstore.end import EndCommand
from certstore.holder_news import News
from certstore.lifecycle import Event
from certstore.statistics.model import Measure
from certstore.stores.statistic_tables import licence_reminder
from tests.support.certstore_world import LAND_SYSTEM, LIN_NUMBER, POLICE_SYSTEM, STATEMENT, World


async def pass_days(city: World, days: int) -> None:
    city.clock.advance(days * 86400)


def stages(city: World) -> list[tuple[str, str]]:
    assert {news for _, news, _ in city.told.written} <= {News.ENDS_SOON}
    assert city.told.sent == city.told.written
    return [(account, detail["days"]) for account, _, detail in city.told.written]


async def test_each_stage_is_told_once_and_missed_ones_are_not_made_up_for(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()  # for a year
    assert await city.own.remind() == 0
    last = permit.current.valid_until
    assert last is not None
    await pass_days(city, (last - city.today).days - 91)
    assert await city.own.remind() == 0
    await pass_days(city, 1)
    assert (await city.own.remind(), await city.own.remind()) == (1, 0)
    await pass_days(city, 10)
    assert await city.own.remind() == 0
    await pass_days(city, 75)  # nobody ran for a while: five days are left
    assert await city.own.remind() == 1
    await pass_days(city, 3)
    assert await city.own.remind() == 0
    assert stages(city) == [("acc_lin", "90"), ("acc_lin", "5")]
    assert city.told.written[0][2]["licence_zh"] == "居住证"
    seen = await city.own.statistics(POLICE_SYSTEM)
    assert (sum(seen.ending), seen.ending[0]) == (1, 1)


async def test_of_many_workers_one_tells(both_cities: World) -> None:
    city = both_cities
    await city.issue_permit()
    await pass_days(city, 300)
    assert sum(await asyncio.gather(*(city.own.remind() for _ in range(4)))) == 1
    assert len(stages(city)) == 1
    assert await city.rows(licence_reminder) == 1


async def test_what_ended_or_never_runs_out_is_not_reminded_of(city: World) -> None:
    permit = await city.issue_permit()
    await city.issue_property()
    await city.services.end(EndCommand(permit.id, Event.CANCEL, "本人申请"), POLICE_SYSTEM)
    await pass_days(city, 300)
    assert await city.own.remind() == 0


async def test_a_short_life_is_reminded_of_at_its_own_pace(city: World) -> None:
    until = city.today + dt.timedelta(days=20)
    await city.issue(STATEMENT, LAND_SYSTEM, {"months": 3}, valid_until=until)
    assert await city.own.remind() == 0
    await pass_days(city, 14)
    assert await city.own.remind() == 1
    assert stages(city) == [("acc_lin", "6")]


async def test_whoever_has_no_account_is_told_by_nobody_and_still_counted(city: World) -> None:
    city.told._people.people.clear()
    await city.issue_permit()
    await pass_days(city, 300)
    assert await city.own.remind() == 0
    assert stages(city) == []
    assert (await city.own.statistics(POLICE_SYSTEM)).totals[Measure.ENDING] == 0, "it lies ahead"
    assert sum((await city.own.statistics(POLICE_SYSTEM)).ending) == 1


async def test_nothing_personal_goes_into_a_notice(city: World) -> None:
    await city.issue_permit()
    await pass_days(city, 300)
    await city.own.remind()
    assert LIN_NUMBER not in repr(city.told.written)
    assert "林知远" not in repr(city.told.written)


@pytest.mark.parametrize("left", [0, 1])
async def test_the_last_day_is_still_told_and_the_next_is_not(city: World, left: int) -> None:
    permit = await city.issue_permit()
    assert permit.current.valid_until is not None
    await pass_days(city, (permit.current.valid_until - city.today).days - left + 1)
    assert await city.own.remind() == left
