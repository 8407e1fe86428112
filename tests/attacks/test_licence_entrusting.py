"""Entrusting (委托) misused. L-01: of another. L-04: to probe numbers. L-05: beyond its bounds. L-08: at once.

Each attack has the legitimate use beside it; whatever is decided by the database runs on both.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from certstore.entrust.model import EntrustmentState, Side
from certstore.exemption import AgentStanding
from certstore.model import ConsentState
from certstore.stores.entrustment_tables import entrustment, entrustment_done
from certstore.stores.tables import access_record
from core.audit.event import AuditEvent
from core.audit.verify import verify_chain
from core.db.database import Database
from core.errors import AppError
from core.principal import SYSTEM, Principal, PrincipalKind
from tests.support.certstore_world import (
    CHEN_NUMBER,
    CLERK,
    HOUSING,
    LIN,
    LIN_NUMBER,
    PERMIT,
    PORTAL,
    PROPERTY,
    ZHAO,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.entrusting import CHEN, codes_by_agent, entrusted, new, offered, refused, story
from tests.support.idp_world import citizen_number

ABSENT = "ent_00000000000000000000000000"


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(sqlite_database, clock, tmp_path) as made:
        yield made


@pytest.fixture
async def both_cities(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database, clock, tmp_path) as made:
        yield made


async def shut_out(city: World, agent: Principal = ZHAO, number: str = LIN_NUMBER) -> None:
    """Nothing is open to somebody: no look, no yes, no no, no code; and a clerk hears that they may not act."""
    asked = await city.ask_consent(number=number)
    consents = city.services.consents
    looks = await city.rows(access_record)
    assert await refused(consents.view(asked.id, agent)) == "consent-not-found"
    assert await refused(consents.decide(asked.id, agent, True)) == "consent-not-found"
    assert await refused(consents.decide(asked.id, agent, False)) == "consent-not-found"
    assert await refused(codes_by_agent(city, agent, number)) == "agent-not-authorised"
    assert await city.rows(access_record) == looks
    named = {"acc_zhao": ZHAO_NUMBER, "acc_chen": CHEN_NUMBER}[agent.id]
    query = city.exemption_query(number, agent_type="111", agent=named)
    assert (await city.services.check_exemption(query, CLERK)).agent is AgentStanding.NOT_AUTHORISED


async def let_in(city: World, agent: Principal = ZHAO, number: str = LIN_NUMBER) -> None:
    """The twin: all of it is open."""
    asked = await city.ask_consent(number=number)
    assert (await city.services.consents.view(asked.id, agent)).candidates
    decided = await city.services.consents.decide(asked.id, agent, True)
    assert decided.state is ConsentState.GRANTED
    assert (await codes_by_agent(city, agent, number)).codes


# --- L-01: of another ------------------------------------------------------------------------------------------------


async def test_l01_nobody_but_the_one_who_was_named_acts_and_only_for_the_one_who_named_them(city: World) -> None:
    await city.issue_property()
    await city.issue_property(CHEN_NUMBER, "陈素")
    made = await offered(city)
    await shut_out(city)  # an offer is worth nothing
    for stranger in (CHEN, LIN):
        assert await refused(city.services.entrusting.answer(made.id, stranger, accept=True)) == (
            "entrustment-not-found"
        )
    await city.services.entrusting.answer(made.id, ZHAO, accept=True)
    await shut_out(city, CHEN)
    await shut_out(city, ZHAO, CHEN_NUMBER)
    await let_in(city)


async def test_l01_what_is_not_ones_own_looks_absent(city: World) -> None:
    made, entrusting = await entrusted(city), city.services.entrusting
    for one in (made.id, ABSENT, "' OR 1=1 --", "ent_\x00"):
        for call in (entrusting.look.one(one, CHEN), entrusting.end(one, CHEN)):
            assert await refused(call) == "entrustment-not-found"
    assert (await entrusting.look.mine(Side.PRINCIPAL, CHEN)).items == []
    assert (await entrusting.look.mine(Side.AGENT, CHEN)).items == []
    assert (await story(city, made)).line.state is EntrustmentState.ACTIVE


async def test_l01_the_right_number_under_a_wrong_name_is_offered_to_nobody(city: World) -> None:
    """Somebody else's card may be lent; whoever typed the number may have mistyped it."""
    made, entrusting = await offered(city, name="赵映雨"), city.services.entrusting
    assert (await entrusting.look.mine(Side.AGENT, ZHAO)).items == []
    for call in (
        entrusting.answer(made.id, ZHAO, accept=True),
        entrusting.answer(made.id, ZHAO, accept=False),
        entrusting.look.one(made.id, ZHAO),
        entrusting.end(made.id, ZHAO),
    ):
        assert await refused(call) == "entrustment-not-found"
    assert (await entrusted(city, name=" 赵 映雪 ")).state is EntrustmentState.ACTIVE


