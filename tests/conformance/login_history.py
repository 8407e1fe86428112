"""The contract of `idp.login_history.ports.LogInRecordStore`: in order, bounded, one account's only."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from idp.login_history.model import LogInOutcome, LogInRecord
from tests.conformance.idp_stores import account, indexes, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

DAY = dt.timedelta(days=1)


def record(number: int, **changes: Any) -> LogInRecord:
    made = LogInRecord(
        f"lin_{number:026d}",
        "acc_1",
        START + number * DAY,
        LogInOutcome.DONE,
        "password+sms",
        user_agent="Mozilla/5.0",
        source="192.0.2.7",
        session_id="ses_1",
    )
    return dataclasses.replace(made, **changes)


def refused(number: int, **changes: Any) -> LogInRecord:
    more: dict[str, Any] = {"reason": "password-wrong", "session_id": None, "times": 3, **changes}
    return record(number, outcome=LogInOutcome.REFUSED, **more)


class LogInRecordsBasic:
    """One caller at a time."""

    async def test_the_newest_come_first_page_by_page(self, harness: IdpStoresHarness) -> None:
        records = [record(1), refused(2), record(3)]
        await _kept(harness, *records)
        assert await _of(harness) == records[::-1]
        assert await _of(harness, before=records[2].id, limit=1) == [records[1]]
        assert await _of(harness, before=records[0].id) == []

    async def test_one_account_does_not_see_anothers(self, harness: IdpStoresHarness) -> None:
        await _kept(harness, record(1), record(2, account_id="acc_2"))
        assert await _of(harness) == [record(1)]
        assert await _of(harness, account_id="acc_2") == [record(2, account_id="acc_2")]

    async def test_many_refusals_push_out_no_log_in(self, harness: IdpStoresHarness) -> None:
        await _kept(harness, record(1), record(2, account_id="acc_2"))
        await _kept(harness, *(refused(number) for number in range(3, 9)), keep=3)
        assert await _of(harness) == [refused(8), refused(7), refused(6), record(1)]
        await _kept(harness, *(record(number) for number in range(9, 12)), keep=2)
        assert await _of(harness) == [record(11), record(10), refused(8), refused(7), refused(6)]
        assert await _of(harness, account_id="acc_2") == [record(2, account_id="acc_2")]

    async def test_what_is_old_goes(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.log_ins
        await _kept(harness, record(1), refused(2), record(3))
        assert await written(harness, lambda tx: store.delete_before(tx, START + 3 * DAY)) == 2
        assert await _of(harness) == [record(3)]

    async def test_an_erased_account_leaves_none_behind(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.log_ins
        await _kept(harness, record(1), refused(2), record(3, account_id="acc_2"))
        assert await written(harness, lambda tx: store.forget(tx, "acc_1")) == 2
        assert await _of(harness) == []
        assert await _of(harness, account_id="acc_2") == [record(3, account_id="acc_2")]


async def _kept(harness: IdpStoresHarness, *records: LogInRecord, keep: int = 20) -> None:
    async def work(tx: Any) -> None:
        for name in ("acc_1", "acc_2"):
            if await harness.stores.accounts.get(tx, name) is None:
                await harness.stores.accounts.add(tx, account(name), indexes(name))
        await harness.stores.log_ins.add(tx, records, keep=keep)

    await written(harness, work)


async def _of(
    harness: IdpStoresHarness, *, account_id: str = "acc_1", before: str | None = None, limit: int = 20
) -> list[LogInRecord]:
    async with harness.database.read() as tx:
        return list(await harness.stores.log_ins.of_account(tx, account_id, before=before, limit=limit))
