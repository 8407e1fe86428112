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
    if seconds > 0:
        took = _now() - began
        await asyncio.sleep(max(1, math.ceil(took / seconds)) * seconds - took)
