"""Removes expired short-lived state, so that the store does not grow where it does not sweep by itself."""

from __future__ import annotations

import asyncio

import structlog

from core.errors import Unavailable
from core.kv.port import KeyValueStore

log = structlog.get_logger("sweep")
EVERY_SECONDS = 60.0


async def sweep_forever(kv: KeyValueStore, every: float = EVERY_SECONDS) -> None:
    """Sweep, wait, and again; a store that is away for a moment is asked again later."""
    while True:
        await asyncio.sleep(every)
        try:
            await kv.sweep()
        except Unavailable as error:
            log.warning("sweep-failed", code=error.code)
