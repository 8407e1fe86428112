"""The contract of the repository's stores (`certstore.ports`), at three strengths. It names no backend."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

from certstore.codes import HolderCode
from certstore.conditions import parse_condition
from certstore.lifecycle import Event, State
from certstore.model import (
    Colour,
    ConsentState,
    ConsumerGrant,
    FileKind,
    HolderKind,
    InspectionRule,
    LicenceType,
    LifeProfile,
    Material,
    Quota,
    ServiceItem,
    Sharing,
    Trust,
    Validity,
    ValidityRule,
)
from certstore.ports import UseRules
from core.text import Text
from tests.conformance.certstore_stores_backends import (
    LIN,
    LIN_NAME,
    OFFICE,
    OTHER_OFFICE,
    OTHER_TYPE,
    PURPOSE,
    TYPE,
    ZHAO,
    StoreHarness,
)
from tests.conformance.harness import at_once


def a_type(code: str = TYPE, version: int = 1) -> LicenceType:
    return LicenceType(
        code,
        version,
        Text("居住证", "Residence permit"),
        code[:18],
        (OFFICE,),
        HolderKind.PERSON,
        Colour.BLUE,
        {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}},
        ValidityRule(Validity.YEARS, 1),
        Sharing.FUNCTION,
        "permit",
        True,
        dt.datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=dt.UTC),
    )


class CatalogueBasic:
    """Types, items, grants; one caller at a time."""

    async def test_a_type_comes_back_as_it_was_with_its_fields_in_order(self, harness: StoreHarness) -> None:
        async with harness.database.write() as tx:
            assert await harness.catalogue.add_type(tx, a_type())
            await tx.commit()
        async with harness.other.read() as tx:
            found = await harness.catalogue.licence_type(tx, TYPE)
        assert found == a_type()
        assert list(found.schema["properties"]) == ["b", "a"]  # type: ignore[call-overload]

    async def test_versions_are_added_and_never_replaced(self, harness: StoreHarness) -> None:
        changed = replace(a_type(), name=Text("改名", "Renamed"))
        async with harness.database.write() as tx:
            assert await harness.catalogue.add_type(tx, a_type())
            assert not await harness.catalogue.add_type(tx, changed)
            assert await harness.catalogue.add_type(tx, a_type(version=2))
            await tx.commit()
        async with harness.other.read() as tx:
            newest = await harness.catalogue.licence_type(tx, TYPE)
            first = await harness.catalogue.licence_type(tx, TYPE, 1)
        assert (newest and newest.version, first and first.name.zh) == (2, "居住证")

    async def test_the_list_has_the_newest_version_of_each_type_once(self, harness: StoreHarness) -> None:
        async with harness.database.write() as tx:
            for made in (a_type(), a_type(version=2), a_type(OTHER_TYPE)):
                await harness.catalogue.add_type(tx, made)
            await tx.commit()
        async with harness.other.read() as tx:
            first = await harness.catalogue.licence_types(tx, limit=1)
            rest = await harness.catalogue.licence_types(tx, after=first[0].code, limit=5)
        assert [(one.code, one.version) for one in (*first, *rest)] == [(TYPE, 2), (OTHER_TYPE, 1)]

    async def test_an_item_replaces_the_earlier_one_with_all_its_materials(self, harness: StoreHarness) -> None:
        asked = (parse_condition("a", "one-of", ["x", "y"]), parse_condition("b", "at-least", 2.5, TYPE))
        materials = tuple(
            Material(n, Text(f"材料{n}", f"m{n}"), (TYPE,) if n else (), conditions=asked[:n]) for n in range(3)
        )
        item = ServiceItem("ITEM-1", Text("事项", "Item"), OFFICE, materials)
        shorter = replace(item, materials=(Material(9, Text("新", "new"), (), Text("条件", "if")),))
        for made in (item, shorter):
            async with harness.database.write() as tx:
                await harness.catalogue.put_item(tx, made)
                await tx.commit()
            async with harness.other.read() as tx:
                assert await harness.catalogue.item(tx, "ITEM-1") == made
                assert list(await harness.catalogue.items(tx)) == [made]
                assert list(await harness.catalogue.items(tx, department=made.department)) == [made]
                assert list(await harness.catalogue.items(tx, department="nobody")) == []

    async def test_a_types_rules_come_back_as_they_were(self, harness: StoreHarness) -> None:
        made = replace(
            a_type(),
            several_holders=False,
            inspection=InspectionRule(12, 60),
            profile=LifeProfile(frozenset({Event.ISSUE, Event.RENEW})),
            numbering="豫{year}{serial:6}",
            retired=True,
        )
        async with harness.database.write() as tx:
            assert await harness.catalogue.add_type(tx, made)
            await tx.commit()
        async with harness.other.read() as tx:
            assert await harness.catalogue.licence_type(tx, TYPE) == made

    async def test_grants_are_found_by_organisation_and_item_only(self, harness: StoreHarness) -> None:
        grant = ConsumerGrant(
            OFFICE, TYPE, "ITEM-1", ("a", "b"), "依据", dt.date(2026, 1, 1), dt.date(2026, 12, 31), Quota(daily=9)
        )
        wider = replace(grant, fields=("a",), valid_until=None)
        async with harness.database.write() as tx:
            for one in (grant, replace(grant, organisation=OTHER_OFFICE), replace(grant, service_item="ITEM-2"), wider):
                await harness.catalogue.put_grant(tx, one)
            await tx.commit()
        async with harness.other.read() as tx:
            assert await harness.catalogue.grants(tx, OFFICE, "ITEM-1") == {TYPE: wider}
            assert await harness.catalogue.grants(tx, OFFICE, "ITEM-3") == {}

    async def test_grants_are_listed_in_order_and_end_one_by_one(self, harness: StoreHarness) -> None:
        grant = ConsumerGrant(OFFICE, TYPE, "ITEM-1", ("a",), "依据", dt.date(2026, 1, 1))
        further = (replace(grant, service_item="ITEM-2"), replace(grant, organisation=OTHER_OFFICE))
        async with harness.database.write() as tx:
            for one in (*further, grant):
                await harness.catalogue.put_grant(tx, one)
            await tx.commit()
        every = sorted((grant, *further), key=lambda one: (one.organisation, one.service_item))
        async with harness.other.read() as tx:
            first = await harness.catalogue.all_grants(tx, limit=1)
            place = (first[0].organisation, first[0].service_item, first[0].type_code)
            assert [*first, *await harness.catalogue.all_grants(tx, after=place)] == every
            own = await harness.catalogue.all_grants(tx, organisation=OTHER_OFFICE)
            assert [one.organisation for one in own] == [OTHER_OFFICE]
            assert await harness.catalogue.all_grants(tx, service_item="ITEM-1") == [
                one for one in every if one.service_item == "ITEM-1"
            ]
        for expected in (True, False):
            async with harness.database.write() as tx:
                assert await harness.catalogue.remove_grant(tx, OFFICE, "ITEM-1", TYPE) is expected
                await tx.commit()
        async with harness.other.read() as tx:
            assert grant not in await harness.catalogue.all_grants(tx)

    async def test_the_rules_of_a_use_are_the_own_grants_with_the_newest_types(self, harness: StoreHarness) -> None:
        grant = ConsumerGrant(OFFICE, TYPE, "ITEM-1", ("a", "b"), "依据", dt.date(2026, 1, 1), quota=Quota(hourly=3))
        item = ServiceItem("ITEM-1", Text("事项", "Item"), OFFICE, ())
        others = (replace(grant, organisation=OTHER_OFFICE, type_code=OTHER_TYPE), replace(grant, service_item="X"))
        async with harness.database.write() as tx:
            await harness.catalogue.add_type(tx, a_type())
            await harness.catalogue.put_item(tx, item)
            for one in (grant, *others):
                await harness.catalogue.put_grant(tx, one)
            await tx.commit()
        async with harness.other.quick_read() as tx:
            assert await harness.rules.rules(tx, OFFICE, "ITEM-1") == UseRules({TYPE: grant}, {TYPE: a_type()})
            assert await harness.rules.rules(tx, "91410100MA0000000X", "ITEM-1") == UseRules({}, {})
            assert await harness.rules.rules(tx, OFFICE, "ITEM-2") is None

    async def test_the_rules_of_a_use_follow_what_changed_since_the_last_look(self, harness: StoreHarness) -> None:
        grant = ConsumerGrant(OFFICE, TYPE, "ITEM-1", ("a",), "依据", dt.date(2026, 1, 1))
        async with harness.database.write() as tx:
            await harness.catalogue.add_type(tx, a_type())
            await harness.catalogue.put_item(tx, ServiceItem("ITEM-1", Text("事项", "Item"), OFFICE, ()))
            await harness.catalogue.put_grant(tx, grant)
            await tx.commit()
        async with harness.other.quick_read() as tx:
            await harness.rules.rules(tx, OFFICE, "ITEM-1")
        second = replace(a_type(version=2), sharing=Sharing.CONSENT)
        async with harness.database.write() as tx:
            await harness.catalogue.add_type(tx, second)
            await tx.commit()
        async with harness.other.quick_read() as tx:
            assert await harness.rules.rules(tx, OFFICE, "ITEM-1") == UseRules({TYPE: grant}, {TYPE: second})
        async with harness.database.write() as tx:
            await harness.catalogue.remove_grant(tx, OFFICE, "ITEM-1", TYPE)
            await tx.commit()
        async with harness.other.quick_read() as tx:
            assert await harness.rules.rules(tx, OFFICE, "ITEM-1") == UseRules({}, {})

    async def test_every_series_of_numbers_counts_for_itself_from_one(self, harness: StoreHarness) -> None:
        drawn = []
        for type_code, series in ((TYPE, "A"), (TYPE, "B"), (OTHER_TYPE, "A"), (TYPE, "A"), (TYPE, "B"), (TYPE, "A")):
            drawn.append(await harness.draw(type_code, series))
        assert drawn == [1, 1, 1, 2, 2, 3]

    async def test_a_number_of_a_unit_that_failed_is_drawn_by_the_next(self, harness: StoreHarness) -> None:
        async with harness.database.write() as tx:
            assert await harness.numbers.next_number(tx, TYPE, "A") == 1
        assert await harness.draw(TYPE, "A") == 1


class LicenceBasic:
    """Licences, files, looks; one caller at a time."""

    async def test_a_licence_comes_back_as_it_was(self, harness: StoreHarness) -> None:
        made = await harness.keep(harness.a_licence(LIN, ZHAO, valid_until=dt.date(2027, 2, 28)))
        async with harness.other.read() as tx:
            assert await harness.licences.licence(tx, made.id) == made
            assert await harness.licences.by_code(tx, made.verification_code) == made
            assert await harness.licences.by_identifier(tx, made.current.identifier) == made
            assert await harness.licences.by_number(tx, TYPE, made.current.licence_number) == made
            assert await harness.licences.versions(tx, made.id) == [made.current]

    async def test_a_next_version_takes_the_place_of_the_one_before_and_changes_nothing_of_it(
        self, harness: StoreHarness
    ) -> None:
        made = await harness.keep(harness.a_licence(LIN, trust=Trust.C))
        inspected = replace(made, inspected_until=dt.date(2027, 3, 1))
        later = harness.a_next_version(inspected, ZHAO, licence_number="豫 0000124", trust=Trust.B)
        assert await harness.follow(later)
        async with harness.other.read() as tx:
            assert await harness.licences.licence(tx, made.id) == later
            assert await harness.licences.by_identifier(tx, made.current.identifier) == later
            assert await harness.licences.by_identifier(tx, later.current.identifier) == later
            assert await harness.licences.by_number(tx, TYPE, "豫 0000124") == later
            assert await harness.licences.by_holder(tx, LIN) == []
            assert await harness.licences.by_holder(tx, ZHAO) == [later]
            assert await harness.licences.versions(tx, made.id) == [made.current, later.current]
            history = await harness.licences.history(tx, made.id)
        assert [(change.sequence, change.event, change.version) for change in history] == [
            (1, Event.ISSUE, 1),
            (2, Event.CHANGE, 2),
        ]

    async def test_a_next_version_from_an_old_reading_is_refused_and_leaves_nothing(
        self, harness: StoreHarness
    ) -> None:
        made = await harness.keep(harness.a_licence())
        assert await harness.end(made, Event.SUSPEND, State.SUSPENDED)
        assert not await harness.follow(harness.a_next_version(made))
        async with harness.other.read() as tx:
            assert await harness.licences.versions(tx, made.id) == [made.current]

    async def test_a_next_version_gives_the_former_holders_mark_back_and_takes_the_new_ones(
        self, harness: StoreHarness
    ) -> None:
        made = harness.a_licence(LIN)
        assert await harness.claim(made)
        assert await harness.follow(harness.a_next_version(made, ZHAO), single=True)
        assert not await harness.claim(harness.a_licence(ZHAO))
        assert await harness.claim(harness.a_licence(LIN))

    async def test_a_next_version_cannot_take_a_mark_that_another_holds(self, harness: StoreHarness) -> None:
        made = harness.a_licence(LIN)
        assert await harness.claim(made)
        assert await harness.claim(harness.a_licence(ZHAO))
        assert not await harness.follow(harness.a_next_version(made, ZHAO), single=True)
        assert not await harness.claim(harness.a_licence(LIN))

    async def test_what_is_not_there_is_none(self, harness: StoreHarness) -> None:
        await harness.keep(harness.a_licence())
        async with harness.other.read() as tx:
            assert await harness.licences.licence(tx, "lic_none") is None
            assert await harness.licences.by_code(tx, "%") is None
            assert await harness.licences.by_identifier(tx, "1.2") is None
            assert await harness.licences.by_number(tx, OTHER_TYPE, "豫 0000123") is None
            assert await harness.files.copy(tx, "cop_none") is None

    async def test_a_holder_finds_all_own_licences_newest_first_and_no_others(self, harness: StoreHarness) -> None:
        first = await harness.keep(harness.a_licence(LIN))
        second = await harness.keep(harness.a_licence(ZHAO, LIN, type_code=OTHER_TYPE))
        await harness.keep(harness.a_licence(ZHAO))
        async with harness.other.read() as tx:
            assert await harness.licences.by_holder(tx, LIN) == [second, first]
            assert await harness.licences.by_holder(tx, LIN, [TYPE]) == [first]
            assert await harness.licences.by_holder(tx, LIN, []) == []

    async def test_the_same_digits_of_another_kind_are_another_holder(self, harness: StoreHarness) -> None:
        await harness.keep(harness.a_licence(LIN))
        async with harness.other.read() as tx:
            assert await harness.licences.by_holder(tx, HolderCode("414", LIN.number)) == []

    async def test_personal_data_are_not_in_the_tables_in_the_clear(self, harness: StoreHarness) -> None:
        made = await harness.keep(harness.a_licence())
        await harness.end(made, Event.REVOKE, State.REVOKED)
        await harness.ask()
        await harness.look()
        stored = await harness.everything_stored()
        for secret in (LIN.number, LIN_NAME, "演示路", "豫 0000123", "陈素"):
            assert secret.encode() not in stored

    async def test_an_ending_is_stored_with_its_event(self, harness: StoreHarness) -> None:
        made = await harness.keep(harness.a_licence())
        assert await harness.end(made, Event.WITHDRAW, State.WITHDRAWN)
        async with harness.other.read() as tx:
            ended = await harness.licences.licence(tx, made.id)
            history = await harness.licences.history(tx, made.id)
        assert ended is not None
        assert (ended.state, ended.revision) == (State.WITHDRAWN, 2)
        assert [change.event for change in history] == [Event.ISSUE, Event.WITHDRAW]
        assert history[1].reason == "因为林知远的材料不实"

    async def test_an_ending_from_an_old_reading_is_refused_and_leaves_no_event(self, harness: StoreHarness) -> None:
        made = await harness.keep(harness.a_licence())
        await harness.end(made, Event.WITHDRAW, State.WITHDRAWN)
        assert not await harness.end(made, Event.REVOKE, State.REVOKED)
        async with harness.other.read() as tx:
            assert len(await harness.licences.history(tx, made.id)) == 2

    async def test_the_single_mark_is_given_back_by_an_end_or_by_the_calendar(self, harness: StoreHarness) -> None:
        first = harness.a_licence(valid_until=harness.today)
        assert await harness.claim(first)
        assert not await harness.claim(harness.a_licence())
        assert await harness.claim(harness.a_licence(ZHAO))
        assert await harness.claim(harness.a_licence(type_code=OTHER_TYPE))
        harness.clock.advance(86400)
        second = harness.a_licence()
        assert await harness.claim(second)
        assert not await harness.claim(harness.a_licence())
        await harness.end(second, Event.CANCEL, State.CANCELLED)
        assert await harness.claim(harness.a_licence())

    async def test_single_marks_of_a_register_are_claimed_all_or_none(self, harness: StoreHarness) -> None:
        assert await harness.claim(harness.a_licence(ZHAO, valid_until=harness.today))
        people = [HolderCode("414", f"E{number:08d}") for number in range(60)]
        assert not await harness.claim_all([harness.a_licence(code) for code in (*people, ZHAO)])
        assert await harness.holding(*people, ZHAO) == {ZHAO}
        harness.clock.advance(86400)
        assert await harness.claim_all([harness.a_licence(code) for code in (*people, ZHAO)])
        assert await harness.holding(*people, LIN, ZHAO) == {*people, ZHAO}
        for code in (people[0], people[59], ZHAO):
            assert not await harness.claim(harness.a_licence(code))
            assert not await harness.claim_all([harness.a_licence(LIN), harness.a_licence(code)])
        assert await harness.claim_all([])

    async def test_who_has_a_living_licence_of_the_type_is_known_by_number(self, harness: StoreHarness) -> None:
        assert await harness.holding(LIN, ZHAO) == await harness.holding() == set()
        await harness.keep(harness.a_licence(LIN, type_code=OTHER_TYPE))
        changed = await harness.keep(harness.a_licence(LIN, ZHAO))
        await harness.follow(harness.a_next_version(changed, ZHAO))
        tomorrow = harness.today + dt.timedelta(days=1)
        other, third = HolderCode("414", "E00000001"), HolderCode("414", "E00000002")
        await harness.keep(harness.a_licence(other, valid_from=tomorrow))
        await harness.keep(harness.a_licence(third, valid_until=harness.today))
        assert await harness.holding(LIN, ZHAO, other, third) == {ZHAO, other, third}
        harness.clock.advance(86400)
        assert await harness.holding(LIN, ZHAO, other, third) == {ZHAO, other}
        async with harness.other.read() as tx:
            newest = await harness.licences.licence(tx, changed.id)
        assert newest is not None
        assert await harness.end(newest, Event.SUSPEND, State.SUSPENDED)
        assert await harness.holding(ZHAO) == {ZHAO}
        async with harness.other.read() as tx:
            suspended = await harness.licences.licence(tx, changed.id)
        assert suspended is not None
        assert await harness.end(suspended, Event.REVOKE, State.REVOKED)
        assert await harness.holding(ZHAO) == set()

    async def test_the_issuers_list_turns_pages_without_gap_or_repeat(self, harness: StoreHarness) -> None:
        made = [await harness.keep(harness.a_licence()) for _ in range(3)]
        async with harness.other.read() as tx:
            first = await harness.licences.by_issuer(tx, OFFICE, limit=2)
            rest = await harness.licences.by_issuer(tx, OFFICE, before=first[-1].id, limit=2)
            assert await harness.licences.by_issuer(tx, OTHER_OFFICE) == []
        assert [one.id for one in (*first, *rest)] == [one.id for one in reversed(made)]

    async def test_files_are_found_by_licence_digest_and_code(self, harness: StoreHarness) -> None:
        made = await harness.keep(harness.a_licence())
        original, copy = harness.a_file(made, "a"), harness.a_copy(made, "b")
        async with harness.database.write() as tx:
            await harness.files.add(tx, original)
            await harness.files.add_copy(tx, copy)
            await tx.commit()
        async with harness.other.read() as tx:
            assert await harness.files.original(tx, made.id, 1) == original
            assert await harness.files.original(tx, made.id, 2) is None
            assert await harness.files.file_by_digest(tx, "a" * 64) == original
            assert await harness.files.file_by_digest(tx, "c" * 64) is None
            assert await harness.files.copy(tx, copy.id) == copy
            assert await harness.files.copy_by_code(tx, "copy-code-b") == copy
            assert await harness.files.copy_by_file(tx, copy.file.id) == copy
            assert copy.file.kind is FileKind.ANNOTATED_COPY

    async def test_looks_are_the_holders_newest_first_in_pages(self, harness: StoreHarness) -> None:
        made = [await harness.look() for _ in range(3)]
        await harness.look(ZHAO)
        async with harness.other.read() as tx:
            first = await harness.access.of_holder(tx, LIN, now=harness.clock.now(), limit=2)
            rest = await harness.access.of_holder(tx, LIN, now=harness.clock.now(), before=first[-1].id, limit=2)
        assert [*first, *rest] == made[::-1]


class ConsentBasic:
    """Consents; one caller at a time."""

    async def test_a_request_comes_back_as_it_was(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        assert await harness.stored(made) == made

    async def test_a_request_is_decided_once(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        assert await harness.decide(made, granted=False)
        assert not await harness.decide(made)
        stored = await harness.stored(made)
        assert (stored.state, stored.licence_id) == (ConsentState.REFUSED, None)

    async def test_a_request_that_ran_out_is_not_decided(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        harness.clock.advance(30 * 60 + 1)
        assert not await harness.decide(made)
        assert (await harness.stored(made)).state is ConsentState.PENDING

    async def test_only_a_granted_consent_is_used_and_withdrawn(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        assert not await harness.use(made)
        assert not await harness.withdraw(made)
        await harness.decide(made)
        assert await harness.use(made)
        assert await harness.use(made)
        assert await harness.withdraw(made)
        assert not await harness.use(made)
        assert not await harness.withdraw(made)
        assert (await harness.stored(made)).withdrawn_at == harness.clock.now()

    async def test_the_last_day_counts_and_the_next_does_not(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        await harness.decide(made)
        harness.clock.advance(30 * 86400)
        assert await harness.use(made)
        harness.clock.advance(86400)
        assert not await harness.use(made)

    async def test_in_force_means_this_organisation_holder_item_and_case(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        await harness.ask()  # never decided
        await harness.decide(made)

        async def found(organisation: str = OTHER_OFFICE, holder: HolderCode = LIN, **changes: str) -> list[str]:
            asked = {"service_item": "410199-ZF-0207", "case_number": "GZF-2026-1123-00418"} | changes
            async with harness.other.read() as tx:
                consents = await harness.consents.in_force(tx, organisation, holder, today=harness.today, **asked)
            return [one.id for one in consents]

        assert await found() == [made.id]
        assert await found(OFFICE) == []
        assert await found(holder=ZHAO) == []
        assert await found(service_item="ANOTHER") == []
        assert await found(case_number="ANOTHER") == []
        await harness.withdraw(made)
        assert await found() == []

    async def test_a_holders_list_is_in_pages_newest_first(self, harness: StoreHarness) -> None:
        made = [await harness.ask() for _ in range(3)]
        await harness.ask(ZHAO)
        async with harness.other.read() as tx:
            first = await harness.consents.of_holder(tx, LIN, limit=2)
            rest = await harness.consents.of_holder(tx, LIN, before=first[-1].id, limit=2)
        assert [one.id for one in (*first, *rest)] == [one.id for one in reversed(made)]
        assert first[0].purpose == PURPOSE


class StoresTransaction:
    """Two units of work: one loses."""

    async def test_a_unit_that_is_left_leaves_no_licence(self, harness: StoreHarness) -> None:
        made = harness.a_licence()
        async with harness.database.write() as tx:
            await harness.licences.add(tx, made, harness.change(1, Event.ISSUE, State.VALID))
            await harness.licences.claim_single(tx, made, today=harness.today)
            await harness.files.add(tx, harness.a_file(made))
        async with harness.other.read() as tx:
            assert await harness.licences.licence(tx, made.id) is None
            assert await harness.files.file_by_digest(tx, "0" * 64) is None
        assert await harness.claim(harness.a_licence())

    async def test_a_withdrawal_waits_for_a_use_that_began_before_it(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        await harness.decide(made)
        order: list[str] = []

        async def use() -> None:
            async with harness.database.write() as tx:
                assert await harness.consents.use(tx, made.id, today=harness.today)
                used.set()
                await harness.unless(withdrawn)
                order.append("used")
                await tx.commit()

        async def withdraw() -> None:
            await used.wait()
            assert await harness.withdraw(made)
            order.append("withdrawn")
            withdrawn.set()

        used, withdrawn = asyncio.Event(), asyncio.Event()
        await at_once(use(), withdraw())
        assert order == ["used", "withdrawn"]

    async def test_an_ending_waits_for_a_unit_that_locked_the_licence(self, harness: StoreHarness) -> None:
        made = await harness.keep(harness.a_licence())
        order: list[str] = []

        async def copy() -> None:
            async with harness.database.write() as tx:
                assert await harness.licences.locked(tx, made.id) == made
                locked.set()
                await harness.unless(ended)
                order.append("copied")
                await tx.commit()

        async def end() -> None:
            await locked.wait()
            assert await harness.end(made, Event.REVOKE, State.REVOKED)
            order.append("ended")
            ended.set()

        locked, ended = asyncio.Event(), asyncio.Event()
        await at_once(copy(), end())
        assert order == ["copied", "ended"]


class StoresContention:
    """Many callers at once: exactly one wins."""

    async def test_of_many_endings_one_wins_and_the_history_is_complete(self, harness: StoreHarness) -> None:
        made = await harness.keep(harness.a_licence())
        kinds = [(Event.WITHDRAW, State.WITHDRAWN), (Event.REVOKE, State.REVOKED), (Event.CANCEL, State.CANCELLED)]
        won = await at_once(*(harness.end(made, *kinds[number % 3]) for number in range(12)))
        assert won.count(True) == 1
        async with harness.other.read() as tx:
            history = await harness.licences.history(tx, made.id)
            ended = await harness.licences.licence(tx, made.id)
        assert ended is not None
        assert [change.sequence for change in history] == [1, 2]
        assert history[-1].state is ended.state

    async def test_of_many_who_change_an_item_each_sees_what_the_one_before_made(self, harness: StoreHarness) -> None:
        names = await at_once(*(harness.rename_item("ITEM-9") for _ in range(8)))
        assert sorted(names) == ["", *(f"事项{'+' * number}" for number in range(7))]
        async with harness.other.read() as tx:
            kept = await harness.catalogue.item(tx, "ITEM-9")
        assert kept is not None
        assert kept.name.zh == f"事项{'+' * 7}", "no change was lost"

    async def test_no_number_is_drawn_twice(self, harness: StoreHarness) -> None:
        drawn = await at_once(*(harness.draw(TYPE, "豫〔2026〕") for _ in range(12)))
        assert sorted(drawn) == list(range(1, 13))

    async def test_of_many_next_versions_one_is_kept(self, harness: StoreHarness) -> None:
        made = await harness.keep(harness.a_licence())
        won = await at_once(*(harness.follow(harness.a_next_version(made)) for _ in range(8)))
        assert won.count(True) == 1
        async with harness.other.read() as tx:
            assert [one.number for one in await harness.licences.versions(tx, made.id)] == [1, 2]

    async def test_of_many_decisions_one_wins(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        won = await at_once(*(harness.decide(made, granted=bool(number % 2)) for number in range(12)))
        assert won.count(True) == 1
        winner = ConsentState.GRANTED if won.index(True) % 2 else ConsentState.REFUSED
        assert (await harness.stored(made)).state is winner

    async def test_of_many_withdrawals_one_wins_and_nothing_is_used_after_it(self, harness: StoreHarness) -> None:
        made = await harness.ask()
        await harness.decide(made)
        acknowledged = asyncio.Event()

        async def withdraw() -> bool:
            won = await harness.withdraw(made)
            acknowledged.set()
            return won

        async def use() -> bool:
            late = acknowledged.is_set()
            return await harness.use(made) and late

        answers = await at_once(*(withdraw() for _ in range(4)), *(use() for _ in range(8)))
        assert answers[:4].count(True) == 1
        assert not any(answers[4:])

    async def test_of_many_first_licences_one_is_the_holders_single_one(self, harness: StoreHarness) -> None:
        made = [harness.a_licence() for _ in range(8)]
        won = await at_once(
            *(harness.claim(one, [harness.database, harness.other][n % 2]) for n, one in enumerate(made))
        )
        assert won.count(True) == 1
        async with harness.other.read() as tx:
            assert [one.id for one in await harness.licences.by_holder(tx, LIN)] == [made[won.index(True)].id]

    async def test_of_many_successors_one_takes_over_the_mark(self, harness: StoreHarness) -> None:
        assert await harness.claim(harness.a_licence(valid_until=harness.today))
        harness.clock.advance(86400)
        made = [harness.a_licence() for _ in range(8)]
        won = await at_once(*(harness.claim(one) for one in made))
        assert won.count(True) == 1

    async def test_of_many_registers_of_the_same_people_one_gets_their_marks(self, harness: StoreHarness) -> None:
        people = [HolderCode("414", f"E{number:08d}") for number in range(80)]
        orders = [people, people[::-1], people[40:] + people[:40], people[20:60]]
        won = await at_once(
            *(
                harness.claim_all([harness.a_licence(code) for code in order], [harness.database, harness.other][n % 2])
                for n, order in enumerate(orders)
            )
        )
        assert won.count(True) == 1
        assert await harness.holding(*people) == set(orders[won.index(True)])

    async def test_of_many_new_versions_of_a_type_one_is_kept(self, harness: StoreHarness) -> None:
        async def add(name: str) -> bool:
            async with harness.database.write() as tx:
                won = await harness.catalogue.add_type(tx, replace(a_type(), name=Text(name, name)))
                await tx.commit()
            return won

        won = await at_once(*(add(f"n{number}") for number in range(8)))
        assert won.count(True) == 1
        async with harness.other.read() as tx:
            kept = await harness.catalogue.licence_type(tx, TYPE)
        assert kept is not None
        assert kept.name.zh == f"n{won.index(True)}"


CONTRACT = [CatalogueBasic, LicenceBasic, ConsentBasic, StoresTransaction, StoresContention]
