"""Upstream stores that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from api.wiring.idp import IdpStores, sql_stores
from core.db.database import ReadTx, WriteTx
from idp.model import Session
from idp.stores.upstream import SqlLinkStore, SqlProviderStore, SqlUpstreamSessionStore
from idp.stores.upstream_tables import upstream_link, upstream_provider
from idp.upstream.model import Link, Provider, UpstreamSession
from tests.conformance.harness import Surroundings, failing
from tests.conformance.idp_stores_backends import IdpStoresHarness, postgres, sqlite
from tests.conformance.upstream_stores import UpstreamStoresBasic, UpstreamStoresContention, UpstreamStoresTransaction
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_CONTRACTS = (UpstreamStoresBasic, UpstreamStoresTransaction, UpstreamStoresContention)
_PAUSE = 0.05  # longer than it takes to open the others' connections, on a busy machine too


class _ForgetsTheRevision(SqlProviderStore):
    async def replace(self, tx: WriteTx, provider: Provider, *, revision: int) -> bool:
        return await super().replace(tx, provider, revision=provider.revision) or await super().replace(
            tx, provider, revision=provider.revision - 1
        )


class _ForgetsTheAcrs(SqlProviderStore):
    async def get(self, tx: ReadTx, provider_id: str) -> Provider | None:
        found = await super().get(tx, provider_id)
        return None if found is None else dataclasses.replace(found, required_acrs=())


class _MovesTheIdentity(SqlLinkStore):
    """The last to come gets the identity."""

    async def add(self, tx: WriteTx, link: Link) -> bool:
        columns = upstream_link.c
        taken = (columns.provider_id == link.provider_id, columns.subject == link.subject)
        await tx.connection.execute(delete(upstream_link).where(*taken))
        return await super().add(tx, link)


class _LooksThenLinks(SqlLinkStore):
    """Trusts its own look instead of the unique constraints."""

    async def add(self, tx: WriteTx, link: Link) -> bool:
        if await self.by_subject(tx, provider_id=link.provider_id, subject=link.subject) is not None:
            return False
        await asyncio.sleep(_PAUSE)
        values = {name: getattr(link, name) for name in upstream_link.c.keys()}  # noqa: SIM118 - not a dict
        await tx.connection.execute(insert(upstream_link).values(values))
        return True


class _UnlinksForEverybody(SqlLinkStore):
    async def remove(self, tx: WriteTx, *, provider_id: str, account_id: str) -> bool:
        await super().remove(tx, provider_id=provider_id, account_id=account_id)
        return True


class _LooksThenUnlinks(SqlLinkStore):
    async def remove(self, tx: WriteTx, *, provider_id: str, account_id: str) -> bool:
        columns = upstream_link.c
        query = select(columns.subject).where(columns.provider_id == provider_id, columns.account_id == account_id)
        there = (await tx.connection.execute(query)).one_or_none() is not None
        await asyncio.sleep(_PAUSE)
        await super().remove(tx, provider_id=provider_id, account_id=account_id)
        return there


class _ForgetsTheBar(SqlLinkStore):
    async def is_barred(self, tx: ReadTx, *, provider_id: str, account_id: str) -> bool:
        return False


class _BarsEverywhere(SqlLinkStore):
    async def is_barred(self, tx: ReadTx, *, provider_id: str, account_id: str) -> bool:
        return await super().is_barred(tx, provider_id="province", account_id=account_id)


class _FindsSubjectsOfOthers(SqlLinkStore):
    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Link]:
        return await super().of_account(tx, "acc_1")


class _TurnsUsesBack(SqlLinkStore):
    async def used(self, tx: WriteTx, link: Link, at: dt.datetime) -> None:
        await tx.connection.execute(
            update(upstream_link).where(upstream_link.c.subject == link.subject).values(used_at=at)
        )


class _FindsTheDead(SqlUpstreamSessionStore):
    async def live(self, tx: ReadTx, **names: Any) -> Sequence[Session]:
        from idp.stores.sessions import SqlSessionStore

        found = list(await super().live(tx, **names))
        ended = await SqlSessionStore().get(tx, "ses_1")
        return found + ([ended] if ended is not None and ended.ended_at is not None else [])


class _MixesProviders(SqlUpstreamSessionStore):
    async def live(self, tx: ReadTx, *, provider_id: str, **names: Any) -> Sequence[Session]:
        return await super().live(tx, provider_id="province", **names)


class _EitherNameWillDo(SqlUpstreamSessionStore):
    async def live(
        self, tx: ReadTx, *, provider_id: str, subject: str | None = None, sid: str | None = None
    ) -> Sequence[Session]:
        return await super().live(tx, provider_id=provider_id, subject=None if sid else subject, sid=sid)


class _KeepsTheFirst(SqlUpstreamSessionStore):
    async def put(self, tx: WriteTx, begun: UpstreamSession) -> None:
        known = await self.of_session(tx, begun.session_id)
        if all(one.provider_id != begun.provider_id for one in known):
            await super().put(tx, begun)


class _ReadsThenReplaces(SqlProviderStore):
    async def replace(self, tx: WriteTx, provider: Provider, *, revision: int) -> bool:
        known = await self.get(tx, provider.id)
        if known is None or known.revision != revision:
            return False
        await asyncio.sleep(_PAUSE)
        columns = upstream_provider.c
        change = update(upstream_provider).where(columns.id == provider.id).values(revision=provider.revision)
        await tx.connection.execute(change)
        return True


_FOUND = "test_sessions_are_found_by_what_the_provider_calls_them"
_ONE = "test_an_identity_has_one_account_and_an_account_one_identity"
_BAR = "test_a_bar_stands_until_it_is_taken_away"
BROKEN: list[tuple[str, Any, str]] = [
    ("providers", _ForgetsTheRevision(), "test_a_change_counts_from_the_revision_that_was_read"),
    ("providers", _ForgetsTheAcrs(), "test_a_provider_comes_back_as_it_went_in"),
    ("links", _MovesTheIdentity(), _ONE),
    ("links", _FindsSubjectsOfOthers(), _ONE),
    ("links", _UnlinksForEverybody(), "test_a_link_is_removed_once_and_is_free_again"),
    ("links", _ForgetsTheBar(), _BAR),
    ("links", _BarsEverywhere(), _BAR),
    ("links", _TurnsUsesBack(), "test_uses_only_move_forward"),
    ("begun", _FindsTheDead(), _FOUND),
    ("begun", _MixesProviders(), _FOUND),
    ("begun", _EitherNameWillDo(), _FOUND),
    ("begun", _KeepsTheFirst(), "test_how_a_session_was_begun_is_replaced_and_goes_with_it"),
]
RACY: list[tuple[str, Any, str]] = [
    ("links", _LooksThenLinks(), "test_one_account_gets_the_identity"),
    ("links", _LooksThenUnlinks(), "test_one_unlinks"),
    ("providers", _ReadsThenReplaces(), "test_one_change_counts"),
]


def _stores(part: str, store: Any) -> IdpStores:
    stores = sql_stores()
    if part == "accounts":
        return dataclasses.replace(stores, accounts=store)
    return dataclasses.replace(stores, upstream=dataclasses.replace(stores.upstream, **{part: store}))


def _name(value: Any) -> str:
    return type(value).__name__ if not isinstance(value, str) else ""


@pytest.mark.parametrize(("part", "store", "only"), BROKEN, ids=_name)
async def test_the_contract_catches(tmp_path: Path, clock: FakeClock, part: str, store: Any, only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: _stores(part, store))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


@pytest.mark.parametrize(("part", "store", "only"), RACY, ids=_name)
async def test_the_contract_catches_a_race(
    tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer, part: str, store: Any, only: str
) -> None:
    """On PostgreSQL: SQLite lets one writer in at a time and so hides these."""

    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return postgres(Surroundings(tmp_path, clock, postgres_server), lambda: _stores(part, store))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_the_real_stores_pass(tmp_path: Path, clock: FakeClock) -> None:
    assert await failing(_CONTRACTS, lambda: sqlite(Surroundings(tmp_path, clock))) == set()
