"""L-05: a consent used after withdrawal, after its end, by another, for something else, or while it is withdrawn.

I-07: nothing is given out after a withdrawal was acknowledged. L-08: races over one licence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certstore.end import EndCommand
from certstore.errors import AlreadyHeld, ConsentDecided, Gone, TransitionNotAllowed
from certstore.lifecycle import Event, State
from certstore.model import Consent, Licence
from certstore.quota import QUESTION_QUOTA
from certstore.stores.tables import consent as consent_table
from certstore.stores.tables import licence, licence_file
from core.audit.verify import verify_chain
from core.db.database import Database
from core.errors import AppError, LimitExceeded
from core.principal import Principal
from tests.support.certstore_world import (
    LAND_SYSTEM,
    LIN,
    OTHER_PORTAL,
    POLICE_SYSTEM,
    PORTAL,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock


@pytest.fixture
async def city(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database, clock, tmp_path) as made:
        yield made


async def refusal(
    city: World, licence: Licence, consent: Consent | None, actor: Principal = PORTAL, **changes: Any
) -> str:
    """The code that making a copy is refused with."""
    with pytest.raises(AppError) as raised:
        await city.services.copies.make(city.copy_command(licence.id, consent, **changes), actor)
    return raised.value.code


async def test_l05_a_consent_in_force_gives_a_copy_and_a_withdrawn_one_does_not(city: World) -> None:
    licence = await city.issue_property()
    consent = await city.consented()
    copy = await city.services.copies.make(city.copy_command(licence.id, consent), PORTAL)
    assert (await city.services.copies.file(licence.id, copy.id, PORTAL)).content
    await city.services.consents.withdraw(consent.id, LIN)
    assert await refusal(city, licence, consent) == "consent-not-in-force"
    assert await city.search() == []
    with pytest.raises(AppError) as raised:
        await city.services.copies.file(licence.id, copy.id, PORTAL)
    assert raised.value.code == "copy-gone"
    with pytest.raises(ConsentDecided):
        await city.services.consents.decide(consent.id, LIN, True)


async def test_l05_a_consent_ends_with_its_last_day(city: World) -> None:
    licence = await city.issue_property()
    consent = await city.consented(days=2)
    city.clock.advance(2 * 86400)
    await city.services.copies.make(city.copy_command(licence.id, consent), PORTAL)
    city.clock.advance(86400)
    assert await refusal(city, licence, consent) == "consent-not-in-force"


async def test_l05_a_consent_is_good_only_for_what_it_says(city: World) -> None:
    house, other_house = await city.issue_property(), await city.issue_property()
    consents = city.services.consents
    consent = await consents.decide((await city.ask_consent()).id, LIN, True, house.id)
    assert await refusal(city, other_house, consent) == "licence-not-found"
    assert await refusal(city, house, consent, OTHER_PORTAL) == "licence-not-found"
    assert await refusal(city, house, consent, replace(PORTAL, id="another-app")) == "licence-not-found"
    assert await refusal(city, house, consent, case_number="ANOTHER") == "purpose-differs"
    assert await refusal(city, house, consent, service_item="ANOTHER") == "service-item-unknown"
    assert await refusal(city, house, consent, fields=("holder_code",)) == "fields-not-granted"
    assert await refusal(city, house, None) == "licence-not-found"
    assert await refusal(city, house, None, consent_id="con_00000000000000000000000000") == "licence-not-found"
    await city.services.copies.make(city.copy_command(house.id, consent), PORTAL)


async def test_l05_a_pending_or_refused_request_gives_nothing(city: World) -> None:
    licence = await city.issue_property()
    asked = await city.ask_consent()
    assert await refusal(city, licence, asked) == "consent-not-in-force"
    await city.services.consents.decide(asked.id, LIN, False)
    assert await refusal(city, licence, asked) == "consent-not-in-force"


async def test_l05_consent_to_some_fields_is_not_consent_to_the_grants_others(city: World) -> None:
    licence = await city.issue_property()
    consent = await city.consented(fields=("area",))
    assert await refusal(city, licence, consent, fields=("area", "location")) == "fields-not-granted"
    copy = await city.services.copies.make(city.copy_command(licence.id, consent), PORTAL)
    assert copy.fields == ("area",)


async def test_l05_the_same_answer_whether_or_not_the_person_has_the_licence(city: World) -> None:
    """Asking for consent must not tell whether there is anything to consent to."""
    await city.issue_property()
    with_it, without_it = await city.ask_consent(), await city.ask_consent(number="410199199607152049")
    hidden = {"id", "holder"}
    seen = [
        {name: getattr(one, name) for name in one.__dataclass_fields__ if name not in hidden}
        for one in (with_it, without_it)
    ]
    assert seen[0] == seen[1]


async def test_l04_one_person_is_not_asked_without_end_and_others_still_are(city: World) -> None:
    most = QUESTION_QUOTA.hourly or 0
    made = await asyncio.gather(*(city.ask_consent() for _ in range(most + 3)), return_exceptions=True)
    refused = [one for one in made if isinstance(one, LimitExceeded)]
    assert [one.code for one in refused] == ["consent-questions-used-up"] * 3
    assert all(one.retry_after for one in refused)
    assert sum(isinstance(one, Consent) for one in made) == most
    assert await city.rows(consent_table) == most, "what was refused is put to nobody"
    on_record = [one["detail"]["error"] for one in await city.events() if one["outcome"] == "refused"]
    assert on_record == ["consent-questions-used-up"] * 3
    await city.ask_consent(number=ZHAO_NUMBER)  # the twins: another person, and the same one in an hour
    city.clock.advance(3600)
    await city.ask_consent()


async def test_i07_nothing_is_given_out_after_a_withdrawal_was_acknowledged(city: World) -> None:
    licence = await city.issue_property()
    consent = await city.consented()
    copy = await city.services.copies.make(city.copy_command(licence.id, consent), PORTAL)
    acknowledged = asyncio.Event()

    async def withdraw() -> None:
        await asyncio.sleep(0.01)
        await city.services.consents.withdraw(consent.id, LIN)
        acknowledged.set()

    async def use(number: int) -> bool:
        """True if something was given out by a call that began after the acknowledgement."""
        if number >= 8:
            await acknowledged.wait()
        late = acknowledged.is_set()
        try:
            if number % 2:
                await city.services.copies.file(licence.id, copy.id, PORTAL)
            else:
                await city.services.copies.make(city.copy_command(licence.id, consent), PORTAL)
        except Gone:
            return False
        return late

    given_late = await asyncio.gather(*(use(number) for number in range(16)), withdraw())
    assert not any(given_late)


async def test_l08_of_many_decisions_at_once_one_holds(city: World) -> None:
    await city.issue_property()
    asked = await city.ask_consent()

    async def decide(granted: bool) -> bool | None:
        try:
            await city.services.consents.decide(asked.id, LIN, granted)
        except ConsentDecided:
            return None
        return granted

    answers = await asyncio.gather(*(decide(bool(number % 2)) for number in range(10)))
    (winner,) = [answer for answer in answers if answer is not None]
    found, state = await city.services.consents.requested(asked.id, PORTAL)
    assert state.value == ("granted" if winner else "refused")
    assert (found.licence_id is not None) == winner


async def test_l08_of_many_endings_at_once_one_holds_and_the_history_is_complete(city: World) -> None:
    made = await city.issue_property()
    kinds = [Event.WITHDRAW, Event.REVOKE, Event.CANCEL]

    async def end(number: int) -> State | None:
        try:
            ended = await city.services.end(EndCommand(made.id, kinds[number % 3], "理由"), LAND_SYSTEM)
        except TransitionNotAllowed:
            return None
        return ended.state

    states = {state for state in await asyncio.gather(*(end(number) for number in range(12))) if state}
    assert len(states) == 1
    view = await city.services.read.licence(made.id, LAND_SYSTEM)
    assert [change.sequence for change in view.history] == [1, 2]
    assert {view.history[-1].state} == states
    assert (await verify_chain(city.database)).whole


async def test_l08_of_many_issues_at_once_one_is_the_holders_single_licence(city: World) -> None:
    async def issue(number: int) -> str | None:
        try:
            return (await city.issue_permit(key=f"race-{number}")).id
        except AlreadyHeld:
            return None

    made = [one for one in await asyncio.gather(*(issue(number) for number in range(8))) if one]
    assert len(made) == 1
    assert (await city.rows(licence), await city.rows(licence_file)) == (1, 1)
    assert [one.id for one in await city.services.my_licences(LIN)] == made


async def test_l08_one_key_sent_many_times_at_once_issues_one_licence(city: World) -> None:
    made = await asyncio.gather(*(city.issue_property(key="same") for _ in range(8)))
    assert len({one.id for one in made}) == 1
    assert await city.rows(licence) == 1


async def test_l08_no_copy_is_made_of_a_licence_after_its_end_was_acknowledged(city: World) -> None:
    made = await city.issue_permit()
    ended = asyncio.Event()

    async def copy(number: int) -> bool:
        if number >= 4:
            await ended.wait()
        late = ended.is_set()
        try:
            await city.services.copies.make(city.copy_command(made.id), PORTAL)
        except Gone:
            return False
        return late

    async def end() -> None:
        await city.services.end(EndCommand(made.id, Event.REVOKE, "处罚"), POLICE_SYSTEM)
        ended.set()

    assert not any(await asyncio.gather(*(copy(number) for number in range(8)), end()))
