"""The stores of what holders do, over SQLite and PostgreSQL; and broken ones, which the contract must catch."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from certstore.codes import HolderCode
from certstore.entrust.model import EndReason
from certstore.look_delays import DelayState
from certstore.model import Licence
from certstore.objections.model import Objection, ObjectionStep
from certstore.ports import Case
from certstore.shares.model import Share
from certstore.statistics.model import CaseTally, Tally
from certstore.stores.departure_tables import holder_departure
from certstore.stores.departures import SqlDepartureStore
from certstore.stores.entrustment_tables import entrustment, entrustment_case
from certstore.stores.entrustments import SqlEntrustmentStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.look_delay_tables import look_delay
from certstore.stores.look_delays import SqlLookDelayStore
from certstore.stores.objection_tables import objection
from certstore.stores.objections import SqlObjectionStore
from certstore.stores.reminders import SqlReminderStore
from certstore.stores.share_tables import licence_share
from certstore.stores.shares import SqlShareStore
from certstore.stores.statistic_tables import job_position, licence_reminder, use_statistic
from certstore.stores.statistics import SqlStatisticStore
from core.db.database import ReadTx, WriteTx
from tests.conformance import certstore_stores_backends as licence_backends
from tests.conformance.harness import Backend, Surroundings, failing, parametrised
from tests.conformance.holder_stores import (
    CONTRACTS,
    DelayContract,
    DepartureContract,
    EntrustmentContract,
    HolderHarness,
    ObjectionContract,
    ReminderContract,
    ShareContract,
    StatisticContract,
)
from tests.support.certstore_fakes import blind_index, field_cipher
from tests.support.clock import FakeClock

Opened = Callable[[Surroundings], AbstractAsyncContextManager[HolderHarness]]


def over(backend: Callable[[Surroundings], AbstractAsyncContextManager[Any]], **stores: Any) -> Opened:
    @asynccontextmanager
    async def opened(surroundings: Surroundings) -> AsyncIterator[HolderHarness]:
        async with backend(surroundings) as base:
            yield HolderHarness(base, **stores)

    return opened


BACKENDS = [Backend(one.id, one.requires, over(one.open)) for one in licence_backends.BACKENDS]


@parametrised(BACKENDS)
class TestShares(ShareContract):
    pass


@parametrised(BACKENDS)
class TestEntrustments(EntrustmentContract):
    pass


@parametrised(BACKENDS)
class TestObjections(ObjectionContract):
    pass


@parametrised(BACKENDS)
class TestDelays(DelayContract):
    pass


@parametrised(BACKENDS)
class TestStatistics(StatisticContract):
    pass


@parametrised(BACKENDS)
class TestReminders(ReminderContract):
    pass


@parametrised(BACKENDS)
class TestDepartures(DepartureContract):
    pass


class TakesEverybodyBack(SqlDepartureStore):
    async def take_back(self, tx: WriteTx, account_id: str) -> int:
        return (await tx.connection.execute(delete(holder_departure))).rowcount


class OpensForEver(SqlShareStore):
    async def open(self, tx: WriteTx, share_id: str, *, now: dt.datetime) -> Share | None:
        values = {"views": licence_share.c.views + 1}
        await tx.connection.execute(update(licence_share).where(licence_share.c.id == share_id).values(values))
        return await self.share(tx, share_id)


class GuessesForFree(SqlShareStore):
    async def guess(self, tx: WriteTx, share_id: str, *, now: dt.datetime) -> Share | None:
        return await self.share(tx, share_id)


class AnswersTwice(SqlEntrustmentStore):
    async def accept(self, tx: WriteTx, entrustment_id: str, *, now: dt.datetime) -> bool:
        change = update(entrustment).where(entrustment.c.id == entrustment_id).values(state="active", answered_at=now)
        return (await tx.connection.execute(change)).rowcount == 1


class HoldsWhateverTheDay(SqlEntrustmentStore):
    async def hold(self, tx: WriteTx, entrustment_id: str, *, today: dt.date) -> bool:
        return await self.entrustment(tx, entrustment_id) is not None


class CountsNothing(SqlEntrustmentStore):
    async def begin(self, tx: WriteTx, entrustment_id: str, case: Case, *, today: dt.date) -> bool:
        return await self.hold(tx, entrustment_id, today=today)


class CountsEachTime(SqlEntrustmentStore):
    async def cases(self, tx: ReadTx, entrustment_id: str) -> frozenset[Case]:
        return frozenset()

    async def begin(self, tx: WriteTx, entrustment_id: str, case: Case, *, today: dt.date) -> bool:
        await tx.connection.execute(delete(entrustment_case))
        return await super().begin(tx, entrustment_id, case, today=today)


class EndsOneSideOnly(SqlEntrustmentStore):
    async def end_all(self, tx: WriteTx, person: HolderCode, *, reason: EndReason, now: dt.datetime) -> int:
        given = await self.given(tx, person, limit=100)
        return sum([await self.end(tx, one.id, reason=reason, now=now) for one in given])


class AnswersWhateverTheRevision(SqlObjectionStore):
    async def take(self, tx: WriteTx, moved: Objection, step: ObjectionStep) -> bool:
        change = update(objection).where(objection.c.id == moved.id).values(state=moved.state.value)
        return (await tx.connection.execute(change)).rowcount == 1


class RemovesTheLiving(SqlObjectionStore):
    async def delete_closed(self, tx: WriteTx, before: dt.datetime) -> Any:
        gone = await super().delete_closed(tx, before)
        await tx.connection.execute(update(objection).values(closed_at=before))
        return gone


class NeedsNoSecondPerson(SqlLookDelayStore):
    async def decide(self, tx: WriteTx, rule_id: str, state: DelayState, *, by: str, now: dt.datetime) -> bool:
        change = update(look_delay).where(look_delay.c.id == rule_id, look_delay.c.state == "proposed")
        return (await tx.connection.execute(change.values(state=state.value, decided_by=by, since=now))).rowcount == 1


class MovesFromAnywhere(SqlStatisticStore):
    async def move(self, tx: WriteTx, source: str, before: str, after: str, at: dt.datetime) -> bool:
        await super().move(tx, source, "", after, at)
        change = update(job_position).where(job_position.c.name == source).values(position=after, at=at)
        return (await tx.connection.execute(change)).rowcount == 1


class CountsOnce(SqlStatisticStore):
    async def add(self, tx: WriteTx, counts: Mapping[Tally, int]) -> None:
        await tx.connection.execute(delete(use_statistic))
        await super().add(tx, counts)


class CountsEveryCheck(SqlStatisticStore):
    async def better(self, tx: WriteTx, case: CaseTally, day: dt.date) -> tuple[int, int]:
        await super().better(tx, case, day)
        return case.materials, case.exempt


class RemindsAgain(SqlReminderStore):
    async def claim(self, tx: WriteTx, licence_: Licence, days: int, *, told: bool) -> bool:
        await tx.connection.execute(delete(licence_reminder))
        return await super().claim(tx, licence_, days, told=told)


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"shares": OpensForEver(field_cipher(), blind_index())}, "test_openings_are_spent_and_give_the_guesses_back"),
    ({"shares": GuessesForFree(field_cipher(), blind_index())}, "test_openings_are_spent_and_give_the_guesses_back"),
    ({"entrustments": AnswersTwice(field_cipher(), blind_index())}, "test_an_offer_is_answered_once_and_in_time"),
    (
        {"entrustments": HoldsWhateverTheDay(field_cipher(), blind_index())},
        "test_days_states_and_numbers_bound_what_is_in_force",
    ),
    (
        {"entrustments": EndsOneSideOnly(field_cipher(), blind_index())},
        "test_days_states_and_numbers_bound_what_is_in_force",
    ),
    (
        {"entrustments": CountsNothing(field_cipher(), blind_index())},
        "test_a_case_is_counted_once_and_no_more_than_are_left",
    ),
    (
        {"entrustments": CountsEachTime(field_cipher(), blind_index())},
        "test_a_case_is_counted_once_and_no_more_than_are_left",
    ),
    (
        {"objections": AnswersWhateverTheRevision(field_cipher(), blind_index())},
        "test_a_step_from_an_old_reading_is_refused_and_leaves_nothing",
    ),
    (
        {"objections": RemovesTheLiving(field_cipher(), blind_index())},
        "test_what_was_closed_long_ago_goes_with_its_evidence_and_nothing_else",
    ),
    ({"departures": TakesEverybodyBack()}, "test_a_report_is_taken_back_for_one_person_only"),
    ({"delays": NeedsNoSecondPerson()}, "test_a_rule_is_decided_once_by_another_person"),
    ({"statistics": MovesFromAnywhere()}, "test_a_position_moves_from_where_it_was_read"),
    ({"statistics": CountsOnce()}, "test_counts_add_up_and_stay_apart"),
    ({"statistics": CountsEveryCheck()}, "test_a_case_counts_with_its_best"),
    (
        {"reminders": RemindsAgain(SqlLicenceStore(field_cipher(), blind_index()))},
        "test_a_stage_is_claimed_once_and_stages_are_apart",
    ),
]


@pytest.mark.parametrize(("stores", "by"), BROKEN, ids=[type(*stores.values()).__name__ for stores, _ in BROKEN])
async def test_bite_a_broken_store_is_caught(stores: dict[str, Any], by: str, tmp_path: Path) -> None:
    assert await failing(CONTRACTS, _fresh(stores, tmp_path), only=by) == {by}


async def test_bite_what_is_whole_passes(tmp_path: Path) -> None:
    assert await failing(CONTRACTS, _fresh({}, tmp_path)) == set()


def _fresh(stores: dict[str, Any], folder: Path) -> Callable[[], AbstractAsyncContextManager[HolderHarness]]:
    numbers = iter(range(1000))

    def opened() -> AbstractAsyncContextManager[HolderHarness]:
        place = folder / str(next(numbers))
        place.mkdir()
        return over(licence_backends.sqlite, **stores)(Surroundings(place, FakeClock()))

    return opened
