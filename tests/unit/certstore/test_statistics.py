"""Counts: each act once, whoever counts and however often; of one's own organisation; and nobody is named."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from certstore.copies import CopyCommand
from certstore.end import EndCommand
from certstore.lifecycle import Event
from certstore.presentation.model import Extent
from certstore.presentation.read_code import ReadCommand
from certstore.statistics.look import months_ahead, months_back
from certstore.statistics.model import Measure, Statistics
from certstore.stores.statistic_tables import use_statistic
from core.audit.event import AuditEvent, Detail
from core.errors import InvalidInput, NotPermitted
from core.principal import Principal
from tests.support.certstore_world import (
    BASIS,
    CASE,
    CLERK,
    HOME,
    HOUSE,
    ITEM,
    LIN,
    LIN_NUMBER,
    OTHER_PORTAL,
    POLICE_SYSTEM,
    PORTAL,
    World,
)


async def counted(city: World, actor: Principal = CLERK) -> Statistics:
    city.clock.advance(600)
    await city.subscriptions.deliver.run_due()  # gives changes their place once they are committed for sure
    await city.own.count()
    return await city.own.statistics(actor)


async def test_uses_exemptions_papers_and_refusals_are_counted_once_and_by_their_case(both_cities: World) -> None:
    city = both_cities
    house, permit = await city.issue_property(), await city.issue_permit()
    await city.check()
    await city.check()  # the same case again asks for no further paper
    await city.consented()
    await city.check()  # now the certificate is exempt too
    await city.search()
    command = CopyCommand(permit.id, service_item=ITEM, case_number=CASE, basis=BASIS)
    await city.services.copies.make(command, PORTAL)
    with pytest.raises(NotPermitted):
        await city.search(OTHER_PORTAL)
    seen = await counted(city)
    counts = {one: seen.totals[one] for one in (Measure.CHECK, Measure.MATERIAL, Measure.SAVED, Measure.SEARCH)}
    assert counts == {Measure.CHECK: 3, Measure.MATERIAL: 4, Measure.SAVED: 2, Measure.SEARCH: 1}
    assert (seen.totals[Measure.COPY], seen.totals[Measure.REFUSAL]) == (1, 0)
    assert {name.zh: row[Measure.COPY] for name, row in seen.by_type} == {"居住证": 1, "不动产权证书": 0}
    assert [(name.zh, row[Measure.SAVED]) for name, row in seen.by_item] == [("公共租赁住房资格申请", 2)]
    assert (await counted(city)).totals == seen.totals
    assert house.id not in repr(seen)
    others = await city.own.statistics(OTHER_PORTAL)
    assert (others.totals[Measure.CHECK], others.refusals) == (0, [("use-not-granted", 1)])


async def test_presentations_that_an_earlier_release_wrote_down_are_counted_too(city: World) -> None:
    permit = await city.issue_permit()
    detail: Detail = {"presentation": "prs_1", "state": "given", "fields": 3}
    await city.database.record(AuditEvent("licence.present", "done", CLERK, permit.id, detail=detail))
    await city.database.record(
        AuditEvent("licence.present", "done", CLERK, permit.id, detail=detail | {"first": False})
    )
    assert (await counted(city)).totals[Measure.PRESENTED] == 1


async def test_a_presentation_counts_once_however_often_it_is_asked_for(city: World) -> None:
    permit = await city.issue_permit()
    shown = await city.presentation.show(permit.id, LIN, Extent.FULL)
    read = await city.presentation.read(ReadCommand(shown.code or ""), CLERK)
    await city.presentation.show.decide(read.id, LIN, granted=True)
    for _ in range(2):
        assert (await city.presentation.read.again(read.id, CLERK)).face
    minimal = await city.presentation.show(permit.id, LIN, Extent.MINIMAL, anew=True)
    await city.presentation.read(ReadCommand(minimal.code or ""), CLERK)
    seen = await counted(city)
    assert {name.zh: row[Measure.PRESENTED] for name, row in seen.by_type} == {"居住证": 2}
    assert (seen.totals[Measure.PRESENTED], seen.totals[Measure.LOOK]) == (2, 0)


async def test_issuers_see_what_became_of_their_types_and_how_fresh_they_are(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    await counted(city, POLICE_SYSTEM)
    city.clock.advance(40 * 86400)
    await city.services.end(EndCommand(permit.id, Event.CANCEL, "本人申请"), POLICE_SYSTEM)
    seen = await counted(city, POLICE_SYSTEM)
    assert (seen.totals[Measure.ISSUED], seen.totals[Measure.ENDED]) == (1, 1)
    (fresh,) = seen.freshness
    assert (fresh.type_name.zh, fresh.last_change, fresh.changes) == ("居住证", city.today, 1)
    assert sum(seen.by_month[Measure.ISSUED]) == 1
    assert seen.counted_until is not None


async def test_of_many_who_count_at_once_nothing_is_counted_twice(both_cities: World) -> None:
    city = both_cities
    await city.issue_permit()
    for number in range(5):
        await city.search(case_number=f"CASE-{number}")
    city.clock.advance(600)
    await asyncio.gather(*(city.own.count() for _ in range(4)))
    seen = await city.own.statistics(CLERK)
    assert (seen.totals[Measure.SEARCH], seen.totals[Measure.LOOK]) == (5, 5)


async def test_a_look_that_may_still_be_in_the_making_waits(city: World) -> None:
    await city.issue_permit()
    await city.search()
    await city.own.count()
    assert (await city.own.statistics(CLERK)).totals[Measure.LOOK] == 0
    city.clock.advance(400)
    await city.own.count()
    assert (await city.own.statistics(CLERK)).totals[Measure.LOOK] == 1


async def test_no_number_or_name_is_in_the_counts(city: World) -> None:
    await city.issue_permit()
    await city.search(CLERK)
    await counted(city)
    async with city.database.read() as tx:
        text = repr([tuple(row) for row in await tx.connection.execute(use_statistic.select())])
    for secret in (LIN_NUMBER, "林知远", "陈素", HOME["address"], str(HOUSE["location"]), CASE):
        assert secret not in text


async def test_who_may_not_look_and_what_is_too_much(city: World) -> None:
    for actor in (LIN, Principal(CLERK.kind, "acc_x", CLERK.organisation)):
        with pytest.raises(NotPermitted, match="scope-missing"):
            await city.own.statistics(actor)
    for months in (0, 25):
        with pytest.raises(InvalidInput, match="months-invalid"):
            await city.own.statistics(CLERK, months=months)


def test_months_are_counted_over_the_turn_of_a_year() -> None:
    day = dt.date(2027, 1, 31)
    assert months_back(day, 3) == [dt.date(2026, 11, 1), dt.date(2026, 12, 1), dt.date(2027, 1, 1)]
    assert months_ahead(dt.date(2026, 12, 31), 2) == [dt.date(2026, 12, 1), dt.date(2027, 1, 1)]
