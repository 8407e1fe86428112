"""Entrusting between people: offered, accepted, used within its bounds, seen by both, ended; on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from certstore.entrust.model import EntrustmentState, KnownPerson, Side
from certstore.entrust.rules import ADULT, MOST_LIVING, OFFERS_A_DAY, of_age
from certstore.exemption import AgentStanding
from certstore.holder_news import News
from certstore.model import ConsentState, Look
from certstore.ports import Deed
from certstore.stores.entrustment_tables import entrustment, entrustment_case, entrustment_done
from tests.support.certstore_world import (
    CLERK,
    HOUSING,
    ITEM,
    LIN,
    LIN_NUMBER,
    PERMIT,
    PORTAL,
    PROPERTY,
    STATEMENT,
    ZHAO,
    ZHAO_NUMBER,
    World,
)
from tests.support.entrusting import codes_by_agent, entrusted, new, offered, refused, story


async def test_a_case_from_the_offer_to_the_principals_list(both_cities: World) -> None:
    city, entrusting = both_cities, both_cities.services.entrusting
    await city.issue_property()
    await city.issue_permit()
    made = await offered(city)
    assert made.state is EntrustmentState.OFFERED
    (line,) = (await entrusting.look.mine(Side.AGENT, ZHAO)).items
    assert (line.entrustment.principal.name, [name.en for name in line.type_names]) == (
        "林知远",
        ["Real Estate Certificate", "Residence Permit"],
    )
    assert (await entrusting.answer(made.id, ZHAO, accept=True)).state is EntrustmentState.ACTIVE
    asked = await city.ask_consent()
    view = await city.services.consents.view(asked.id, ZHAO)
    assert view.holder_name is not None
    assert (view.holder_name.zh, len(view.candidates)) == ("林知远", 1)
    decided = await city.services.consents.decide(asked.id, ZHAO, True)
    assert (decided.decided_by, decided.authority, decided.state) == ("acc_zhao", made.id, ConsentState.GRANTED)
    city.clock.advance(1)
    codes = await codes_by_agent(city)
    assert {one.use.type_code for one in codes.codes} == {PROPERTY, PERMIT}
    told = await story(city, made)
    assert [one.done.deed for one in told.done] == [Deed.CODES, Deed.CONSENT]
    assert (told.line.entrustment.uses, told.done[0].organisation_name.en) == (1, "Housing Bureau")
    assert await story(city, made, ZHAO) == replace(told, line=replace(told.line, side=Side.AGENT))
    looks = (await city.services.my_accesses(LIN)).items
    (seen,) = [one for one in looks if one.record.look is Look.ENTRUSTED]
    assert (seen.record.actor_name, seen.record.fields) == ("赵映雪", decided.fields)
    assert [one.record.look for one in (await city.services.my_accesses(ZHAO)).items] == []


async def test_an_offer_that_is_sent_again_is_made_once(both_cities: World) -> None:
    city, give = both_cities, both_cities.services.entrusting.give
    asked = new(city, idempotency_key="offer-1")
    made = await asyncio.gather(*(give(asked, LIN) for _ in range(4)))
    assert len({one.id for one in made}) == 1
    assert await give(asked, LIN) == made[0]
    assert await refused(give(replace(asked, uses=1), LIN)) == "idempotency-key-reused"
    assert (await give(replace(asked, idempotency_key="offer-2"), LIN)).id != made[0].id
    assert len((await city.services.entrusting.look.mine(Side.PRINCIPAL, LIN)).items) == 2


async def test_it_lasts_from_its_first_day_to_its_last_and_so_does_what_was_agreed_to(city: World) -> None:
    await city.issue_property()
    day = dt.timedelta(days=1)
    made = await entrusted(city, starts_on=city.today + day, ends_on=city.today + 2 * day)
    assert made.state is EntrustmentState.LATER
    early = await city.ask_consent()
    assert await refused(city.services.consents.view(early.id, ZHAO)) == "consent-not-found"
    city.clock.advance(day.total_seconds())
    asked = await city.ask_consent(days=30)
    assert (await city.services.consents.view(asked.id, ZHAO)).last_day == made.ends_on
    decided = await city.services.consents.decide(asked.id, ZHAO, True)
    assert decided.last_day == made.ends_on
    city.clock.advance(2 * day.total_seconds())
    late = await city.ask_consent()
    assert await refused(city.services.consents.decide(late.id, ZHAO, True)) == "consent-not-found"
    assert (await story(city, made)).line.state is EntrustmentState.OVER


async def test_one_question_shows_the_agent_their_part_and_the_principal_the_rest(city: World) -> None:
    await city.issue_property()
    await entrusted(city, types=(PROPERTY,))
    check = await city.services.use.checks.open(city.exemption_query(), CLERK)
    question = await city.services.use.ask(check.id, CLERK)
    (view,) = await city.services.consents.view_together(question.id, ZHAO)
    await city.services.consents.decide_together(question.id, ZHAO, {view.consent.id: None})
    (decided,) = await city.services.consents.requested_together(question.id, CLERK)
    assert decided[1] is ConsentState.GRANTED


async def test_a_check_says_how_far_the_agent_may_act(city: World) -> None:
    query = city.exemption_query(agent_type="111", agent=ZHAO_NUMBER)
    check = city.services.check_exemption
    assert (await check(query, CLERK)).agent is AgentStanding.NOT_AUTHORISED
    some = await entrusted(city, types=(PERMIT,))
    assert (await check(query, CLERK)).agent is AgentStanding.IN_PART
    await entrusted(city, types=(PROPERTY, PERMIT, STATEMENT), items=())
    assert (await check(query, CLERK)).agent is AgentStanding.AUTHORISED
    await city.services.entrusting.end(some.id, LIN)
    assert (await check(query, CLERK)).agent is AgentStanding.AUTHORISED


async def test_a_consent_of_the_agents_serves_the_national_way_of_sharing_too(city: World) -> None:
    """That style has no word for agents: what they agreed to is a consent like any other."""
    await city.issue_property()
    await entrusted(city)
    assert await city.search(types=(PROPERTY,)) == []
    asked = await city.ask_consent()
    await city.services.consents.decide(asked.id, ZHAO, True)
    (found,) = await city.search(types=(PROPERTY,))
    assert found.type_code == PROPERTY


async def test_laid_down_it_leaves_what_was_agreed_to_and_taken_back_it_takes_it_along(both_cities: World) -> None:
    city, end = both_cities, both_cities.services.entrusting.end
    await city.issue_property()
    for who, left in ((ZHAO, ConsentState.GRANTED), (LIN, ConsentState.WITHDRAWN)):
        made = await entrusted(city)
        asked = await city.ask_consent()
        await city.services.consents.decide(asked.id, ZHAO, True)
        codes = await codes_by_agent(city, types=(PROPERTY,))
        ended = await end(made.id, who)
        assert (ended.consents, ended.codes) == ((0, 0) if who is ZHAO else (1, 1))
        assert (await city.services.consents.requested(asked.id, PORTAL))[1] is left
        if who is LIN:
            redeem = city.services.use.redeem.data(codes.codes[0].code, PORTAL)
            assert await refused(redeem) == "use-code-gone"
        again = await end(made.id, who)
        assert (again.consents, again.codes) == (0, 0), "twice is once"
        if who is ZHAO:  # so that the second round starts from nothing
            await city.services.consents.withdraw(asked.id, LIN)


async def test_an_agents_refusal_and_withdrawal_stand_in_the_story_and_count_nothing(city: World) -> None:
    await city.issue_property()
    made = await entrusted(city, uses=1)
    consents = city.services.consents
    await consents.decide((await city.ask_consent()).id, ZHAO, False)
    assert (await story(city, made)).line.entrustment.uses == 0
    city.clock.advance(1)
    granted = await consents.decide((await city.ask_consent()).id, ZHAO, True)
    assert (await story(city, made)).line.state is EntrustmentState.USED_UP
    city.clock.advance(1)
    await consents.withdraw(granted.id, ZHAO)
    told = await story(city, made)
    assert [one.done.deed for one in told.done] == [Deed.WITHDRAW, Deed.CONSENT, Deed.REFUSE]


async def test_bounds_are_checked_before_anybody_is_asked(city: World) -> None:
    day = dt.timedelta(days=1)
    wrong = [
        ({"types": ()}, "types-invalid"),
        ({"types": ("0" * 21,)}, "types-invalid"),
        ({"items": ("NO-SUCH",)}, "service-item-unknown"),
        ({"starts_on": city.today - day}, "days-invalid"),
        ({"ends_on": city.today + 367 * day}, "days-invalid"),
        ({"uses": 0}, "uses-invalid"),
        ({"uses": 101}, "uses-invalid"),
        ({"purpose": " "}, "entrustment-purpose-invalid"),
        ({"purpose": f"给{LIN_NUMBER}用"}, "purpose-personal"),
        ({"name": ""}, "name-invalid"),
        ({"code": "410199198802291032"}, "citizen-id-check"),
        ({"code_type": "001", "code": HOUSING}, "agent-not-a-person"),
    ]
    for changes, code in wrong:
        assert await refused(city.services.entrusting.give(new(city, **changes), LIN)) == code, changes
    assert await city.rows(entrustment) == 0


async def test_offers_a_day_and_entrustments_at_a_time_are_limited(city: World) -> None:
    made = []
    for number in range(MOST_LIVING):
        if number and number % OFFERS_A_DAY == 0:
            assert await refused(offered(city)) == "too-many-offers"
            city.clock.advance(86_400)
        made.append(await offered(city))
    city.clock.advance(86_400)
    assert await refused(offered(city)) == "too-many-entrustments"
    await city.services.entrusting.end(made[-1].id, LIN)
    await offered(city)


async def test_what_is_long_over_is_removed_with_what_was_done(city: World) -> None:
    await city.issue_permit()
    await entrusted(city)
    await codes_by_agent(city)
    await city.own.upkeep.sweep()
    assert await city.rows(entrustment_done) == 1
    city.clock.advance(4 * 366 * 86_400)
    await city.own.upkeep.sweep()
    assert [await city.rows(one) for one in (entrustment, entrustment_case, entrustment_done)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("born", "today", "fit"),
    [
        ("2008-11-26", "2026-11-26", True),
        ("2008-11-27", "2026-11-26", False),
        ("2008-02-29", "2026-02-28", False),
        ("2008-02-29", "2026-03-01", True),
    ],
)
async def test_of_age_from_the_eighteenth_birthday_on(city: World, born: str, today: str, fit: bool) -> None:
    identity = await city.people.of_account("acc_lin")
    assert identity is not None
    person = KnownPerson(identity, 2, dt.date.fromisoformat(born))
    assert of_age(person, dt.date.fromisoformat(today)) is fit
    assert not of_age(replace(person, born_on=None), dt.date.max), f"nobody is {ADULT} by saying nothing"


async def test_lists_turn_pages_and_name_items(city: World) -> None:
    first = await offered(city)
    city.clock.advance(1)
    second = await offered(city, items=())
    look = city.services.entrusting.look
    page = await look.mine(Side.PRINCIPAL, LIN, None, 1)
    assert [one.entrustment.id for one in page.items] == [second.id]
    rest = await look.mine(Side.PRINCIPAL, LIN, page.next_cursor, 1)
    assert [one.entrustment.id for one in rest.items] == [first.id]
    assert [name.en for name in rest.items[0].item_names] == ["Application for public rental housing"]
    assert (rest.next_cursor, rest.items[0].entrustment.items) == (None, (ITEM,))


async def test_the_other_side_is_told_and_nobody_under_another_name(city: World) -> None:
    made = await entrusted(city)
    await city.services.entrusting.end(made.id, ZHAO)
    second = await entrusted(city)
    await city.services.entrusting.end(second.id, LIN)
    await offered(city, name="王五")
    unanswered = await offered(city)
    await city.services.entrusting.end(unanswered.id, LIN)
    offer, moved = News.ENTRUSTED, News.ENTRUSTMENT_MOVED
    assert [(who, news) for who, news, _ in city.told.written] == [
        ("acc_zhao", offer),
        ("acc_lin", moved),  # accepted
        ("acc_lin", moved),  # laid down
        ("acc_zhao", offer),
        ("acc_lin", moved),
        ("acc_zhao", moved),  # taken back
        ("acc_zhao", offer),
    ]
    assert len(city.told.sent) == len(city.told.written)
    assert {tuple(detail) for _, _, detail in city.told.written} == {("entrustment",)}
