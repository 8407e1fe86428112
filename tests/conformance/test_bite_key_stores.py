"""Stores of keys that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from api.wiring.idp import IdpStores, sql_stores
from core.db.database import ReadTx, WriteTx
from idp.factors.certificates.model import BoundCertificate
from idp.factors.passkeys.model import Passkey
from idp.stores.key_tables import passkey, person_certificate
from idp.stores.passkeys import SqlPasskeyStore
from idp.stores.person_certificates import SqlPersonCertificateStore
from tests.conformance.harness import Surroundings, failing
from tests.conformance.idp_stores_backends import IdpStoresHarness, postgres, sqlite
from tests.conformance.key_stores import KeyStoresBasic, KeyStoresContention
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_CONTRACTS = (KeyStoresBasic, KeyStoresContention)
_PAUSE = 0.05  # longer than it takes to open the others' connections, on a busy machine too


class _MovesTheCredential(SqlPasskeyStore):
    async def add(self, tx: WriteTx, made: Passkey) -> bool:
        await tx.connection.execute(delete(passkey).where(passkey.c.credential_id == made.credential_id))
        return await super().add(tx, made)


class _CountsBackwards(SqlPasskeyStore):
    async def used(self, tx: WriteTx, passkey_id: str, *, sign_count: int, backed_up: bool, at: dt.datetime) -> bool:
        here = (passkey.c.id == passkey_id, passkey.c.state == "active", passkey.c.sign_count != sign_count)
        values = {"sign_count": sign_count, "backed_up": backed_up, "used_at": at}
        if (await tx.connection.execute(update(passkey).where(*here).values(values))).rowcount == 1:
            return True
        return await super().used(tx, passkey_id, sign_count=sign_count, backed_up=backed_up, at=at)


class _UsesTheSuspended(SqlPasskeyStore):
    async def used(self, tx: WriteTx, passkey_id: str, *, sign_count: int, backed_up: bool, at: dt.datetime) -> bool:
        columns = passkey.c
        goes_on = columns.sign_count < sign_count if sign_count else columns.sign_count == 0
        change = update(passkey).where(columns.id == passkey_id, goes_on)
        values = {"sign_count": sign_count, "backed_up": backed_up, "used_at": at}
        return (await tx.connection.execute(change.values(values))).rowcount == 1


class _RemovesForEverybody(SqlPasskeyStore):
    async def remove(self, tx: WriteTx, passkey_id: str, *, account_id: str) -> bool:
        return (await tx.connection.execute(delete(passkey).where(passkey.c.id == passkey_id))).rowcount == 1


class _LooksThenUses(SqlPasskeyStore):
    async def used(self, tx: WriteTx, passkey_id: str, *, sign_count: int, backed_up: bool, at: dt.datetime) -> bool:
        query = select(passkey.c.sign_count, passkey.c.state).where(passkey.c.id == passkey_id)
        known = (await tx.connection.execute(query)).one_or_none()
        if known is None or known.state != "active" or known.sign_count >= max(sign_count, 1):
            return False
        await asyncio.sleep(_PAUSE)
        values = {"sign_count": sign_count, "backed_up": backed_up, "used_at": at}
        await tx.connection.execute(update(passkey).where(passkey.c.id == passkey_id).values(values))
        return True


class _ForgetsWhatRanOut(SqlPersonCertificateStore):
    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        return await super().delete_expired(tx, before - dt.timedelta(days=1))


class _RebindsCertificates(SqlPersonCertificateStore):
    async def add(self, tx: WriteTx, certificate: BoundCertificate) -> bool:
        known = person_certificate.c.thumbprint == certificate.thumbprint
        await tx.connection.execute(delete(person_certificate).where(known))
        return await super().add(tx, certificate)


class _ShowsThoseOfOthers(SqlPersonCertificateStore):
    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[BoundCertificate]:
        found = [await super().of_account(tx, one) for one in ("acc_1", "acc_2")]
        return [*found[0], *found[1]]

    async def add(self, tx: WriteTx, certificate: BoundCertificate) -> bool:
        return await super().add(tx, dataclasses.replace(certificate, issuer=certificate.account_id))


_ONE_HOLDER = "test_a_certificate_comes_back_as_it_went_in_and_has_one_holder"
BROKEN: list[tuple[str, Any, str]] = [
    ("passkeys", _MovesTheCredential(), "test_a_passkey_comes_back_as_it_went_in_and_has_one_holder"),
    ("passkeys", _CountsBackwards(), "test_a_counter_goes_on_or_the_use_does_not_count"),
    ("passkeys", _UsesTheSuspended(), "test_a_suspended_passkey_counts_no_more"),
    ("passkeys", _RemovesForEverybody(), "test_only_its_owner_names_and_removes_a_passkey"),
    ("certificates", _ForgetsWhatRanOut(), "test_only_its_owner_removes_a_certificate_and_what_ran_out_goes"),
    ("certificates", _RebindsCertificates(), _ONE_HOLDER),
    ("certificates", _ShowsThoseOfOthers(), _ONE_HOLDER),
]


def _stores(part: str, store: Any) -> IdpStores:
    stores = sql_stores()
    return dataclasses.replace(stores, keys=dataclasses.replace(stores.keys, **{part: store}))


def _name(value: Any) -> str:
    return type(value).__name__ if not isinstance(value, str) else ""


@pytest.mark.parametrize(("part", "store", "only"), BROKEN, ids=_name)
async def test_the_contract_catches(tmp_path: Path, clock: FakeClock, part: str, store: Any, only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: _stores(part, store))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_the_contract_catches_a_race(tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer) -> None:
    """On PostgreSQL: SQLite lets one writer in at a time and so hides it."""

    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return postgres(Surroundings(tmp_path, clock, postgres_server), lambda: _stores("passkeys", _LooksThenUses()))

    only = "test_one_of_many_equal_counters_counts"
    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_the_real_stores_pass(tmp_path: Path, clock: FakeClock) -> None:
    assert await failing(_CONTRACTS, lambda: sqlite(Surroundings(tmp_path, clock))) == set()
