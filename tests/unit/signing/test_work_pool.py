"""The pool turns away what it cannot hold; `within` ends work that takes too long and leaves the thread whole."""

from __future__ import annotations

import asyncio
import threading

import pytest

from core.errors import LimitExceeded
from signing.work_pool import WorkPool, within


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


def test_work_in_time_is_left_alone() -> None:
    assert within(5, lambda: "done", lambda: "stopped") == "done"


def test_endless_work_is_stopped_even_when_it_swallows_errors() -> None:
    def endless() -> str:
        while True:
            try:
                sum(range(100))
            except Exception:  # a parser's own recovery must not swallow the end
                continue

    for _ in range(3):
        assert within(0.05, endless, lambda: "stopped") == "stopped"
    assert within(5, lambda: "done", lambda: "stopped") == "done"


def test_errors_pass_through() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0, lambda: 0)
