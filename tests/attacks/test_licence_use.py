"""L-04: mass look-ups by a valid clerk. L-05: use codes by the wrong one, too often, too late, or while consent is
withdrawn. L-06: a use code gives no more than its purpose. Each with the legitimate use beside it, on both databases.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certstore.errors import Gone
from certstore.exemption_words import Exemption
from certstore.model import ConsumerGrant, Quota
from certstore.quota import CLERK_QUOTA
from certstore.stores.tables import access_record, licence_copy
from core.db.database import Database
from core.errors import AppError, LimitExceeded
from core.principal import SYSTEM
from tests.support.certstore_http import HOLDER, PURPOSE, http
from tests.support.certstore_world import (
    BASIS,
    CLERK,
    GIVEN,
    HOUSING,
    ITEM,
    LAND,
    LIN,
    OTHER_PORTAL,
    PERMIT,
    PORTAL,
    PROPERTY,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.idp_world import citizen_number


@pytest.fixture
async def city(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database, clock, tmp_path) as made:
        yield made


async def refusal(call: Any) -> str:
    with pytest.raises(AppError) as raised:
        await call
    return raised.value.code


async def limit(city: World, type_code: str, fields: tuple[str, ...], quota: Quota) -> None:
    grant = ConsumerGrant(HOUSING, type_code, ITEM, fields, BASIS, valid_from=city.today, quota=quota)
    await city.services.catalogue.grant_use(grant, SYSTEM)


# --- L-04 ------------------------------------------------------------------------------------------------------------


async def test_l04_a_clerk_who_sweeps_numbers_is_stopped_and_others_are_not(city: World) -> None:
    await city.issue_permit()
    allowed = CLERK_QUOTA.hourly
    assert allowed is not None
    codes = []
    for number in range(allowed + 5):
        try:
            await city.search(CLERK, citizen_number(number % 7))
            codes.append("done")
        except LimitExceeded as error:
            codes.append(error.code if error.retry_after else "for how long?")
    assert codes == ["done"] * allowed + ["clerk-quota-used-up"] * 5
    assert await city.rows(access_record) == allowed, "what was found stays on record; what was refused found nothing"
    refused = [one for one in await city.events() if one["outcome"] == "refused"]
    assert [one["detail"]["error"] for one in refused] == ["clerk-quota-used-up"] * 5
    for call in (city.check(CLERK), city.services.use.codes(city.code_query(), CLERK)):
        assert await refusal(call) == "clerk-quota-used-up"
    assert len(await city.search(replace(CLERK, id="acc_colleague"))) == 1  # the twin: a colleague works on
    city.clock.advance(3600)
    assert len(await city.search(CLERK)) == 1  # and the clerk in the next hour


async def test_l04_a_clerk_needs_a_case_for_each_look(city: World) -> None:
    for missing in ({"case_number": ""}, {"basis": " "}, {"service_item": ""}):
        assert await refusal(city.search(CLERK, **missing)) == "purpose-missing"


async def test_l04_a_grants_ceiling_holds_for_calls_at_the_same_time(city: World) -> None:
    await city.issue_permit()
    await limit(city, PERMIT, ("address",), Quota(daily=5))

    async def look() -> str:
        try:
            return "found" if await city.search(types=(PERMIT,)) else "nothing"
        except LimitExceeded as error:
            return error.code

    told = await asyncio.gather(*(look() for _ in range(12)))
    assert (told.count("found"), told.count("grant-quota-used-up")) == (5, 7)
    # other types go on, and a check says so for the one material instead of failing as a whole
    answer = await city.check()
    assert [one.outcome for one in answer.materials][:3] == [
        Exemption.NOT_FOUND,
        Exemption.QUOTA_USED_UP,
        Exemption.NOT_FOUND,
    ]
    city.clock.advance(86_400)
    assert len(await city.search(types=(PERMIT,))) == 1


# --- L-05 ------------------------------------------------------------------------------------------------------------


async def test_l05_a_use_code_is_its_callers_only(city: World) -> None:
    await city.issue_permit()
    use = city.services.use
    (issued,) = await use.codes(city.code_query(types=(PERMIT,)), PORTAL)
    for thief in (OTHER_PORTAL, replace(PORTAL, id="another-app"), replace(CLERK, organisation=LAND)):
        for redeem in (use.redeem.data, use.redeem.copy, use.redeem.ticket):
            assert await refusal(redeem(issued.code, thief)) == "use-code-not-found"
    assert await refusal(use.redeem.data(issued.code + "x", PORTAL)) == "use-code-not-found"
    assert await refusal(use.redeem.data(issued.use.id, PORTAL)) == "use-code-not-found"
    assert await refusal(use.redeem.data(issued.code, LIN)) == "scope-missing"
    assert (await use.redeem.data(issued.code, PORTAL)).values


async def test_l05_of_many_redemptions_at_once_one_gets_through(city: World) -> None:
    await city.issue_permit()
    use = city.services.use
    (issued,) = await use.codes(city.code_query(types=(PERMIT,)), PORTAL)

    async def redeem(number: int) -> bool:
        try:
            await (use.redeem.copy(issued.code, PORTAL) if number % 2 else use.redeem.data(issued.code, PORTAL))
        except Gone:
            return False
        return True

    assert (await asyncio.gather(*(redeem(number) for number in range(8)))).count(True) == 1


async def test_l05_a_use_code_ends_with_its_time_its_consent_and_its_licence(city: World) -> None:
    await city.issue_property()
    permit = await city.issue_permit()
    use, consent = city.services.use, await city.consented()
    codes = {one.use.type_code: one.code for one in await use.codes(city.code_query(uses=5), PORTAL)}
    assert set((await use.redeem.data(codes[PROPERTY], PORTAL)).values) == set(GIVEN)
    ticket = await use.redeem.ticket(codes[PROPERTY], PORTAL)
    await city.services.consents.withdraw(consent.id, LIN)
    assert await refusal(use.redeem.data(codes[PROPERTY], PORTAL)) == "consent-not-in-force"
    assert await refusal(use.redeem.copy(codes[PROPERTY], PORTAL)) == "consent-not-in-force"
    assert await refusal(use.redeem.view(ticket.token)) == "consent-not-in-force"
    ticket = await use.redeem.ticket(codes[PERMIT], PORTAL)
    city.clock.advance(301)
    assert await refusal(use.redeem.view(ticket.token)) == "view-gone"
    await city.end(permit)
    assert await refusal(use.redeem.data(codes[PERMIT], PORTAL)) == "licence-not-valid"
    city.clock.advance(30 * 60)
    assert await refusal(use.redeem.data(codes[PERMIT], PORTAL)) == "use-code-gone"


async def test_i07_no_code_gives_anything_after_a_withdrawal_was_acknowledged(city: World) -> None:
    await city.issue_property()
    use, consent = city.services.use, await city.consented()
    (issued,) = await use.codes(city.code_query(types=(PROPERTY,), uses=20), PORTAL)
    acknowledged = asyncio.Event()

    async def withdraw() -> None:
        await asyncio.sleep(0.01)
        await city.services.consents.withdraw(consent.id, LIN)
        acknowledged.set()

    async def redeem(number: int) -> bool:
        """True if something was given out by a call that began after the acknowledgement."""
        if number >= 6:
            await acknowledged.wait()
        late = acknowledged.is_set()
        try:
            await (use.redeem.copy(issued.code, PORTAL) if number % 3 else use.redeem.data(issued.code, PORTAL))
        except Gone:
            return False
        return late

    assert not any(await asyncio.gather(*(redeem(number) for number in range(12)), withdraw()))


async def test_l05_a_delivery_and_a_withdrawal_at_once_leave_all_copies_or_none(city: World) -> None:
    await city.issue_property()
    await city.issue_permit()
    use, consents = city.services.use, city.services.consents
    opened = await use.checks.open(city.exemption_query(), PORTAL)
    question = await use.ask(opened.id, PORTAL)
    await consents.decide_together(question.id, LIN, {question.consents[0].id: None})

    async def deliver() -> list[int]:
        try:
            return [one.material for one in (await use.deliver(opened.id, PORTAL)).delivered]
        except Gone:
            return []

    async def withdraw() -> list[int]:
        await consents.withdraw_together(question.id, LIN)
        return []

    got = await asyncio.gather(*(deliver() for _ in range(3)), withdraw())
    there = [one.material for one in await use.checks.delivered(opened.id, PORTAL)]
    assert there in ([], [2], [1, 2])  # [2]: judged anew after the withdrawal, when only that one was exempt
    assert await city.rows(licence_copy) == len(there)
    assert all(one in ([], there) for one in got if one != [2])
    assert (await use.deliver(opened.id, PORTAL)).delivered[-1].material == 2  # the twin: what needs no consent


# --- L-06 ------------------------------------------------------------------------------------------------------------


async def test_l06_a_code_gives_the_fields_of_its_purpose_and_fewer_when_the_grant_shrinks(city: World) -> None:
    await city.issue_permit()
    use = city.services.use
    assert await refusal(use.codes(city.code_query(types=(PERMIT,), fields=("holder_code",)), PORTAL)) == (
        "fields-not-granted"
    )
    (few,) = await use.codes(city.code_query(types=(PERMIT,), fields=("address",)), PORTAL)
    assert set((await use.redeem.data(few.code, PORTAL)).values) == {"address"}
    (both,) = await use.codes(city.code_query(types=(PERMIT,), uses=2), PORTAL)
    await limit(city, PERMIT, ("address",), Quota())
    assert set((await use.redeem.data(both.code, PORTAL)).values) == {"address"}
    await limit(city, PERMIT, ("holder_name",), Quota())
    assert set((await use.redeem.data(both.code, PORTAL)).values) == {"holder_name"}


async def test_l06_a_copy_is_given_out_no_more_once_its_grant_has_ended_or_shrunk(city: World) -> None:
    permit, services = await city.issue_permit(), city.services
    copy = await services.copies.make(city.copy_command(permit.id), PORTAL)
    for fields, given in (
        (("holder_name", "address"), True),
        (("address",), False),
        (("holder_name", "address"), True),
    ):
        await limit(city, PERMIT, fields, Quota())
        if given:
            assert (await services.copies.file(permit.id, copy.id, PORTAL)).content.startswith(b"%PDF")
        else:
            assert await refusal(services.copies.file(permit.id, copy.id, PORTAL)) == "copy-gone"
    await services.catalogue.end_grant(HOUSING, ITEM, PERMIT, SYSTEM)
    assert await refusal(services.copies.file(permit.id, copy.id, PORTAL)) == "copy-gone"


async def test_l06_a_code_in_an_address_is_no_code(city: World) -> None:
    """Codes come in bodies only: a member that is not known, or a query, is refused or ignored, never used."""
    await city.issue_permit()
    async with http(city) as web:
        made = await web.post("/v1/use-codes", "portal", {"holder": HOLDER, "purpose": PURPOSE, "types": [PERMIT]})
        code = made.json()["items"][0]["code"]
        body = {"code": code, "form": "data"}
        for wrong in (
            await web.post(f"/v1/use-codes/redeem?code={code}&form=data", "portal", {"form": "data"}),
            await web.post("/v1/use-codes/redeem", "portal", body | {"fields": ["holder_code"]}),
            await web.post("/v1/use-codes/redeem", "portal", body | {"form": "original"}),
        ):
            assert wrong.status_code == 400
            assert code not in wrong.text
        given = await web.post("/v1/use-codes/redeem", "portal", body)
        assert set(given.json()["fields"]) == {"holder_name", "address"}
