"""Serves an application on a real loopback port, in the test's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import uvicorn


@contextlib.asynccontextmanager
async def serving(app: Any, port: int, **options: Any) -> AsyncIterator[None]:
    """Listening when the block begins; closed, open connections included, when it ends."""
    options = {"lifespan": "off", "log_config": None, "access_log": False} | options
    config = uvicorn.Config(app, "127.0.0.1", port, **options)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # `serve` would take over the test run's signals
    try:
        async with asyncio.timeout(20):
            while not server.started:
                assert not task.done(), "the server ended at once"
                await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        server.force_exit = True
        await task
