"""Brings an instance to the state in which it can serve: newest tables, keys, and the demo city if asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from api.migrations import HEAD, RESTORED, RESTORING, RESTORING_WITH_KEYS
from api.migrations.upgrade import current_revision, is_known, upgrade
from api.settings import Settings
from api.startup import StartupFault, plain_faults
from core.audit.change_digest import change_to_sm3
from core.audit.sql import read_head
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.principal import SYSTEM

Result = TypeVar("Result")


async def prepare(settings: Settings) -> bool:
    """Migrate, make missing keys, load the demo city; True if this was the first start.

    Raises:
        StartupFault: the database or the key store cannot be used.
    """
    from api.wiring.container import build_container
    from api.wiring.keys import ensure_service_keys

    with plain_faults():
        first = await with_database(settings, _upgrade)
        await check_keys_are_here(settings)
        container = await build_container(settings)
        try:
            await ensure_service_keys(container.ground.keys.ring, settings.profile)
            if settings.profile.national:
                await _chain_new_log_with_sm3(container.ground.database)
            if settings.mode == "development":
                await container.pki.ensure_development()
            if settings.demo:
                from api.demo.load import load_demo_city

                await load_demo_city(container)
        finally:
            await container.close()
    return first


async def _chain_new_log_with_sm3(database: Database) -> None:
    """A log that holds nothing yet is by SM3 from its first row on; another changes when its operator says so."""
    async with database.read() as tx:
        number, _ = await read_head(tx.connection)
    if number == 0:
        await change_to_sm3(database, SYSTEM, SystemClock())


async def _upgrade(database: Database) -> bool:
    revision = await current_revision(database.engine)
    if revision and not is_known(revision):
        raise StartupFault(revision_fault(revision))
    return await upgrade(database.engine)


def revision_fault(revision: str | None) -> str:
    """Why a database that is not at the newest revision cannot be used, and what to do."""
    if revision is None:
        return "the database has no tables yet: run `yizheng migrate`, or bin/run for development"
    if revision in (RESTORING, RESTORING_WITH_KEYS):
        return "a restore of the database was broken off: run `yizheng restore` again"
    if revision.startswith(RESTORED):
        return (
            "the database was restored, and what was revoked or withdrawn since its backup is not known: replay a "
            "journal with `yizheng restore --journal FILE`, then acknowledge with `yizheng restore --accept-gap`"
        )
    if is_known(revision):
        return f"the database is at revision {revision} and this version needs {HEAD}: run `yizheng migrate`"
    return (
        f"the database is at revision {revision}, made by a newer version than this one ({HEAD}): "
        "run that version, or choose another folder with --data DIR"
    )


async def check_current(settings: Settings) -> None:
    """
    Raises:
        StartupFault: there is no database, it does not answer, or it is not at the newest revision.
    """
    if not settings.database_url and not (settings.folder / "yizheng.db").exists():
        raise StartupFault(
            f"no data in {settings.folder}: name their folder with --data DIR, or make them with `yizheng migrate`"
        )
    with plain_faults():
        revision = await with_database(settings, lambda database: current_revision(database.engine))
    if revision != HEAD:
        raise StartupFault(revision_fault(revision))


async def check_keys_are_here(settings: Settings) -> None:
    """A new key store beside old data would seal what comes under keys that cannot read what is there.

    Raises:
        StartupFault: there are data, and the key store that they need is not here.
    """
    from api.wiring.backup import key_store_in_use

    async def has_history(database: Database) -> bool:
        async with database.read() as tx:
            return (await read_head(tx.connection))[0] > 0

    with plain_faults():
        if await with_database(settings, has_history) and not await key_store_in_use(settings):
            raise StartupFault(
                "the data here are sealed under keys that are not here (master-key-missing): restore their key store "
                "with `yizheng restore FILE`, and give the master key that belongs to it"
            )


async def with_database(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Open the domain database for `work` alone."""
    database = Database(create_engine(settings.database.url, pool_size=1), SystemClock())
    try:
        return await work(database)
    finally:
        await database.close()
