"""Deaths: what the person allowed ends, issuers see what to cancel, a mistaken report is taken back, nothing twice."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from certstore.end import EndCommand
from certstore.lifecycle import Event
from certstore.model import ConsentState
from certstore.shares.make import ShareCommand
from certstore.shares.model import ShareState
from certstore.stores.departure_tables import holder_departure
from core.audit.event import AuditEvent
from core.errors import NotPermitted
from core.principal import SYSTEM
from tests.support.certstore_world import LAND_SYSTEM, LIN, LIN_NUMBER, POLICE_SYSTEM, PORTAL, STATEMENT, World


async def report(city: World, account: str = "acc_lin", *, back: bool = False) -> None:
    detail = {"was": "death-reported"} if back else {"on": "2026-11-20", "was": "active"}
    action = "account.unfreeze" if back else "account.death-reported"
    await city.database.record(AuditEvent(action, "done", SYSTEM, account, detail=detail))


async def test_what_was_allowed_ends_and_issuers_see_what_to_cancel(both_cities: World) -> None:
    city = both_cities
    house, permit = await city.issue_property(), await city.issue_permit()
    consent = await city.consented()
    await city.own.shares.make(ShareCommand(permit.id, ("address",), "给房东看"), LIN)
    await report(city)
    await report(city, "acc_unknown")
    assert await city.own.follow_deaths() == 2
    assert await city.own.follow_deaths() == 0
    found, state = await city.services.consents.requested(consent.id, PORTAL)
    assert state is ConsentState.WITHDRAWN
    assert await city.search() != [], "by function it is still found: heirs' affairs go on"
    assert {one.id for one in await city.search()} == {permit.id}
    (share,) = (await city.own.shares.mine(LIN)).items
    assert share.state is ShareState.WITHDRAWN
    (theirs,) = await city.own.departures(POLICE_SYSTEM)
    assert (theirs.licence_id, theirs.died_on) == (permit.id, dt.date(2026, 11, 20))
    assert [one.licence_id for one in await city.own.departures(LAND_SYSTEM)] == [house.id]
    assert found.licence_id == house.id
    await city.services.end(EndCommand(permit.id, Event.CANCEL, "持证人死亡"), POLICE_SYSTEM)
    assert await city.own.departures(POLICE_SYSTEM) == []
    await city.own.upkeep.sweep()
    assert await city.rows(holder_departure) == 1


async def test_a_mistaken_report_takes_the_licences_off_the_list(both_cities: World) -> None:
    city = both_cities
    await city.issue_permit()
    await report(city)
    await city.own.follow_deaths()
    await report(city, back=True)
    await city.own.follow_deaths()
    assert await city.own.departures(POLICE_SYSTEM) == []


async def test_of_many_workers_one_follows(both_cities: World) -> None:
    city = both_cities
    await city.issue_permit()
    await report(city)
    await asyncio.gather(*(city.own.follow_deaths() for _ in range(4)))
    assert await city.rows(holder_departure) == 1
    followed = [one for one in await city.events() if one["action"] == "departure.follow"]
    assert len(followed) == 1
    assert LIN_NUMBER not in str(followed)


async def test_only_who_issues_the_type_sees_the_list(city: World) -> None:
    await city.issue_permit()
    await report(city)
    await city.own.follow_deaths()
    with pytest.raises(NotPermitted):
        await city.own.departures(PORTAL)
    limited = replace(POLICE_SYSTEM, types={"licence:issue": frozenset({STATEMENT})})
    assert await city.own.departures(limited) == []
