"""Stores of files under care that are broken in one way each: the contract must catch every one of them."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from core.db.database import ReadTx, WriteTx
from signing.longlife.model import Care
from signing.stores.care import SqlCareStore
from signing.stores.care_tables import document_care
from signing.stores.tables import seal_signature
from tests.conformance.care_stores import CareContract
from tests.support.clock import FakeClock
from tests.support.databases import sqlite_database


class GivesToEverybody(SqlCareStore):
    """Looks at nobody's lease."""

    async def claim(self, tx: WriteTx, signature_id: str, *, now: dt.datetime, until: dt.datetime) -> Care | None:
        own = document_care.c.signature_id == signature_id
        values = {"lease_until": until, "tries": document_care.c.tries + 1}
        changed = await tx.connection.execute(
            update(document_care).where(own, document_care.c.due_at <= now).values(values)
        )
        return await self.find(tx, signature_id) if changed.rowcount else None


class NeverLapses(SqlCareStore):
    """Keeps for ever what a worker that died had claimed."""

    async def claim(self, tx: WriteTx, signature_id: str, *, now: dt.datetime, until: dt.datetime) -> Care | None:
        found = await self.find(tx, signature_id)
        if found is None or found.lease_until is not None:
            return None
        return await super().claim(tx, signature_id, now=now, until=until)


class BelievesAnOldClaim(SqlCareStore):
    """Takes work from a worker whose claim has lapsed."""

    async def finish(self, tx: WriteTx, care: Care, *, document: str, level: str, due_at: dt.datetime | None) -> bool:
        present = await self.find(tx, care.signature_id)
        lease = present.lease_until if present else None
        return await super().finish(tx, replace(care, lease_until=lease), document=document, level=level, due_at=due_at)


class OverwritesWhateverIsThere(SqlCareStore):
    """Does not look which file it replaces."""

    async def finish(self, tx: WriteTx, care: Care, *, document: str, level: str, due_at: dt.datetime | None) -> bool:
        values = {"document": document, "level": level}
        await tx.connection.execute(
            update(seal_signature).where(seal_signature.c.id == care.signature_id).values(values)
        )
        return True


class ForgetsTheLevel(SqlCareStore):
    """Replaces the file and leaves the ledger's level as it was."""

    async def finish(self, tx: WriteTx, care: Care, *, document: str, level: str, due_at: dt.datetime | None) -> bool:
        return await super().finish(tx, care, document=document, level="PAdES-B-B", due_at=due_at)


class ListsEverything(SqlCareStore):
    """Lists what is not due, and in whatever order."""

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        return list((await tx.connection.execute(select(document_care.c.signature_id).limit(limit))).scalars())


class CountsNoTries(SqlCareStore):
    """Begins anew after each failure."""

    async def put_off(self, tx: WriteTx, care: Care, *, due_at: dt.datetime, fault: str) -> bool:
        done = await super().put_off(tx, care, due_at=due_at, fault=fault)
        await tx.connection.execute(update(document_care).values(tries=0))
        return done


BROKEN = [
    GivesToEverybody,
    NeverLapses,
    BelievesAnOldClaim,
    OverwritesWhateverIsThere,
    ForgetsTheLevel,
    ListsEverything,
    CountsNoTries,
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
async def test_contract_catches_it(broken: type[SqlCareStore], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert await _caught(broken(), tmp_path_factory), f"{broken.__name__} passed the whole contract"


async def test_contract_passes_what_is_whole(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not await _caught(SqlCareStore(), tmp_path_factory)


async def _caught(store: SqlCareStore, folders: pytest.TempPathFactory) -> bool:
    contract = CareContract()
    for name, check in inspect.getmembers(contract, inspect.iscoroutinefunction):
        if not name.startswith("test_"):
            continue
        async with sqlite_database(folders.mktemp("bite"), FakeClock()) as database:
            try:
                await check(database, store)
            except AssertionError:
                return True
    return False
