"""The contract of `keys.reencrypt.ports.JobStore` and `DiscardList`, at three strengths."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from core.db.database import Database
from keys.reencrypt.model import Job, JobState
from keys.reencrypt.ports import DiscardList, JobStore
from keys.stores.reencryption import SqlDiscardList, SqlJobStore
from tests.conformance.harness import DELAY, Backend, Slow, Surroundings, at_once
from tests.support import databases
from tests.support.clock import FakeClock

LEASE = dt.timedelta(minutes=2)
MANY = 20


@dataclass
class JobsHarness:
    """Empty stores over one database."""

    database: Database
    clock: FakeClock
    jobs: JobStore = field(default_factory=SqlJobStore)
    discards: DiscardList = field(default_factory=SqlDiscardList)

    async def write(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async with self.database.write() as tx:
            answer = await work(tx)
            await tx.commit()
        return answer

    async def begin(self, name: str = "account", target: str = "one", found: int = 7) -> None:
        now = self.clock.now()
        await self.write(lambda tx: self.jobs.begin(tx, name, target, found=found, now=now))

    async def claim(self, name: str = "account", target: str = "one", jobs: Any = None) -> Job | None:
        now, jobs = self.clock.now(), jobs or self.jobs
        return await self.write(lambda tx: jobs.claim(tx, name, target, now=now, until=now + LEASE))

    async def advance(self, job: Job, **changes: Any) -> bool:
        moved = dataclasses.replace(job, **changes)
        return bool(await self.write(lambda tx: self.jobs.advance(tx, moved, now=self.clock.now())))

    async def to(self, state: JobState, name: str = "account") -> bool:
        return bool(await self.write(lambda tx: self.jobs.change_state(tx, name, state, now=self.clock.now())))

    async def job(self, name: str = "account") -> Job | None:
        async with self.database.read() as tx:
            return {job.name: job for job in await self.jobs.all(tx)}.get(name)


class JobsBasic:
    """One caller at a time."""

    async def test_a_job_goes_from_batch_to_batch(self, harness: JobsHarness) -> None:
        await harness.begin()
        first = await harness.claim()
        assert first is not None
        assert (first.state, first.cursor, first.found, first.rewritten) == (JobState.RUNNING, None, 7, 0)
        assert await harness.advance(first, cursor=("acc_5", 3), rewritten=4, moved=4, overtaken=1, faulty=2)
        second = await harness.claim()
        assert second is not None
        assert second.cursor == ("acc_5", 3)
        assert (second.rewritten, second.moved, second.overtaken, second.faulty) == (4, 4, 1, 2)
        assert await harness.advance(second, cursor=None, state=JobState.DONE)
        assert await harness.claim() is None
        done = await harness.job()
        assert done is not None
        assert (done.state, done.lease) == (JobState.DONE, None)

    async def test_what_is_not_there_cannot_be_claimed(self, harness: JobsHarness) -> None:
        assert await harness.claim() is None
        assert await harness.job() is None
        await harness.begin()
        assert await harness.claim(target="another") is None
        assert await harness.claim(name="another") is None
        assert await harness.claim() is not None, "the twin"

    async def test_a_job_that_finds_nothing_is_done(self, harness: JobsHarness) -> None:
        await harness.begin(found=0)
        job = await harness.job()
        assert job is not None
        assert job.state is JobState.DONE
        await harness.begin(target="two", found=0)
        again = await harness.job()
        assert again is not None
        assert (again.state, again.target) == (JobState.DONE, "two")

    async def test_a_batch_is_one_workers_until_its_lease_runs_out(self, harness: JobsHarness) -> None:
        await harness.begin()
        first = await harness.claim()
        assert first is not None
        assert await harness.claim() is None
        harness.clock.advance(LEASE.total_seconds() + 1)
        second = await harness.claim()
        assert second is not None
        assert not await harness.advance(first, cursor=("late",), rewritten=99)
        job = await harness.job()
        assert job is not None
        assert (job.cursor, job.rewritten) == (None, 0)
        assert await harness.advance(second, cursor=("acc_1",))

    async def test_the_same_target_is_begun_once_and_another_begins_anew(self, harness: JobsHarness) -> None:
        await harness.begin()
        job = await harness.claim()
        assert job is not None
        await harness.begin(found=3)  # a slower worker: nothing changes
        assert await harness.advance(job, cursor=("acc_5",), rewritten=5)
        await harness.begin(target="two", found=9)
        fresh = await harness.claim(target="two")
        assert fresh is not None
        assert (fresh.cursor, fresh.rewritten, fresh.found) == (None, 0, 9)
        assert await harness.claim() is None

    async def test_a_paused_job_waits_and_goes_on_where_it_was(self, harness: JobsHarness) -> None:
        assert not await harness.to(JobState.PAUSED)
        await harness.begin()
        job = await harness.claim()
        assert job is not None
        assert await harness.to(JobState.PAUSED)
        assert not await harness.to(JobState.PAUSED)
        assert await harness.advance(job, cursor=("acc_5",))  # the batch that ran is kept
        assert await harness.claim() is None
        await harness.begin(target="two", found=4)
        assert await harness.claim(target="two") is None, "a new target does not wake it"
        assert await harness.to(JobState.RUNNING)
        assert not await harness.to(JobState.RUNNING)
        assert await harness.claim(target="two") is not None

    async def test_only_what_has_ended_is_forgotten(self, harness: JobsHarness) -> None:
        await harness.begin()
        job = await harness.claim()
        assert job is not None
        assert not await harness.write(lambda tx: harness.jobs.forget(tx, "account"))
        for state in (JobState.DONE, JobState.STUCK):
            assert await harness.advance(job, state=state)
            assert await harness.write(lambda tx: harness.jobs.forget(tx, "account"))
            assert await harness.job() is None
            await harness.begin()
            job = await harness.claim()
            assert job is not None

    async def test_jobs_are_apart(self, harness: JobsHarness) -> None:
        await harness.begin("account")
        await harness.begin("licence")
        one, other = await harness.claim("account"), await harness.claim("licence")
        assert one is not None
        assert other is not None
        assert await harness.advance(one, state=JobState.DONE)
        job = await harness.job("licence")
        assert job is not None
        assert job.state is JobState.RUNNING

    async def test_discarded_documents_are_due_in_time(self, harness: JobsHarness) -> None:
        now, discards = harness.clock.now(), harness.discards
        for name, minutes in (("late", 60), ("soon", 1), ("put-off", 1)):
            due = now + dt.timedelta(minutes=minutes)
            await harness.write(lambda tx, n=name, d=due: discards.add(tx, n, d))
        later = now + dt.timedelta(minutes=30)
        await harness.write(lambda tx: discards.add(tx, "put-off", later))

        async def due(moment: dt.datetime, limit: int = 9) -> list[str]:
            async with harness.database.read() as tx:
                return list(await discards.due(tx, moment, limit))

        assert await due(now) == []
        assert await due(now + dt.timedelta(minutes=2)) == ["soon"]
        assert await due(now + dt.timedelta(hours=2)) == ["soon", "put-off", "late"]
        assert await due(now + dt.timedelta(hours=2), 1) == ["soon"]
        await harness.write(lambda tx: discards.forget(tx, "soon"))
        assert await due(now + dt.timedelta(hours=2)) == ["put-off", "late"]


class JobsTransaction:
    """Two units of work: one loses."""

    async def test_progress_stands_or_falls_with_its_rows(self, harness: JobsHarness) -> None:
        await harness.begin()
        job = await harness.claim()
        assert job is not None
        async with harness.database.write() as tx:
            assert await harness.jobs.advance(tx, dataclasses.replace(job, cursor=("x",)), now=harness.clock.now())
        kept = await harness.job()
        assert kept is not None
        assert (kept.cursor, kept.lease) == (None, job.lease)

    async def test_a_worker_that_lost_its_lease_keeps_nothing(self, harness: JobsHarness) -> None:
        await harness.begin()
        first = await harness.claim()
        assert first is not None
        harness.clock.advance(LEASE.total_seconds() + 1)
        order = []

        async def second() -> None:
            job = await harness.claim()
            assert job is not None
            order.append(await harness.advance(job, cursor=("second",)))

        async def late() -> None:
            await asyncio.sleep(DELAY)
            order.append(await harness.advance(first, cursor=("first",)))

        await at_once(second(), late())
        job = await harness.job()
        assert job is not None
        assert job.cursor == ("second",)


class JobsContention:
    """Many at once: one wins."""

    async def test_one_of_many_claims_a_batch(self, harness: JobsHarness) -> None:
        await harness.begin()
        slow = Slow(harness.jobs)
        won = await at_once(*(harness.claim(jobs=slow) for _ in range(MANY)))
        assert len([job for job in won if job is not None]) == 1

    async def test_many_begin_one_job(self, harness: JobsHarness) -> None:
        await at_once(*(harness.begin() for _ in range(MANY)))
        assert await harness.claim() is not None
        assert await harness.claim() is None


CONTRACT = [JobsBasic, JobsTransaction, JobsContention]


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[JobsHarness]:
    async with databases.sqlite_database(around.folder, around.clock) as database:
        yield JobsHarness(database, around.clock)


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[JobsHarness]:
    async with databases.postgres_database(around.server, around.clock) as database:
        yield JobsHarness(database, around.clock)


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
