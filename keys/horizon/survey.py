"""Asks everything that has an end when it ends."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.clock import Clock
from keys.horizon.model import Lifeline
from keys.horizon.outlook import Outlook, outlook


class LifelineSource(Protocol):
    """Something that knows ends: the key ring, the certificates, the lists."""

    async def lines(self, now: dt.datetime) -> Sequence[Lifeline]: ...


class Survey:
    """What runs out when, over all sources."""

    def __init__(self, sources: Sequence[LifelineSource], clock: Clock) -> None:
        self._sources = sources
        self._clock = clock

    async def __call__(self) -> Outlook:
        """
        Raises:
            core.errors.Unavailable: a source does not answer; a part would look like the whole.
        """
        now = self._clock.now()
        found = await asyncio.gather(*(source.lines(now) for source in self._sources))
        return outlook([line for lines in found for line in lines], now)
