"""Answers that take the same time, whatever was found on the way (attacks O-52, F-07).

The work for somebody and for nobody is the same as far as it can be; what is left, some microseconds of reading a row,
would show to whoever asks a thousand times. So an answer waits for its moment; one that is late, because the machine
is busy, waits for the next: else the hours of most traffic would be the ones to ask in.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_COARSE = 0.002  # seconds; what a loop's timers may be late by, and some


@asynccontextmanager
async def even_refusals(seconds: float) -> AsyncIterator[None]:
    """As `even`, for errors only: whoever did it right need not wait."""
    began = _now()
    try:
        yield
    except Exception:
        await _moment(began, seconds)
        raise


@asynccontextmanager
async def even(seconds: float) -> AsyncIterator[None]:
    """What is done inside ends a whole number of `seconds` after it began, by error or not."""
    began = _now()
    try:
        yield
    finally:
        await _moment(began, seconds)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _moment(began: float, seconds: float) -> None:
    if seconds <= 0:
        return
    until = began + max(1, math.ceil((_now() - began) / seconds)) * seconds
    await asyncio.sleep(max(0.0, until - _now() - _COARSE))
    # a loop's timers count whole milliseconds from now, and so would pass on what is behind them
    while _now() < until:  # noqa: ASYNC110 - for two milliseconds at most; others have their turn
        await asyncio.sleep(0)
