"""Verification: three answers to three questions, by file, code, identifier, number and claimed values."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from certstore.end import EndCommand
from certstore.identifier import Check, check_character, vendor_check_character
from certstore.lifecycle import Event
from certstore.make_file import REPOSITORY
from certstore.ports import SealAnchor
from certstore.status import Status
from certstore.verify_fields import CHECKS_PER_HOUR, MISSES_PER_HOUR, FieldClaim
from certstore.verify_file import Answer, LicenceFileVerdict
from core.errors import InvalidInput, LimitExceeded, NotPermitted
from core.principal import ANONYMOUS
from tests.support.certstore_world import (
    BASIS,
    CASE,
    CLERK,
    HOUSE,
    ITEM,
    LAND,
    LAND_SYSTEM,
    LIN_NAME,
    LIN_NUMBER,
    POLICE,
    POLICE_SYSTEM,
    PORTAL,
    PROPERTY,
    ZHAO_NUMBER,
    World,
)
from tests.support.licence_life import Life


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
    compare = city.services.compare_fields
    right = {"holder_name": LIN_NAME, "holder_code": LIN_NUMBER.lower(), "area": 56.4, "location": HOUSE["location"]}
    assert (await compare(claim(named, **right), PORTAL)).match
    for wrong in ({"holder_code": ZHAO_NUMBER}, {"area": 56.5}, {"nothing": 1}, {"holder_code": "abc"}):
        assert not (await compare(claim(named, **(right | wrong)), PORTAL)).match
    unknown = replace(claim(named, **right), identifier=None, number="no such")
    assert not (await compare(unknown, PORTAL)).match


async def test_claimed_values_cannot_be_guessed_by_trying(city: World) -> None:
    made = await city.issue_property()
    for _ in range(CHECKS_PER_HOUR):
        await city.services.compare_fields(claim(made.current.identifier, area=1), PORTAL)
    with pytest.raises(LimitExceeded):
        await city.services.compare_fields(claim(made.current.identifier, area=56.4), PORTAL)


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


async def test_which_claim_is_wrong_is_told_only_to_who_knows_the_holder(city: World) -> None:
    made = await city.issue_property()
    named, compare = made.current.identifier, city.services.compare_fields
    knows = {"holder_name": LIN_NAME, "holder_code": LIN_NUMBER}
    told = await compare(claim(named, **knows, area=1, location=HOUSE["location"]), PORTAL)
    assert (told.match, told.fields) == (
        False,
        {"holder_name": True, "holder_code": True, "area": False, "location": True},
    )
    for half in ({"holder_name": LIN_NAME}, {"holder_code": LIN_NUMBER}, knows | {"holder_code": ZHAO_NUMBER}, {}):
        oracle = await compare(claim(named, **half, area=1, location=HOUSE["location"]), PORTAL)
        assert (oracle.match, oracle.fields) == (False, None)


async def test_a_register_cannot_be_swept_with_claims(city: World) -> None:
    made = await city.issue_property()
    for number in range(MISSES_PER_HOUR):
        guess = replace(claim("", area=1), identifier=None, number=f"guess {number}")
        assert not (await city.services.compare_fields(guess, PORTAL)).match
    right = claim(made.current.identifier, area=56.4)
    with pytest.raises(LimitExceeded):
        await city.services.compare_fields(right, PORTAL)
    assert (await city.services.compare_fields(right, CLERK)).match  # others work on


async def test_a_licence_is_told_for_any_day(both_cities: World) -> None:
    city = both_cities
    made = await city.issue_permit()
    named, today = made.current.identifier, city.today
    city.clock.advance(10 * 86400)
    await city.services.end(EndCommand(made.id, Event.REVOKE, "理由"), POLICE_SYSTEM)
    revoked = city.today
    for day, status in (
        (today - dt.timedelta(1), Status.NOT_ISSUED),
        (today, Status.VALID),
        (revoked - dt.timedelta(1), Status.VALID),
        (revoked, Status.REVOKED),
        (dt.date(2030, 1, 1), Status.REVOKED),
    ):
        for verdict in (
            await city.services.verify.by_identifier(named, PORTAL, day),
            await city.services.verify.by_code(made.verification_code, ANONYMOUS, day),
        ):
            assert verdict.on is not None
            assert (verdict.on.day, verdict.on.status) == (day, status)
            assert verdict.facts is not None
            assert verdict.facts.status is Status.REVOKED  # today's answer stands beside it


async def test_an_older_versions_identifier_names_its_follower(city: World) -> None:
    first = await city.issue_permit()
    issued = city.today
    city.clock.advance(5 * 86400)
    second = (await Life(city).renew(first)).current.identifier
    verdict = await city.services.verify.by_identifier(first.current.identifier, PORTAL, issued)
    assert verdict.facts is not None
    assert verdict.on is not None
    assert (verdict.facts.status, verdict.facts.version) == (Status.SUPERSEDED, 1)
    assert (verdict.facts.superseded_by, verdict.facts.superseded_by_version) == (second, 2)
    assert verdict.on.status is Status.VALID  # in those days it was the one
    now = await city.services.verify.by_identifier(second, PORTAL, issued)
    assert now.on is not None
    assert now.on.status is Status.NOT_ISSUED


async def test_an_identifier_is_found_with_either_routines_check_character(city: World) -> None:
    made = await city.issue_property()
    parts = made.current.identifier.split(".")
    body = "".join(parts[5:9])
    vendor = ".".join([*parts[:9], vendor_check_character(body)])
    found = await city.services.verify.by_identifier(vendor, PORTAL)
    assert found.facts is not None
    assert (found.check, found.facts.identifier) == (Check.VENDOR_VARIANT, made.current.identifier)
    wrong = next(c for c in "0123456789" if c not in (parts[9], vendor_check_character(body)))
    slip = await city.services.verify.by_identifier(".".join([*parts[:9], wrong]), PORTAL)
    assert (slip.check, slip.facts) == (Check.WRONG, None)
