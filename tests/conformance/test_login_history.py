"""The store of `idp.login_history.ports` on SQLite and PostgreSQL, and stores that are wrong on purpose."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from api.wiring.idp import sql_stores
from core.db.database import ReadTx, WriteTx
from idp.login_history.model import LogInOutcome, LogInRecord
from idp.stores.login_history import SqlLogInRecordStore
from idp.stores.login_history_tables import login_record as table
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.idp_stores_backends import BACKENDS, IdpStoresHarness, sqlite
from tests.conformance.login_history import LogInRecordsBasic
from tests.support.clock import FakeClock


@parametrised(BACKENDS)
class TestLogInRecordsBasic(LogInRecordsBasic):
    pass


class _OneQuotaForAll(SqlLogInRecordStore):
    """Wrong tries push the log-ins out."""

    async def _trim(self, tx: WriteTx, account_id: str, outcome: LogInOutcome, keep: int) -> None:
        same = table.c.account_id == account_id
        kept = select(table.c.id).where(same).order_by(table.c.id.desc()).limit(keep)
        await tx.connection.execute(delete(table).where(same, table.c.id.not_in(kept)))


class _TrimsEverybody(SqlLogInRecordStore):
    async def _trim(self, tx: WriteTx, account_id: str, outcome: LogInOutcome, keep: int) -> None:
        kept = select(table.c.id).where(table.c.account_id == account_id).order_by(table.c.id.desc()).limit(keep)
        await tx.connection.execute(delete(table).where(table.c.id.not_in(kept), table.c.outcome == outcome.value))


class _ShowsEverybodys(SqlLogInRecordStore):
    async def of_account(self, tx: ReadTx, account_id: str, *, before: str | None, limit: int) -> Sequence[LogInRecord]:
        found = await tx.connection.execute(select(table.c.account_id).distinct())
        everybody = [
            await super(_ShowsEverybodys, self).of_account(tx, one, before=before, limit=limit) for (one,) in found
        ]
        return sorted((one for theirs in everybody for one in theirs), key=lambda one: one.id, reverse=True)


class _NeverForgets(SqlLogInRecordStore):
    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        return 0


class _ForgetsNobody(SqlLogInRecordStore):
    async def forget(self, tx: WriteTx, account_id: str) -> int:
        return 2


BROKEN: list[tuple[SqlLogInRecordStore, str]] = [
    (_OneQuotaForAll(), "test_many_refusals_push_out_no_log_in"),
    (_TrimsEverybody(), "test_many_refusals_push_out_no_log_in"),
    (_ShowsEverybodys(), "test_one_account_does_not_see_anothers"),
    (_NeverForgets(), "test_what_is_old_goes"),
    (_ForgetsNobody(), "test_an_erased_account_leaves_none_behind"),
]


@pytest.mark.parametrize(("store", "only"), BROKEN, ids=lambda one: type(one).__name__)
async def test_bite_the_contract_catches(
    tmp_path: Path, clock: FakeClock, store: SqlLogInRecordStore, only: str
) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: dataclasses.replace(sql_stores(), log_ins=store))

    assert await failing((LogInRecordsBasic,), opened, only=only) == {only}
