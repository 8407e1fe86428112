"""How often something can be done in a second of one core, by processor time: others on the machine matter little."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")
_loop = asyncio.Runner()  # one for the whole run: to make a loop for each call would cost more than many a work
_TICKS = os.sysconf("SC_CLK_TCK")
Rate = Callable[[], float]
"""Does something for a while and answers how often it was done in a second of processor time."""


def done(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine comes to."""
    return _loop.run(work)


@contextlib.contextmanager
def on_one_core() -> Iterator[None]:
    """Keep this process, and every one that it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def spent() -> float:
    """Seconds of processor time of this process with all its threads, and of the processes that it started."""
    times = os.times()
    return (
        time.process_time() + times.children_user + times.children_system + sum(map(_of_child, _children(os.getpid())))
    )


def repeated(work: Callable[[], object], seconds: float) -> Rate:
    """`work`, over and over for so many seconds."""

    def rate() -> float:
        before, begun, count = spent(), time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:  # to look at what was spent takes longer than many a work
            work()
            count += 1
        return count / (spent() - before)

    return rate


def interleaved(*rates: Rate, rounds: int = 3) -> list[float]:
    """The median of each, taking turns so that a busy moment hits all alike; the first turn warms up."""
    turns = [[rate() for rate in rates] for _ in range(rounds + 1)]
    return [statistics.median(mine) for mine in zip(*turns[1:], strict=True)]


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task").glob("*/children")
    direct = [int(one) for file in listed for one in file.read_text().split()]
    return direct + [below for one in direct for below in _children(one)]


def _of_child(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it ended meanwhile, and counts among `os.times` now
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS  # utime, stime and those of its own ended children