async def test_l01_nobody_entrusts_for_an_organisation_or_as_a_system(city: World) -> None:
    entrusting = city.services.entrusting
    for actor in (replace(LIN, organisation=HOUSING), PORTAL, Principal(PrincipalKind.PERSON, "acc_gone")):
        assert await refused(entrusting.give(new(city), actor)) == "person-needed"
        assert await refused(entrusting.look.mine(Side.PRINCIPAL, actor)) == "person-needed"
    assert (await offered(city)).state is EntrustmentState.OFFERED


# --- L-05: to oneself, onwards, past its bounds and its end ----------------------------------------------------------


async def test_l05_nobody_entrusts_themselves_under_any_of_their_numbers(city: World) -> None:
    city.people.former["acc_lin"] = ((await city.people.of_account("acc_zhao")).code,)  # type: ignore[union-attr]
    for number in (LIN_NUMBER, ZHAO_NUMBER):
        assert await refused(offered(city, number=number, name="林知远")) == "agent-is-principal"
    city.people.former.clear()
    made = await offered(city)
    city.people.former["acc_zhao"] = ((await city.people.of_account("acc_lin")).code,)  # type: ignore[union-attr]
    # two accounts became one in between
    assert await refused(city.services.entrusting.answer(made.id, ZHAO, accept=True)) == "entrustment-not-found"
    city.people.former.clear()
    assert (await city.services.entrusting.answer(made.id, ZHAO, accept=True)).state is EntrustmentState.ACTIVE


async def test_l05_what_somebody_holds_is_not_handed_on(city: World) -> None:
    """民法典 Art. 169: Lin entrusts Zhao, Zhao entrusts Chen; Chen acts for Zhao, never for Lin."""
    await city.issue_property()
    await city.issue_property(ZHAO_NUMBER, "赵映雪")
    await city.issue_permit(ZHAO_NUMBER, "赵映雪")
    await entrusted(city)
    await entrusted(city, ZHAO, CHEN, number=CHEN_NUMBER)
    await shut_out(city, CHEN, LIN_NUMBER)
    await let_in(city, CHEN, ZHAO_NUMBER)


async def test_l05_beyond_types_and_items_it_is_worth_nothing(city: World) -> None:
    await city.issue_property()
    await city.issue_permit()
    await entrusted(city, types=(PERMIT,))
    asked = await city.ask_consent()
    assert await refused(city.services.consents.view(asked.id, ZHAO)) == "consent-not-found"
    assert await refused(codes_by_agent(city, types=(PROPERTY,))) == "agent-not-authorised"
    assert await refused(codes_by_agent(city, types=(PERMIT, PROPERTY))) == "agent-not-authorised"
    answer = await codes_by_agent(city, ask=True)
    assert ([one.use.type_code for one in answer.codes], answer.to_ask) == ([PERMIT], [])
    other = replace(await city.services.catalogue.item(new(city).items[0]), code="OTHER-ITEM")
    await city.services.catalogue.put_item(other, SYSTEM)
    made = await entrusted(city, items=("OTHER-ITEM",), types=(PROPERTY,))
    assert await refused(city.services.consents.view(asked.id, ZHAO)) == "consent-not-found"
    await city.services.entrusting.end(made.id, LIN)
    await entrusted(city, types=(PROPERTY,))
    assert (await city.services.consents.decide(asked.id, ZHAO, True)).state is ConsentState.GRANTED


