"""Showing a licence: codes that change, that one office reads once, and that give no more than the holder shows."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from certstore.end import EndCommand
from certstore.errors import LicenceNotFound
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.model import HolderKind, Look
from certstore.presentation.codes import grouped, parse_presentation_code, qr_text
from certstore.presentation.errors import CodeGone, PresentationDecided, PresentationNotFound, TooManyMisses
from certstore.presentation.model import DECIDE_SECONDS, GRACE_SECONDS, KEPT_SECONDS, ROTATE_SECONDS, Extent
from certstore.presentation.model import PresentationState as State
from certstore.presentation.read_code import MISSES, ReadCommand
from certstore.status import Status
from core.errors import InvalidInput, NotPermitted
from core.principal import SYSTEM, Principal
from tests.support.certstore_world import (
    CLERK,
    HOME,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    OTHER_PORTAL,
    OTHERS,
    POLICE_SYSTEM,
    PORTAL,
    PROPERTY,
    PROPERTY_TYPE,
    ZHAO,
    ZHAO_NUMBER,
    World,
    client,
)


async def code_of(city: World, licence_id: str, extent: Extent | None = None, holder: Principal = LIN) -> str:
    shown = await city.presentation.show(licence_id, holder, extent)
    assert shown.code is not None
    return shown.code


async def test_an_office_reads_a_code_once_and_gets_the_minimum(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    code = await code_of(city, permit.id)
    got = await city.presentation.read(ReadCommand(qr_text(code)), CLERK)
    assert got.face is not None
    assert (got.state, got.face.status, got.face.name) == (State.GIVEN, Status.VALID, LIN_NAME)
    assert (got.face.rows, got.face.identifier) == ((), None)  # no number, no address
    assert LIN_NUMBER not in str(got.face)
    assert HOME["address"] not in str(got.face)
    for again in (CLERK, PORTAL):
        with pytest.raises(CodeGone):
            await city.presentation.read(ReadCommand(code), again)


async def test_the_holder_sees_at_once_which_office_read_it_with_the_same_digits(city: World) -> None:
    permit = await city.issue_permit()
    code = await code_of(city, permit.id)
    got = await city.presentation.read(ReadCommand(code), CLERK)
    shown = await city.presentation.show.look(permit.id, LIN)
    assert shown is not None
    assert shown.code is None
    assert shown.read is not None
    assert shown.reader is not None
    assert (shown.reader.zh, shown.read.sign, shown.read.id) == ("示例市住房保障局", got.sign, got.id)
    records = (await city.services.my_accesses(LIN)).items
    assert [(one.record.look, one.record.fields) for one in records] == [(Look.PRESENTATION, ("holder_name",))]
    reads = [one for one in await city.events() if one["action"] == "licence.present" and one["actor_id"] == CLERK.id]
    assert [one["outcome"] for one in reads] == ["done"]


async def test_a_code_changes_after_its_time_and_the_former_one_dies(city: World) -> None:
    permit = await city.issue_permit()
    first = await code_of(city, permit.id)
    assert await code_of(city, permit.id) == first  # a reloaded page shows the same
    city.clock.advance(ROTATE_SECONDS)
    second = await code_of(city, permit.id)
    assert second != first
    city.clock.advance(GRACE_SECONDS)
    with pytest.raises(CodeGone):  # a screenshot
        await city.presentation.read(ReadCommand(first), CLERK)
    assert (await city.presentation.read(ReadCommand(second), CLERK)).face is not None


async def test_who_was_typing_when_the_screen_changed_still_gets_through(city: World) -> None:
    permit = await city.issue_permit()
    first = await code_of(city, permit.id)
    city.clock.advance(ROTATE_SECONDS + 1)
    await code_of(city, permit.id)
    got = await city.presentation.read(ReadCommand(first), CLERK)
    shown = await city.presentation.show.look(permit.id, LIN)
    assert shown is not None
    assert shown.read is not None
    assert shown.read.id == got.id  # and the holder is told of the former code, too


async def test_the_whole_face_comes_only_after_the_holder_has_seen_who_asks(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    got = await city.presentation.read(ReadCommand(await code_of(city, permit.id, Extent.FULL)), CLERK)
    assert (got.state, got.face) == (State.WAITING, None)
    assert (await city.presentation.read.again(got.id, CLERK)).face is None
    city.clock.advance(1)
    await city.presentation.show.decide(got.id, LIN, granted=True)
    full = (await city.presentation.read.again(got.id, CLERK)).face
    assert full is not None
    assert {title.zh: value for title, value in full.rows}["居住地址"] == HOME["address"]
    assert full.identifier == permit.current.identifier
    looks = [one.record.fields for one in (await city.services.my_accesses(LIN)).items]
    assert looks == [("holder_name", "holder_code", "number", "address"), ()]  # given, and scanned before


async def test_a_refusal_and_a_silence_give_nothing(city: World) -> None:
    permit = await city.issue_permit()
    refused = await city.presentation.read(ReadCommand(await code_of(city, permit.id, Extent.FULL)), CLERK)
    await city.presentation.show.decide(refused.id, LIN, granted=False)
    assert (await city.presentation.read.again(refused.id, CLERK)).state is State.REFUSED
    with pytest.raises(PresentationDecided):
        await city.presentation.show.decide(refused.id, LIN, granted=True)
    anew = await city.presentation.show(permit.id, LIN, Extent.FULL, anew=True)
    silent = await city.presentation.read(ReadCommand(anew.code or ""), CLERK)
    city.clock.advance(DECIDE_SECONDS)
    assert (await city.presentation.read.again(silent.id, CLERK)).state is State.REFUSED
    with pytest.raises(PresentationDecided):
        await city.presentation.show.decide(silent.id, LIN, granted=True)


async def test_what_was_read_by_the_wrong_office_can_be_taken_back(city: World) -> None:
    permit = await city.issue_permit()
    got = await city.presentation.read(ReadCommand(await code_of(city, permit.id)), CLERK)
    with pytest.raises(PresentationNotFound):  # nobody else's business
        await city.presentation.show.decide(got.id, ZHAO, granted=False)
    await city.presentation.show.decide(got.id, LIN, granted=False)
    after = await city.presentation.read.again(got.id, CLERK)
    assert (after.state, after.face) == (State.REFUSED, None)


async def test_a_presentation_is_bound_to_who_read_it(city: World) -> None:
    permit = await city.issue_permit()
    got = await city.presentation.read(ReadCommand(await code_of(city, permit.id)), CLERK)
    for stranger in (PORTAL, OTHER_PORTAL):
        with pytest.raises(PresentationNotFound):
            await city.presentation.read.again(got.id, stranger)
    assert (await city.presentation.read.again(got.id, CLERK)).face is not None
    for nonsense in ("", "prs_1", "编号", "x" * 4000, got.id.upper()):
        with pytest.raises(PresentationNotFound):
            await city.presentation.read.again(nonsense, CLERK)
    city.clock.advance(KEPT_SECONDS + 1)
    with pytest.raises(PresentationNotFound):
        await city.presentation.read.again(got.id, CLERK)


async def test_of_a_licence_that_is_not_valid_only_that_is_told(city: World) -> None:
    permit = await city.issue_permit()
    code = await code_of(city, permit.id)
    await city.services.end(EndCommand(permit.id, Event.REVOKE, "理由"), POLICE_SYSTEM)
    face = (await city.presentation.read(ReadCommand(code), CLERK)).face
    assert face is not None
    assert (face.status, face.name, face.rows) == (Status.REVOKED, None, ())


async def test_a_co_owner_shows_their_own_name_alone(city: World) -> None:
    both = (HolderInput("111", LIN_NUMBER, LIN_NAME), HolderInput("111", ZHAO_NUMBER, "赵映雪"))
    house = await city.issue_property(holders=both)
    face = (await city.presentation.read(ReadCommand(await code_of(city, house.id, holder=ZHAO)), CLERK)).face
    assert face is not None
    assert face.name == "赵映雪"
    assert LIN_NAME not in str(face)


async def test_who_acts_for_an_organisation_shows_what_it_holds(city: World) -> None:
    await city.services.catalogue.register_type(replace(PROPERTY_TYPE, holder_kind=HolderKind.EITHER), SYSTEM)
    house = await city.issue_property(holders=(HolderInput("001", OTHERS, "示例市体育局"),))
    acting = Principal(LIN.kind, LIN.id, OTHERS, name=LIN_NAME, session=LIN.session)
    with pytest.raises(LicenceNotFound):
        await city.presentation.show(house.id, LIN)  # for themself they hold nothing of it
    shown = await city.presentation.show(house.id, acting)
    face = (await city.presentation.read(ReadCommand(shown.code or ""), CLERK)).face
    assert face is not None
    assert face.name == "示例市体育局"
    assert (await city.presentation.show.look(house.id, LIN)) is None  # nor see who read it, once they act no more
    whole = await city.presentation.show(house.id, acting, Extent.FULL, anew=True)
    asked = await city.presentation.read(ReadCommand(whole.code or ""), CLERK)
    with pytest.raises(PresentationNotFound):
        await city.presentation.show.decide(asked.id, LIN, granted=True)
    await city.presentation.show.decide(asked.id, acting, granted=True)


async def test_only_holders_show_and_only_offices_with_the_right_read(city: World) -> None:
    permit = await city.issue_permit()
    with pytest.raises(LicenceNotFound):
        await city.presentation.show(permit.id, ZHAO)
    with pytest.raises(NotPermitted):
        await city.presentation.show(permit.id, PORTAL)
    code = await code_of(city, permit.id)
    limited = Principal(
        CLERK.kind, CLERK.id, CLERK.organisation, scopes=CLERK.scopes, types={"licence:verify": frozenset({PROPERTY})}
    )
    for refused in (LIN, client("no-scope", CLERK.organisation or ""), limited):
        with pytest.raises(NotPermitted):
            await city.presentation.read(ReadCommand(code), refused)
    with pytest.raises(InvalidInput):
        await city.presentation.read(ReadCommand(code, basis=f"查 {LIN_NUMBER}"), CLERK)
    assert (await city.presentation.read(ReadCommand(code), CLERK)).face is not None  # none of these used it up


async def test_a_reader_who_guesses_is_paused_and_others_are_not(city: World) -> None:
    permit = await city.issue_permit()
    code = await code_of(city, permit.id)
    for number in range(MISSES):
        with pytest.raises(CodeGone):
            await city.presentation.read(ReadCommand(f"{number:010d}"), OTHER_PORTAL)
    with pytest.raises(TooManyMisses):
        await city.presentation.read(ReadCommand(code), OTHER_PORTAL)
    assert (await city.presentation.read(ReadCommand(code), CLERK)).face is not None


async def test_of_many_who_scan_at_once_one_reads(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    code = await code_of(city, permit.id)
    readers = [client(f"desk-{number}", CLERK.organisation or "", "licence:verify") for number in range(12)]
    answers = await asyncio.gather(
        *(city.presentation.read(ReadCommand(code), one) for one in readers), return_exceptions=True
    )
    through = [one for one in answers if not isinstance(one, BaseException)]
    assert len(through) == 1
    assert all(isinstance(one, CodeGone) for one in answers if isinstance(one, BaseException))


async def test_two_windows_of_one_log_in_show_one_code(city: World) -> None:
    permit = await city.issue_permit()
    shown = await asyncio.gather(*(city.presentation.show(permit.id, LIN) for _ in range(3)))
    assert len({one.code for one in shown}) == 1
    other = Principal(LIN.kind, LIN.id, session="another phone")
    assert (await city.presentation.show(permit.id, other)).code not in {one.code for one in shown}


async def test_showing_more_ends_the_code_that_shows_less(city: World) -> None:
    permit = await city.issue_permit()
    little = await code_of(city, permit.id)
    full = await code_of(city, permit.id, Extent.FULL)
    with pytest.raises(CodeGone):
        await city.presentation.read(ReadCommand(little), CLERK)
    assert (await city.presentation.read(ReadCommand(full), CLERK)).extent is Extent.FULL


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("8F3K2M7QX9", "8F3K2M7QX9"),
        (" 8f3k-2m7q-x9 ", "8F3K2M7QX9"),
        ("YIZHENG:8F3K2M7QX9", "8F3K2M7QX9"),
        ("OI3K2M7QXL", "013K2M7QX1"),
        ("8F3K2M7QX", None),
        ("8F3K2M7QXU", None),
        ("", None),
        ("https://example.cn/8F3K2M7QX9", None),
    ],
)
def test_codes_are_read_as_people_type_them(typed: str, code: str | None) -> None:
    assert parse_presentation_code(typed) == code
    if code:
        assert parse_presentation_code(grouped(code)) == code
