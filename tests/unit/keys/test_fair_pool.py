"""The pool for slow work: bounded, fair, and never in the way of the event loop. Nothing here waits for time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from keys.errors import HashingBusy
from keys.secrets.fair_pool import FairPool


class Gate:
    """Work that ends when it is let through; remembers in which order it began."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self._doors: dict[str, threading.Event] = {}

    def work(self, name: str) -> str:
        self.began.append(name)
        assert self._door(name).wait(20)
        return name

    def let_through(self, name: str) -> None:
        self._door(name).set()

    def _door(self, name: str) -> threading.Event:
        return self._doors.setdefault(name, threading.Event())


@pytest.fixture
async def pool() -> AsyncIterator[FairPool]:
    made = FairPool(workers=1, queue=6, per_source=3, name="test")
    yield made
    made.close()


def ask(pool: FairPool, gate: Gate, source: str, name: str) -> asyncio.Task[str]:
    return asyncio.create_task(pool.run(source, lambda: gate.work(name)))


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_sources_take_turns(pool: FairPool) -> None:
    """Whoever floods waits behind everybody else."""
    gate = Gate()
    asked = [ask(pool, gate, "flood", f"flood {number}") for number in range(4)]
    await settled()
    asked += [ask(pool, gate, "lin", "lin"), ask(pool, gate, "zhao", "zhao")]
    await settled()
    for name in ("flood 0", "flood 1", "lin", "zhao", "flood 2", "flood 3"):
        gate.let_through(name)
    assert await asyncio.gather(*asked) == [f"flood {number}" for number in range(4)] + ["lin", "zhao"]
    assert gate.began == ["flood 0", "flood 1", "lin", "zhao", "flood 2", "flood 3"]


async def test_one_source_cannot_fill_the_queue(pool: FairPool) -> None:
    gate = Gate()
    asked = [ask(pool, gate, "flood", f"flood {number}") for number in range(4)]  # one works, three wait
    await settled()
    with pytest.raises(HashingBusy) as refused:
        await pool.run("flood", lambda: None)
    assert refused.value.retry_after
    others = [ask(pool, gate, f"source {number}", f"source {number}") for number in range(3)]
    await settled()
    with pytest.raises(HashingBusy):  # now everybody is told to come back
        await pool.run("late", lambda: None)
    for task in (*asked, *others):
        assert not task.done()
    for name in [f"flood {number}" for number in range(4)] + [f"source {number}" for number in range(3)]:
        gate.let_through(name)
    await asyncio.gather(*asked, *others)
    assert await pool.run("late", lambda: "free again") == "free again"


async def test_the_event_loop_goes_on_while_the_pool_is_full(pool: FairPool) -> None:
    gate = Gate()
    asked = [ask(pool, gate, f"source {number}", f"work {number}") for number in range(7)]
    turns = 0
    for _ in range(100):
        await asyncio.sleep(0)
        turns += 1
    assert turns == 100
    assert not any(task.done() for task in asked)
    for number in range(7):
        gate.let_through(f"work {number}")
    await asyncio.gather(*asked)


async def test_whoever_goes_away_while_waiting_is_forgotten(pool: FairPool) -> None:
    gate = Gate()
    first, second, third = (ask(pool, gate, "lin", name) for name in ("first", "second", "third"))
    await settled()
    second.cancel()
    await settled()
    gate.let_through("first")
    gate.let_through("third")
    assert await asyncio.gather(first, third) == ["first", "third"]
    assert "second" not in gate.began
    assert await pool.run("zhao", lambda: "free") == "free"


async def test_whoever_goes_away_while_it_works_keeps_the_place_until_the_end(pool: FairPool) -> None:
    gate = Gate()
    first = ask(pool, gate, "lin", "first")
    await settled()
    first.cancel()
    second = ask(pool, gate, "lin", "second")
    gate.let_through("second")
    await settled()
    assert not second.done(), "the thread is still busy"
    gate.let_through("first")
    assert await second == "second"


async def test_a_turn_that_comes_as_its_caller_goes_is_given_on(pool: FairPool) -> None:
    gate = Gate()
    first, second, third = (ask(pool, gate, name, name) for name in ("first", "second", "third"))
    await settled()
    pool._next()  # the thread has ended: the turn is the second's, who leaves in the same moment
    second.cancel()
    await settled()
    for name in ("first", "third"):
        gate.let_through(name)
    assert await asyncio.gather(first, third) == ["first", "third"]
    assert "second" not in gate.began


async def test_work_that_fails_gives_the_place_back(pool: FairPool) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await pool.run("lin", lambda: 1 // 0)