async def test_l05_run_out_taken_back_laid_down_or_lapsed_it_shuts_at_once(both_cities: World) -> None:
    city, entrusting = both_cities, both_cities.services.entrusting
    await city.issue_property()
    for who in (LIN, ZHAO):
        made = await entrusted(city)
        await let_in(city)
        await entrusting.end(made.id, who)
        await shut_out(city)
        assert await refused(entrusting.answer(made.id, ZHAO, accept=True)) == "entrustment-not-found"
    lapsed = await offered(city)
    city.clock.advance(7 * 86_400)
    assert await refused(entrusting.answer(lapsed.id, ZHAO, accept=True)) == "entrustment-not-found"
    await entrusted(city, ends_on=city.today)
    await let_in(city)
    city.clock.advance(86_400)
    await shut_out(city)


async def test_l05_frozen_accounts_low_levels_and_minors_suspend_it(city: World) -> None:
    await city.issue_property()
    await entrusted(city, uses=9)
    for account_id in ("acc_lin", "acc_zhao"):
        city.standing.levels[account_id] = 1
        await shut_out(city)
        city.standing.levels.clear()
        city.standing.away.add(account_id)
        asked = await city.ask_consent()
        assert await refused(city.services.consents.view(asked.id, ZHAO)) == "consent-not-found"
        city.standing.away.clear()
    await let_in(city)
    child = citizen_number(77, "20150601")
    city.people.people["acc_child"] = (child, "林小宝")
    minor = Principal(PrincipalKind.PERSON, "acc_child")
    assert await refused(offered(city, minor)) == "not-of-age"
    for_child = await offered(city, number=child, name="林小宝")
    assert await refused(city.services.entrusting.answer(for_child.id, minor, accept=True)) == "not-of-age"
    assert (await city.services.entrusting.answer(for_child.id, minor, accept=False)).id == for_child.id
    city.standing.levels["acc_lin"] = 1
    assert await refused(offered(city)) == "real-name-level-too-low"


async def test_l05_a_clerk_speaks_for_nobody_in_the_cases_of_their_own_office(city: World) -> None:
    """民法典 Art. 168: whoever decides the case can't be the applicant's voice in it."""
    await city.issue_property()
    await entrusted(city, agent=CHEN, number=CHEN_NUMBER)
    asked = await city.ask_consent()
    clerk = replace(CLERK, scopes=frozenset())
    assert await refused(city.services.consents.view(asked.id, clerk)) == "consent-not-found"
    assert await refused(codes_by_agent(city, clerk)) == "agent-not-authorised"
    elsewhere = replace(clerk, organisation="91410199DEMA000442")
    assert (await city.services.consents.decide(asked.id, elsewhere, True)).state is ConsentState.GRANTED


async def test_l05_a_death_ends_it_on_either_side(both_cities: World) -> None:
    city = both_cities
    for dead in ("acc_lin", "acc_zhao"):
        made = await entrusted(city)
        detail = {"on": "2026-11-20", "was": "active"}
        await city.database.record(AuditEvent("account.death-reported", "done", SYSTEM, dead, detail=detail))
        await city.own.follow_deaths()
        told = await story(city, made)
        assert (told.line.state, told.line.entrustment.ended_for) == (EntrustmentState.ENDED, "death")


# --- L-04: numbers are probed ----------------------------------------------------------------------------------------


async def test_l04_an_offer_tells_nothing_of_whom_it_was_made_to(city: World) -> None:
    """Somebody here, nobody here, a wrong name, a minor: the answer and what the giver sees later are the same."""
    seen = []
    for number, name in (
        (ZHAO_NUMBER, "赵映雪"),
        (ZHAO_NUMBER, "王五"),
        (citizen_number(55), "王五"),
        (CHEN_NUMBER, "陈素"),
    ):
        made = await offered(city, number=number, name=name)
        told = await story(city, made)
        assert told.line.entrustment == made
        seen.append((made.state, made.answer_by - made.created_at, told.line.state, told.done))
    assert all(one == seen[0] for one in seen)


