"""Issuing, reading, searching, ending: what the repository promises to departments and portals."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from certstore.end import EndCommand
from certstore.errors import AlreadyHeld, LicenceNotFound, NotIssuingAuthority, TransitionNotAllowed
from certstore.identifier import Check, parse_identifier
from certstore.lifecycle import Event, State
from certstore.making import HolderInput
from certstore.metadata import read_names
from certstore.status import Status
from certstore.stores.tables import licence, licence_file
from core.errors import Conflict, InvalidInput, NotPermitted, Unavailable
from core.principal import Principal, PrincipalKind
from tests.support.certstore_fakes import attachments
from tests.support.certstore_world import (
    CHEN_NUMBER,
    HOME,
    HOUSE,
    LAND,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    POLICE_SYSTEM,
    PORTAL,
    PROPERTY,
    STATEMENT,
    ZHAO,
    ZHAO_NUMBER,
    World,
)


async def test_an_issued_licence_has_identifier_file_record_and_one_audit_event(both_cities: World) -> None:
    city = both_cities
    before = len(await city.events())
    made = await city.issue_property()
    identifier = parse_identifier(made.current.identifier)
    assert (identifier.type_code, identifier.issuer, identifier.version) == (PROPERTY, LAND, "001")
    assert identifier.judgement is Check.STANDARD
    assert made.state is State.VALID
    events = (await city.events())[before:]
    assert [(event["action"], event["outcome"], event["subject"]) for event in events] == [
        ("licence.issue", "done", made.id)
    ]
    file = await city.services.read.original(made.id, LAND_SYSTEM)
    assert file.content.startswith(b"%PDF-")
    names = read_names(attachments(file.content.rsplit(b"\n%SEAL", 1)[0])["metadata.xml"])
    assert names is not None
    assert names.identifier == made.current.identifier


async def test_what_is_read_is_what_was_issued(both_cities: World) -> None:
    made = await both_cities.issue_property(licence_number="豫（2026）示例市不动产权第 0000123 号")
    view = await both_cities.services.read.licence(made.id, LIN)
    version = view.licence.current
    assert version.licence_number == "豫（2026）示例市不动产权第 0000123 号"
    assert dict(version.data) == HOUSE
    assert [(holder.code.number, holder.name) for holder in version.holders] == [(LIN_NUMBER, LIN_NAME)]
    assert view.status is Status.VALID
    assert [change.event for change in view.history] == [Event.ISSUE]


async def test_the_same_idempotency_key_issues_once(city: World) -> None:
    first = await city.issue_property(key="one")
    again = await city.issue_property(key="one")
    assert again.id == first.id
    assert await city.rows(licence) == 1
    with pytest.raises(Conflict) as raised:
        await city.issue_property(key="one", licence_number="another")
    assert raised.value.code == "idempotency-key-reused"


async def test_only_an_issuing_authority_with_the_scope_issues(city: World) -> None:
    with pytest.raises(NotIssuingAuthority):
        await city.issue(PROPERTY, POLICE_SYSTEM, HOUSE)
    with pytest.raises(NotPermitted):
        await city.issue(PROPERTY, PORTAL, HOUSE)
    assert await city.rows(licence) == 0
    assert [event["outcome"] for event in (await city.events())[-2:]] == ["refused", "refused"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"area": "56"}, "area"),
        ({"area": -0.5}, None),
        ({"ownership": "其他"}, "ownership"),
        ({"registered_on": "2026-13-01"}, "registered_on"),
        ({"location": "坐落\x00"}, "location"),
        ({"extra": 1}, "data"),
    ],
)
async def test_data_that_do_not_fit_the_schema_name_the_field(
    city: World, changes: dict[str, object], field: str | None
) -> None:
    if field is None:
        await city.issue(PROPERTY, LAND_SYSTEM, HOUSE | changes)  # the twin: the schema has no lower bound
        return
    with pytest.raises(InvalidInput) as raised:
        await city.issue(PROPERTY, LAND_SYSTEM, HOUSE | changes)
    assert (raised.value.code, raised.value.field) == ("licence-data-invalid", field)
    assert await city.rows(licence) == 0


async def test_a_missing_field_is_named(city: World) -> None:
    with pytest.raises(InvalidInput) as raised:
        await city.issue(PROPERTY, LAND_SYSTEM, {"location": "示例市"})
    assert raised.value.field == "area"


async def test_when_the_seal_is_away_nothing_is_issued(city: World) -> None:
    city.sealer.broken = True
    with pytest.raises(Unavailable):
        await city.issue_property(key="again")
    assert (await city.rows(licence), await city.rows(licence_file)) == (0, 0)
    city.sealer.broken = False
    await city.issue_property(key="again")
    assert (await city.rows(licence), await city.rows(licence_file)) == (1, 1)


async def test_several_holders_each_find_the_licence(both_cities: World) -> None:
    holders = (HolderInput("111", LIN_NUMBER, LIN_NAME), HolderInput("111", ZHAO_NUMBER, "赵映雪", "co-owner"))
    made = await both_cities.issue_property(holders=holders)
    for person in (LIN, ZHAO):
        assert [one.id for one in await both_cities.services.my_licences(person)] == [made.id]


async def test_a_licence_of_a_single_type_is_held_once_until_it_ends_or_runs_out(both_cities: World) -> None:
    city = both_cities
    first = await city.issue_permit()
    with pytest.raises(AlreadyHeld):
        await city.issue_permit()
    await city.issue_permit(ZHAO_NUMBER, "赵映雪")
    await city.services.end(EndCommand(first.id, Event.CANCEL, "申请人迁出"), POLICE_SYSTEM)
    await city.issue_permit()
    city.clock.advance(366 * 86400)
    await city.issue_permit()


async def test_the_validity_rule_counts_the_first_day(city: World) -> None:
    permit = await city.issue_permit()
    assert (permit.current.valid_from, permit.current.valid_until) == (dt.date(2026, 11, 23), dt.date(2027, 11, 22))
    assert (await city.issue_property()).current.valid_until is None
    with pytest.raises(InvalidInput):
        await city.issue(STATEMENT, LAND_SYSTEM, {"months": 3})
    stated = await city.issue(STATEMENT, LAND_SYSTEM, {"months": 3}, valid_until=dt.date(2026, 12, 1))
    assert stated.current.valid_until == dt.date(2026, 12, 1)


async def test_a_new_schema_version_leaves_what_was_issued_alone(city: World) -> None:
    from dataclasses import replace

    from core.principal import SYSTEM
    from tests.support.certstore_world import PERMIT_TYPE, face, schema

    old = await city.issue_permit()
    newer = replace(PERMIT_TYPE, schema=schema({"district": face("区县", "District", "KZ_QX")}))
    registered = await city.services.catalogue.register_type(newer, SYSTEM)
    assert registered.version == 2
    view = await city.services.read.licence(old.id, LIN)
    assert (view.licence_type.version, view.status, dict(view.licence.current.data)) == (1, Status.VALID, HOME)
    with pytest.raises(InvalidInput):
        await city.issue(PERMIT, POLICE_SYSTEM, HOME, CHEN_NUMBER, "陈素")
    await city.issue(PERMIT, POLICE_SYSTEM, {"district": "青石区"}, CHEN_NUMBER, "陈素")


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Event.WITHDRAW, State.WITHDRAWN),
        (Event.REVOKE, State.REVOKED),
        (Event.CANCEL, State.CANCELLED),
    ],
)
async def test_the_three_endings_stay_three_facts(city: World, event: Event, state: State) -> None:
    made = await city.issue_property()
    ended = await city.services.end(EndCommand(made.id, event, "查明材料不实"), LAND_SYSTEM)
    assert (ended.state, ended.revision) == (state, 2)
    again = await city.services.end(EndCommand(made.id, event, "又一次"), LAND_SYSTEM)
    assert again.revision == 2
    for other in {Event.WITHDRAW, Event.REVOKE, Event.CANCEL} - {event}:
        with pytest.raises(TransitionNotAllowed):
            await city.services.end(EndCommand(made.id, other, "改判"), LAND_SYSTEM)


async def test_an_ending_from_a_stale_reading_is_refused(city: World) -> None:
    made = await city.issue_property()
    with pytest.raises(Conflict) as raised:
        await city.services.end(EndCommand(made.id, Event.REVOKE, "处罚", if_revision=7), LAND_SYSTEM)
    assert raised.value.code == "precondition-failed"
    assert (
        await city.services.end(EndCommand(made.id, Event.REVOKE, "处罚", if_revision=1), LAND_SYSTEM)
    ).revision == 2


async def test_an_ending_is_remembered_under_its_key(city: World) -> None:
    first, second = await city.issue_property(), await city.issue_permit()
    end = EndCommand(first.id, Event.REVOKE, "处罚", if_revision=1, idempotency_key="one")
    ended = await city.services.end(end, LAND_SYSTEM)
    assert await city.services.end(end, LAND_SYSTEM) == ended, "the same request again, whose If-Match is old by now"
    for other in (
        replace(end, reason="另一个理由"),
        replace(end, licence_id=(await city.issue_property(ZHAO_NUMBER)).id),
    ):
        with pytest.raises(Conflict) as raised:
            await city.services.end(other, LAND_SYSTEM)
        assert raised.value.code == "idempotency-key-reused"
    own = EndCommand(second.id, Event.REVOKE, "处罚", idempotency_key="one")
    assert (await city.services.end(own, POLICE_SYSTEM)).state is State.REVOKED, "a key is its caller's own"
    with pytest.raises(InvalidInput) as invalid:
        await city.services.end(replace(end, idempotency_key="\n"), LAND_SYSTEM)
    assert invalid.value.code == "idempotency-key-invalid"


async def test_another_authority_cannot_end_and_sees_nothing(city: World) -> None:
    made = await city.issue_property()
    with pytest.raises(LicenceNotFound):
        await city.services.end(EndCommand(made.id, Event.REVOKE, "处罚"), POLICE_SYSTEM)
    with pytest.raises(LicenceNotFound):
        await city.services.read.licence(made.id, POLICE_SYSTEM)


async def test_a_holder_gets_the_original_until_the_licence_is_ended(city: World) -> None:
    made = await city.issue_property()
    assert (await city.services.read.original(made.id, LIN)).sha256
    await city.services.end(EndCommand(made.id, Event.WITHDRAW, "查明材料不实"), LAND_SYSTEM)
    with pytest.raises(NotPermitted):
        await city.services.read.original(made.id, LIN)
    assert (await city.services.read.original(made.id, LAND_SYSTEM)).sha256


async def test_the_issuers_list_pages_through_everything_once(city: World) -> None:
    made = {(await city.issue_property(key=f"k{number}")).id for number in range(5)}
    seen, cursor = [], None
    while True:
        page = await city.services.read.issued(LAND_SYSTEM, cursor, 2)
        seen += [one.id for one in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert sorted(seen) == sorted(made)
    assert seen == sorted(seen, reverse=True)


async def test_who_works_for_nobody_issues_nothing(city: World) -> None:
    nobody = Principal(PrincipalKind.CLIENT, "c", None, scopes=frozenset({"licence:issue"}))
    with pytest.raises(NotPermitted):
        await city.issue(PROPERTY, nobody, HOUSE)
