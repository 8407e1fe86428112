"""L-26: what a licence is on its first and last days, at midnight in Shanghai, over leap days, with clocks apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from certstore.catalogue import validity_of
from certstore.errors import TransitionNotAllowed
from certstore.inspecting import Standing, covered_until, next_cover, standing
from certstore.lifecycle import Event, State
from certstore.model import InspectionRule, Validity, ValidityRule
from certstore.status import Status, status_on
from core.clock import SHANGHAI
from core.db.database import Database
from tests.support.certstore_world import LAND_SYSTEM, STATEMENT, world
from tests.support.clock import FakeClock
from tests.support.licence_life import Life

YEAR = ValidityRule(Validity.YEARS, 1)
MONTH = InspectionRule(months=1, window_days=5)


def at(day: str, time: str) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time.fromisoformat(time), SHANGHAI)


@pytest.fixture
async def life(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Life]:
    async with world(sqlite_database, clock, tmp_path) as city:
        yield Life(city)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2028-02-29", "2029-02-28"),  # from a leap day
        ("2027-03-01", "2028-02-29"),  # to one
        ("2026-01-01", "2026-12-31"),
    ],
)
def test_l26_a_year_ends_on_the_day_before(first: str, last: str) -> None:
    assert validity_of(YEAR, dt.date.fromisoformat(first), None) == dt.date.fromisoformat(last)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2027-01-31", "2027-02-27"),
        ("2028-01-31", "2028-02-28"),
        ("2027-02-28", "2027-03-27"),
        ("2027-12-31", "2028-01-30"),
    ],
)
def test_l26_a_month_of_inspection_ends_within_the_month(since: str, until: str) -> None:
    assert covered_until(MONTH, dt.date.fromisoformat(since)) == dt.date.fromisoformat(until)


def test_l26_the_window_of_an_inspection_opens_and_closes_on_days() -> None:
    until = dt.date(2027, 3, 10)
    said = [standing(MONTH, until, dt.date(2027, 3, day)) for day in (4, 5, 10, 11)]
    assert said == [Standing.COVERED, Standing.DUE, Standing.DUE, Standing.OVERDUE]
    assert next_cover(MONTH, until, until) == dt.date(2027, 4, 10), "in time: no gap, no overlap"
    assert next_cover(MONTH, until, dt.date(2027, 3, 11)) == dt.date(2027, 4, 10), "late: from that day"


async def test_l26_the_last_day_counts_until_midnight_in_shanghai(life: Life) -> None:
    city = life.city
    city.clock.set(at("2027-02-28", "00:00"))
    permit = await city.issue_permit()
    assert permit.current.valid_until == dt.date(2028, 2, 27)
    for moment, status, renewable in (
        (at("2028-02-27", "23:59:59.999999"), Status.VALID, "suspended"),
        (at("2028-02-28", "00:00"), Status.EXPIRED, "refused"),
    ):
        city.clock.set(moment)
        assert (await city.search())[0].status is status
        assert await city.services.life.expire() == (0 if status is Status.VALID else 1)
        if renewable == "suspended":
            await life.suspend(permit)
            await life.resume(permit)
        else:
            with pytest.raises(TransitionNotAllowed):
                await life.suspend(permit)


async def test_l26_utc_midnight_means_nothing(life: Life) -> None:
    city = life.city
    city.clock.set(at("2027-02-28", "00:00"))
    permit = await city.issue_permit()
    city.clock.set(at("2028-02-28", "07:59:59"))  # still the 27th in UTC
    assert (await city.search())[0].status is Status.EXPIRED
    assert (await life.renew(permit)).current.valid_from == dt.date(2028, 2, 28)


async def test_l26_renewed_on_the_last_day_or_the_day_after_there_is_no_gap_and_no_future(life: Life) -> None:
    city = life.city
    city.clock.set(at("2027-03-01", "12:00"))
    in_time, late = await city.issue_permit(), await city.issue_permit("410199199607152049", "赵映雪")
    city.clock.set(at("2028-02-29", "23:59"))
    renewed = await life.renew(in_time)
    assert (renewed.current.valid_from, renewed.current.valid_until) == (dt.date(2027, 3, 1), dt.date(2029, 2, 28))
    city.clock.set(at("2028-03-01", "00:00"))
    renewed = await life.renew(late)
    assert (renewed.current.valid_from, renewed.current.valid_until) == (dt.date(2028, 3, 1), dt.date(2029, 2, 28))
    history, versions = await life.history(late), await life.versions(late)
    days = [dt.date(2028, 2, 28), dt.date(2028, 2, 29), dt.date(2028, 3, 1), dt.date(2029, 3, 1)]
    assert [status_on(history, versions, day) for day in days] == [
        Status.VALID,
        Status.VALID,
        Status.VALID,
        Status.EXPIRED,
    ]


async def test_l26_before_its_first_day_it_may_be_changed_but_not_used(life: Life) -> None:
    city = life.city
    tomorrow = city.today + dt.timedelta(days=1)
    statement = await city.issue(STATEMENT, LAND_SYSTEM, {"months": 1}, valid_from=tomorrow, valid_until=tomorrow)
    assert (await city.search())[0].status is Status.NOT_YET_VALID
    assert (await life.change(statement, {"months": 2})).current.valid_from == tomorrow
    city.clock.set(at(tomorrow.isoformat(), "00:00"))
    assert (await city.search())[0].status is Status.VALID


async def test_l26_workers_whose_clocks_are_minutes_apart_never_bring_an_end_forward_or_undo_it(life: Life) -> None:
    """The slower one may still take a step on the last day; once the ending is written, it stays for both."""
    city = life.city
    city.clock.set(at("2027-02-28", "00:00"))
    permit = await city.issue_permit()
    city.clock.set(at("2028-02-27", "23:57"))  # the slow worker's
    assert (await life.suspend(permit)).state is State.SUSPENDED
    city.clock.set(at("2028-02-28", "00:02"))  # the quick worker's, at the same moment
    assert await city.services.life.expire() == 1
    city.clock.set(at("2028-02-27", "23:58"))
    with pytest.raises(TransitionNotAllowed):
        await life.resume(permit)
    assert (await life.renew(permit)).state is State.VALID
    assert [change.event for change in await life.history(permit)][-2:] == [Event.EXPIRE, Event.RENEW]
