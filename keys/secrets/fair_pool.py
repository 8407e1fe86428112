"""A bounded pool of threads for slow work, fair to those who wait: sources take turns, and each has few places.

Whoever floods the pool waits behind everybody else: at most `workers` calls run at a time, at most `queue` wait, of
them at most `per_source` from one source, and the next to run is of the source that has waited longest for a turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from keys.errors import HashingBusy

BEHIND = 10  # the nice value of the threads
Result = TypeVar("Result")
Turn = asyncio.Future[None]


class FairPool:
    """Runs calls in threads, for one event loop.

    Args:
        workers: calls that run at the same time.
        queue: calls that may wait beyond those.
        per_source: how many of them may be of one source.
    """

    def __init__(self, *, workers: int, queue: int, per_source: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name, initializer=_step_back)
        self._free = workers
        self._queue = queue
        self._per_source = per_source
        self._waiting: OrderedDict[str, deque[Turn]] = OrderedDict()  # by source; the next source is the first

    async def run(self, source: str, work: Callable[[], Result]) -> Result:
        """
        Raises:
            HashingBusy: too many calls are waiting, or too many of this source.
        """
        await self._turn(source)
        loop = asyncio.get_running_loop()
        future = self._threads.submit(work)
        # the place is taken until the thread has ended, even when the caller has gone meanwhile
        future.add_done_callback(lambda _future: _in_loop(loop, self._next))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, source: str) -> None:
        if self._free:
            self._free -= 1
            return
        mine = self._waiting.get(source, ())
        if sum(map(len, self._waiting.values())) >= self._queue or len(mine) >= self._per_source:
            raise HashingBusy
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(source, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()  # the turn had come: give it on
            else:
                self._forget(source, turn)
            raise

    def _next(self) -> None:
        """A thread is free: it is the turn of the source that stands first, which then stands last."""
        while self._waiting:
            source, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[source] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, source: str, turn: Turn) -> None:
        turns = self._waiting.get(source)
        if turns is not None and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[source]


def _step_back() -> None:
    """Let the thread that answers requests go first: with every core at work here, it would else wait its turn of some
    milliseconds for each of them. Linux keeps a priority for each thread.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BEHIND)


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody who waited
        loop.call_soon_threadsafe(call)
