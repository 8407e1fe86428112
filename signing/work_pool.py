"""A bounded pool of threads for work that keeps the processor or a device busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from core.files.reading import LARGE
from signing.errors import busy

Params = ParamSpec("Params")
Result = TypeVar("Result")


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
