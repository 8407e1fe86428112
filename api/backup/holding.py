"""Keeps documents from being removed while a backup still has to read them, however long it takes."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from api.backup.ports import Sources
from core.errors import Unavailable

_FOR = dt.timedelta(hours=1)
_AGAIN_SECONDS = 900.0


@asynccontextmanager
async def holding(sources: Sources) -> AsyncIterator[None]:
    """From before the first look at the rows until the last document is read."""
    await _hold(sources)
    task = asyncio.create_task(_go_on(sources))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _go_on(sources: Sources) -> None:
    while True:
        await asyncio.sleep(_AGAIN_SECONDS)
        with suppress(Unavailable):  # three more tries lie within the time that is held
            await _hold(sources)


async def _hold(sources: Sources) -> None:
    async with sources.database.write() as tx:
        await sources.hold_documents(tx, sources.clock.now() + _FOR)
        await tx.commit()
