"""The contract of `keys.tsa.ports.SerialStore`, and what numbers made from it promise (RFC 3161 §2.4.2)."""

from __future__ import annotations

import asyncio
import datetime as dt
import random

from keys.tsa.serials import Serials
from tests.conformance.harness import at_once
from tests.conformance.tsa_serials_backends import SerialsHarness
from tests.support.clock import START, FakeClock

_SECOND = dt.timedelta(seconds=1)


class SerialStoreBasic:
    async def test_numbers_begin_above_zero_and_go_on(self, harness: SerialsHarness) -> None:
        store = harness.stores[0]
        first = await store.reserve(10, moment=START)
        second = await store.reserve(1, moment=START)
        assert first.first >= 1
        assert second.first == first.first + 10

    async def test_numbers_go_on_after_a_restart(self, harness: SerialsHarness) -> None:
        before = await harness.stores[0].reserve(1000, moment=START)
        async with harness.restarted() as again:
            after = await again.reserve(1000, moment=START)
        assert after.first >= before.first + 1000

    async def test_the_latest_moment_of_any_worker_is_told(self, harness: SerialsHarness) -> None:
        ahead, behind = harness.stores[:2]
        assert (await ahead.reserve(1, moment=START + 60 * _SECOND)).latest == START + 60 * _SECOND
        assert (await behind.reserve(1, moment=START)).latest == START + 60 * _SECOND
        assert (await behind.reserve(1, moment=START + 61 * _SECOND)).latest == START + 61 * _SECOND

    async def test_a_latest_moment_that_was_wrong_is_put_right(self, harness: SerialsHarness) -> None:
        store = harness.stores[0]
        await store.reserve(1, moment=START + 400 * 24 * 3600 * _SECOND)
        await store.set_latest(START)
        assert (await store.reserve(1, moment=START + _SECOND)).latest == START + _SECOND


class SerialStoreContention:
    async def test_no_number_is_given_twice(self, harness: SerialsHarness) -> None:
        sizes = [1 + number % 7 for number in range(30)]
        calls = [harness.slow(number).reserve(size, moment=START) for number, size in enumerate(sizes)]
        blocks = await at_once(*calls)
        given = [block.first + offset for block, size in zip(blocks, sizes, strict=True) for offset in range(size)]
        assert len(given) == len(set(given))

    async def test_the_first_block_of_all_is_given_once(self, harness: SerialsHarness) -> None:
        blocks = await at_once(*(harness.slow(worker).reserve(1, moment=START) for worker in range(3)))
        assert len({block.first for block in blocks}) == 3

    async def test_no_number_is_used_twice_whoever_crashes(self, harness: SerialsHarness) -> None:
        """Workers take numbers, stop in the middle of a block or of a reservation, and others start."""
        clock, chance = FakeClock(), random.Random(7)
        used: list[int] = []

        async def worker(number: int) -> None:
            serials = Serials(harness.slow(number), clock, tolerance=_SECOND, block=5)
            # the counter alone must be enough, so the random part is taken off
            used.extend([await serials.take() >> 64 for _ in range(chance.randint(1, 12))])

        for _ in range(4):
            tasks = [asyncio.create_task(worker(number)) for number in range(6)]
            while not any(task.done() for task in tasks):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            for answer in await asyncio.gather(*tasks, return_exceptions=True):
                assert answer is None or isinstance(answer, asyncio.CancelledError)
        assert len(used) > 20
        assert len(used) == len(set(used))

    async def test_a_block_that_a_crash_has_cut_off_stays_unused(self, harness: SerialsHarness) -> None:
        store = harness.stores[0]
        for _ in range(5):
            task = asyncio.create_task(harness.slow(0).reserve(100, moment=START))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        blocks = [await store.reserve(100, moment=START) for _ in range(3)]
        assert [block.first - blocks[0].first for block in blocks] == [0, 100, 200]
