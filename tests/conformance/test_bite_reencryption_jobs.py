"""Job stores broken on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from core.db.database import ReadTx, WriteTx
from keys.reencrypt.model import Job, JobState
from keys.stores.reencryption import SqlDiscardList, SqlJobStore
from keys.stores.reencryption_tables import reencryption_job
from tests.conformance.harness import DELAY, Surroundings, failing
from tests.conformance.reencryption_jobs import CONTRACT, JobsHarness, postgres, sqlite
from tests.support.clock import FakeClock


class ClaimsByLooking(SqlJobStore):
    async def claim(self, tx: WriteTx, name: str, target: str, *, now: dt.datetime, until: dt.datetime) -> Job | None:
        found = next((job for job in await self.all(tx) if job.name == name and job.target == target), None)
        await asyncio.sleep(DELAY)
        if found is None or found.lease is not None or found.state is not JobState.RUNNING:
            return None
        same = update(reencryption_job).where(reencryption_job.c.name == name)
        await tx.connection.execute(same.values(lease=f"lease {id(found)}", leased_until=until))
        return dataclasses.replace(found, lease=f"lease {id(found)}")


class LeasesForEver(SqlJobStore):
    async def claim(self, tx: WriteTx, name: str, target: str, *, now: dt.datetime, until: dt.datetime) -> Job | None:
        return await super().claim(tx, name, target, now=now, until=until + dt.timedelta(days=365))


class AdvancesWithoutALease(SqlJobStore):
    async def advance(self, tx: WriteTx, job: Job, *, now: dt.datetime) -> bool:
        current = next(one for one in await self.all(tx) if one.name == job.name)
        return await super().advance(tx, dataclasses.replace(job, lease=current.lease), now=now)


class WakesThePaused(SqlJobStore):
    async def advance(self, tx: WriteTx, job: Job, *, now: dt.datetime) -> bool:
        moved = await super().advance(tx, job, now=now)
        await tx.connection.execute(update(reencryption_job).values(state=job.state.value))
        return moved


class BeginsEverythingAnew(SqlJobStore):
    async def begin(self, tx: WriteTx, name: str, target: str, *, found: int, now: dt.datetime) -> None:
        await tx.connection.execute(delete(reencryption_job).where(reencryption_job.c.name == name))
        await super().begin(tx, name, target, found=found, now=now)


class ForgetsTheRunning(SqlJobStore):
    async def forget(self, tx: WriteTx, name: str) -> bool:
        gone = await tx.connection.execute(delete(reencryption_job).where(reencryption_job.c.name == name))
        return gone.rowcount == 1


class RemovesTooEarly(SqlDiscardList):
    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        return await super().due(tx, now + dt.timedelta(minutes=5), limit)


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("leases-for-ever", {"jobs": LeasesForEver()}, "test_a_batch_is_one_workers_until_its_lease_runs_out"),
    ("advances-without-a-lease", {"jobs": AdvancesWithoutALease()}, "test_a_worker_that_lost_its_lease_keeps_nothing"),
    ("wakes-the-paused", {"jobs": WakesThePaused()}, "test_a_paused_job_waits_and_goes_on_where_it_was"),
    ("begins-anew", {"jobs": BeginsEverythingAnew()}, "test_the_same_target_is_begun_once_and_another_begins_anew"),
    ("forgets-the-running", {"jobs": ForgetsTheRunning()}, "test_only_what_has_ended_is_forgotten"),
    ("removes-too-early", {"discards": RemovesTooEarly()}, "test_discarded_documents_are_due_in_time"),
]


def _with(parts: dict[str, Any], opened: Callable[[], Any]) -> Callable[[], Any]:
    @asynccontextmanager
    async def broken() -> AsyncIterator[JobsHarness]:
        async with opened() as harness:
            yield dataclasses.replace(harness, **parts)

    return broken


@pytest.mark.parametrize(("parts", "caught"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
async def test_the_contract_bites(tmp_path: Path, clock: FakeClock, parts: dict[str, Any], caught: str) -> None:
    opened = _with(parts, lambda: sqlite(Surroundings(tmp_path, clock)))
    assert await failing(CONTRACT, opened, only=caught) == {caught}


async def test_the_contract_bites_where_writers_race(postgres_server: Any, tmp_path: Path, clock: FakeClock) -> None:
    around = Surroundings(tmp_path, clock, postgres_server)
    caught = "test_one_of_many_claims_a_batch"
    assert await failing(CONTRACT, _with({"jobs": ClaimsByLooking()}, lambda: postgres(around)), only=caught) == {
        caught
    }


async def test_a_good_store_passes(tmp_path: Path, clock: FakeClock) -> None:
    assert await failing(CONTRACT, lambda: sqlite(Surroundings(tmp_path, clock))) == set()
