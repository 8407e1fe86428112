"""What every store of files under care promises. Names no backend."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

from core.db.database import Database
from signing.levels import Level
from signing.longlife.model import Care
from signing.longlife.ports import CareStore
from signing.stores.sql import SqlSealStore
from tests.conformance.signing_stores import MOMENT, a_record, a_seal

LEASE = dt.timedelta(minutes=10)
MINUTE = dt.timedelta(minutes=1)


async def put(database: Database, store: CareStore, *numbers: int, due_at: dt.datetime | None = MOMENT) -> None:
    """Files of the ledger, taken into care."""
    seals = SqlSealStore()
    async with database.write() as tx:
        if await seals.seal(tx, "seal_01") is None:
            await seals.add_seal(tx, a_seal())
        for number in numbers:
            await seals.add_signature(tx, replace(a_record(number), document=f"document {number}"))
            await store.add(tx, Care(f"sig_{number:02}", Level.B_LTA, due_at))
        await tx.commit()


async def claim(
    database: Database, store: CareStore, *, now: dt.datetime = MOMENT, name: str = "sig_01"
) -> Care | None:
    async with database.write() as tx:
        care = await store.claim(tx, name, now=now, until=now + LEASE)
        await tx.commit()
    return care


async def finish(database: Database, store: CareStore, care: Care, *, due_at: dt.datetime | None = None) -> bool:
    async with database.write() as tx:
        done = await store.finish(tx, care, document="longer", level="PAdES-B-LTA", due_at=due_at)
        if done:
            await tx.commit()
    return done


async def document(database: Database) -> tuple[str | None, str]:
    async with database.read() as tx:
        record = await SqlSealStore().signature(tx, "sig_01")
    assert record is not None
    return record.document, record.level


class CareContract:
    async def test_what_is_put_in_comes_out_with_the_file(self, database: Database, store: CareStore) -> None:
        await put(database, store, 1)
        async with database.read() as tx:
            found = await store.find(tx, "sig_01")
            assert found == Care("sig_01", Level.B_LTA, MOMENT, document="document 1")
            assert await store.find(tx, "sig_99") is None

    async def test_due_is_what_is_due_and_free_the_longest_due_first(
        self, database: Database, store: CareStore
    ) -> None:
        await put(database, store, 3, due_at=MOMENT)
        await put(database, store, 2, due_at=MOMENT - MINUTE)
        await put(database, store, 4, due_at=MOMENT + MINUTE)
        await put(database, store, 5, due_at=None)
        async with database.read() as tx:
            assert await store.due(tx, MOMENT, 10) == ["sig_02", "sig_03"]
            assert await store.due(tx, MOMENT, 1) == ["sig_02"]
        assert await claim(database, store, name="sig_02")
        async with database.read() as tx:
            assert await store.due(tx, MOMENT, 10) == ["sig_03"]
            assert await store.due(tx, MOMENT + LEASE, 10) == ["sig_02", "sig_03", "sig_04"]

    async def test_what_is_not_due_cannot_be_claimed(self, database: Database, store: CareStore) -> None:
        await put(database, store, 1, due_at=MOMENT + MINUTE)
        assert await claim(database, store) is None
        assert await claim(database, store, now=MOMENT + MINUTE) is not None

    async def test_of_many_who_claim_one_gets_it(self, database: Database, store: CareStore) -> None:
        await put(database, store, 1)
        got = await asyncio.gather(*(claim(database, store) for _ in range(8)))
        assert len([care for care in got if care is not None]) == 1

    async def test_a_claim_lapses_and_its_holder_can_do_no_more(self, database: Database, store: CareStore) -> None:
        await put(database, store, 1)
        first = await claim(database, store)
        assert first is not None
        assert await claim(database, store, now=MOMENT + LEASE - MINUTE) is None
        second = await claim(database, store, now=MOMENT + LEASE)
        assert second is not None
        assert (first.tries, second.tries) == (1, 2)
        assert not await finish(database, store, first)
        async with database.write() as tx:
            assert not await store.put_off(tx, first, due_at=MOMENT, fault="late")
            await tx.commit()
        assert await document(database) == ("document 1", "PAdES-B-B")
        assert await finish(database, store, second)
        assert await document(database) == ("longer", "PAdES-B-LTA")

    async def test_done_waits_for_its_next_time_and_counts_anew(self, database: Database, store: CareStore) -> None:
        await put(database, store, 1)
        care = await claim(database, store)
        assert care is not None
        assert await finish(database, store, care, due_at=MOMENT + MINUTE)
        async with database.read() as tx:
            found = await store.find(tx, "sig_01")
        assert found == Care("sig_01", Level.B_LTA, MOMENT + MINUTE, document="longer")

    async def test_a_file_that_was_replaced_meanwhile_stays(self, database: Database, store: CareStore) -> None:
        await put(database, store, 1)
        care = await claim(database, store)
        assert care is not None
        assert not await finish(database, store, replace(care, document="another"))
        assert await document(database) == ("document 1", "PAdES-B-B")

    async def test_put_off_keeps_the_count_and_says_why(self, database: Database, store: CareStore) -> None:
        await put(database, store, 1)
        care = await claim(database, store)
        assert care is not None
        async with database.write() as tx:
            assert await store.put_off(tx, care, due_at=MOMENT + MINUTE, fault="timestamp-unavailable")
            await tx.commit()
        async with database.read() as tx:
            found = await store.find(tx, "sig_01")
        wanted = Care("sig_01", Level.B_LTA, MOMENT + MINUTE, None, 1, "timestamp-unavailable", "document 1")
        assert found == wanted
