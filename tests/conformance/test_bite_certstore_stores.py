"""Stores of the repository broken on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from certstore.codes import HolderCode
from certstore.lifecycle import State
from certstore.model import (
    AccessRecord,
    Consent,
    ConsentState,
    ConsumerGrant,
    Licence,
    LicenceChange,
    LicenceType,
    ServiceItem,
)
from certstore.ports import UseRules
from certstore.stores.access import SqlAccessStore
from certstore.stores.catalogue import SqlCatalogueStore
from certstore.stores.consents import SqlConsentStore
from certstore.stores.files import SqlFileStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.marks import SingleMarks, _ended
from certstore.stores.number_tables import licence_number_series
from certstore.stores.numbers import SqlNumberStore
from certstore.stores.tables import consent, consumer_grant, licence, licence_mark, licence_type
from certstore.stores.use_rules import SqlUseRuleStore
from core.db.database import ReadTx, WriteTx
from keys.ports import BlindIndex, FieldCipher
from tests.conformance.certstore_stores import CONTRACT
from tests.conformance.certstore_stores_backends import StoreHarness, postgres, sqlite
from tests.conformance.harness import DELAY, Surroundings, failing
from tests.support.certstore_fakes import blind_index, field_cipher
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_OPENING = 40 * DELAY  # longer than it takes to open the others' connections, on a busy machine too


class ClearText:
    """A cipher that somebody turned off to look into a problem."""

    def encrypt(self, value: str, *, context: str) -> bytes:
        return value.encode()

    def decrypt(self, sealed: bytes, *, context: str) -> str:
        return sealed.decode()


class OneIndexForAllKinds:
    """An index that forgets what kind of number it is."""

    def __init__(self, index: BlindIndex) -> None:
        self._index = index

    def digest(self, kind: str, value: str) -> bytes:
        return self._index.digest("any", value)

    def digests(self, kind: str, value: str) -> tuple[bytes, ...]:
        return self._index.digests("any", value)


class EndsWhateverTheRevision(SqlLicenceStore):
    async def change_state(self, tx: WriteTx, licence_: Licence, change: LicenceChange) -> bool:
        now = await self.licence(tx, licence_.id)
        assert now is not None
        later = replace(change, sequence=now.revision + 1)
        return await super().change_state(tx, replace(licence_, revision=now.revision), later)


class FollowsWhateverTheRevision(SqlLicenceStore):
    async def add_version(self, tx: WriteTx, licence_: Licence, change: LicenceChange) -> bool:
        now = await self.licence(tx, licence_.id)
        assert now is not None
        return await super().add_version(tx, licence_, replace(change, sequence=now.revision + 1))


class KeepsTheFormerHoldersMark(SqlLicenceStore):
    async def add_version(self, tx: WriteTx, licence_: Licence, change: LicenceChange) -> bool:
        kept, self._marks.give_back = self._marks.give_back, _nothing  # type: ignore[method-assign]
        try:
            return await super().add_version(tx, licence_, change)
        finally:
            self._marks.give_back = kept  # type: ignore[method-assign]


async def _nothing(*_: object) -> None:
    return None


class EndsWithoutAnEvent(SqlLicenceStore):
    async def _add_event(self, tx: WriteTx, licence_id: str, change: LicenceChange) -> None:
        if change.state is State.VALID:
            await super()._add_event(tx, licence_id, change)


class OneSeriesForAll(SqlNumberStore):
    async def next_number(self, tx: WriteTx, type_code: str, series: str) -> int:
        return await super().next_number(tx, type_code, "")


class CountsByReading(SqlNumberStore):
    async def next_number(self, tx: WriteTx, type_code: str, series: str) -> int:
        columns = licence_number_series.c
        named = (columns.type_code == type_code, columns.series == series)
        last = (await tx.connection.execute(select(columns.last).where(*named))).scalar_one_or_none()
        if last is None:
            return await super().next_number(tx, type_code, series)
        await asyncio.sleep(DELAY)
        await tx.connection.execute(update(licence_number_series).where(*named).values(last=last + 1))
        return int(last) + 1


class LooksBeforeItClaims(SqlLicenceStore):
    """Check, then act: two who look at the same time both see nothing."""

    async def claim_single(self, tx: WriteTx, licence_: Licence, *, today: dt.date) -> bool:
        held = await self.by_holder(tx, licence_.current.holders[0].code, [licence_.type_code])
        await asyncio.sleep(_OPENING)
        return all(
            one.id == licence_.id
            or one.state not in (State.VALID, State.SUSPENDED)
            or (one.current.valid_until is not None and one.current.valid_until < today)
            for one in held
        )


class MarksTakenByLooking(SingleMarks):
    """The mark itself is safe; whether its holder has run out is only looked at."""

    async def _take_over(self, tx: WriteTx, licence_: Licence, position: int, mark_id: str, today: dt.date) -> bool:
        free = select(licence_mark.c.id).where(
            licence_mark.c.id == mark_id, licence_mark.c.licence_id.in_(_ended(today))
        )
        found = (await tx.connection.execute(free)).scalar()
        await asyncio.sleep(_OPENING)
        if found is not None:
            change = update(licence_mark).where(licence_mark.c.id == mark_id)
            await tx.connection.execute(change.values(licence_id=licence_.id, position=position))
        return found is not None


class MarksForEver(SingleMarks):
    async def _take_over(self, tx: WriteTx, licence_: Licence, position: int, mark_id: str, today: dt.date) -> bool:
        return False


class TakesOverByLooking(SqlLicenceStore):
    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        super().__init__(fields, index)
        self._marks = MarksTakenByLooking(index)


class NeverGivesTheMarkBack(SqlLicenceStore):
    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        super().__init__(fields, index)
        self._marks = MarksForEver(index)


class ClaimsAllButTheLast(SqlLicenceStore):
    async def claim_singles(self, tx: WriteTx, licences: Sequence[Licence], *, today: dt.date) -> bool:
        return await super().claim_singles(tx, licences[:-1], today=today)


class HoldsForEver(SqlLicenceStore):
    async def holding(
        self, tx: ReadTx, type_code: str, holders: Collection[HolderCode], *, today: dt.date
    ) -> Collection[HolderCode]:
        return await super().holding(tx, type_code, holders, today=dt.date(1949, 10, 1))


class DoesNotLock(SqlLicenceStore):
    async def locked(self, tx: WriteTx, licence_id: str) -> Licence | None:
        return await self.licence(tx, licence_id)


class RepeatsARowOnThePage(SqlLicenceStore):
    async def by_issuer(
        self, tx: ReadTx, issuer: str, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Licence]:
        return await super().by_issuer(tx, issuer, before=before + "z" if before else None, limit=limit)


class FindsByPattern(SqlLicenceStore):
    async def by_code(self, tx: ReadTx, verification_code: str) -> Licence | None:
        query = select(licence.c.id).where(licence.c.verification_code.like(verification_code))
        found = (await tx.connection.execute(query)).scalar()
        return await self.licence(tx, found) if found else None


class DecidesWhateverTheState(SqlConsentStore):
    async def decide(self, tx: WriteTx, decided: Consent, *, now: dt.datetime) -> bool:
        values = {"state": decided.state.value, "licence_id": decided.licence_id, "last_day": decided.last_day}
        done = await tx.connection.execute(update(consent).where(consent.c.id == decided.id).values(values))
        return done.rowcount == 1


class DecidesByLookingFirst(SqlConsentStore):
    async def decide(self, tx: WriteTx, decided: Consent, *, now: dt.datetime) -> bool:
        stored = await self.consent(tx, decided.id)
        if stored is None or stored.state is not ConsentState.PENDING or now >= stored.decide_by:
            return False
        await asyncio.sleep(_OPENING)
        values = {"state": decided.state.value, "licence_id": decided.licence_id, "last_day": decided.last_day}
        await tx.connection.execute(update(consent).where(consent.c.id == decided.id).values(values))
        return True


class DecidesTooLate(SqlConsentStore):
    async def decide(self, tx: WriteTx, decided: Consent, *, now: dt.datetime) -> bool:
        return await super().decide(tx, decided, now=decided.created_at)


class UsesAfterWithdrawal(SqlConsentStore):
    async def use(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        found = await self.consent(tx, consent_id)
        return found is not None and found.state in (ConsentState.GRANTED, ConsentState.WITHDRAWN)


class UsesByLooking(SqlConsentStore):
    """Right about the state, but a withdrawal can slip in between."""

    async def use(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        found = await self.consent(tx, consent_id)
        in_force = found is not None and found.state is ConsentState.GRANTED
        return in_force and found.last_day is not None and today <= found.last_day  # type: ignore[union-attr]


class UsesForEver(SqlConsentStore):
    async def use(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        return await super().use(tx, consent_id, today=dt.date(1, 1, 1))


class ForgetsTheCase(SqlConsentStore):
    async def in_force(
        self, tx: ReadTx, organisation: str, holder: HolderCode, *, service_item: str, case_number: str, today: dt.date
    ) -> Sequence[Consent]:
        found = await self.of_holder(tx, holder)
        return [one for one in found if one.state is ConsentState.GRANTED and one.organisation == organisation]


class ReplacesVersions(SqlCatalogueStore):
    async def add_type(self, tx: WriteTx, licence_type_: LicenceType) -> bool:
        columns = licence_type.c
        await tx.connection.execute(
            delete(licence_type).where(columns.code == licence_type_.code, columns.version == licence_type_.version)
        )
        return await super().add_type(tx, licence_type_)


class HoldsNothing(SqlCatalogueStore):
    async def held_item(self, tx: WriteTx, code: str) -> ServiceItem | None:
        found = await self.item(tx, code)
        await asyncio.sleep(DELAY)
        return found


class GrantsToEverybody(SqlCatalogueStore):
    async def grants(self, tx: ReadTx, organisation: str, service_item: str) -> dict[str, ConsumerGrant]:
        rows = await tx.connection.execute(select(consumer_grant.c.organisation).distinct())
        found: dict[str, ConsumerGrant] = {}
        for one in rows.scalars().all():
            found |= await super().grants(tx, one, service_item)
        return found


class ListsGrantsOfAnyItem(SqlCatalogueStore):
    async def all_grants(self, tx: ReadTx, **asked: Any) -> Sequence[ConsumerGrant]:
        return await super().all_grants(tx, **asked | {"service_item": ""})


class RemembersRules(SqlUseRuleStore):
    """As long as it lives: what was granted once stays granted, of the version that it had."""

    async def rules(self, tx: ReadTx, organisation: str, service_item: str) -> UseRules | None:
        known = self.__dict__.setdefault("known", {})
        key = (organisation, service_item)
        if key not in known:
            known[key] = await super().rules(tx, organisation, service_item)
        found: UseRules | None = known[key]
        return found


class ShowsEverybodysLooks(SqlAccessStore):
    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, now: dt.datetime, before: str | None = None, limit: int = 20
    ) -> Sequence[AccessRecord]:
        from tests.conformance.certstore_stores_backends import LIN, ZHAO

        both = [*await super().of_holder(tx, LIN, now=now), *await super().of_holder(tx, ZHAO, now=now)]
        return both[:limit]


class TakesCopiesForOriginals(SqlFileStore):
    async def _file(self, tx: ReadTx, *conditions: Any) -> Any:
        return await super()._file(tx, *conditions[:1])


def licences(kind: type[SqlLicenceStore], cipher: Any = None, index: Any = None) -> dict[str, Any]:
    return {"licences": kind(cipher or field_cipher(), index or blind_index())}


def consents(kind: type[SqlConsentStore]) -> dict[str, Any]:
    return {"consents": kind(field_cipher(), blind_index())}


BROKEN: list[tuple[str, Callable[[], dict[str, Any]], str]] = [
    (
        "clear-text",
        lambda: licences(SqlLicenceStore, cipher=ClearText()),
        "test_personal_data_are_not_in_the_tables_in_the_clear",
    ),
    (
        "one-index-for-all-kinds",
        lambda: licences(SqlLicenceStore, index=OneIndexForAllKinds(blind_index())),
        "test_the_same_digits_of_another_kind_are_another_holder",
    ),
    (
        "follows-whatever-the-revision",
        lambda: licences(FollowsWhateverTheRevision),
        "test_a_next_version_from_an_old_reading_is_refused_and_leaves_nothing",
    ),
    (
        "keeps-the-former-holders-mark",
        lambda: licences(KeepsTheFormerHoldersMark),
        "test_a_next_version_gives_the_former_holders_mark_back_and_takes_the_new_ones",
    ),
    (
        "ends-whatever-the-revision",
        lambda: licences(EndsWhateverTheRevision),
        "test_an_ending_from_an_old_reading_is_refused_and_leaves_no_event",
    ),
    ("ends-without-an-event", lambda: licences(EndsWithoutAnEvent), "test_an_ending_is_stored_with_its_event"),
    (
        "never-gives-the-mark-back",
        lambda: licences(NeverGivesTheMarkBack),
        "test_the_single_mark_is_given_back_by_an_end_or_by_the_calendar",
    ),
    (
        "claims-all-but-the-last",
        lambda: licences(ClaimsAllButTheLast),
        "test_single_marks_of_a_register_are_claimed_all_or_none",
    ),
    (
        "holds-for-ever",
        lambda: licences(HoldsForEver),
        "test_who_has_a_living_licence_of_the_type_is_known_by_number",
    ),
    (
        "repeats-a-row",
        lambda: licences(RepeatsARowOnThePage),
        "test_the_issuers_list_turns_pages_without_gap_or_repeat",
    ),
    ("finds-by-pattern", lambda: licences(FindsByPattern), "test_what_is_not_there_is_none"),
    ("decides-whatever-the-state", lambda: consents(DecidesWhateverTheState), "test_a_request_is_decided_once"),
    ("decides-too-late", lambda: consents(DecidesTooLate), "test_a_request_that_ran_out_is_not_decided"),
    (
        "uses-after-withdrawal",
        lambda: consents(UsesAfterWithdrawal),
        "test_only_a_granted_consent_is_used_and_withdrawn",
    ),
    ("uses-for-ever", lambda: consents(UsesForEver), "test_the_last_day_counts_and_the_next_does_not"),
    (
        "forgets-the-case",
        lambda: consents(ForgetsTheCase),
        "test_in_force_means_this_organisation_holder_item_and_case",
    ),
    ("replaces-versions", lambda: {"catalogue": ReplacesVersions()}, "test_versions_are_added_and_never_replaced"),
    (
        "grants-to-everybody",
        lambda: {"catalogue": GrantsToEverybody()},
        "test_grants_are_found_by_organisation_and_item_only",
    ),
    (
        "lists-grants-of-any-item",
        lambda: {"catalogue": ListsGrantsOfAnyItem()},
        "test_grants_are_listed_in_order_and_end_one_by_one",
    ),
    (
        "remembers-rules",
        lambda: {"rules": RemembersRules(SqlCatalogueStore())},
        "test_the_rules_of_a_use_follow_what_changed_since_the_last_look",
    ),
    (
        "one-series-for-all",
        lambda: {"numbers": OneSeriesForAll()},
        "test_every_series_of_numbers_counts_for_itself_from_one",
    ),
    (
        "shows-everybodys-looks",
        lambda: {"access": ShowsEverybodysLooks(field_cipher(), blind_index())},
        "test_looks_are_the_holders_newest_first_in_pages",
    ),
    (
        "takes-copies-for-originals",
        lambda: {"files": TakesCopiesForOriginals()},
        "test_files_are_found_by_licence_digest_and_code",
    ),
]
# What SQLite's single writer hides: these are caught where writers run side by side.
RACING: list[tuple[str, Callable[[], dict[str, Any]], str]] = [
    (
        "looks-before-it-claims",
        lambda: licences(LooksBeforeItClaims),
        "test_of_many_first_licences_one_is_the_holders_single_one",
    ),
    ("takes-over-by-looking", lambda: licences(TakesOverByLooking), "test_of_many_successors_one_takes_over_the_mark"),
    ("counts-by-reading", lambda: {"numbers": CountsByReading()}, "test_no_number_is_drawn_twice"),
    (
        "holds-nothing",
        lambda: {"catalogue": HoldsNothing()},
        "test_of_many_who_change_an_item_each_sees_what_the_one_before_made",
    ),
    ("does-not-lock", lambda: licences(DoesNotLock), "test_an_ending_waits_for_a_unit_that_locked_the_licence"),
    ("decides-by-looking-first", lambda: consents(DecidesByLookingFirst), "test_of_many_decisions_one_wins"),
    ("uses-by-looking", lambda: consents(UsesByLooking), "test_a_withdrawal_waits_for_a_use_that_began_before_it"),
]


def _opened(
    backend: Callable[[Surroundings], AbstractAsyncContextManager[StoreHarness]],
    folder: Path,
    parts: dict[str, Any],
    server: PostgresServer | None = None,
) -> Callable[[], AbstractAsyncContextManager[StoreHarness]]:
    count = iter(range(10_000))

    @asynccontextmanager
    async def opened() -> AsyncIterator[StoreHarness]:
        place = folder / str(next(count))
        place.mkdir()
        async with backend(Surroundings(place, FakeClock(), server)) as harness:
            yield replace(harness, **parts)

    return opened


@pytest.mark.parametrize(("name", "parts", "by"), BROKEN, ids=[name for name, _, _ in BROKEN])
async def test_a_broken_store_is_caught(
    name: str, parts: Callable[[], dict[str, Any]], by: str, tmp_path: Path
) -> None:
    assert await failing(CONTRACT, _opened(sqlite, tmp_path, parts()), only=by) == {by}, name


@pytest.mark.parametrize(("name", "parts", "by"), RACING, ids=[name for name, _, _ in RACING])
async def test_a_racing_store_is_caught_where_writers_run_side_by_side(
    name: str, parts: Callable[[], dict[str, Any]], by: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    broken = parts() | {"patience": 30.0}  # a broken one ends the wait as soon as it errs, however busy the machine
    assert await failing(CONTRACT, _opened(postgres, tmp_path, broken, postgres_server), only=by) == {by}, name


async def test_the_contract_passes_what_is_whole(tmp_path: Path) -> None:
    assert await failing(CONTRACT, _opened(sqlite, tmp_path, {})) == set()
