"""Brings every stored value under today's keys while the service runs: re-encryption and re-indexing (ASVS 11.2, 13.3).

Whoever rotates a key does nothing more: each worker looks from time to time whether a collection's keys have changed,
and takes part. A collection is gone through in batches. One worker has a batch at a time, under a lease that runs out
if it dies; the batch's rows and the job's progress are one transaction, so a crash costs nothing but the batch. A row
is written only if it still holds what was read, so nobody's change is ever lost.

A job begins only when its keys have been active for a while (`settled`), so that no worker writes under the old ones
any more, and is done only when a count finds nothing left. Once a day everything is counted again.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Sequence

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database
from core.principal import SYSTEM
from keys.reencrypt.model import Batch, Job, JobState
from keys.reencrypt.ports import Collection, JobStore

_LEASE = dt.timedelta(minutes=2)
_RECOUNT = dt.timedelta(days=1)
_log = logging.getLogger(__name__)


class Reencryption:
    """Does the work.

    Args:
        target: names the accepted keys of some purposes, as a text that changes when they do; None until all of them
            have been active for long enough.
        rows: in one batch.
    """

    def __init__(
        self,
        database: Database,
        jobs: JobStore,
        collections: Sequence[Collection],
        target: Callable[[Sequence[str]], str | None],
        clock: Clock,
        *,
        rows: int = 50,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._collections = collections
        self._target = target
        self._clock = clock
        self._rows = rows

    async def step(self) -> bool:
        """One batch of the first collection that has work and is free; False when there is nothing to do now."""
        async with self._database.read() as tx:
            jobs = {job.name: job for job in await self._jobs.all(tx)}
        for collection in self._collections:
            target = self._target(collection.purposes)
            job = jobs.get(collection.name)
            if target is None or (job is not None and self._rests(job, target)):
                continue
            if job is None or job.target != target or job.state is not JobState.RUNNING:
                await self._begin(collection, target)
            claimed = await self._claim(collection, target)
            if claimed is not None and await self._work(collection, claimed):
                return True
        return False

    def _rests(self, job: Job, target: str) -> bool:
        """Whether nothing is to be done about a job, and none of its values is to be counted again yet."""
        if job.state is JobState.PAUSED:
            return job.target == target
        fresh = self._clock.now() < job.changed_at + _RECOUNT
        return job.target == target and job.state is not JobState.RUNNING and fresh

    async def _begin(self, collection: Collection, target: str) -> None:
        found = await self._count(collection)
        async with self._database.write() as tx:
            await self._jobs.forget(tx, collection.name)  # one that has ended
            await self._jobs.begin(tx, collection.name, target, found=found, now=self._clock.now())
            await tx.commit()

    async def _claim(self, collection: Collection, target: str) -> Job | None:
        now = self._clock.now()
        async with self._database.write() as tx:
            job = await self._jobs.claim(tx, collection.name, target, now=now, until=now + _LEASE)
            await tx.commit()
        return job

    async def _work(self, collection: Collection, job: Job) -> bool:
        """One batch; False at the end of a round, when the next look can wait."""
        batch = await collection.batch(job.cursor, self._rows)
        remaining = await self._count(collection) if batch.last is None else None
        async with self._database.write() as tx:
            moved = _moved(job, batch, [await collection.apply(tx, change) for change in batch.changes])
            if remaining is not None:
                moved = _at_the_end(moved, remaining)
            if not await self._jobs.advance(tx, moved, now=self._clock.now()):
                return True  # the lease ran out: another worker has done, or does, the same batch
            if moved.state is not JobState.RUNNING:
                tx.audit(_event(moved))
            await tx.commit()
        return batch.last is not None

    async def _count(self, collection: Collection) -> int:
        """In a transaction that only reads: it may take a while, and nobody must wait for it to write."""
        async with self._database.read() as tx:
            return await collection.remaining(tx)

    async def through(self) -> int:
        """Work until nothing more can be done here and now, without a pause; answers the number of batches."""
        batches = idle = 0
        while idle < len(self._collections):  # a round that ends may leave rows that were changed meanwhile
            worked = await self.step()
            batches, idle = batches + worked, 0 if worked else idle + 1
        return batches

    async def forever(self, *, pause: float, idle: float) -> None:
        """For the life of a worker.

        Args:
            pause: seconds between two batches: the service's own work comes first.
            idle: seconds between two looks when there was nothing to do.
        """
        while True:
            try:
                worked = await self.step()
            except Exception as error:  # whatever it is, the next look must come
                _log.warning("re-encryption failed: %s", type(error).__name__)
                worked = False
            await asyncio.sleep(pause if worked else idle)


def _moved(job: Job, batch: Batch, written: Sequence[bool]) -> Job:
    done = sum(written)
    return dataclasses.replace(
        job,
        cursor=batch.last,
        rewritten=job.rewritten + done,
        moved=job.moved + done,
        overtaken=job.overtaken + len(written) - done,
        faulty=job.faulty + batch.faulty,
    )


def _at_the_end(job: Job, remaining: int) -> Job:
    """Of a round: done, or another round over what is left, unless it would only meet what does not open again."""
    if remaining == 0:
        return dataclasses.replace(job, state=JobState.DONE)
    if job.moved == job.overtaken == 0:
        return dataclasses.replace(job, state=JobState.STUCK)
    return dataclasses.replace(job, moved=0, overtaken=0, faulty=0)


def _event(job: Job) -> AuditEvent:
    detail: Detail = {"state": job.state.value, "rewritten": job.rewritten, "faulty": job.faulty}
    return AuditEvent("secrets.reencrypt", "done", SYSTEM, job.name, detail=detail)
