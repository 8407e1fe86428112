"""A batch of 2,000 files beside files that are sealed one by one, on both cores, by the clock: all of it counts.

Row `signing.batch.2000`: from the start of the batch to its last file, with all that the service does for a file: its
encrypted source read, sealed with a visible P-256 seal, kept encrypted on disk, counted, entered in ledger, audit
log and public log, committed to SQLite. Beside it the same use case for single files, as many callers at a time as keep
it busy. Row `signing.beside`: how long a single file takes while a batch runs, beside what it takes alone.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bench.processor import spent
from bench.report import Row, Told, cost, rate
from signing.batches.model import BatchState
from signing.model import Seal, SealPdfCommand
from tests.support.batch_world import BatchOffice, letters, vault
from tests.support.clock import FakeClock
from tests.support.databases import sqlite_database
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, PLACE, SealOffice

FILES = 2000
_SINGLES = 400
_CALLERS = 8
_PART = 100


def measure() -> list[Row]:
    """Files per second, and milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Row]:
    told, clock = Told(), FakeClock()
    async with sqlite_database(folder, clock) as database:
        office = SealOffice(database, clock, vault=vault(folder / "documents"))
        seal = await office.make_seal()
        await office.grant(seal)
        batches = BatchOffice(office)
        (single, spent_single), alone = await _singles(office, seal), await _one_by_one(office, seal)
        (together, spent_together), beside = await _batch(batches, seal)
        peer = f"{_CALLERS} callers at a time"
        told(
            rate(f"signing.batch.{FILES}", together, "files/s", peer, single),
            rate(f"signing.batch.{FILES}.cost", spent_together, "files/s", peer, spent_single),
            cost("signing.beside", beside * 1000, "ms", "alone", alone * 1000),
        )
    return told.rows


Rates = tuple[float, float]
"""Files per second by the clock, and of processor time."""


async def _singles(office: SealOffice, seal: Seal) -> Rates:
    """Of several callers."""
    waiting = list(range(_SINGLES))

    async def caller() -> None:
        while waiting:
            await _seal(office, seal, waiting.pop())

    begun, before = time.perf_counter(), spent()
    await asyncio.gather(*(caller() for _ in range(_CALLERS)))
    return _SINGLES / (time.perf_counter() - begun), _SINGLES / (spent() - before)


async def _one_by_one(office: SealOffice, seal: Seal, most: int = 100, pause: float = 0.0) -> float:
    """The median of one caller's waiting, in seconds."""
    times = []
    for number in range(most):
        begun = time.perf_counter()
        await _seal(office, seal, number)
        times.append(time.perf_counter() - begun)
        await asyncio.sleep(pause)
    return statistics.median(times)


async def _seal(office: SealOffice, seal: Seal, number: int) -> None:
    await office.seal_pdf(SealPdfCommand(pdf(text=f"Single {number}"), seal.id, CLIENT, "document", PLACE, "基准"))


async def _batch(batches: BatchOffice, seal: Seal) -> tuple[Rates, float]:
    """The rates, and how long a single file takes while another batch runs."""
    batch = await _begun(batches, FILES)
    begun, before = time.perf_counter(), spent()
    await batches.services.run.through()
    rates = FILES / (time.perf_counter() - begun), FILES / (spent() - before)
    if (await batches.batch(batch)).state is not BatchState.DONE:
        raise SystemExit("the batch is not done")
    await _begun(batches, FILES // 2)
    running = asyncio.create_task(batches.services.run.forever())
    try:
        beside = await _one_by_one(batches.office, seal, 60, 0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return rates, beside


async def _begun(batches: BatchOffice, count: int) -> str:
    batch = await batches.begun([])
    for first in range(1, count + 1, _PART):
        await batches.services.gather.add(batch.id, letters(_PART, first=first), CLIENT)
    await batches.services.steer.start(batch.id, CLIENT)
    return batch.id
