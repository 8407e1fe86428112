"""A case from end to end: the check, one question for all, delivery, use codes, agents, and the answers of a check."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from certstore.codes import ORGANISATION_CODE, HolderCode
from certstore.conditions import parse_condition
from certstore.errors import ConsentDecided, ConsentNotFound
from certstore.exemption import AgentStanding
from certstore.exemption_words import Exemption, NextStep
from certstore.making import HolderInput
from certstore.model import ConsentState, HolderKind, Look, Material, Trust
from certstore.ports import Mandate
from certstore.stores.tables import licence_copy, licence_version
from certstore.stores.use_tables import exemption_check, exemption_delivery, use_code
from core.errors import AppError
from core.principal import SYSTEM
from core.text import Text
from tests.support.certstore_fakes import attachments
from tests.support.certstore_world import (
    CLERK,
    GIVEN,
    HOME,
    HOUSE,
    HOUSING,
    LAND,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    PERMIT,
    PORTAL,
    PROPERTY,
    PROPERTY_TYPE,
    RENTAL,
    STATEMENT,
    ZHAO,
    ZHAO_NUMBER,
    World,
)
from tests.support.licence_life import Life

MONTHS = {"months": 24}
NEXT_YEAR = dt.date(2027, 11, 30)


async def refused(call: Any) -> str:
    with pytest.raises(AppError) as raised:
        await call
    return raised.value.code


async def furnished(city: World) -> None:
    """Lin holds everything that the item asks for and the repository keeps."""
    await city.issue_property()
    await city.issue_permit()
    await city.issue(STATEMENT, LAND_SYSTEM, MONTHS, valid_until=NEXT_YEAR)


def outcomes(answer: Any) -> list[str]:
    return [one.outcome.value for one in answer.materials]


# --- a case from end to end --------------------------------------------------------------------------------------


async def test_one_question_and_one_call_bring_every_copy_to_the_case(both_cities: World) -> None:
    city, use = both_cities, both_cities.services.use
    await furnished(city)
    opened = await use.checks.open(city.exemption_query(), CLERK)
    assert outcomes(opened.answer) == ["needs-consent", "exempt", "exempt", "not-in-store"]
    first = await use.deliver(opened.id, CLERK)
    assert [one.material for one in first.delivered] == [2, 3]
    assert [one.number for one in first.open] == [1, 4]
    question = await use.ask(opened.id, CLERK)
    assert await use.ask(opened.id, PORTAL_OF_THE_OFFICE) == question, "an open question is not put twice"
    (view,) = await city.services.consents.view_together(question.id, LIN)
    await city.services.consents.decide_together(question.id, LIN, {view.consent.id: None})
    second = await use.deliver(opened.id, CLERK)
    assert ([one.material for one in second.delivered], second.new) == ([1, 2, 3], 1)
    assert second.delivered[1:] == first.delivered
    again = await use.deliver(opened.id, CLERK)
    assert (again.delivered, again.new) == (second.delivered, 0)
    assert await city.rows(licence_copy) == 3
    copy = second.delivered[0]
    file = await city.services.copies.file(copy.licence_id, copy.copy_id, CLERK)
    assert "公共租赁住房资格申请" in attachments(file.content)["metadata.xml"].decode()


PORTAL_OF_THE_OFFICE = replace(CLERK, id="acc_colleague")


async def test_all_copies_are_delivered_or_none(city: World) -> None:
    await furnished(city)
    opened = await city.services.use.checks.open(city.exemption_query(), CLERK)
    city.sealer.broken = True
    assert await refused(city.services.use.deliver(opened.id, CLERK)) == "seal-unavailable"
    assert (await city.rows(licence_copy), await city.rows(exemption_delivery)) == (0, 0)
    city.sealer.broken = False
    assert (await city.services.use.deliver(opened.id, CLERK)).new == 2


async def test_a_check_is_its_offices_only_and_ends(city: World) -> None:
    await furnished(city)
    use = city.services.use
    opened = await use.checks.open(city.exemption_query(), PORTAL)
    assert (await use.checks.find(opened.id, CLERK)).id == opened.id
    for stranger in (replace(PORTAL, id="another-app"), replace(CLERK, organisation=LAND)):
        assert await refused(use.checks.find(opened.id, stranger)) == "check-not-found"
        assert await refused(use.deliver(opened.id, stranger)) == "check-not-found"
    assert await refused(use.checks.find("exc_00000000000000000000000000", PORTAL)) == "check-not-found"
    city.clock.advance(90 * 86_400)
    assert await refused(use.deliver(opened.id, PORTAL)) == "check-not-found"


async def test_where_nothing_needs_consent_nothing_is_asked(city: World) -> None:
    opened = await city.services.use.checks.open(city.exemption_query(), CLERK)
    assert await refused(city.services.use.ask(opened.id, CLERK)) == "nothing-to-ask"


async def test_a_refusal_can_be_followed_by_a_new_question(city: World) -> None:
    await furnished(city)
    use, consents = city.services.use, city.services.consents
    opened = await use.checks.open(city.exemption_query(), CLERK)
    first = await use.ask(opened.id, CLERK)
    await consents.decide_together(first.id, LIN, {})
    assert [state for _, state in await use.ask.states(await use.checks.find(opened.id, CLERK))] == [
        ConsentState.REFUSED
    ]
    second = await use.ask(opened.id, CLERK)
    assert second.id != first.id
    with pytest.raises(ConsentDecided):
        await consents.decide_together(first.id, LIN, {first.consents[0].id: None})


# --- one question for several --------------------------------------------------------------------------------------


async def two_by_consent(city: World) -> None:
    """The statement is shared by consent, too."""
    await furnished(city)
    found = await city.services.catalogue.licence_type(STATEMENT)
    definition = replace(PROPERTY_TYPE, code=STATEMENT, name=found.name, issuers=found.issuers, schema=found.schema)
    await city.services.catalogue.register_type(
        replace(definition, validity=found.validity, template=found.template), SYSTEM
    )


async def test_each_of_several_is_agreed_to_and_taken_back_by_itself_or_together(city: World) -> None:
    await two_by_consent(city)
    consents = city.services.consents
    opened = await city.services.use.checks.open(city.exemption_query(), CLERK)
    question = await city.services.use.ask(opened.id, CLERK, days=5, uses=2)
    views = await consents.view_together(question.id, LIN)
    assert [one.consent.type_code for one in views] == [PROPERTY, STATEMENT]
    assert {(one.consent.days, one.consent.max_uses) for one in views} == {(5, 2)}
    house, statement = (one.consent for one in views)
    decided = await consents.decide_together(question.id, LIN, {house.id: None})
    assert [one.state for one in decided] == [ConsentState.GRANTED, ConsentState.REFUSED]
    assert outcomes(await city.check(CLERK)) == ["exempt", "exempt", "needs-consent", "not-in-store"]
    assert await refused(consents.view_together(question.id, ZHAO)) == "consent-not-found"
    assert await refused(consents.withdraw_together(question.id, ZHAO)) == "consent-not-found"
    withdrawn = await consents.withdraw_together(question.id, LIN)
    assert [one.id for one in withdrawn] == [house.id]
    assert statement.id not in {one.id for one in withdrawn}
    assert outcomes(await city.check(CLERK))[0] == "needs-consent"
    with pytest.raises(ConsentDecided):
        await consents.withdraw_together(question.id, LIN)


async def test_a_consent_to_two_uses_is_used_up_after_two(city: World) -> None:
    licence = await city.issue_property()
    consent = await city.consented(uses=2)
    copy = await city.services.copies.make(city.copy_command(licence.id, consent), PORTAL)
    for _ in range(3):  # handing the same copy out is no further use
        await city.services.copies.file(licence.id, copy.id, PORTAL)
    assert len(await city.search()) == 1
    assert await city.search() == []
    assert await refused(city.services.copies.make(city.copy_command(licence.id, consent), PORTAL)) == (
        "consent-not-in-force"
    )
    (shown, state), *_ = (await city.services.consents.mine(LIN)).items
    assert (shown.uses, state) == (2, ConsentState.GRANTED)


# --- agents (委托) ---------------------------------------------------------------------------------------------------


COMPANY = LAND  # any organisation can hold licences


async def company_house(city: World) -> None:
    kinds = replace(PROPERTY_TYPE, holder_kind=HolderKind.EITHER)
    await city.services.catalogue.register_type(kinds, SYSTEM)
    await city.issue(PROPERTY, LAND_SYSTEM, HOUSE, holders=(HolderInput(ORGANISATION_CODE, COMPANY, "示例公司"),))


def mandate(*items: str) -> Mandate:
    return Mandate("aut_1", HolderCode(ORGANISATION_CODE, COMPANY), Text("示例公司", "Example Ltd"), items)


async def test_an_agent_decides_for_the_organisation_within_their_items_only(city: World) -> None:
    await company_house(city)
    consents = city.services.consents
    asked = await city.ask_consent(number=COMPANY, code_type=ORGANISATION_CODE)
    with pytest.raises(ConsentNotFound):
        await consents.view(asked.id, ZHAO)
    for wearing in (ZHAO, replace(ZHAO, organisation=COMPANY)):  # the hat alone does not widen the items
        city.mandates.given["acc_zhao"] = [mandate("ANOTHER-ITEM")]
        with pytest.raises(ConsentNotFound):
            await consents.decide(asked.id, wearing, True)
    city.mandates.given["acc_zhao"] = [mandate(RENTAL.code)]
    view = await consents.view(asked.id, ZHAO)
    assert view.holder_name == Text("示例公司", "Example Ltd")
    decided = await consents.decide(asked.id, ZHAO, True)
    assert (decided.decided_by, decided.authority) == ("acc_zhao", "aut_1")
    (event,) = [one for one in await city.events() if (one["action"], one["outcome"]) == ("consent.grant", "done")]
    assert event["detail"] == {"authority": "aut_1"}
    city.mandates.given.clear()
    with pytest.raises(ConsentNotFound):  # nor taken back by somebody who no longer acts for it
        await consents.withdraw(asked.id, ZHAO)


async def test_a_check_says_whether_the_agent_may_act(city: World) -> None:
    await company_house(city)
    query = replace(city.exemption_query(COMPANY), code_type=ORGANISATION_CODE, agent_type="111", agent=ZHAO_NUMBER)
    assert (await city.services.check_exemption(query, CLERK)).agent is AgentStanding.NOT_AUTHORISED
    city.mandates.given["acc_zhao"] = [mandate(RENTAL.code)]
    answer = await city.services.check_exemption(query, CLERK)
    assert (answer.agent, outcomes(answer)[0]) == (AgentStanding.AUTHORISED, "needs-consent")
    assert (await city.check(CLERK)).agent is None


# --- the answers of a check ------------------------------------------------------------------------------------------


async def test_what_nobody_has_checked_against_the_original_does_not_exempt(city: World) -> None:
    made = await city.issue_permit()
    for trust, outcome in ((Trust.C, Exemption.LOW_TRUST), (Trust.D, Exemption.LOW_TRUST), (Trust.B, Exemption.EXEMPT)):
        async with city.database.write() as tx:
            await tx.connection.execute(
                update(licence_version).where(licence_version.c.licence_id == made.id).values(trust=trust.value)
            )
            await tx.commit()
        found = (await city.check()).materials[1]
        assert found.outcome is outcome
    assert found.rule == "EX-01"
    assert (await city.check()).materials[1].next_step is NextStep.TAKE_COPY


async def test_a_condition_on_the_data_is_judged_and_told_without_the_value(city: World) -> None:
    await furnished(city)
    asked = replace(RENTAL.materials[2], conditions=(parse_condition("months", "at-least", 36),))
    house = replace(RENTAL.materials[0], conditions=(parse_condition("area", "at-most", 50),))
    await city.services.catalogue.put_item(replace(RENTAL, materials=(house, asked)), SYSTEM)
    answer = await city.check()
    # the house is shared by consent: before it is given, nothing is said about its data
    assert outcomes(answer) == ["needs-consent", "condition-not-met"]
    assert "36" in answer.materials[1].explanation.zh
    assert "24" not in answer.materials[1].explanation.zh
    assert answer.materials[1].licence_id is None
    await city.consented()
    assert outcomes(await city.check()) == ["condition-not-met", "condition-not-met"]
    easier = replace(asked, conditions=(parse_condition("months", "at-least", 24),))
    await city.services.catalogue.put_item(replace(RENTAL, materials=(easier,)), SYSTEM)
    assert outcomes(await city.check()) == ["exempt"]


async def test_a_type_that_the_catalogue_does_not_have_is_said_to_be_unknown(city: World) -> None:
    material = Material(1, Text("旧证", "Old one"), (HOUSING + "999",))
    async with city.database.write() as tx:  # as an import of another city's items can leave it
        from certstore.stores.catalogue import SqlCatalogueStore

        await SqlCatalogueStore().put_item(tx, replace(RENTAL, materials=(material,)))
        await tx.commit()
    (found,) = (await city.check()).materials
    assert (found.outcome, found.rule, found.next_step) == (
        Exemption.UNKNOWN_TYPE,
        "EX-16",
        NextStep.TELL_CATALOGUE,
    )


async def test_every_answer_has_a_rule_a_step_and_words(city: World) -> None:
    from certstore.exemption_words import RULES, STEP_WORDS, STEPS

    assert set(RULES) == set(STEPS) == set(Exemption)
    assert len(set(RULES.values())) == len(RULES)
    assert set(STEP_WORDS) == set(NextStep)


# --- use codes (用证码) -----------------------------------------------------------------------------------------------


async def test_a_code_gives_data_a_copy_or_a_view_and_each_is_recorded(both_cities: World) -> None:
    city, use = both_cities, both_cities.services.use
    made = await city.issue_permit()
    (issued,) = await use.codes(city.code_query(types=(PERMIT,), uses=3), PORTAL)
    given = await use.redeem.data(issued.code, PORTAL)
    assert given.values == {"holder_name": [LIN_NAME], "address": HOME["address"]}
    copy = await use.redeem.copy(issued.code, CLERK)  # a colleague in the same office
    assert (copy.licence_id, set(copy.fields)) == (made.id, {"holder_name", "address"})
    ticket = await use.redeem.ticket(issued.code, PORTAL)
    seen = await use.redeem.view(ticket.token)
    assert {row.name for row in seen.rows if row.value is not None} == {"holder_name", "address", "validity"}
    assert await refused(use.redeem.view(ticket.token)) == "view-gone"
    assert await refused(use.redeem.data(issued.code, PORTAL)) == "use-code-gone"
    looks = [one.record for one in (await city.services.my_accesses(LIN)).items]
    assert {one.look for one in looks} == {Look.USE_CODE, Look.COPY, Look.VIEW}
    stored = b"".join([repr(event).encode() for event in await city.events()])
    assert issued.code.encode() not in stored
    assert issued.code not in repr(issued)


async def test_codes_follow_consents_and_their_number_of_uses(city: World) -> None:
    await city.issue_property()
    use = city.services.use
    assert await use.codes(city.code_query(types=(PROPERTY,)), PORTAL) == []
    await city.consented(uses=1)
    first, second = [(await use.codes(city.code_query(types=(PROPERTY,)), PORTAL))[0].code for _ in range(2)]
    assert set((await use.redeem.data(first, PORTAL)).values) == set(GIVEN)
    assert await refused(use.redeem.data(second, PORTAL)) == "consent-not-in-force"


async def test_a_code_that_could_not_be_redeemed_is_not_used_up(city: World) -> None:
    await city.issue_permit()
    use = city.services.use
    (issued,) = await use.codes(city.code_query(types=(PERMIT,)), PORTAL)
    city.sealer.broken = True
    assert await refused(use.redeem.copy(issued.code, PORTAL)) == "seal-unavailable"
    city.sealer.broken = False
    assert (await use.redeem.copy(issued.code, PORTAL)).fields


async def test_limits_of_life_and_uses_are_kept(city: World) -> None:
    await city.issue_permit()
    use = city.services.use
    for wrong in ({"minutes": 0}, {"minutes": 1441}, {"uses": 0}, {"uses": 21}):
        assert (await refused(use.codes(city.code_query(**wrong), PORTAL))).endswith("-invalid")
    assert await refused(city.ask_consent(uses=0)) == "uses-invalid"
    assert await refused(city.ask_consent(uses=101)) == "uses-invalid"


async def test_what_is_over_is_swept_and_what_is_alive_stays(city: World) -> None:
    await furnished(city)
    use = city.services.use
    opened = await use.checks.open(city.exemption_query(), CLERK)
    await use.deliver(opened.id, CLERK)
    await use.codes(city.code_query(types=(PERMIT,)), PORTAL)
    assert await use.sweep() == 0
    city.clock.advance(30 * 60 + 86_400 + 1)
    assert await use.sweep() == 1
    assert (await city.rows(use_code), await city.rows(exemption_check)) == (0, 1)
    city.clock.advance(90 * 86_400)
    await use.sweep()
    assert (await city.rows(exemption_check), await city.rows(exemption_delivery)) == (0, 0)


async def test_a_licence_that_has_changed_needs_a_new_code_and_a_new_copy(city: World) -> None:
    made = await city.issue_permit()
    use = city.services.use
    (issued,) = await use.codes(city.code_query(types=(PERMIT,)), PORTAL)
    copy = await city.services.copies.make(city.copy_command(made.id), PORTAL)
    await Life(city).change(made, {"address": "示例市青石区演示路 20 号"})
    assert await refused(use.redeem.data(issued.code, PORTAL)) == "use-code-gone"
    assert await refused(city.services.copies.file(made.id, copy.id, PORTAL)) == "copy-gone"
    (fresh,) = await use.codes(city.code_query(types=(PERMIT,)), PORTAL)
    assert (await use.redeem.data(fresh.code, PORTAL)).values["address"] == "示例市青石区演示路 20 号"
