"""Work of a worker that comes round again and again: whatever fails, the next round comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable


async def rounds(work: Callable[[], Awaitable[object]], *, every: float, log: logging.Logger, failed: str) -> None:
    """Wait, work, and so on until it is cancelled.

    Args:
        every: seconds before each round; the first one waits too.
        failed: what the log says of a round that failed, beside the kind of its error. The error's own words are not
            written: they may hold somebody's data.
    """
    while True:
        await asyncio.sleep(every)
        try:
            await work()
        except Exception as error:  # whatever it is, the next round must come
            log.warning("%s: %s", failed, type(error).__name__)
