"""Stores of trust lists that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from keys.stores.transactions import writing
from keys.stores.trust import SqlTrustStore
from keys.stores.trust_tables import trust_lists, trust_signers
from keys.trust.ports import ListRevision
from tests.conformance.harness import failing
from tests.conformance.trust_store import TrustStoreBasic, TrustStoreContention
from tests.conformance.trust_store_backends import TrustHarness, at

_CONTRACTS = (TrustStoreBasic, TrustStoreContention)


class _TakesTheNextNumber(SqlTrustStore):
    """Never refuses: whoever comes later writes over what came between."""

    async def append(self, change: ListRevision) -> bool:
        while True:
            last = await self.revision()
            await asyncio.sleep(0.002)
            if await super().append(replace(change, revision=last + 1)):
                return True


class _Overwrites(SqlTrustStore):
    """Keeps the last version only."""

    async def append(self, change: ListRevision) -> bool:
        done = await super().append(change)
        if done:
            async with writing(self.engine) as connection:
                older = (trust_lists.c.source == change.source) & (trust_lists.c.revision < change.revision)
                await connection.execute(delete(trust_lists).where(older))
        return done


class _HidesGivenUp(SqlTrustStore):
    """Tells the version before a list was given up."""

    async def latest(self) -> Sequence[ListRevision]:
        return [one for one in await super().latest() if one.document is not None]


class _ReplacesTheSigner(SqlTrustStore):
    """The last certificate wins."""

    async def keep_signer_certificate(self, key_id: str, certificate: bytes) -> bytes:
        async with writing(self.engine) as connection:
            await connection.execute(delete(trust_signers).where(trust_signers.c.key_id == key_id))
        return await super().keep_signer_certificate(key_id, certificate)


_BROKEN = [
    (_TakesTheNextNumber, "test_a_change_of_an_older_state_is_refused"),
    (_TakesTheNextNumber, "test_of_changes_at_once_one_is_made"),
    (_TakesTheNextNumber, "test_no_authority_that_somebody_added_is_lost"),
    (_Overwrites, "test_the_last_change_of_each_list_is_told_to_every_worker"),
    (_HidesGivenUp, "test_the_last_change_of_each_list_is_told_to_every_worker"),
    (_ReplacesTheSigner, "test_the_first_signer_certificate_of_a_key_stays"),
]


def _opened(store: type[SqlTrustStore], folder: Path) -> Any:
    count = iter(range(1000))

    @asynccontextmanager
    async def opened() -> AsyncIterator[TrustHarness]:
        async with at(f"sqlite:///{folder}/{next(count)}.db", store) as harness:
            yield harness

    return opened


@pytest.mark.parametrize(("broken", "caught_by"), _BROKEN, ids=lambda value: getattr(value, "__name__", value))
async def test_a_broken_store_fails_the_contract(broken: type[SqlTrustStore], caught_by: str, tmp_path: Path) -> None:
    assert await failing(_CONTRACTS, _opened(broken, tmp_path), only=caught_by) == {caught_by}


async def test_a_right_store_passes(tmp_path: Path) -> None:
    assert await failing(_CONTRACTS, _opened(SqlTrustStore, tmp_path)) == set()
