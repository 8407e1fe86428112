"""Serial numbers of tokens: unique for ever, over workers, restarts and restored backups (RFC 3161 §2.4.2).

A number is a counter from the store, of which a worker takes a block at a time, followed by 64 random bits of the
block. The counter alone makes it unique; the random bits keep it so even when a database is restored from an older
copy and counts the same numbers once more.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets

from core.clock import Clock
from keys.tsa.errors import TimeNotAvailable
from keys.tsa.ports import SerialStore

_RANDOM_BITS = 64


class Serials:
    """The numbers of one worker.

    Args:
        block: how many numbers are taken at a time; what is left of them at the end is lost.
        keep_for: a block is dropped after this time, so that the store sees our clock often enough to notice when
            it has fallen behind another worker's.
        tolerance: how far the clock may be behind the latest moment that the store has seen.
    """

    def __init__(
        self,
        store: SerialStore,
        clock: Clock,
        *,
        tolerance: dt.timedelta,
        block: int = 1000,
        keep_for: dt.timedelta = dt.timedelta(minutes=1),
    ) -> None:
        self._store = store
        self._clock = clock
        self._tolerance = tolerance
        self._block = block
        self._keep_for = keep_for
        self._reserving = asyncio.Lock()
        self._next = self._end = self._random = 0
        self._good_until = dt.datetime.min.replace(tzinfo=dt.UTC)

    async def take(self) -> int:
        """A number that no token has had and none will have.

        Raises:
            TimeNotAvailable: the clock is behind what the store has seen.
        """
        while (number := self._from_block()) is None:
            async with self._reserving:
                if self._used_up():  # otherwise another request has reserved while this one waited
                    await self._reserve()
        return number

    def _used_up(self) -> bool:
        return self._next >= self._end or self._clock.now() >= self._good_until

    def _from_block(self) -> int | None:
        if self._used_up():
            return None
        number, self._next = self._next, self._next + 1
        return number << _RANDOM_BITS | self._random

    async def _reserve(self) -> None:
        now = self._clock.now()
        block = await self._store.reserve(self._block, moment=now)
        if block.latest - now > self._tolerance:
            raise TimeNotAvailable("the clock is behind a moment at which numbers were reserved before")
        self._next, self._end = block.first, block.first + self._block
        self._random = secrets.randbits(_RANDOM_BITS)
        self._good_until = now + self._keep_for
