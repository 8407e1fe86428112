"""The catalogue: further versions never touch what was issued; rules, numbering, retirement, grants."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from certstore.definition import definition_of
from certstore.elements import ELEMENTS
from certstore.errors import TypeRetired, UseNotGranted
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.metadata import to_xml
from certstore.model import InspectionRule, LifeProfile, Validity, ValidityRule
from certstore.numbering import check_pattern, series_of
from certstore.status import Status
from certstore.stores.tables import licence_type
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.principal import SYSTEM
from tests.support.certstore_world import (
    CHEN_NUMBER,
    CLERK,
    HOME,
    HOUSING,
    ITEM,
    LAND,
    LIN,
    OTHERS,
    PERMIT,
    PERMIT_TYPE,
    POLICE,
    POLICE_SYSTEM,
    PORTAL,
    PROPERTY,
    PROPERTY_TYPE,
    STATEMENT,
    STATEMENT_TYPE,
    World,
    face,
    schema,
)

NEWER_PERMIT = replace(
    PERMIT_TYPE,
    schema=schema({"district": face("区县", "District", "KZ_QX")}),
    validity=ValidityRule(Validity.DAYS, 30),
    template="certificate",
    several_holders=False,
    profile=LifeProfile(frozenset({Event.ISSUE, Event.CANCEL})),
)


async def test_what_was_issued_lives_on_under_the_version_it_was_issued_under(city: World) -> None:
    old = await city.issue_permit()
    await city.services.catalogue.register_type(NEWER_PERMIT, SYSTEM, before=1)
    view = await city.services.read.licence(old.id, LIN)
    assert (view.licence_type.version, view.status, dict(view.licence.current.data)) == (1, Status.VALID, HOME)
    assert (await city.services.read.original(old.id, LIN)).content.startswith(b"%PDF-")
    found = await city.search(CLERK)
    assert [(one.status, one.values["address"]) for one in found] == [(Status.VALID, HOME["address"])]
    verdict = await city.services.verify.by_identifier(old.current.identifier, PORTAL)
    assert verdict.facts is not None
    assert verdict.facts.status is Status.VALID
    copy = await city.services.copies.make(city.copy_command(old.id), PORTAL)
    assert (await city.services.copies.file(old.id, copy.id, PORTAL)).content.startswith(b"%PDF-")
    versions = await city.services.catalogue.versions(PERMIT)
    assert [(one.version, one.template) for one in versions] == [(2, "certificate"), (1, "permit")]
    with pytest.raises(InvalidInput):  # what is new follows the new schema
        await city.issue(PERMIT, POLICE_SYSTEM, HOME, CHEN_NUMBER, "陈素")


async def test_of_two_who_change_the_same_version_one_is_told(city: World) -> None:
    first = await city.services.catalogue.licence_type(PERMIT)
    assert definition_of(first) == replace(PERMIT_TYPE, issuers=tuple(PERMIT_TYPE.issuers))
    told = await asyncio.gather(
        *(city.services.catalogue.register_type(PERMIT_TYPE, SYSTEM, before=1) for _ in range(4)),
        return_exceptions=True,
    )
    refused = [one for one in told if isinstance(one, Conflict)]
    assert (len(refused), {one.code for one in refused}) == (3, {"type-version-moved"})
    assert (await city.services.catalogue.licence_type(PERMIT)).version == 2


async def test_a_retired_type_issues_nothing_and_keeps_what_it_issued(city: World) -> None:
    old = await city.issue_permit()
    retired = await city.services.catalogue.retire_type(PERMIT, SYSTEM)
    assert (retired.retired, retired.version) == (True, 2)
    assert (await city.services.catalogue.retire_type(PERMIT, SYSTEM)).version == 2
    with pytest.raises(TypeRetired):
        await city.issue_permit(CHEN_NUMBER, "陈素")
    assert (await city.services.read.licence(old.id, LIN)).status is Status.VALID
    await city.services.catalogue.register_type(replace(definition_of(retired), retired=False), SYSTEM)
    await city.issue_permit(CHEN_NUMBER, "陈素")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"inspection": InspectionRule(0, 1)}, "inspection-rule-invalid"),
        ({"inspection": InspectionRule(1, 28)}, "inspection-rule-invalid"),
        ({"profile": LifeProfile(frozenset({Event.RENEW}))}, "profile-invalid"),
        ({"profile": LifeProfile(frozenset({Event.ISSUE}), frozenset({Event.REVOKE}))}, "profile-invalid"),
        ({"numbering": "豫{year}"}, "numbering-invalid"),
        ({"validity": ValidityRule(Validity.YEARS)}, "validity-rule-invalid"),
        ({"issuers": ()}, "issuers-missing"),
        ({"template": "no-such"}, "template-unknown"),
    ],
)
async def test_rules_that_make_no_sense_are_refused(city: World, change: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await city.services.catalogue.register_type(replace(PERMIT_TYPE, **change), SYSTEM)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert (await city.services.catalogue.licence_type(PERMIT)).version == 1
    sound = replace(PERMIT_TYPE, inspection=InspectionRule(12, 60), numbering="豫{year}{serial:4}")
    assert (await city.services.catalogue.register_type(sound, SYSTEM)).inspection == InspectionRule(12, 60)


async def test_numbers_follow_the_pattern_and_are_never_drawn_twice(both_cities: World) -> None:
    city = both_cities
    numbered = replace(
        STATEMENT_TYPE, validity=ValidityRule(Validity.LONG_TERM), numbering="{region}示〔{year}〕{serial:4}号"
    )
    await city.services.catalogue.register_type(numbered, SYSTEM)
    issues = [city.issue(STATEMENT, POLICE_SYSTEM, {"months": n}, CHEN_NUMBER, "陈素") for n in range(5)]
    made = await asyncio.gather(*issues)
    year = city.today.year
    drawn = sorted(one.current.licence_number for one in made)
    assert drawn == [f"410199示〔{year}〕000{n}号" for n in range(1, 6)]
    again = await city.issue(STATEMENT, POLICE_SYSTEM, {"months": 1}, key="same")
    assert (await city.issue(STATEMENT, POLICE_SYSTEM, {"months": 1}, key="same")).id == again.id
    with pytest.raises(InvalidInput, match="number-is-drawn"):
        await city.issue(STATEMENT, POLICE_SYSTEM, {"months": 1}, licence_number="自己写的")
    with pytest.raises(InvalidInput, match="licence-data-invalid"):  # a mistake costs no number
        await city.issue(STATEMENT, POLICE_SYSTEM, {"months": -1})
    city.clock.advance(366 * 86400)
    later = await city.issue(STATEMENT, POLICE_SYSTEM, {"months": 1})
    assert later.current.licence_number == f"410199示〔{city.today.year}〕0001号"


PLACES = ("{year}", "{region}", "{issuer}", "字第", "A-")


@given(st.lists(st.sampled_from(PLACES), max_size=3), st.integers(1, 9), st.lists(st.sampled_from(PLACES), max_size=2))
def test_a_series_gives_every_number_once(before: list[str], width: int, after: list[str]) -> None:
    pattern = check_pattern("".join(before) + f"{{serial:{width}}}" + "".join(after))
    series = series_of(pattern, LAND, dt.date(2026, 11, 26))
    most = 10**width - 1
    serials = {1, 2, most // 2 + 1, most}
    assert len({series.number(one) for one in serials}) == len(serials)
    assert not {"{", "}"} & set(series.number(1))
    with pytest.raises(Conflict):
        series.number(most + 1)


@pytest.mark.parametrize(
    "pattern",
    ["号", "{serial:6}{serial:6}", "{serial:0}", "{serial:10}", "{month}{serial:3}", "{0.x}{serial:3}", "{{serial:3}"],
)
def test_a_pattern_that_cannot_count_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput):
        check_pattern(pattern)


async def test_a_grant_that_was_ended_is_of_no_use_any_more(city: World) -> None:
    await city.issue_permit()
    assert len(await city.search(PORTAL)) == 1
    page = await city.services.catalogue.grants(SYSTEM, organisation=HOUSING, limit=2)
    rest = await city.services.catalogue.grants(SYSTEM, organisation=HOUSING, cursor=page.next_cursor)
    assert {one.type_code for one in (*page.items, *rest.items)} == {PROPERTY, PERMIT, STATEMENT}
    assert not (await city.services.catalogue.grants(SYSTEM, organisation=OTHERS)).items
    await city.services.catalogue.end_grant(HOUSING, ITEM, PERMIT, SYSTEM)
    with pytest.raises(UseNotGranted):
        await city.search(PORTAL, types=(PERMIT,))
    with pytest.raises(NotFound):
        await city.services.catalogue.end_grant(HOUSING, ITEM, PERMIT, SYSTEM)


async def test_every_element_of_the_metadata_is_in_the_table_with_a_source(city: World) -> None:
    from certstore.face import FaceSource, face_metadata
    from core.text import Text

    made = await city.issue_permit()
    licence_type = await city.services.catalogue.licence_type(PERMIT)
    followed = replace(made.current, based_on=made.current.identifier)
    metadata = face_metadata(FaceSource(licence_type, followed, POLICE, Text("局", "Office"), "https://a.example.cn"))
    xml = to_xml(metadata).decode()
    codes = {one.code for one in ELEMENTS}
    emitted = {part.split(">")[0].split(" ")[0] for part in xml.split("<")[3:] if not part.startswith(("/", "?"))}
    assert emitted - {"CZ"} <= codes
    assert {one.code for one in ELEMENTS if one.obligation in ("always", "after-the-first")} <= emitted
    assert f"<GLZZBS>{made.current.identifier}</GLZZBS>" in xml
    assert all(one.source for one in ELEMENTS)


async def test_a_type_for_one_holder_takes_no_second(city: World) -> None:
    two = (HolderInput("111", CHEN_NUMBER, "陈素"), HolderInput("111", "410199199607152049", "赵映雪"))
    await city.services.catalogue.register_type(replace(PERMIT_TYPE, several_holders=False), SYSTEM)
    with pytest.raises(AppError, match="holders-invalid"):
        await city.issue(PERMIT, POLICE_SYSTEM, HOME, holders=two)
    await city.issue(PERMIT, POLICE_SYSTEM, HOME, holders=two[:1])
    await city.issue_property(holders=two)  # its type allows several
    assert PROPERTY_TYPE.several_holders


async def test_a_profile_may_name_what_the_table_has_no_more(city: World) -> None:
    async with city.database.write() as tx:
        old = {"events": ["renew", "supersede", "annotate-copy"], "two_people": ["revoke"]}
        await tx.connection.execute(update(licence_type).where(licence_type.c.code == PERMIT).values(rules=old))
        await tx.commit()
    profile = (await city.services.catalogue.licence_type(PERMIT)).profile
    assert profile == LifeProfile(frozenset({Event.RENEW}), frozenset({Event.REVOKE}))
