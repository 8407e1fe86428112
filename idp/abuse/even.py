"""Answers that take the same time, whatever was found on the way (attacks O-52, F-07).

The work for somebody and for nobody is the same as far as it can be; what is left, some microseconds of reading a row,
would show to whoever asks a thousand times. So an answer that comes sooner waits for its moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def even_refusals(seconds: float) -> AsyncIterator[None]:
    """As `even`, for errors only: whoever did it right need not wait."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    try:
        yield
    except Exception:
        await asyncio.sleep(max(0.0, until - loop.time()))
        raise


@asynccontextmanager
async def even(seconds: float) -> AsyncIterator[None]:
    """What is done inside ends no sooner than `seconds` after it began, by error or not."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    try:
        yield
    finally:
        await asyncio.sleep(max(0.0, until - loop.time()))
