"""The store of `idp.ciba.ports` on SQLite and PostgreSQL, and stores that are wrong on purpose."""

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
from idp.ciba.model import BackchannelRequest, RequestState
from idp.stores.ciba import SqlBackchannelStore
from idp.stores.ciba_tables import backchannel_request as table
from tests.conformance.backchannel import BackchannelBasic, BackchannelContention
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.idp_stores_backends import BACKENDS, IdpStoresHarness, postgres, sqlite
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_CONTRACTS = (BackchannelBasic, BackchannelContention)


@parametrised(BACKENDS)
class TestBackchannelBasic(BackchannelBasic):
    pass


@parametrised(BACKENDS)
class TestBackchannelContention(BackchannelContention):
    pass


class _DecidesAgain(SqlBackchannelStore):
    """The last one decides."""

    async def decide(self, tx: WriteTx, request_id: str, state: RequestState, **values: Any) -> bool:
        change = update(table).where(table.c.id == request_id).values(state=state.value, family_id=values["family_id"])
        return (await tx.connection.execute(change)).rowcount == 1


class _ClaimsForEverybody(SqlBackchannelStore):
    async def claim(self, tx: WriteTx, request: BackchannelRequest, *, at: dt.datetime, until: dt.datetime) -> bool:
        change = update(table).where(table.c.id == request.id).values(notice_attempts=1, notice_due_at=until)
        return (await tx.connection.execute(change)).rowcount == 1


class _NeverForgets(SqlBackchannelStore):
    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        return 0


class _ReadsThenDecides(SqlBackchannelStore):
    """Looks first and writes later."""

    async def decide(self, tx: WriteTx, request_id: str, state: RequestState, **values: Any) -> bool:
        found = await tx.connection.execute(select(table.c.state).where(table.c.id == request_id))
        if found.scalar_one() != RequestState.PENDING.value:
            return False
        await asyncio.sleep(0.003)
        change = update(table).where(table.c.id == request_id).values(state=state.value, family_id=values["family_id"])
        return (await tx.connection.execute(change)).rowcount == 1


BROKEN: list[tuple[SqlBackchannelStore, str]] = [
    (_DecidesAgain(), "test_a_request_is_decided_once_and_in_time"),
    (_ClaimsForEverybody(), "test_messages_are_due_claimed_and_finished"),
    (_NeverForgets(), "test_sweeping_takes_what_has_expired"),
]


@pytest.mark.parametrize(("store", "only"), BROKEN, ids=lambda one: type(one).__name__)
async def test_bite_the_contract_catches(
    tmp_path: Path, clock: FakeClock, store: SqlBackchannelStore, only: str
) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: dataclasses.replace(sql_stores(), backchannel=store))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_bite_the_contract_catches_a_race(
    tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer
) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        around = Surroundings(tmp_path, clock, postgres_server)
        return postgres(around, lambda: dataclasses.replace(sql_stores(), backchannel=_ReadsThenDecides()))

    assert await failing(_CONTRACTS, opened, only="test_one_decides") == {"test_one_decides"}
