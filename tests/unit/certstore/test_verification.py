"""Verification: three answers to three questions, by file, code, identifier, number and claimed values."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from certstore.copies import REPOSITORY
from certstore.end import EndCommand
from certstore.identifier import Check, check_character
from certstore.lifecycle import Event
from certstore.ports import SealAnchor
from certstore.status import Status
from certstore.verify import CHECKS_PER_HOUR, FieldClaim
from certstore.verify_file import Answer, LicenceFileVerdict
from core.errors import InvalidInput, LimitExceeded, NotPermitted
from core.principal import ANONYMOUS
from tests.support.certstore_world import (
    BASIS,
    CASE,
    HOUSE,
    ITEM,
    LAND,
    LAND_SYSTEM,
    LIN_NAME,
    LIN_NUMBER,
    POLICE,
    PORTAL,
    PROPERTY,
    ZHAO_NUMBER,
    World,
)


def answers(verdict: LicenceFileVerdict) -> tuple[Answer, Answer, Answer, str]:
    return verdict.genuine.answer, verdict.unchanged.answer, verdict.valid_now.answer, verdict.state


async def original_of(city: World) -> tuple[str, bytes]:
    made = await city.issue_property()
    return made.id, (await city.services.read.original(made.id, LAND_SYSTEM)).content


async def test_a_sealed_licence_is_genuine_unchanged_and_valid(both_cities: World) -> None:
    _, content = await original_of(both_cities)
    verdict = await both_cities.services.verify_file(content, ANONYMOUS)
    assert answers(verdict) == (Answer.YES, Answer.YES, Answer.YES, "valid")
    assert verdict.same_file
    assert verdict.licence is not None
    assert verdict.licence.type_name.zh == "不动产权证书"


@pytest.mark.parametrize("event", [Event.WITHDRAW, Event.REVOKE, Event.CANCEL])
async def test_after_its_end_the_untouched_file_is_genuine_but_not_valid(city: World, event: Event) -> None:
    licence_id, content = await original_of(city)
    ended = await city.services.end(EndCommand(licence_id, event, "理由"), LAND_SYSTEM)
    verdict = await city.services.verify_file(content, ANONYMOUS)
    assert answers(verdict) == (Answer.YES, Answer.YES, Answer.NO, ended.state.value)
    assert verdict.same_file


async def test_one_changed_byte_is_told_as_changed(city: World) -> None:
    _, content = await original_of(city)
    verdict = await city.services.verify_file(content.replace(b"/Type", b"/TypE", 1), ANONYMOUS)
    assert (verdict.unchanged.answer, verdict.same_file) == (Answer.NO, False)


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7\n%%EOF\n"])
async def test_what_is_no_licence_gets_an_answer_and_no_error(city: World, content: bytes) -> None:
    verdict = await city.services.verify_file(content, ANONYMOUS)
    assert verdict.state == "not-a-licence"
    assert verdict.genuine.answer is Answer.NO


async def test_a_real_seal_on_a_file_we_never_made_is_no_licence(city: World) -> None:
    _, content = await original_of(city)
    bare = content.rsplit(b"\n%SEAL", 1)[0]
    forged = await city.sealer.seal(
        bare + b"\n%", organisation=LAND, licence_id="", actor=LAND_SYSTEM, placement=SealAnchor(1, 0, 0)
    )
    verdict = await city.services.verify_file(forged.content, ANONYMOUS)
    assert (verdict.state, verdict.same_file, verdict.valid_now.answer) == ("unknown-licence", False, Answer.UNKNOWN)


async def test_another_offices_seal_does_not_make_this_offices_licence(city: World) -> None:
    _, content = await original_of(city)
    bare = content.rsplit(b"\n%SEAL", 1)[0]
    forged = await city.sealer.seal(
        bare, organisation=POLICE, licence_id="", actor=LAND_SYSTEM, placement=SealAnchor(1, 0, 0)
    )
    verdict = await city.services.verify_file(forged.content, ANONYMOUS)
    assert (verdict.state, verdict.licence) == ("unknown-licence", None)


async def test_a_copy_is_verifiable_and_ends_before_its_licence(city: World) -> None:
    licence = await city.issue_permit()
    copy = await city.services.copies.make(city.copy_command(licence.id, days=3), PORTAL)
    content = (await city.services.copies.file(licence.id, copy.id, PORTAL)).content
    verdict = await city.services.verify_file(content, ANONYMOUS)
    assert (verdict.state, verdict.same_file) == ("valid", True)
    assert verdict.copy is not None
    assert verdict.copy.requester_name.zh == "示例市住房保障局"
    city.clock.advance(4 * 86400)
    assert (await city.services.verify_file(content, ANONYMOUS)).state == "copy-expired"
    by_code = await city.services.verify.by_code(copy.verification_code, ANONYMOUS)
    assert by_code.copy is not None
    assert by_code.copy.expired
    assert city.sealer.count == 2
    assert REPOSITORY.organisation is None


async def test_by_identifier_it_tells_state_and_check_and_no_person(city: World) -> None:
    made = await city.issue_property()
    verdict = await city.services.verify.by_identifier(made.current.identifier, PORTAL)
    assert (verdict.check, verdict.facts and verdict.facts.status) == (Check.STANDARD, Status.VALID)
    assert LIN_NAME not in repr(verdict)
    assert LIN_NUMBER not in repr(verdict)
    parts = made.current.identifier.split(".")
    parts[7] = parts[7][:-1] + ("A" if parts[7][-1] != "A" else "B")
    parts[9] = check_character("".join(parts[5:9]))
    unknown = await city.services.verify.by_identifier(".".join(parts), PORTAL)
    assert (unknown.check, unknown.facts) == (Check.STANDARD, None)
    with pytest.raises(InvalidInput):
        await city.services.verify.by_identifier("1.2.3", PORTAL)
    with pytest.raises(NotPermitted):
        await city.services.verify.by_identifier(made.current.identifier, ANONYMOUS)


async def test_by_number_and_by_code(city: World) -> None:
    made = await city.issue_property(licence_number="豫 0000123")
    by_number = await city.services.verify.by_number(PROPERTY, "豫  0000123", PORTAL)
    assert by_number.facts is not None
    assert by_number.facts.licence_id == made.id
    by_code = await city.services.verify.by_code(made.verification_code, ANONYMOUS)
    assert by_code.facts is not None
    assert by_code.facts.licence_id == made.id
    assert (await city.services.verify.by_code("guess", ANONYMOUS)).facts is None


def claim(identifier: str, **claims: object) -> FieldClaim:
    return FieldClaim(PROPERTY, claims, ITEM, CASE, BASIS, identifier=identifier)


async def test_claimed_values_are_answered_with_yes_or_no_only(both_cities: World) -> None:
    city = both_cities
    made = await city.issue_property()
    named = made.current.identifier
    verify = city.services.verify.by_fields
    right = {"holder_name": LIN_NAME, "holder_code": LIN_NUMBER.lower(), "area": 56.4, "location": HOUSE["location"]}
    assert await verify(claim(named, **right), PORTAL) is True
    for wrong in ({"holder_code": ZHAO_NUMBER}, {"area": 56.5}, {"nothing": 1}, {"holder_code": "abc"}):
        assert await verify(claim(named, **(right | wrong)), PORTAL) is False
    unknown = replace(claim(named, **right), identifier=None, number="no such")
    assert await verify(unknown, PORTAL) is False


async def test_claimed_values_cannot_be_guessed_by_trying(city: World) -> None:
    made = await city.issue_property()
    for _ in range(CHECKS_PER_HOUR):
        await city.services.verify.by_fields(claim(made.current.identifier, area=1), PORTAL)
    with pytest.raises(LimitExceeded):
        await city.services.verify.by_fields(claim(made.current.identifier, area=56.4), PORTAL)


async def test_status_follows_the_calendar_in_shanghai(city: World) -> None:
    made = await city.issue_permit()
    assert made.current.valid_until == dt.date(2027, 11, 22)
    city.clock.set(dt.datetime(2027, 11, 22, 15, 59, 59, tzinfo=dt.UTC))
    by_code = await city.services.verify.by_code(made.verification_code, ANONYMOUS)
    assert by_code.facts is not None
    assert by_code.facts.status is Status.VALID
    city.clock.advance(1)
    by_code = await city.services.verify.by_code(made.verification_code, ANONYMOUS)
    assert by_code.facts is not None
    assert by_code.facts.status is Status.EXPIRED
