"""Counters that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from keys.stores.transactions import writing
from keys.stores.tsa import SqlSerialStore
from keys.stores.tsa_tables import tsa_serials
from keys.tsa.ports import SerialBlock
from tests.conformance.harness import failing
from tests.conformance.tsa_serials import SerialStoreBasic, SerialStoreContention
from tests.conformance.tsa_serials_backends import SerialsHarness, at

_CONTRACTS = (SerialStoreBasic, SerialStoreContention)


class _ReadsThenWrites(SqlSerialStore):
    """Reads the counter in one transaction and moves it in the next."""

    async def reserve(self, count: int, *, moment: dt.datetime) -> SerialBlock:
        async with self.engine.connect() as connection:
            row = (await connection.execute(select(tsa_serials))).one_or_none()
        if row is None:
            return await super().reserve(count, moment=moment)
        await asyncio.sleep(0.003)
        latest = max(row.latest, moment)
        async with writing(self.engine) as connection:
            await connection.execute(update(tsa_serials).values(next=row.next + count, latest=latest))
        return SerialBlock(row.next, latest)


class _CountsInMemory(SqlSerialStore):
    """Counts for itself; forgets at the end of the process."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._next = 1

    async def reserve(self, count: int, *, moment: dt.datetime) -> SerialBlock:
        first, self._next = self._next, self._next + count
        return SerialBlock(first, moment)


class _OverlapsByOne(SqlSerialStore):
    """Gives the last number of a block again as the first of the next one."""

    async def reserve(self, count: int, *, moment: dt.datetime) -> SerialBlock:
        block = await super().reserve(count, moment=moment)
        return SerialBlock(max(block.first - 1, 1), block.latest)


class _ForgetsTheLatest(SqlSerialStore):
    """Believes every worker's clock."""

    async def reserve(self, count: int, *, moment: dt.datetime) -> SerialBlock:
        return SerialBlock((await super().reserve(count, moment=moment)).first, moment)


class _KeepsTheWrongLatest(SqlSerialStore):
    """Never lets go of a moment in the future."""

    async def set_latest(self, moment: dt.datetime) -> None:
        return


_BROKEN = [
    (_ReadsThenWrites, "test_no_number_is_given_twice"),
    (_ReadsThenWrites, "test_no_number_is_used_twice_whoever_crashes"),
    (_CountsInMemory, "test_numbers_go_on_after_a_restart"),
    (_CountsInMemory, "test_the_first_block_of_all_is_given_once"),
    (_OverlapsByOne, "test_numbers_begin_above_zero_and_go_on"),
    (_ForgetsTheLatest, "test_the_latest_moment_of_any_worker_is_told"),
    (_KeepsTheWrongLatest, "test_a_latest_moment_that_was_wrong_is_put_right"),
]


def _opened(store: type[SqlSerialStore], folder: Path) -> Any:
    count = iter(range(1000))

    @asynccontextmanager
    async def opened() -> AsyncIterator[SerialsHarness]:
        async with at(f"sqlite:///{folder}/{next(count)}.db", store) as harness:
            yield harness

    return opened


@pytest.mark.parametrize(("broken", "caught_by"), _BROKEN, ids=lambda value: getattr(value, "__name__", value))
async def test_a_broken_counter_fails_the_contract(
    broken: type[SqlSerialStore], caught_by: str, tmp_path: Path
) -> None:
    assert await failing(_CONTRACTS, _opened(broken, tmp_path), only=caught_by) == {caught_by}


async def test_a_right_counter_passes(tmp_path: Path) -> None:
    assert await failing(_CONTRACTS, _opened(SqlSerialStore, tmp_path)) == set()
