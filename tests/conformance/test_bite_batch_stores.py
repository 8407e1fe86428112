"""Stores of batches that are broken in one way each: the contract must catch every one of them."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import update

from core.db.database import ReadTx, WriteTx
from signing.batches.model import Batch, BatchFile, Fault
from signing.batches.ports import Claimed, Told
from signing.stores.batch_tables import seal_batch, seal_batch_file
from signing.stores.batches import SqlBatchStore
from tests.conformance.batch_stores import BatchContract
from tests.support.batch_world import cipher
from tests.support.clock import FakeClock
from tests.support.databases import sqlite_database


class BelievesAnOldClaim(SqlBatchStore):
    """Lets a worker settle what another one has by now."""

    async def seal(self, tx: WriteTx, file: BatchFile, signature_id: str) -> bool:
        present = await self.file(tx, file.batch_id, file.id)
        return await super().seal(tx, replace(file, lease=present and present.lease), signature_id)


class SealsTwice(SqlBatchStore):
    """Does not look whether the file waits."""

    async def seal(self, tx: WriteTx, file: BatchFile, signature_id: str) -> bool:
        values = {"state": "sealed", "signature_id": signature_id}
        await tx.connection.execute(update(seal_batch_file).where(seal_batch_file.c.id == file.id).values(values))
        return True


class NeverSetsAside(SqlBatchStore):
    """Gives a file that kills its workers out for ever."""

    async def claim(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime, most: int) -> Claimed | None:
        await tx.connection.execute(update(seal_batch_file).where(seal_batch_file.c.tries > 1).values(tries=1))
        return await super().claim(tx, now=now, until=until, most=most)


class KnowsNoTurns(SqlBatchStore):
    """Serves the oldest batch until it is done."""

    async def claim(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime, most: int) -> Claimed | None:
        claimed = await super().claim(tx, now=now, until=until, most=most)
        await tx.connection.execute(update(seal_batch).values(served_at=seal_batch.c.created_at))
        return claimed


class ForgetsToCancel(SqlBatchStore):
    """Leaves files that a worker has."""

    async def cancel_waiting(self, tx: WriteTx, batch_id: str) -> int:
        mine, columns = seal_batch_file.c.batch_id == batch_id, seal_batch_file.c
        values = {"state": "cancelled"}
        done = await tx.connection.execute(
            update(seal_batch_file).where(mine, columns.state == "waiting", columns.lease.is_(None)).values(values)
        )
        return done.rowcount


class CountsEveryReturn(SqlBatchStore):
    """Blames the file for an authority that is away."""

    async def give_back(self, tx: WriteTx, files: Sequence[BatchFile], *, counted: bool) -> None:
        await super().give_back(tx, files, counted=True)


class FinishesEarly(SqlBatchStore):
    """Calls a batch done while files wait."""

    async def finish(self, tx: WriteTx, batch_id: str, *, now: dt.datetime, expires_at: dt.datetime) -> bool:
        mine = (seal_batch.c.id == batch_id, seal_batch.c.state == "running")
        return (await tx.connection.execute(update(seal_batch).where(*mine).values(state="done"))).rowcount == 1


class TellsTwice(SqlBatchStore):
    """Gives a message to every worker that asks."""

    async def due_to_tell(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime) -> Told | None:
        told = await super().due_to_tell(tx, now=now, until=until)
        await tx.connection.execute(update(seal_batch).where(seal_batch.c.tell_at.is_not(None)).values(tell_at=now))
        return told


class ThrowsAwayWhatMayBeTriedAgain(SqlBatchStore):
    """Lets go of a refused file's document."""

    async def refuse(self, tx: WriteTx, file: BatchFile, fault: Fault) -> bool:
        done = await super().refuse(tx, file, fault)
        await tx.connection.execute(
            update(seal_batch_file).where(seal_batch_file.c.id == file.id).values(document=None)
        )
        return done


class LosesThePlaces(SqlBatchStore):
    """Keeps no more of the wishes than the class."""

    async def batch(self, tx: ReadTx, batch_id: str) -> Batch | None:
        found = await super().batch(tx, batch_id)
        return found and replace(found, wishes=replace(found.wishes, places=()))


BROKEN = [
    BelievesAnOldClaim,
    SealsTwice,
    NeverSetsAside,
    KnowsNoTurns,
    ForgetsToCancel,
    CountsEveryReturn,
    FinishesEarly,
    TellsTwice,
    ThrowsAwayWhatMayBeTriedAgain,
    LosesThePlaces,
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
async def test_contract_catches_it(broken: type[SqlBatchStore], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert await _caught(broken(cipher()), tmp_path_factory), f"{broken.__name__} passed the whole contract"


async def _caught(store: SqlBatchStore, folders: pytest.TempPathFactory) -> bool:
    contract = BatchContract()
    for name, check in inspect.getmembers(contract, inspect.iscoroutinefunction):
        if not name.startswith("test_"):
            continue
        async with sqlite_database(folders.mktemp("bite"), FakeClock()) as database:
            try:
                await check(database, store)
            except AssertionError:
                return True
    return False
