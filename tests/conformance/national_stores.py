"""What every store of national forms promises. Names no backend."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from core.db.database import Database
from keys.profile import Profile
from signing.errors import SealCertificateStale
from signing.model import SealStatus
from signing.national.model import NationalForm
from signing.national.ports import DepartmentStore, NationalStore
from signing.stores.sql import SqlSealStore
from tests.conformance.signing_stores import MOMENT, a_seal

SEAL = a_seal()
LATER = MOMENT + dt.timedelta(hours=1)


def a_form(number: int = 1, at: dt.datetime = MOMENT) -> NationalForm:
    return NationalForm(
        id=f"sealform_{number:02}",
        seal_id=SEAL.id,
        key_id=f"key-{number}",
        certificates=(b"\x30\x04\x02\x02\x05" + bytes([number]), b"\x30\x03\x02\x01\x7f"),
        encoded=b"\x30\x02\x05" + bytes([number]),
        esid=SEAL.code,
        created_at=at,
        valid_from=at,
        valid_to=at + dt.timedelta(days=5 * 365),
    )


class NationalContract:
    @pytest.fixture(autouse=True)
    async def with_seal(self, database: Database) -> None:
        async with database.write() as tx:
            await SqlSealStore().add_seal(tx, SEAL)
            await tx.commit()

    async def added(self, database: Database, store: NationalStore, form: NationalForm) -> None:
        async with database.write() as tx:
            await store.add(tx, form, code=SEAL.code)
            await tx.commit()

    async def test_a_form_comes_back_as_it_was_and_is_found_by_all_that_a_stamp_carries(
        self, database: Database, store: NationalStore
    ) -> None:
        form = a_form()
        await self.added(database, store, form)
        async with database.read() as tx:
            assert await store.current(tx, SEAL.id) == form
            assert await store.by_digest(tx, form.digest) == form
            assert await store.by_certificate(tx, form.certificate_digest) == form
            assert await store.knows(tx, SEAL.code)
            assert not await store.knows(tx, "4101990000099")
            assert await store.by_digest(tx, form.certificate_digest) is None
            assert await SqlSealStore().seal_of_certificate(tx, form.certificate_digest) == SEAL

    async def test_a_later_form_ends_the_one_before_which_stays_known(
        self, database: Database, store: NationalStore
    ) -> None:
        first, second = a_form(1), a_form(2, LATER)
        await self.added(database, store, first)
        await self.added(database, store, second)
        ended = replace(first, ended_at=LATER)
        async with database.read() as tx:
            assert await store.of_seal(tx, SEAL.id) == [second, ended]
            assert await store.current(tx, SEAL.id) == second
            assert await store.by_digest(tx, first.digest) == ended

    async def test_of_two_at_once_each_is_whole_and_one_is_current(
        self, database: Database, store: NationalStore
    ) -> None:
        async def enter(form: NationalForm) -> None:
            try:
                await self.added(database, store, form)
            except SealCertificateStale:
                return

        await asyncio.gather(*(enter(a_form(number, MOMENT + dt.timedelta(minutes=number))) for number in range(1, 6)))
        async with database.read() as tx:
            found = await store.of_seal(tx, SEAL.id)
            assert [one.ended_at for one in found].count(None) == 1
            assert found

    async def test_the_same_certificate_is_no_second_forms(self, database: Database, store: NationalStore) -> None:
        await self.added(database, store, a_form(1))
        with pytest.raises(SealCertificateStale):
            await self.added(database, store, replace(a_form(2), certificates=a_form(1).certificates))

    async def test_a_form_is_unsettled_until_its_former_keys_are_gone(
        self, database: Database, store: NationalStore
    ) -> None:
        await self.added(database, store, a_form())
        async with database.write() as tx:
            assert [one.id for one in await store.unsettled(tx, 10)] == ["sealform_01"]
            await store.settle(tx, "sealform_01")
            await tx.commit()
        async with database.read() as tx:
            assert await store.unsettled(tx, 10) == []

    async def test_only_a_seal_in_use_is_widened(self, database: Database, store: NationalStore) -> None:
        seals = SqlSealStore()
        async with database.write() as tx:
            assert await store.widen(tx, SEAL.id, Profile.BOTH)
            await tx.commit()
        async with database.write() as tx:
            active = (SealStatus.ACTIVE,)
            assert await seals.set_status(tx, SEAL.id, expected=active, new=SealStatus.REVOKED, at=LATER)
            assert not await store.widen(tx, SEAL.id, Profile.NATIONAL)
            await tx.commit()
        async with database.read() as tx:
            found = await seals.seal(tx, SEAL.id)
            assert found is not None
            assert found.profile is Profile.BOTH


class DepartmentContract:
    async def test_what_a_department_wants_is_kept_changed_and_taken_back(
        self, database: Database, departments: DepartmentStore
    ) -> None:
        for profile in (None, Profile.NATIONAL, Profile.BOTH, None):
            async with database.write() as tx:
                await departments.set_profile(tx, SEAL.organisation, profile, by="acc_1", at=MOMENT)
                await tx.commit()
            async with database.read() as tx:
                assert await departments.profile_of(tx, SEAL.organisation) is profile
                assert await departments.profile_of(tx, "11100000000013338W") is None
