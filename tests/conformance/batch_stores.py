"""What every store of batches promises. Names no backend."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from core.db.database import Database
from core.principal import PrincipalKind
from core.text import Text
from signing.batches.model import (
    MOST_TRIES,
    Approval,
    Batch,
    BatchFile,
    BatchState,
    Counts,
    Fault,
    FileState,
    Owner,
    Wishes,
)
from signing.batches.ports import BatchStore, Claimed, Told
from signing.levels import Level, LevelPolicy
from signing.locks import Certification, FieldLock, LockAction, Locks
from signing.places import EveryPagePlacement, FieldPlacement, PageRange, PagingPlacement, Sides, WordsPlacement
from signing.stores.sql import SqlSealStore
from tests.conformance.signing_stores import MOMENT, a_seal
from tests.support.signing_world import PLACE

LEASE = dt.timedelta(minutes=5)
MINUTE = dt.timedelta(minutes=1)
LATER = MOMENT + dt.timedelta(days=7)
OWNER = Owner(PrincipalKind.CLIENT, "housing-app", "11410199DEMA00025B")
EVERYTHING = Wishes(
    "licence",
    (
        PLACE,
        WordsPlacement("盖章处", -1, PageRange(2, None, Sides.FRONT), 1.5),
        EveryPagePlacement(20, 30, PageRange(1, 9)),
        FieldPlacement("a.b"),
        PagingPlacement(group=7),
    ),
    "发函",
    Level.B_LTA,
    LevelPolicy.AT_LEAST_B_B,
    "示例市",
    "12345",
    Locks(Certification.FORMS, FieldLock(LockAction.INCLUDE, ("x", "y"))),
)
FAULT = Fault("pdf-encrypted", Text("加密", "encrypted"))


def a_batch(number: int = 1, **changes: object) -> Batch:
    made = Batch(
        id=f"batch_{number:02}",
        seal_id="seal_01",
        owner=OWNER,
        wishes=EVERYTHING,
        state=BatchState.COLLECTING,
        name_key=b"k" * 32,
        created_at=MOMENT,
        changed_at=MOMENT,
        expires_at=LATER,
        due_at=MOMENT,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def files_of(batch: Batch, count: int) -> list[BatchFile]:
    def file(number: int) -> BatchFile:
        name, digest = f"信/{number}.pdf", f"{number:064x}"
        return BatchFile(f"{batch.id}_{number}", batch.id, number, name, bytes([number]), digest, 10, f"d{number}")

    return [file(number) for number in range(1, count + 1)]


async def put(database: Database, store: BatchStore, *batches: tuple[Batch, int], running: bool = True) -> None:
    """Batches with so many files each."""
    seals = SqlSealStore()
    async with database.write() as tx:
        if await seals.seal(tx, "seal_01") is None:
            await seals.add_seal(tx, a_seal())
        for batch, count in batches:
            await store.add(tx, batch)
            await store.add_files(tx, batch, files_of(batch, count), now=MOMENT)
            if running:
                await store.move(
                    tx, batch.id, BatchState.RUNNING, [BatchState.COLLECTING], now=batch.created_at, expires_at=LATER
                )
        await tx.commit()


async def claim(database: Database, store: BatchStore, now: dt.datetime = MOMENT, most: int = 2) -> Claimed | None:
    async with database.write() as tx:
        claimed = await store.claim(tx, now=now, until=now + LEASE, most=most)
        await tx.commit()
    return claimed


async def seal(database: Database, store: BatchStore, file: BatchFile, signature: str = "sig_01") -> bool:
    async with database.write() as tx:
        done = await store.seal(tx, file, signature)
        await tx.commit()
    return done


async def counts(database: Database, store: BatchStore, number: int = 1) -> Counts:
    async with database.read() as tx:
        return await store.counts(tx, f"batch_{number:02}")


def numbers(claimed: Claimed | None) -> Sequence[int]:
    return [file.number for file in claimed.files] if claimed else []


class BatchContract:
    async def test_what_is_put_in_comes_out(self, database: Database, store: BatchStore) -> None:
        batch = a_batch(receiver="sub_01")
        await put(database, store, (batch, 3), (a_batch(2), 0), running=False)
        async with database.read() as tx:
            assert await store.batch(tx, batch.id) == replace(batch, files=3, octets=30)
            assert await store.batch(tx, "batch_99") is None
            assert await store.files(tx, batch.id, after=1) == files_of(batch, 3)[1:]
            assert await store.named(tx, batch.id, [b"\x02", b"\x09"]) == [files_of(batch, 3)[1]]
            assert await store.named(tx, "batch_02", [b"\x02"]) == []
            assert [one.id for one in await store.of_owner(tx, OWNER)] == ["batch_02", "batch_01"]
            assert [one.id for one in await store.of_owner(tx, OWNER, before="batch_02")] == ["batch_01"]
            assert await store.of_owner(tx, replace(OWNER, kind=PrincipalKind.STAFF)) == []
            assert (await store.living_of(tx, OWNER), await store.last_number(tx, batch.id)) == (2, 3)
        async with database.write() as tx:
            held = await store.hold(tx, batch.id)
            assert held is not None
            assert await store.remove_file(tx, held, f"{batch.id}_2", now=MOMENT) == "d2"
            assert await store.remove_file(tx, held, f"{batch.id}_2", now=MOMENT) is None
            await tx.commit()
        async with database.read() as tx:
            after = await store.batch(tx, batch.id)
        assert after is not None
        assert (after.files, after.octets) == (2, 20)

    async def test_a_batch_moves_only_from_where_it_is(self, database: Database, store: BatchStore) -> None:
        await put(database, store, (a_batch(), 1), running=False)
        approval = Approval("grant_01", "a" * 64)
        async with database.write() as tx:
            asked = (tx, "batch_01", BatchState.ASKED)
            assert await store.move(*asked, [BatchState.COLLECTING], now=MOMENT, expires_at=LATER, approval=approval)
            assert not await store.move(*asked, [BatchState.COLLECTING], now=MOMENT, expires_at=LATER)
            assert [one.id for one in await store.waiting_for(tx, a_seal().organisation)] == ["batch_01"]
            assert await store.waiting_for(tx, "another") == []
            halted = (tx, "batch_01", BatchState.HALTED, [BatchState.ASKED])
            assert await store.move(*halted, now=MOMENT, expires_at=LATER, halted=FAULT)
            found = await store.batch(tx, "batch_01")
            assert found is not None
            assert (found.approval, found.halted) == (approval, FAULT)
            running = (tx, "batch_01", BatchState.RUNNING, [BatchState.HALTED])
            assert await store.move(*running, now=MOMENT, expires_at=LATER)
            found = await store.batch(tx, "batch_01")
            assert found is not None
            assert (found.approval, found.halted, found.started_at) == (approval, None, MOMENT)

    async def test_of_many_who_claim_a_file_one_gets_it(self, database: Database, store: BatchStore) -> None:
        await put(database, store, (a_batch(), 5))
        got = await asyncio.gather(*(claim(database, store, most=1) for _ in range(8)))
        assert sorted(number for one in got for number in numbers(one)) == [1, 2, 3, 4, 5]

    async def test_only_running_batches_give_and_each_in_its_turn(self, database: Database, store: BatchStore) -> None:
        await put(database, store, (a_batch(1), 4), (a_batch(2, created_at=MOMENT - MINUTE), 4))
        await put(database, store, (a_batch(3), 4), running=False)
        async with database.write() as tx:
            await store.stumble(tx, "batch_01", due_at=MOMENT + MINUTE)
            await tx.commit()
        turns = [await claim(database, store, MOMENT), await claim(database, store, MOMENT + MINUTE)]
        turns.append(await claim(database, store, MOMENT + 2 * MINUTE))
        assert [one and one.batch.id for one in turns] == ["batch_02", "batch_01", "batch_02"]
        assert [numbers(one) for one in turns] == [[1, 2], [1, 2], [3, 4]]

    async def test_a_claim_lapses_and_its_holder_settles_nothing_more(
        self, database: Database, store: BatchStore
    ) -> None:
        await put(database, store, (a_batch(), 1))
        first = await claim(database, store)
        assert first is not None
        assert await claim(database, store, MOMENT + LEASE - MINUTE) is None
        second = await claim(database, store, MOMENT + LEASE)
        assert second is not None
        assert not await seal(database, store, first.files[0])
        async with database.write() as tx:
            assert not await store.refuse(tx, first.files[0], FAULT)
            await store.give_back(tx, first.files, counted=False)
            await tx.commit()
        assert await seal(database, store, second.files[0])
        assert await counts(database, store) == Counts(sealed=1)

    async def test_of_many_who_settle_a_file_one_does(self, database: Database, store: BatchStore) -> None:
        await put(database, store, (a_batch(), 1))
        claimed = await claim(database, store)
        assert claimed is not None
        (file,) = claimed.files
        done = await asyncio.gather(*(seal(database, store, file, f"sig_{number:02}") for number in range(8)))
        assert done.count(True) == 1
        async with database.read() as tx:
            found = await store.file(tx, "batch_01", file.id)
        assert found is not None
        assert (found.state, found.signature_id) == (FileState.SEALED, f"sig_{done.index(True):02}")

    async def test_cancelled_is_settled(self, database: Database, store: BatchStore) -> None:
        await put(database, store, (a_batch(), 3))
        claimed = await claim(database, store)
        assert claimed is not None
        assert await seal(database, store, claimed.files[0])
        async with database.write() as tx:
            assert await store.cancel_waiting(tx, "batch_01") == 2
            await tx.commit()
        assert not await seal(database, store, claimed.files[1])
        assert await counts(database, store) == Counts(sealed=1, cancelled=2)

    async def test_files_not_come_back_from_are_given_out_alone_and_set_aside(
        self, database: Database, store: BatchStore
    ) -> None:
        await put(database, store, (a_batch(), 3))
        now, seen = MOMENT, []
        for _ in range(2 * MOST_TRIES):
            seen.append(numbers(await claim(database, store, now)))
            now += LEASE
        assert seen == [[1, 2], [1], [1], [2], [2], [3]]
        assert await counts(database, store) == Counts(waiting=1, refused=2)
        async with database.read() as tx:
            (aside, _) = await store.files(tx, "batch_01", state=FileState.REFUSED)
        assert aside.fault is not None
        assert (aside.fault.code, aside.document) == ("batch-file-set-aside", "d1")

    async def test_given_back_counts_only_when_it_was_the_files_fault(
        self, database: Database, store: BatchStore
    ) -> None:
        await put(database, store, (a_batch(), 2))
        claimed = await claim(database, store)
        assert claimed is not None
        async with database.write() as tx:
            await store.give_back(tx, claimed.files[:1], counted=True)
            await store.give_back(tx, claimed.files[1:], counted=False)
            await tx.commit()
        async with database.read() as tx:
            assert [one.tries for one in await store.files(tx, "batch_01")] == [1, 0]
        assert numbers(await claim(database, store)) == [1]
        assert numbers(await claim(database, store)) == [2]

    async def test_refused_files_wait_again_when_they_are_tried_again(
        self, database: Database, store: BatchStore
    ) -> None:
        await put(database, store, (a_batch(), 2))
        claimed = await claim(database, store)
        assert claimed is not None
        async with database.write() as tx:
            assert await store.refuse(tx, claimed.files[0], FAULT)
            assert await store.seal(tx, claimed.files[1], "sig_01")
            assert await store.settled(tx) == ["batch_01"]
            assert await store.try_again(tx, "batch_01", "batch_01_2") == 0
            assert await store.try_again(tx, "batch_01") == 1
            assert await store.settled(tx) == []
            await tx.commit()
        again = await claim(database, store)
        assert again is not None
        assert [(one.number, one.tries, one.fault) for one in again.files] == [(1, 1, None)]

    async def test_a_batch_is_finished_once_and_only_when_nothing_waits(
        self, database: Database, store: BatchStore
    ) -> None:
        async def finish() -> bool:
            async with database.write() as tx:
                done = await store.finish(tx, "batch_01", now=MOMENT, expires_at=LATER)
                await tx.commit()
            return done

        await put(database, store, (a_batch(), 1))
        claimed = await claim(database, store)
        assert claimed is not None
        assert not await finish()
        assert await seal(database, store, claimed.files[0])
        assert (await asyncio.gather(*(finish() for _ in range(4)))).count(True) == 1

    async def test_who_is_told_is_told_by_one_until_it_has_heard(self, database: Database, store: BatchStore) -> None:
        async def due(now: dt.datetime) -> Told | None:
            async with database.write() as tx:
                found = await store.due_to_tell(tx, now=now, until=now + MINUTE)
                await tx.commit()
            return found

        await put(database, store, (a_batch(receiver="sub_01"), 0), (a_batch(2), 0))
        assert await due(MOMENT) is None
        async with database.write() as tx:
            for number in (1, 2):
                assert await store.finish(tx, f"batch_{number:02}", now=MOMENT, expires_at=LATER)
            await tx.commit()
        found = [one for one in await asyncio.gather(*(due(MOMENT) for _ in range(4))) if one]
        assert [(one.batch.id, one.receiver, one.tries) for one in found] == [("batch_01", "sub_01", 1)]
        (first,), second = found, await due(MOMENT + MINUTE)
        assert second is not None
        async with database.write() as tx:
            assert not await store.told(tx, first, again_at=None, result="delivered")
            assert await store.told(tx, second, again_at=MOMENT + 3 * MINUTE, result="timeout")
            await tx.commit()
        assert await due(MOMENT + 2 * MINUTE) is None
        third = await due(MOMENT + 3 * MINUTE)
        assert third is not None
        assert (third.tries, third.since) == (3, MOMENT)

    async def test_what_is_past_its_time_goes_with_its_documents_first(
        self, database: Database, store: BatchStore
    ) -> None:
        await put(database, store, (a_batch(), 3))
        await put(database, store, (a_batch(2, expires_at=MOMENT), 1), (a_batch(3), 1), running=False)
        claimed = await claim(database, store)
        assert claimed is not None
        async with database.write() as tx:
            await store.seal(tx, claimed.files[0], "sig_01")
            await store.refuse(tx, claimed.files[1], FAULT)
            assert await store.spare_documents(tx, limit=10) == ["d1"], "what was refused may be tried again"
            assert await store.lapse(tx, now=MOMENT, expires_at=LATER, limit=10) == 1
            lapsed = await store.batch(tx, "batch_02")
            assert lapsed is not None
            assert (lapsed.state, lapsed.expires_at) == (BatchState.LAPSED, LATER)
            assert await store.counts(tx, "batch_02") == Counts(cancelled=1)
            cancelled = (tx, "batch_01", BatchState.CANCELLED, [BatchState.RUNNING])
            await store.move(*cancelled, now=MOMENT, expires_at=MOMENT)
            await store.cancel_waiting(tx, "batch_01")
            gone = []
            while await store.forget(tx, now=MOMENT, limit=10):
                gone += await store.spare_documents(tx, limit=10)
            assert sorted(gone) == ["d1", "d2", "d3"], "of the lapsed one, of the refused file, of the cancelled one"
            assert await store.batch(tx, "batch_01") is None
            assert await store.batch(tx, "batch_03") is not None
