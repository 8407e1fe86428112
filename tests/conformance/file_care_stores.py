"""What every store of originals under care promises. Names no backend."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

from certstore.lasting.ports import FileCare, FileCareStore
from certstore.model import FileKind, Lasting
from certstore.stores.lasting import SqlFileCareStore
from core.db.database import Database
from tests.conformance.certstore_stores_backends import StoreHarness
from tests.support.clock import START, FakeClock

MINUTE = dt.timedelta(minutes=1)
LEASE = 10 * MINUTE
LTA = "PAdES-B-LTA"


class Files:
    """Files of one licence, named by their order."""

    def __init__(self, database: Database, store: FileCareStore) -> None:
        self.database = database
        self.store = store
        self.harness = StoreHarness(database, database, FakeClock())
        self.ids: list[str] = []

    async def put(
        self, due_at: dt.datetime | None = START, *, cared: bool = True, kind: FileKind = FileKind.ORIGINAL
    ) -> str:
        licence = await self.harness.keep(self.harness.a_licence())
        file = self.harness.a_file(licence, f"{len(self.ids):x}", kind)
        async with self.database.write() as tx:
            await self.harness.files.add(tx, replace(file, lasting=Lasting("PAdES-B-T", due_at) if cared else None))
            await tx.commit()
        self.ids.append(file.id)
        return file.id

    async def claim(self, file_id: str, *, now: dt.datetime = START) -> FileCare | None:
        async with self.database.write() as tx:
            care = await self.store.claim(tx, file_id, now=now, until=now + LEASE)
            await tx.commit()
        return care

    async def finish(self, care: FileCare, due_at: dt.datetime | None = None) -> bool:
        async with self.database.write() as tx:
            done = await self.store.finish(tx, care, content="longer", lasting=Lasting(LTA, due_at))
            if done:
                await tx.commit()
        return done

    async def put_off(self, care: FileCare, due_at: dt.datetime) -> bool:
        async with self.database.write() as tx:
            done = await self.store.put_off(tx, care, due_at=due_at, fault="timestamp-unavailable")
            await tx.commit()
        return done

    async def due(self, now: dt.datetime = START, limit: int = 10) -> list[str]:
        async with self.database.read() as tx:
            return list(await self.store.due(tx, now, limit))

    async def take_in(self, after: str = "", limit: int = 10) -> str | None:
        async with self.database.write() as tx:
            last = await self.store.take_in(tx, after=after, now=START, limit=limit)
            await tx.commit()
        return last

    async def content(self, file_id: str) -> str:
        digest = f"{self.ids.index(file_id):x}" * 64
        async with self.database.read() as tx:
            file = await self.harness.files.file_by_digest(tx, digest)
        assert file is not None
        return file.content


class FileCareContract:
    async def test_due_is_what_is_due_and_free_the_longest_due_first(self, files: Files) -> None:
        third, second = await files.put(START), await files.put(START - MINUTE)
        fourth = await files.put(START + MINUTE)
        await files.put(None)
        await files.put(cared=False)
        assert await files.due() == [second, third]
        assert await files.due(limit=1) == [second]
        assert await files.claim(second)
        assert await files.due() == [third]
        assert await files.due(START + LEASE) == [second, third, fourth]

    async def test_a_claim_tells_the_file(self, files: Files) -> None:
        made = await files.put()
        care = await files.claim(made)
        assert care is not None
        assert (care.file.id, care.file.content, care.tries) == (made, "0" * 64, 1)
        assert await files.claim(await files.put(START + MINUTE)) is None, "what is not due cannot be claimed"

    async def test_of_many_who_claim_one_gets_it(self, files: Files) -> None:
        made = await files.put()
        got = await asyncio.gather(*(files.claim(made) for _ in range(8)))
        assert len([care for care in got if care is not None]) == 1

    async def test_a_claim_lapses_and_its_holder_can_do_no_more(self, files: Files) -> None:
        made = await files.put()
        first = await files.claim(made)
        assert first is not None
        assert await files.claim(made, now=START + LEASE - MINUTE) is None
        second = await files.claim(made, now=START + LEASE)
        assert second is not None
        assert second.tries == 2
        assert not await files.finish(first)
        assert not await files.put_off(first, START)
        assert await files.content(made) == "0" * 64
        assert await files.finish(second)
        assert await files.content(made) == "longer"

    async def test_done_waits_for_its_next_time_and_counts_anew(self, files: Files) -> None:
        made = await files.put()
        care = await files.claim(made)
        assert care is not None
        assert await files.finish(care, START + MINUTE)
        assert await files.due() == []
        again = await files.claim(made, now=START + MINUTE)
        assert again is not None
        assert (again.tries, again.file.content) == (1, "longer")
        assert await files.put_off(again, START + 2 * MINUTE)
        later = await files.claim(made, now=START + 2 * MINUTE)
        assert later is not None
        assert later.tries == 2, "a failure counts"

    async def test_a_file_that_was_replaced_meanwhile_stays(self, files: Files) -> None:
        made = await files.put()
        care = await files.claim(made)
        assert care is not None
        assert not await files.finish(replace(care, file=replace(care.file, content="another")))
        assert await files.content(made) == "0" * 64

    async def test_older_originals_are_taken_in_once_part_by_part(self, files: Files) -> None:
        first, second = await files.put(cared=False), await files.put(cared=False)
        await files.put(cared=False, kind=FileKind.ANNOTATED_COPY)
        done = await files.put(None)
        assert await files.take_in(limit=1) == first
        assert await files.due() == [first]
        assert await files.take_in(first, limit=1) == second
        assert await files.take_in(second) is None, "no more"
        assert await files.due() == [first, second], f"neither the copy nor {done}, which is looked after already"
        care = await files.claim(first)
        assert care is not None
        assert await files.finish(care)
        await files.take_in()
        assert await files.due() == [second], "what is done stays done"


_: type[FileCareStore] = SqlFileCareStore
