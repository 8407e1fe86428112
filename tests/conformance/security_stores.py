"""The contracts of the stores behind the guard: security events, and known devices."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

from idp.abuse.ports import KnownDevice
from idp.security_events.model import SecurityEvent, SecurityEventKind, severity_of
from tests.conformance.idp_stores import account, indexes
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

DAY = dt.timedelta(days=1)


def event(number: int, kind: SecurityEventKind = SecurityEventKind.TRIES_REFUSED, **changes: Any) -> SecurityEvent:
    fields: dict[str, Any] = {"account_id": "acc_1", "source": "192.0.2.7", "detail": {"way": "password"}, **changes}
    return SecurityEvent(f"sev_{number:026d}", START + number * DAY, kind, severity_of(kind), **fields)


def device(number: int, **changes: Any) -> KnownDevice:
    seen = START + number * DAY
    return KnownDevice(
        **{"id": f"d{number}", "account_id": "acc_1", "user_agent": "M", "first_at": seen, "seen_at": seen, **changes}
    )


class SecurityEventsBasic:
    """One caller at a time."""

    async def test_events_come_the_newest_first_and_by_their_marks(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.abuse.security_events
        grave = event(2, SecurityEventKind.STUFFING_SUSPECTED, account_id=None, times=7)
        events = [event(1), grave, event(3, account_id="acc_2", client_id="portal-a", source=None)]
        async with harness.database.write() as tx:
            await store.add(tx, events)
            await tx.commit()
        async with harness.database.read() as tx:
            every = await store.page(tx, before=None, after=None, limit=9)
            assert every == events[::-1]
            assert await store.page(tx, before=events[2].id, after=None, limit=1) == [grave]
            assert await store.page(tx, before=None, after=events[0].id, limit=9) == events[:0:-1]
            assert await store.page(tx, before=None, after=None, limit=9, severity=grave.severity) == [grave]
            assert await store.page(tx, before=None, after=None, limit=9, account_id="acc_2") == events[2:]

    async def test_events_are_bounded_by_age_and_number(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.abuse.security_events
        async with harness.database.write() as tx:
            await store.add(tx, [event(number) for number in range(6)])
            assert await store.trim(tx, before=START + 2 * DAY, keep=9) == 2
            assert await store.trim(tx, before=START, keep=3) == 1
            assert await store.trim(tx, before=START, keep=3) == 0
            left = await store.page(tx, before=None, after=None, limit=9)
            assert [one.at for one in left] == [START + number * DAY for number in (5, 4, 3)]


class KnownDevicesBasic:
    """One caller at a time."""

    async def test_a_device_is_new_once(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.abuse.known_devices
        await _people(harness)
        async with harness.database.write() as tx:
            assert not await store.any_of(tx, "acc_1")
            assert await store.put(tx, device(1), keep=9)
            again = device(1, seen_at=START + 5 * DAY, first_at=START + 5 * DAY, user_agent="N")
            assert not await store.put(tx, again, keep=9)
            assert await store.find(tx, ["d0", "d1"]) == device(1, seen_at=START + 5 * DAY, user_agent="N")
            assert await store.find(tx, ["d0"]) is None
            assert await store.any_of(tx, "acc_1")
            assert not await store.any_of(tx, "acc_2")

    async def test_a_person_has_their_own_devices(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.abuse.known_devices
        await _people(harness)
        async with harness.database.write() as tx:
            for one in (device(1), device(3), device(2), device(4, account_id="acc_2")):
                await store.put(tx, one, keep=9)
            assert await store.of_account(tx, "acc_1") == [device(3), device(2), device(1)]

    async def test_the_longest_unseen_go(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.abuse.known_devices
        await _people(harness)
        async with harness.database.write() as tx:
            assert await store.put(tx, device(9, account_id="acc_2"), keep=2)
            for number in (1, 3, 2):
                assert await store.put(tx, device(number), keep=2)
            assert [bool(await store.find(tx, [f"d{number}"])) for number in (1, 2, 3, 9)] == [False, True, True, True]
            assert await store.delete_before(tx, START + 3 * DAY) == 1
            assert await store.find(tx, ["d2"]) is None

    async def test_ones_own_are_forgotten(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.abuse.known_devices
        await _people(harness)
        async with harness.database.write() as tx:
            for number in (1, 2, 3):
                await store.put(tx, device(number), keep=9)
            await store.put(tx, device(4, account_id="acc_2"), keep=9)
            assert await store.forget(tx, "acc_1", but=["d2"]) == 2
            assert [bool(await store.find(tx, [f"d{number}"])) for number in (1, 2, 3, 4)] == [False, True, False, True]
            assert await store.forget(tx, "acc_1") == 1


class KnownDevicesRaces:
    """Many callers at once."""

    async def test_of_many_log_ins_from_one_browser_one_finds_it_new(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.abuse.known_devices
        await _people(harness)

        async def put() -> bool:
            async with harness.database.write() as tx:
                new = await store.put(tx, device(1), keep=9)
                await tx.commit()
            return new

        assert sorted(await asyncio.gather(*(put() for _ in range(6)))) == [False] * 5 + [True]


async def _people(harness: IdpStoresHarness) -> None:
    async with harness.database.write() as tx:
        for name in ("acc_1", "acc_2"):
            assert await harness.stores.accounts.add(tx, account(name), indexes(name))
        await tx.commit()
