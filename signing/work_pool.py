"""A bounded pool of threads for work that keeps the processor or a device busy."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from signing.errors import busy

Params = ParamSpec("Params")
Result = TypeVar("Result")


class TookTooLong(BaseException):
    """Raised inside a thread whose time is up; not an Exception, so that no parser's recovery swallows it."""


class WorkPool:
    """Runs functions in threads: `threads` at a time, `waiting` in line, the rest turned away at once."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="signing")
        self._room = threads + waiting

    async def run(self, work: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """
        Raises:
            core.errors.LimitExceeded: `busy`.
        """
        if self._room <= 0:
            raise busy()
        self._room -= 1
        future = self._executor.submit(work, *args, **kwargs)
        # the place is given back when the work ends, even if nobody waits for it any more
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: _tell(loop, self._give_back))
        return await asyncio.wrap_future(future)

    def _give_back(self) -> None:
        self._room += 1

    def close(self) -> None:
        """Wait for what runs, drop what waits."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _tell(loop: asyncio.AbstractEventLoop, done: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(done)


def within(seconds: float, work: Callable[[], Result], otherwise: Callable[[], Result]) -> Result:
    """`work()` on the calling thread, or `otherwise()` when it takes longer than `seconds`.

    For pure-Python work over hostile input: when the time is up, TookTooLong is raised at the next bytecode.
    """
    thread = threading.get_ident()
    lock, state = threading.Lock(), {"working": True}

    def stop() -> None:
        with lock:
            if state["working"]:
                _raise_in(thread)

    watch = threading.Timer(seconds, stop)
    watch.daemon = True
    watch.start()
    try:
        try:
            return work()
        finally:
            # after this nothing can be thrown at the thread; what was thrown already surfaces before the next line
            with lock:
                state["working"] = False
            watch.cancel()
    except TookTooLong:
        return otherwise()


def _raise_in(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TookTooLong))
