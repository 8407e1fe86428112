"""A bounded pool of threads for work that keeps the processor or a device busy."""

from __future__ import annotations

import asyncio
import ctypes
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from core.files.reading import LARGE
from signing.errors import busy

Params = ParamSpec("Params")
Result = TypeVar("Result")


class TookTooLong(BaseException):
    """Raised inside a thread whose time is up; not an Exception, so that no parser's recovery swallows it."""


class WorkPool:
    """Runs functions in threads: `threads` at a time, `waiting` in line, the rest turned away at once.

    Args:
        large: the pool for what is done to large files, so that small ones never wait for them (attacks S-57).
    """

    def __init__(self, threads: int, waiting: int, *, large: WorkPool | None = None) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="signing")
        self._room = threads + waiting
        self._large = large

    def lane(self, octets: int) -> WorkPool:
        """The pool for work on a file of this size."""
        return self._large if self._large is not None and octets > LARGE else self

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
        if self._large is not None:
            self._large.close()


def _tell(loop: asyncio.AbstractEventLoop, done: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(done)


def within(seconds: float, work: Callable[[], Result], otherwise: Callable[[], Result]) -> Result:
    """`work()` on the calling thread, or `otherwise()` when it takes longer than `seconds` (give or take a quarter).

    For pure-Python work over hostile input: when the time is up, TookTooLong is raised at the next bytecode.
    """
    try:
        _watch.begin(seconds)
        try:
            return work()
        finally:
            # after this nothing can be thrown at the thread; what was thrown already surfaces before the next line
            _watch.end()
    except TookTooLong:
        _watch.end()
        return otherwise()


class _Watch:
    """One thread that looks after all deadlines; starting a timer for each piece of work would cost more than it."""

    _LOOK_EVERY = 0.25

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: dict[int, float] = {}  # by thread
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float) -> None:
        with self._changed:
            if self._thread is None or not self._thread.is_alive():  # a forked child has the object, not the thread
                self._thread = threading.Thread(target=self._look, name="signing-watch", daemon=True)
                self._thread.start()
            self._deadlines[threading.get_ident()] = time.monotonic() + seconds
            if len(self._deadlines) == 1:
                self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._deadlines.pop(threading.get_ident(), None)

    def _look(self) -> None:
        with self._changed:
            while True:
                self._changed.wait(self._LOOK_EVERY if self._deadlines else None)
                now = time.monotonic()
                for thread in [thread for thread, deadline in self._deadlines.items() if deadline <= now]:
                    del self._deadlines[thread]  # thrown once; the work may take a moment to notice
                    _raise_in(thread)


_watch = _Watch()


def _raise_in(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TookTooLong))
