"""Brings an instance to the state in which it can serve: newest tables, keys, and the demo city if asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from api.migrations.upgrade import upgrade
from api.settings import Settings
from api.startup import StartupFault
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.errors import AppError

Result = TypeVar("Result")


async def prepare(settings: Settings) -> bool:
    """Migrate, make missing keys, load the demo city; True if this was the first start.

    Raises:
        StartupFault: the database or the key store cannot be used.
    """
    from api.wiring.container import build_container
    from api.wiring.keys import ensure_development_keys, ensure_service_keys

    try:
        first = await with_database(settings, lambda database: upgrade(database.engine))
        container = await build_container(settings)
        try:
            keys, clock = container.ground.keys, container.ground.clock
            if settings.mode == "development":
                await ensure_development_keys(keys, clock, city_name=settings.city, production=False)
            else:
                await ensure_service_keys(keys.ring)
            if settings.demo:
                from api.demo.load import load_demo_city

                await load_demo_city(container)
        finally:
            await container.close()
    except AppError as error:
        raise StartupFault(error.text.en + (f" ({error.private})" if error.private else "")) from None
    except OSError as error:
        raise StartupFault(
            f"a store does not answer ({type(error).__name__}): check YIZHENG_DATABASE_URL and YIZHENG_KV_URL"
        ) from None
    return first


async def with_database(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Open the domain database for `work` alone."""
    database = Database(create_engine(settings.database.url, pool_size=1), SystemClock())
    try:
        return await work(database)
    finally:
        await database.close()
