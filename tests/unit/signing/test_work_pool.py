"""The pool turns away what it cannot hold."""

from __future__ import annotations

import asyncio
import threading

import pytest

from core.errors import LimitExceeded
from core.files.reading import LARGE
from signing.work_pool import WorkPool


async def test_runs_so_many_holds_so_many_and_turns_the_rest_away() -> None:
    pool, gate = WorkPool(threads=2, waiting=3), threading.Event()
    accepted = [asyncio.create_task(pool.run(gate.wait, 10)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(LimitExceeded) as refused:
        await pool.run(gate.wait, 10)
    assert refused.value.code == "busy"
    assert refused.value.retry_after
    gate.set()
    assert await asyncio.gather(*accepted) == [True] * 5
    await asyncio.sleep(0)
    assert await pool.run(lambda: 7) == 7
    pool.close()


async def test_place_comes_back_when_the_work_fails_or_nobody_waits() -> None:
    pool, gate = WorkPool(threads=1, waiting=0), threading.Event()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 // 0)
        await asyncio.sleep(0)
    left = asyncio.create_task(pool.run(gate.wait, 10))
    await asyncio.sleep(0.01)
    left.cancel()
    with pytest.raises(LimitExceeded):
        await pool.run(lambda: 1)  # the thread is still busy, whoever waits
    gate.set()
    for _ in range(100):
        await asyncio.sleep(0.01)
        try:
            assert await pool.run(lambda: 1) == 1
        except LimitExceeded:
            continue
        break
    else:
        pytest.fail("the place never came back")
    pool.close()


async def test_s57_a_large_file_keeps_no_small_one_waiting() -> None:
    """The twin: without a lane of its own the large one is worked on where the small ones are."""
    gate = threading.Event()
    pool = WorkPool(threads=1, waiting=1, large=WorkPool(threads=1, waiting=0))
    assert pool.lane(LARGE) is pool
    large = asyncio.create_task(pool.lane(LARGE + 1).run(gate.wait))
    await asyncio.sleep(0)
    assert await pool.run(lambda: "small") == "small"
    with pytest.raises(LimitExceeded):
        await pool.lane(LARGE + 1).run(gate.wait)
    gate.set()
    assert await large is True
    pool.close()
    alone = WorkPool(threads=1, waiting=0)
    assert alone.lane(LARGE + 1) is alone
    alone.close()
