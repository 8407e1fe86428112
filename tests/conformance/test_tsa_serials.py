"""`keys.tsa.ports.SerialStore` on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.conformance.harness import parametrised
from tests.conformance.tsa_serials import SerialStoreBasic, SerialStoreContention
from tests.conformance.tsa_serials_backends import BACKENDS, SerialsHarness

ROOT = Path(__file__).parents[2]


@parametrised(BACKENDS)
class TestSerialStoreBasic(SerialStoreBasic):
    pass


@parametrised(BACKENDS)
class TestSerialStoreContention(SerialStoreContention):
    pass


_WORKER = """
import asyncio, sys
from core.clock import SystemClock
from core.db.engine import create_engine
from keys.stores.tsa import SqlSerialStore
from keys.tsa.serials import Serials
import datetime as dt

async def work():
    store = SqlSerialStore(create_engine(sys.argv[1], pool_size=1))
    serials = Serials(store, SystemClock(), tolerance=dt.timedelta(seconds=1), block=7)
    while True:
        print((await serials.take()) >> 64, flush=True)

asyncio.run(work())
"""


async def _start(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKER, url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def _read(process: asyncio.subprocess.Process, count: int) -> list[int]:
    assert process.stdout is not None
    return [int(await process.stdout.readline()) for _ in range(count)]


@parametrised(BACKENDS)
async def test_processes_that_are_killed_never_repeat_a_number(harness: SerialsHarness) -> None:
    """The counter alone (the random part is taken off), three processes at a time, killed wherever they are."""
    used: list[int] = []
    for _ in range(2):
        processes = [await _start(harness.url) for _ in range(3)]
        try:
            for numbers in await asyncio.gather(*(_read(process, 40) for process in processes)):
                used += numbers
        finally:
            for process in processes:
                process.kill()
                await process.communicate()
    assert len(used) == 240
    assert len(set(used)) == 240
