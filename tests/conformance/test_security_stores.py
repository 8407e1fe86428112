"""The stores behind the guard on SQLite and PostgreSQL, and stores that are wrong on purpose."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import select

from api.wiring.abuse import AbuseStores
from api.wiring.idp import sql_stores
from core.db.database import ReadTx, WriteTx
from idp.abuse.ports import KnownDevice
from idp.security_events.model import SecurityEvent, Severity
from idp.stores.known_devices import SqlKnownDeviceStore
from idp.stores.security_events import SqlSecurityEventStore
from idp.stores.security_tables import known_device
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.idp_stores_backends import BACKENDS, IdpStoresHarness, sqlite
from tests.conformance.security_stores import KnownDevicesBasic, KnownDevicesRaces, SecurityEventsBasic
from tests.support.clock import FakeClock


@parametrised(BACKENDS)
class TestSecurityEventsBasic(SecurityEventsBasic):
    pass


@parametrised(BACKENDS)
class TestKnownDevicesBasic(KnownDevicesBasic):
    pass


@parametrised(BACKENDS)
class TestKnownDevicesRaces(KnownDevicesRaces):
    pass


class _ForgetsTheMarks(SqlSecurityEventStore):
    async def page(
        self,
        tx: ReadTx,
        *,
        before: str | None,
        after: str | None,
        limit: int,
        severity: Severity | None = None,
        account_id: str | None = None,
    ) -> Sequence[SecurityEvent]:
        return await super().page(tx, before=before, after=after, limit=limit)


class _GrowsForEver(SqlSecurityEventStore):
    async def trim(self, tx: WriteTx, *, before: dt.datetime, keep: int) -> int:
        return await super().trim(tx, before=before, keep=100)


class _AlwaysNew(SqlKnownDeviceStore):
    async def put(self, tx: WriteTx, device: KnownDevice, *, keep: int) -> bool:
        await super().put(tx, device, keep=keep)
        return True


class _KeepsAll(SqlKnownDeviceStore):
    async def put(self, tx: WriteTx, device: KnownDevice, *, keep: int) -> bool:
        return await super().put(tx, device, keep=100)


class _ShowsEverybodys(SqlKnownDeviceStore):
    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[KnownDevice]:
        rows = await tx.connection.execute(select(known_device).order_by(known_device.c.seen_at.desc()))
        return [KnownDevice(**dict(row._mapping)) for row in rows]


class _ForgetsEverybodys(SqlKnownDeviceStore):
    async def forget(self, tx: WriteTx, account_id: str, *, but: Sequence[str] = ()) -> int:
        return await super().forget(tx, account_id)


BROKEN: list[tuple[AbuseStores, str]] = [
    (AbuseStores(security_events=_ForgetsTheMarks()), "test_events_come_the_newest_first_and_by_their_marks"),
    (AbuseStores(security_events=_GrowsForEver()), "test_events_are_bounded_by_age_and_number"),
    (AbuseStores(known_devices=_AlwaysNew()), "test_a_device_is_new_once"),
    (AbuseStores(known_devices=_KeepsAll()), "test_the_longest_unseen_go"),
    (AbuseStores(known_devices=_ShowsEverybodys()), "test_a_person_has_their_own_devices"),
    (AbuseStores(known_devices=_ForgetsEverybodys()), "test_ones_own_are_forgotten"),
]


@pytest.mark.parametrize(("stores", "only"), BROKEN, ids=[only for _, only in BROKEN])
async def test_bite_the_contract_catches(tmp_path: Path, clock: FakeClock, stores: AbuseStores, only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: dataclasses.replace(sql_stores(), abuse=stores))

    assert await failing((SecurityEventsBasic, KnownDevicesBasic), opened, only=only) == {only}
