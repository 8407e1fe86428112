"""Stores of status places broken on purpose: the contract must catch each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from certstore.status import Status
from certstore.status_publishing import ListedStatus
from certstore.stores.status_entries import SqlStatusEntryStore
from certstore.stores.status_tables import status_entry
from core.db.database import ReadTx, WriteTx
from tests.conformance.harness import Surroundings, failing
from tests.conformance.status_stores import CONTRACT, StatusHarness, sqlite
from tests.support.clock import FakeClock


class TakesOver(SqlStatusEntryStore):
    """Gives a place that is somebody's to the next one."""

    async def take(
        self, tx: WriteTx, licence_id: str, version: int, place: tuple[int, int], *, now: dt.datetime
    ) -> bool:
        columns = status_entry.c
        await tx.connection.execute(delete(status_entry).where(columns.list == place[0], columns.position == place[1]))
        return await super().take(tx, licence_id, version, place, now=now)


class MovesAbout(SqlStatusEntryStore):
    """Lets a version have a new place: what it was told before then says nothing of it."""

    async def take(
        self, tx: WriteTx, licence_id: str, version: int, place: tuple[int, int], *, now: dt.datetime
    ) -> bool:
        columns = status_entry.c
        mine = (columns.licence_id == licence_id, columns.version == version)
        await tx.connection.execute(delete(status_entry).where(*mine))
        return await super().take(tx, licence_id, version, place, now=now)


class AlwaysTakes(SqlStatusEntryStore):
    """Says yes whatever happened."""

    async def take(
        self, tx: WriteTx, licence_id: str, version: int, place: tuple[int, int], *, now: dt.datetime
    ) -> bool:
        await super().take(tx, licence_id, version, place, now=now)
        return True


class ForgetsVersions(SqlStatusEntryStore):
    """Tells an older version as the present one."""

    async def listed(self, tx: ReadTx, number: int, today: dt.date) -> Sequence[ListedStatus]:
        found = await super().listed(tx, number, today)
        return [replace(one, status=Status.VALID) if one.status is Status.SUPERSEDED else one for one in found]


class LivesYesterday(SqlStatusEntryStore):
    async def listed(self, tx: ReadTx, number: int, today: dt.date) -> Sequence[ListedStatus]:
        return await super().listed(tx, number, today - dt.timedelta(days=1))


class CountsFromNought(SqlStatusEntryStore):
    async def open_list(self, tx: WriteTx) -> int:
        return await self.newest(tx)


BROKEN = [
    (TakesOver, "test_a_place_is_taken_once_and_kept"),
    (MovesAbout, "test_a_place_is_taken_once_and_kept"),
    (AlwaysTakes, "test_a_version_gets_one_place_however_many_ask"),
    (ForgetsVersions, "test_an_older_version_is_superseded"),
    (LivesYesterday, "test_a_list_says_what_each_version_is_today"),
    (CountsFromNought, "test_lists_are_counted_from_one"),
]


@pytest.mark.parametrize(("store", "by"), BROKEN, ids=[store.__name__ for store, _ in BROKEN])
async def test_a_broken_store_is_caught(store: type[SqlStatusEntryStore], by: str, tmp_path: Path) -> None:
    count = iter(range(100))

    @asynccontextmanager
    async def opened() -> AsyncIterator[StatusHarness]:
        place = tmp_path / str(next(count))
        place.mkdir()
        async with sqlite(Surroundings(place, FakeClock())) as harness:
            yield replace(harness, places=store())

    assert by in await failing(CONTRACT, opened, only=by)
