"""The store of `idp.export.ports` on SQLite and PostgreSQL, and stores that are wrong on purpose."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from api.wiring.idp import sql_stores
from core.db.database import WriteTx
from idp.export.model import DataExport, ExportState
from idp.stores.export_tables import data_export as table
from idp.stores.exports import SqlExportStore
from idp.stores.upsert import insert_or_replace
from tests.conformance.exports import ExportsBasic, ExportsContention
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.idp_stores_backends import BACKENDS, IdpStoresHarness, postgres, sqlite
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_CONTRACTS = (ExportsBasic, ExportsContention)


@parametrised(BACKENDS)
class TestExportsBasic(ExportsBasic):
    pass


@parametrised(BACKENDS)
class TestExportsContention(ExportsContention):
    pass


class _AlwaysBegins(SqlExportStore):
    async def begin(self, tx: WriteTx, export: DataExport) -> bool:
        values = {name: getattr(export, name) for name in table.c.keys()}  # noqa: SIM118 - not a dict
        await insert_or_replace(tx.connection, table, values, key=("account_id",))
        return True


class _FinishesAnybodys(SqlExportStore):
    """Does not look whose claim it is."""

    async def finish(self, tx: WriteTx, export: DataExport, state: ExportState, **values: Any) -> bool:
        change = update(table).where(table.c.id == export.id, table.c.state == ExportState.WORKING.value)
        values["ready_at"] = values.pop("at")
        return (await tx.connection.execute(change.values(state=state.value, **values))).rowcount == 1


class _NeverForgets(SqlExportStore):
    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        return 0


class _ReadsThenClaims(SqlExportStore):
    """Looks first and writes later."""

    async def claim(self, tx: WriteTx, export: DataExport, *, until: dt.datetime) -> bool:
        found = (await tx.connection.execute(select(table).where(table.c.id == export.id))).one()
        if found.state != export.state.value or found.attempts != export.attempts:
            return False
        await asyncio.sleep(0.05)  # long enough for everybody to have read
        values = {"state": ExportState.WORKING.value, "claimed_until": until, "attempts": export.attempts + 1}
        return (
            await tx.connection.execute(update(table).where(table.c.id == export.id).values(**values))
        ).rowcount == 1


BROKEN: list[tuple[SqlExportStore, str]] = [
    (_AlwaysBegins(), "test_while_one_is_under_way_no_other_begins"),
    (_FinishesAnybodys(), "test_what_is_due_is_claimed_once_and_again_when_its_worker_died"),
    (_NeverForgets(), "test_what_has_expired_is_not_made_and_goes"),
]


@pytest.mark.parametrize(("store", "only"), BROKEN, ids=lambda one: type(one).__name__)
async def test_bite_the_contract_catches(tmp_path: Path, clock: FakeClock, store: SqlExportStore, only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: dataclasses.replace(sql_stores(), exports=store))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_bite_the_contract_catches_a_race(
    tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer
) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        around = Surroundings(tmp_path, clock, postgres_server)
        return postgres(around, lambda: dataclasses.replace(sql_stores(), exports=_ReadsThenClaims()))

    only = "test_of_many_workers_one_claims"
    assert await failing(_CONTRACTS, opened, only=only) == {only}
