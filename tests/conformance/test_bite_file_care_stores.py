"""Stores of originals under care that are broken in one way each: the contract must catch every one of them."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from certstore.lasting.ports import FileCare
from certstore.model import Lasting
from certstore.stores.lasting import SqlFileCareStore
from certstore.stores.lasting_tables import licence_file_care
from certstore.stores.tables import licence_file
from core.db.database import ReadTx, WriteTx
from tests.conformance.file_care_stores import FileCareContract, Files
from tests.support.clock import FakeClock
from tests.support.databases import sqlite_database

_columns = licence_file_care.c


class GivesToEverybody(SqlFileCareStore):
    """Looks at nobody's lease."""

    async def claim(self, tx: WriteTx, file_id: str, *, now: dt.datetime, until: dt.datetime) -> FileCare | None:
        await tx.connection.execute(update(licence_file_care).values(lease_until=None))
        return await super().claim(tx, file_id, now=now, until=until)


class NeverLapses(SqlFileCareStore):
    """Keeps for ever what a worker that died had claimed."""

    async def claim(self, tx: WriteTx, file_id: str, *, now: dt.datetime, until: dt.datetime) -> FileCare | None:
        query = select(_columns.lease_until).where(_columns.file_id == file_id)
        if (await tx.connection.execute(query)).scalar_one() is not None:
            return None
        return await super().claim(tx, file_id, now=now, until=until)


class BelievesAnOldClaim(SqlFileCareStore):
    """Takes work from a worker whose claim has lapsed."""

    async def finish(self, tx: WriteTx, care: FileCare, *, content: str, lasting: Lasting) -> bool:
        query = select(_columns.lease_until).where(_columns.file_id == care.file.id)
        lease = (await tx.connection.execute(query)).scalar_one()
        return await super().finish(tx, replace(care, lease_until=lease), content=content, lasting=lasting)


class OverwritesWhateverIsThere(SqlFileCareStore):
    """Does not look which file it replaces."""

    async def finish(self, tx: WriteTx, care: FileCare, *, content: str, lasting: Lasting) -> bool:
        present = select(licence_file.c.content).where(licence_file.c.id == care.file.id)
        file = replace(care.file, content=(await tx.connection.execute(present)).scalar_one())
        return await super().finish(tx, replace(care, file=file), content=content, lasting=lasting)


class ListsEverything(SqlFileCareStore):
    """Lists what is not due, and in whatever order."""

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        return list((await tx.connection.execute(select(_columns.file_id).limit(limit))).scalars())


class CountsNoTries(SqlFileCareStore):
    """Begins anew after each failure."""

    async def put_off(self, tx: WriteTx, care: FileCare, *, due_at: dt.datetime, fault: str) -> bool:
        done = await super().put_off(tx, care, due_at=due_at, fault=fault)
        await tx.connection.execute(update(licence_file_care).values(tries=0))
        return done


class TakesInAgain(SqlFileCareStore):
    """Has what is done already due once more."""

    async def take_in(self, tx: WriteTx, *, after: str, now: dt.datetime, limit: int) -> str | None:
        last = await super().take_in(tx, after=after, now=now, limit=limit)
        await tx.connection.execute(update(licence_file_care).values(due_at=now))
        return last


class ForgetsWhereItWas(SqlFileCareStore):
    """Begins from the first original each time."""

    async def take_in(self, tx: WriteTx, *, after: str, now: dt.datetime, limit: int) -> str | None:
        return await super().take_in(tx, after="", now=now, limit=limit)


BROKEN = [
    GivesToEverybody,
    NeverLapses,
    BelievesAnOldClaim,
    OverwritesWhateverIsThere,
    ListsEverything,
    CountsNoTries,
    TakesInAgain,
    ForgetsWhereItWas,
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
async def test_contract_catches_it(broken: type[SqlFileCareStore], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert await _caught(broken(), tmp_path_factory), f"{broken.__name__} passed the whole contract"


async def test_contract_passes_what_is_whole(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not await _caught(SqlFileCareStore(), tmp_path_factory)


async def _caught(store: SqlFileCareStore, folders: pytest.TempPathFactory) -> bool:
    contract = FileCareContract()
    for name, check in inspect.getmembers(contract, inspect.iscoroutinefunction):
        if not name.startswith("test_"):
            continue
        async with sqlite_database(folders.mktemp("bite"), FakeClock()) as database:
            try:
                await check(Files(database, store))
            except AssertionError:
                return True
    return False
