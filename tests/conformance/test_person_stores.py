"""The stores behind people's lives on SQLite and PostgreSQL, and stores that are wrong on purpose."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from api.wiring.idp import IdpStores, sql_stores
from api.wiring.persons import PersonStores
from core.db.database import ReadTx, WriteTx
from idp.model import HeldDocument
from idp.persons.model import Departure, ProposalState
from idp.stores.documents import SqlDocumentStore
from idp.stores.person_lives import SqlDepartureStore, SqlPersonProposals
from idp.stores.person_tables import account_departure, person_document, person_proposal
from idp.stores.persons import SqlPersonStore
from idp.stores.tables import account
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.idp_stores_backends import BACKENDS, IdpStoresHarness, sqlite
from tests.conformance.person_stores import PersonStoresBasic, PersonStoresContention
from tests.support.clock import FakeClock


@parametrised(BACKENDS)
class TestPersonStoresBasic(PersonStoresBasic):
    pass


@parametrised(BACKENDS)
class TestPersonStoresContention(PersonStoresContention):
    pass


class _StatedIsProved(SqlDocumentStore):
    async def add(self, tx: WriteTx, document: HeldDocument, indexes: Sequence[bytes]) -> bool:
        return await super().add(tx, document, indexes or [b"1.passport", b"2.passport"])


class _RemovesAnybodys(SqlDocumentStore):
    async def remove(self, tx: WriteTx, document_id: str, *, account_id: str) -> bool:
        removal = delete(person_document).where(person_document.c.id == document_id)
        return (await tx.connection.execute(removal)).rowcount == 1


class _MovesTheDay(SqlDepartureStore):
    async def add(self, tx: WriteTx, departure: Departure) -> bool:
        if await self.get(tx, departure.account_id) is not None:
            change = update(account_departure).values(due_at=departure.due_at)
            await tx.connection.execute(change.where(account_departure.c.account_id == departure.account_id))
            return False
        return await super().add(tx, departure)


class _LetsTheFrozenLeave(SqlDepartureStore):
    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        query = select(account_departure.c.account_id).where(account_departure.c.due_at <= now).limit(limit)
        return list((await tx.connection.execute(query)).scalars())


class _NeverRunsOut(SqlPersonProposals):
    async def decide(self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime) -> bool:
        change = update(person_proposal).where(person_proposal.c.id == proposal_id).values(state=state.value)
        return (await tx.connection.execute(change)).rowcount == 1


class _LeavesChainsBehind(SqlPersonStore):
    async def merge(self, tx: WriteTx, account_id: str, *, into: str) -> None:
        change = update(account).where(account.c.id == account_id).values(merged_into=into)
        await tx.connection.execute(change)


BROKEN: list[tuple[str, Any, str]] = [
    ("documents", _StatedIsProved(), "test_a_stated_document_is_nobodys_until_it_is_proved"),
    ("documents", _RemovesAnybodys(), "test_only_its_person_removes_a_document_and_frees_it"),
    ("departures", _MovesTheDay(), "test_a_wish_to_leave_is_kept_once_and_due_in_its_time"),
    ("departures", _LetsTheFrozenLeave(), "test_a_wish_to_leave_is_kept_once_and_due_in_its_time"),
    ("proposals", _NeverRunsOut(), "test_a_proposal_comes_back_and_runs_out"),
    ("proposals", _NeverRunsOut(), "test_one_of_many_proves_decides_and_leaves"),
    ("persons", _LeavesChainsBehind(), "test_what_led_to_a_merged_account_leads_to_the_other"),
]


@pytest.mark.parametrize(("part", "store", "only"), BROKEN, ids=lambda one: type(one).__name__)
async def test_bite_the_contract_catches(tmp_path: Path, clock: FakeClock, part: str, store: Any, only: str) -> None:
    def stores() -> IdpStores:
        if part == "documents":
            return dataclasses.replace(sql_stores(), documents=store)
        return dataclasses.replace(sql_stores(), persons=PersonStores(**{part: store}))

    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), stores)

    assert await failing((PersonStoresBasic, PersonStoresContention), opened, only=only) == {only}
