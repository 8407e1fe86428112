"""Stores of registration that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from api.wiring.idp import IdpStores, sql_stores
from core.db.database import ReadTx, WriteTx
from idp.clients.ports import ClientSearch
from idp.clients.records import ClientError, ClientProposal, Permit, ProposalState
from idp.model import Client, ClientStatus
from idp.stores.client_errors import SqlClientErrorStore
from idp.stores.client_proposals import SqlClientProposals
from idp.stores.clients import SqlClientStore
from idp.stores.registration_tables import client_proposal, client_registration, registration_permit
from idp.stores.registrations import SqlPermitStore, SqlRegistrationStore
from idp.stores.tables import client
from tests.conformance.harness import Surroundings, failing
from tests.conformance.idp_stores_backends import IdpStoresHarness, postgres, sqlite
from tests.conformance.registration_stores import (
    RegistrationStoresBasic,
    RegistrationStoresContention,
    RegistrationStoresTransaction,
)
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_CONTRACTS = (RegistrationStoresBasic, RegistrationStoresTransaction, RegistrationStoresContention)
_PAUSE = 0.05  # longer than it takes to open the others' connections, on a busy machine too


class _CountsUses(SqlPermitStore):
    """Does not look at the time, nor at how many clients there are."""

    async def use(self, tx: WriteTx, permit_id: str, now: dt.datetime) -> bool:
        columns = registration_permit.c
        change = update(registration_permit).where(columns.id == permit_id).values(uses=columns.uses + 1)
        return (await tx.connection.execute(change)).rowcount == 1


class _LooksThenUses(SqlPermitStore):
    """Two may have looked before either counted."""

    async def use(self, tx: WriteTx, permit_id: str, now: dt.datetime) -> bool:
        found = await self.get(tx, permit_id)
        if found is None or found.clients >= found.most_clients or not found.open(now):
            return False
        await asyncio.sleep(_PAUSE)
        values = {"uses": found.uses + 1, "clients": found.clients + 1}
        await tx.connection.execute(
            update(registration_permit).where(registration_permit.c.id == permit_id).values(values)
        )
        return True


class _EndsAndOpens(SqlPermitStore):
    """An issuer whose permit has ended is trusted still."""

    async def by_issuer(self, tx: ReadTx, issuer: str) -> Permit | None:
        return await self._one(tx, registration_permit.c.issuer == issuer)


class _StepsAnyway(SqlRegistrationStore):
    async def advance(self, tx: WriteTx, client_id: str, *, revision: int, at: dt.datetime) -> bool:
        change = update(client_registration).where(client_registration.c.client_id == client_id)
        return (await tx.connection.execute(change.values(revision=revision + 1, changed_at=at))).rowcount == 1


class _TakesAnyToken(SqlRegistrationStore):
    async def exchange_token(self, tx: WriteTx, client_id: str, *, old: str, new: str | None) -> bool:
        change = update(client_registration).where(client_registration.c.client_id == client_id)
        return (await tx.connection.execute(change.values(access_digest=new))).rowcount == 1


class _DecidesTwice(SqlClientProposals):
    async def decide(
        self, tx: WriteTx, proposal_id: str, new: ProposalState, *, by: str, at: dt.datetime, note: str | None
    ) -> bool:
        values = {"state": new.value, "decided_by": by, "decided_at": at, "note": note}
        change = update(client_proposal).where(client_proposal.c.id == proposal_id).values(values)
        return (await tx.connection.execute(change)).rowcount == 1


class _ShowsAll(SqlClientProposals):
    """Portal managers see what is about others."""

    async def open(
        self, tx: ReadTx, *, organisation: str | None, after: str | None, limit: int
    ) -> Sequence[ClientProposal]:
        return await super().open(tx, organisation=None, after=after, limit=limit)


class _BreaksTheUnit(SqlClientProposals):
    """Without a savepoint the whole unit of work is lost on one of the databases, and on the other not even told."""

    async def add(self, tx: WriteTx, proposal: ClientProposal) -> bool:
        from idp.stores.client_proposals import _values

        await tx.connection.execute(insert(client_proposal).values(_values(proposal)))
        return True


class _WritesStatusToo(SqlClientStore):
    """A change of the description lets a disabled client work again."""

    async def redescribe(self, tx: WriteTx, client_: Client) -> bool:
        done = await super().redescribe(tx, client_)
        await tx.connection.execute(update(client).where(client.c.id == client_.id).values(status=client_.status.value))
        return done


class _WritesSecretsBlindly(SqlClientStore):
    async def write_secrets(self, tx: WriteTx, client_: Client, *, known: Client) -> bool:
        values = {"secret_digest": client_.secret_digest, "secret_sealed": client_.secret_sealed}
        return (
            await tx.connection.execute(update(client).where(client.c.id == client_.id).values(values))
        ).rowcount == 1


class _MovesAnyway(SqlClientStore):
    async def move(self, tx: WriteTx, client_id: str, *, expected: Sequence[ClientStatus], new: ClientStatus) -> bool:
        change = update(client).where(client.c.id == client_id).values(status=new.value)
        return (await tx.connection.execute(change)).rowcount == 1


class _ShowsOthersClients(SqlClientStore):
    async def page(self, tx: ReadTx, search: ClientSearch, *, after: str | None, limit: int) -> Sequence[Client]:
        return await super().page(tx, dataclasses.replace(search, organisation=None), after=after, limit=limit)


class _TakesWildcards(SqlClientStore):
    async def page(self, tx: ReadTx, search: ClientSearch, *, after: str | None, limit: int) -> Sequence[Client]:
        text = search.text.replace("%", "")
        return await super().page(tx, dataclasses.replace(search, text=text), after=after, limit=limit)


class _KeepsEverything(SqlClientErrorStore):
    async def add(self, tx: WriteTx, errors: Sequence[ClientError], *, keep: int) -> None:
        await super().add(tx, errors, keep=10_000)


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"permits": _CountsUses()}, "test_a_permit_comes_back_and_counts"),
    ({"permits": _EndsAndOpens()}, "test_a_permit_ends_once_and_then_opens_nothing"),
    ({"registrations": _StepsAnyway()}, "test_a_record_comes_back_and_moves_on_step_by_step"),
    ({"registrations": _TakesAnyToken()}, "test_an_access_token_gives_way_to_the_next_once"),
    ({"client_proposals": _DecidesTwice()}, "test_a_proposal_comes_back_and_is_decided_once"),
    ({"client_proposals": _ShowsAll()}, "test_open_proposals_are_listed_for_whom_they_concern"),
    ({"client_proposals": _BreaksTheUnit()}, "test_a_second_proposal_leaves_the_unit_of_work_whole"),
    ({"clients": _WritesStatusToo()}, "test_a_description_is_written_and_spares_status_and_secrets"),
    ({"clients": _WritesSecretsBlindly()}, "test_secrets_are_written_over_the_known_ones_only"),
    ({"clients": _MovesAnyway()}, "test_a_client_moves_from_where_it_is_expected"),
    ({"clients": _ShowsOthersClients()}, "test_clients_are_found_page_by_page"),
    ({"clients": _TakesWildcards()}, "test_clients_are_found_page_by_page"),
    ({"client_errors": _KeepsEverything()}, "test_errors_are_kept_for_clients_that_exist_and_only_so_many"),
]


def _name(parts: Any) -> str:
    return type(next(iter(parts.values()))).__name__ if isinstance(parts, dict) else ""


@pytest.mark.parametrize(("parts", "only"), BROKEN, ids=_name)
async def test_the_contract_catches(tmp_path: Path, clock: FakeClock, parts: dict[str, Any], only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: _stores(parts))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_the_contract_catches_a_race(tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer) -> None:
    """On PostgreSQL: SQLite lets one writer in at a time and so hides it."""
    only = "test_a_permit_lets_in_as_many_as_it_has_room_for"

    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        around = Surroundings(tmp_path, clock, postgres_server)
        return postgres(around, lambda: _stores({"permits": _LooksThenUses()}))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_the_real_stores_pass(tmp_path: Path, clock: FakeClock) -> None:
    assert await failing(_CONTRACTS, lambda: sqlite(Surroundings(tmp_path, clock))) == set()


def _stores(parts: dict[str, Any]) -> IdpStores:
    return dataclasses.replace(sql_stores(), **parts)
