"""Databases for tests, on SQLite and on PostgreSQL, with or without the tables of every domain."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import os
import pkgutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no types

from core.clock import Clock
from core.db.database import Database
from core.db.engine import create_engine
from core.db.metadata import metadata
from tests.support.servers import PostgresServer

_PACKAGES = ("core", "keys", "idp", "certstore", "signing")
_numbers = itertools.count(1)


def load_tables() -> None:
    """Import every module that adds tables to the metadata: those whose name ends in `tables`, and idempotency."""
    importlib.import_module("core.idempotency")
    for package in _PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if module.name.rpartition(".")[2].endswith("tables"):
                importlib.import_module(module.name)


async def schema(database: Database) -> Database:
    """Create the tables of every domain."""
    load_tables()
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return database


@contextlib.asynccontextmanager
async def postgres_url(server: PostgresServer) -> AsyncIterator[str]:
    """Address of an empty database of its own, dropped afterwards."""
    name = f"t{os.getpid()}_{next(_numbers)}"
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        try:
            yield server.url(name)
        finally:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def sqlite_database(folder: Path, clock: Clock, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """A SQLite database in a file, with the tables of every domain."""
    database = Database(create_engine(f"sqlite+aiosqlite:///{folder / 'yizheng.db'}", pool_size=pool_size), clock)
    try:
        yield await schema(database)
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def postgres_database(server: PostgresServer, clock: Clock, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """A PostgreSQL database of its own, with the tables of every domain."""
    async with postgres_url(server) as url:
        database = Database(create_engine(url, pool_size=pool_size), clock)
        try:
            yield await schema(database)
        finally:
            await database.close()
