"""What a holder sees: under all their numbers, for the organisation they act for, and which looks only later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certstore.codes import HolderCode
from certstore.errors import LicenceNotFound
from certstore.look_delays import MOST_DAYS, DelayState, LookDelay, LookDelays
from certstore.making import HolderInput
from certstore.model import HolderKind, Look
from core.errors import Conflict, InvalidInput, NotPermitted
from core.principal import SYSTEM, Principal, PrincipalKind
from tests.support.certstore_fakes import People
from tests.support.certstore_world import (
    CASE,
    CLERK,
    HOUSE,
    HOUSING,
    ITEM,
    LAND,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    OTHERS,
    PORTAL,
    PROPERTY,
    PROPERTY_TYPE,
    ZHAO,
    ZHAO_NUMBER,
    World,
)

FIRST = Principal(PrincipalKind.STAFF, "acc_first", LAND, scopes=frozenset({"admin:security"}))
SECOND = Principal(PrincipalKind.STAFF, "acc_second", LAND, scopes=frozenset({"admin:audit"}))
LAW = "刑事诉讼法第五十四条（演示）"


def people_of(city: World) -> People:
    holders = city.services.my_licences._holders
    assert isinstance(holders, People)
    return holders


async def rule(city: World, days: int = 30, item: str = ITEM) -> LookDelay:
    delays = city.own.look_delays
    return await delays.decide((await delays.propose(item, days, LAW, FIRST)).id, True, SECOND)


async def looks(city: World, who: Principal = LIN) -> list[Look]:
    return [one.record.look for one in (await city.services.my_accesses(who)).items]


async def test_licences_of_every_number_of_a_person_are_theirs(city: World) -> None:
    mine = await city.issue_property()
    city.clock.advance(1)
    merged = await city.issue_permit(ZHAO_NUMBER, "林知远")
    assert [one.id for one in await city.services.my_licences(LIN)] == [mine.id]
    people_of(city).former["acc_lin"] = (HolderCode("111", ZHAO_NUMBER),)
    assert [one.id for one in await city.services.my_licences(LIN)] == [merged.id, mine.id]
    assert (await city.services.read.licence(merged.id, LIN)).licence.id == merged.id
    await city.search(number=ZHAO_NUMBER)
    city.clock.advance(1)
    await city.search()
    assert await looks(city) == [Look.SEARCH, Look.SEARCH]


async def test_whoever_acts_for_an_organisation_sees_its_licences_and_not_their_own(city: World) -> None:
    own = await city.issue_property()
    await city.services.catalogue.register_type(replace(PROPERTY_TYPE, holder_kind=HolderKind.EITHER), SYSTEM)
    holders = (HolderInput("001", HOUSING, "示例市住房保障局"),)
    theirs = await city.issue(PROPERTY, LAND_SYSTEM, HOUSE, holders=holders)
    acting = replace(LIN, organisation=HOUSING)
    assert [one.id for one in await city.services.my_licences(acting)] == [theirs.id]
    assert [one.id for one in await city.services.my_licences(LIN)] == [own.id]
    for seen, hidden, who in ((theirs, own, acting), (own, theirs, LIN)):
        assert (await city.services.read.licence(seen.id, who)).licence.id == seen.id
        with pytest.raises(LicenceNotFound):
            await city.services.read.licence(hidden.id, who)


async def test_a_clerk_does_not_hold_what_their_office_holds(city: World) -> None:
    assert await city.services.my_licences(replace(CLERK, organisation=OTHERS)) == []


async def test_a_look_under_a_rule_is_shown_after_its_days_and_stands_where_it_belongs(both_cities: World) -> None:
    city = both_cities
    await city.issue_permit()
    await city.search()
    city.clock.advance(1)
    await rule(city, 30)
    city.clock.advance(60)
    await city.check()
    assert await looks(city) == [Look.SEARCH], "one that was made before the rule stays, a later one waits"
    city.clock.advance(30 * 86400 - 60)
    assert await looks(city) == [Look.SEARCH]
    city.clock.advance(61)
    assert await looks(city) == [Look.EXEMPTION, Look.SEARCH]
    done = [one for one in await city.events() if one["action"] == "exemption.check"]
    assert len(done) == 1, "whoever audits sees it at once"


async def test_a_rule_that_ended_keeps_what_fell_under_it_and_takes_nothing_more(both_cities: World) -> None:
    city = both_cities
    await city.issue_permit()
    made = await rule(city, 30)
    await city.search()
    city.clock.advance(60)
    await city.own.look_delays.end(made.id, FIRST)
    city.clock.advance(60)
    await city.check()
    assert await looks(city) == [Look.EXEMPTION]
    city.clock.advance(30 * 86400)
    assert await looks(city) == [Look.EXEMPTION, Look.SEARCH]


async def test_looks_without_a_service_item_are_never_hidden(both_cities: World) -> None:
    city = both_cities
    made = await city.issue_permit()
    await rule(city)
    await city.services.read.original(made.id, replace(PORTAL, organisation=made.issuer))
    assert await looks(city) == [Look.ISSUER]


async def test_two_people_decide_a_rule_once(both_cities: World) -> None:
    delays: LookDelays = both_cities.own.look_delays
    asked = await delays.propose(ITEM, 30, LAW, FIRST)
    with pytest.raises(NotPermitted, match="second-person-needed"):
        await delays.decide(asked.id, True, FIRST)
    with pytest.raises(NotPermitted, match="security-administrator-only"):
        await delays.decide(asked.id, True, CLERK)
    assert (await delays.decide(asked.id, False, SECOND)).state is DelayState.REFUSED
    with pytest.raises(Conflict, match="look-delay-decided"):
        await delays.decide(asked.id, True, SECOND)
    with pytest.raises(Conflict, match="look-delay-decided"):
        await delays.end(asked.id, SECOND)
    assert [one.state for one in await delays.rules(SECOND)] == [DelayState.REFUSED]


@pytest.mark.parametrize(
    ("item", "days", "basis", "code"),
    [
        ("no-such-item", 30, LAW, "service-item-unknown"),
        (ITEM, 0, LAW, "delay-days-invalid"),
        (ITEM, MOST_DAYS + 1, LAW, "delay-days-invalid"),
        (ITEM, 30, " ", "delay-basis-missing"),
        (ITEM, 30, f"调查 {LIN_NUMBER}", "purpose-personal"),
    ],
)
async def test_a_rule_without_end_or_reason_is_refused(
    city: World, item: str, days: int, basis: str, code: str
) -> None:
    with pytest.raises(InvalidInput, match=code):
        await city.own.look_delays.propose(item, days, basis, FIRST)


async def test_co_owners_learn_that_somebody_looked_and_not_whose_case_it_was(both_cities: World) -> None:
    city = both_cities
    both = (HolderInput("111", LIN_NUMBER, LIN_NAME), HolderInput("111", ZHAO_NUMBER, "赵映雪"))
    await city.issue(PROPERTY, LAND_SYSTEM, HOUSE | {"ownership": "共同共有"}, holders=both)
    await city.consented(CLERK)
    await city.search(CLERK)
    (mine,) = [one for one in (await city.services.my_accesses(LIN)).items if one.record.look is Look.SEARCH]
    assert (mine.record.purpose.case_number, mine.record.actor_name, mine.by_consent) == (CASE, "陈素", True)
    (hers,) = [one for one in (await city.services.my_accesses(ZHAO)).items if one.record.look is Look.SEARCH]
    record = hers.record
    assert (record.organisation, record.about_other, record.licence_id) == (HOUSING, True, mine.record.licence_id)
    assert (record.purpose.case_number, record.purpose.service_item, record.purpose.basis) == (None, None, None)
    assert (record.actor_name, record.fields, hers.by_consent, hers.item_name) == (None, (), False, None)
