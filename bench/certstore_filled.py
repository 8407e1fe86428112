"""Repositories of known sizes in a PostgreSQL of their own, filled once: kept in a folder where one is named.

An empty database is filled without indexes and constraints, which are made afterwards as the schema had them: the same
database in a fraction of the time. What was broken off goes on where it stopped, as the database itself remembers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types

from api.cli.prepare import prepare
from api.settings import Settings
from bench.certstore_data import TABLES, fill, plain_url
from tests.support import servers

_TUNING = {"shared_buffers": "1GB"}
_LOADING = {
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum": "off",
}
_DEFINED = """
SELECT 1 AS step, format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
           AS make, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop
FROM pg_constraint WHERE conrelid = ANY($1::regclass[]) AND contype IN ('p', 'u')
UNION ALL
SELECT 2, pg_get_indexdef(indexrelid), format('DROP INDEX %s', indexrelid::regclass)
FROM pg_index WHERE indrelid = ANY($1::regclass[])
           AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
UNION ALL
SELECT 3, format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
           format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
FROM pg_constraint WHERE contype = 'f' AND (conrelid = ANY($1::regclass[]) OR confrelid = ANY($1::regclass[]))
"""


@contextlib.contextmanager
def server(folder: Path, *, loading: bool = False) -> Iterator[servers.PostgresServer]:
    """The PostgreSQL in a folder: quick while it is filled, afterwards as safe as an installation's.

    Raises:
        tests.support.servers.BackendMissing: PostgreSQL is not installed.
    """
    tuning = _TUNING | (_LOADING if loading else {})
    with servers.postgres_server(durable=not loading, kept=folder, tuning=tuning) as running:
        yield running


def settings_of(folder: Path, running: servers.PostgresServer, size: int, **changes: Any) -> Settings:
    """An installation with so many licences."""
    data = folder / f"service-{size}"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Settings(data=data, mode="development", database_url=running.url(f"licences_{size}"), **changes)


def fill_all(folder: Path, sizes: list[int]) -> None:
    """Bring a repository of each size to be, if it is not there."""
    with server(folder / "postgres", loading=True) as running:
        for size in sizes:
            asyncio.run(_filled(settings_of(folder, running, size), running, size))


async def _filled(settings: Settings, running: servers.PostgresServer, size: int) -> None:
    await _create(running, f"licences_{size}")
    await prepare(settings)
    async with connected(settings) as driver:
        await driver.execute("CREATE TABLE IF NOT EXISTS bench_taken_off (step int, make text)")
        if not await driver.fetchval("SELECT to_regclass('bench_filled') IS NOT NULL"):
            await _take_off(driver)
        elif not await driver.fetchval("SELECT EXISTS (SELECT 1 FROM bench_taken_off)"):
            return
    await asyncio.to_thread(fill, settings, after=size)
    async with connected(settings) as driver:
        await _put_back(driver)
        await driver.execute("VACUUM (ANALYZE)")
        await driver.execute("CHECKPOINT")


async def _create(running: servers.PostgresServer, name: str) -> None:
    driver = await asyncpg.connect(running.dsn("postgres"))
    try:
        if not await driver.fetchval("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name):
            await driver.execute(f"CREATE DATABASE {name}")
    finally:
        await driver.close()


async def _take_off(driver: Any) -> None:
    """Indexes and constraints of what is filled, written down before they go."""
    async with driver.transaction():
        await driver.execute("CREATE TABLE bench_filled (part int PRIMARY KEY, holders bigint NOT NULL)")
        found = await driver.fetch(_DEFINED, [table.name for table in TABLES])
        await driver.executemany(
            "INSERT INTO bench_taken_off VALUES ($1, $2)", [(row["step"], row["make"]) for row in found]
        )
        for row in sorted(found, key=lambda row: -row["step"]):  # what refers goes before what is referred to
            await driver.execute(row["drop"])


async def _put_back(driver: Any) -> None:
    for make in await driver.fetch("SELECT make FROM bench_taken_off ORDER BY step, make"):
        async with driver.transaction():
            await driver.execute(make["make"])
            await driver.execute("DELETE FROM bench_taken_off WHERE make = $1", make["make"])


@contextlib.asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Any]:
    """A bare connection to the database of an installation."""
    driver = await asyncpg.connect(plain_url(settings))
    try:
        yield driver
    finally:
        await driver.close()
