"""The composed service for the length of one command."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from api.cli.prepare import check_current
from api.settings import Settings
from api.wiring.container import Container, build_container


@contextlib.asynccontextmanager
async def composed(settings: Settings) -> AsyncIterator[Container]:
    """Opened over a database whose tables are those of this release, and closed at the end.

    Raises:
        StartupFault: the database is of another release, or something that the settings name is not there.
    """
    await check_current(settings)
    container = await build_container(settings)
    try:
        yield container
    finally:
        await container.close()
