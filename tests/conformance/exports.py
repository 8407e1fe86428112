"""The contract of `idp.export.ports.ExportStore`: one copy for an account, one worker for a copy."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import Any

from idp.export.model import DataExport, ExportState
from tests.conformance.idp_stores import account, indexes, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

HOUR = dt.timedelta(hours=1)
LATER = START + HOUR
MANY = 12


def asked(number: int = 1, **changes: Any) -> DataExport:
    made = DataExport("acc_1", f"exp_{number:026d}", ExportState.ASKED, START, LATER)
    return dataclasses.replace(made, **changes)


class ExportsBasic:
    """One caller at a time."""

    async def test_while_one_is_under_way_no_other_begins(self, harness: IdpStoresHarness) -> None:
        await _people(harness)
        assert await _begin(harness, asked(1))
        assert not await _begin(harness, asked(2))
        assert await _begin(harness, asked(3, account_id="acc_2"))
        assert await _of(harness) == asked(1)
        await _claim(harness, asked(1))
        assert not await _begin(harness, asked(4))
        assert await _finish(harness, asked(1), ExportState.READY)
        assert await _begin(harness, asked(5))
        assert await _of(harness) == asked(5)

    async def test_one_that_took_too_long_gives_way(self, harness: IdpStoresHarness) -> None:
        await _people(harness)
        await _begin(harness, asked(1))
        assert await _begin(harness, asked(2, asked_at=LATER, expires_at=LATER + HOUR))
        assert not await _finish(harness, asked(1), ExportState.READY)

    async def test_what_is_due_is_claimed_once_and_again_when_its_worker_died(self, harness: IdpStoresHarness) -> None:
        await _people(harness)
        await _begin(harness, asked(1))
        await _begin(harness, asked(2, account_id="acc_2", asked_at=START - HOUR))
        assert [one.id for one in await _due(harness, START)] == [asked(2).id, asked(1).id]
        assert await _claim(harness, asked(1))
        assert not await _claim(harness, asked(1))
        assert [one.id for one in await _due(harness, START)] == [asked(2).id]
        (_, left) = await _due(harness, START + dt.timedelta(minutes=2))
        assert (left.state, left.attempts) == (ExportState.WORKING, 1)
        assert await _claim(harness, left)
        assert not await _finish(harness, asked(1), ExportState.READY), "its claim had run out"
        assert await _finish(harness, left, ExportState.READY, size=7)
        done = await _of(harness)
        assert done is not None
        assert (done.state, done.size, done.ready_at, done.expires_at) == (ExportState.READY, 7, START, LATER + HOUR)
        assert not await _finish(harness, left, ExportState.FAILED)

    async def test_what_has_expired_is_not_made_and_goes(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.exports
        await _people(harness)
        await _begin(harness, asked(1))
        await _begin(harness, asked(2, account_id="acc_2", expires_at=LATER + HOUR))
        assert [one.id for one in await _due(harness, LATER)] == [asked(2).id]
        assert await written(harness, lambda tx: store.delete_expired(tx, LATER)) == 1
        assert await _of(harness) is None


class ExportsContention:
    """Many at once."""

    async def test_of_many_who_ask_one_begins(self, harness: IdpStoresHarness) -> None:
        await _people(harness)
        slow = harness.slow.exports
        begun = await asyncio.gather(*(written(harness, lambda tx, n=n: slow.begin(tx, asked(n))) for n in range(MANY)))
        assert sum(begun) == 1

    async def test_of_many_workers_one_claims(self, harness: IdpStoresHarness) -> None:
        await _people(harness)
        await _begin(harness, asked(1))
        slow, until = harness.slow.exports, START + HOUR
        claimed = await asyncio.gather(
            *(written(harness, lambda tx: slow.claim(tx, asked(1), until=until)) for _ in range(MANY))
        )
        assert sum(claimed) == 1


async def _people(harness: IdpStoresHarness) -> None:
    async def work(tx: Any) -> None:
        for name in ("acc_1", "acc_2"):
            await harness.stores.accounts.add(tx, account(name), indexes(name))

    await written(harness, work)


async def _begin(harness: IdpStoresHarness, export: DataExport) -> bool:
    return bool(await written(harness, lambda tx: harness.stores.exports.begin(tx, export)))


async def _claim(harness: IdpStoresHarness, export: DataExport) -> bool:
    until = START + dt.timedelta(minutes=2)
    return bool(await written(harness, lambda tx: harness.stores.exports.claim(tx, export, until=until)))


async def _finish(harness: IdpStoresHarness, export: DataExport, state: ExportState, *, size: int = 0) -> bool:
    store, expires_at = harness.stores.exports, LATER + HOUR
    return bool(
        await written(harness, lambda tx: store.finish(tx, export, state, at=START, expires_at=expires_at, size=size))
    )


async def _due(harness: IdpStoresHarness, now: dt.datetime) -> list[DataExport]:
    async with harness.database.read() as tx:
        return list(await harness.stores.exports.due(tx, now, 10))


async def _of(harness: IdpStoresHarness) -> DataExport | None:
    async with harness.database.read() as tx:
        return await harness.stores.exports.get(tx, "acc_1")