async def test_l04_numbers_names_and_purpose_stand_in_no_event_and_no_row_in_the_clear(city: World) -> None:
    await city.issue_property()
    made = await entrusted(city)
    await let_in(city)
    await city.services.entrusting.end(made.id, LIN)
    async with city.database.read() as tx:
        rows = [repr(tuple(row)) for row in await tx.connection.execute(select(entrustment))]
        rows += [repr(tuple(row)) for row in await tx.connection.execute(select(entrustment_done))]
    said = "".join([*rows, repr(await city.events()), repr(made), repr(await story(city, made))])
    assert made.id in said
    assert not any(word in said for word in (LIN_NUMBER, ZHAO_NUMBER, "林知远", "赵映雪", "替我办公租房"))


# --- L-08: at once ---------------------------------------------------------------------------------------------------


async def test_l08_of_many_cases_at_once_no_more_than_are_left_are_begun(both_cities: World) -> None:
    city = both_cities
    await city.issue_property()
    made = await entrusted(city, uses=2)
    asked = [await city.ask_consent(case_number=f"CASE-{number}") for number in range(5)]
    calls = [city.services.consents.decide(one.id, ZHAO, True) for one in asked]
    results = await asyncio.gather(*calls, return_exceptions=True)
    refusals = [one.code for one in results if isinstance(one, AppError)]
    assert len(refusals) == 3
    assert set(refusals) <= {"mandate-over", "consent-not-found"}
    assert sum(not isinstance(one, BaseException) for one in results) == 2
    told = await story(city, made)
    assert (told.line.entrustment.uses, len(told.done)) == (2, 2)
    states = [(await city.services.consents.requested(one.id, PORTAL))[1] for one in asked]
    assert states.count(ConsentState.GRANTED) == 2
    assert (await verify_chain(city.database)).whole


async def test_l08_the_last_use_by_consent_and_by_codes_at_once_is_one_case(both_cities: World) -> None:
    city = both_cities
    await city.issue_permit()
    made = await entrusted(city, uses=1)
    calls = [codes_by_agent(city, case_number=f"CASE-{number}", types=(PERMIT,)) for number in range(4)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in results) == 1
    assert {one.code for one in results if isinstance(one, AppError)} <= {"mandate-over", "agent-not-authorised"}
    assert (await story(city, made)).line.entrustment.uses == 1


async def test_l08_answered_and_taken_back_at_once_it_is_in_force_or_ended_and_nothing_outlives_it(
    both_cities: World,
) -> None:
    city, entrusting = both_cities, both_cities.services.entrusting
    await city.issue_property()
    made = await entrusted(city, uses=9)
    asked = [await city.ask_consent(case_number=f"CASE-{number}") for number in range(4)]
    calls = [city.services.consents.decide(one.id, ZHAO, True) for one in asked]
    results = await asyncio.gather(*calls, entrusting.end(made.id, LIN), return_exceptions=True)
    assert not [one for one in results if isinstance(one, BaseException) and not isinstance(one, AppError)]
    states = {(await city.services.consents.requested(one.id, PORTAL))[1] for one in asked}
    assert ConsentState.GRANTED not in states, "what was agreed to before went with it, and nothing came after"
    assert (await story(city, made)).line.state is EntrustmentState.ENDED
    await shut_out(city)


async def test_l08_an_offer_is_accepted_once(both_cities: World) -> None:
    city = both_cities
    made = await offered(city)
    calls = [city.services.entrusting.answer(made.id, ZHAO, accept=accept) for accept in (True, False, True, False)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in results) == 1
    assert {one.code for one in results if isinstance(one, AppError)} == {"entrustment-not-found"}
