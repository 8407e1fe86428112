"""Databases for tests, on SQLite and on PostgreSQL, with or without the tables of every domain."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import os
import pkgutil
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types

from core.clock import Clock
from core.db.database import Database
from core.db.engine import create_engine
from core.tables import metadata
from tests.support.servers import PostgresServer

_PACKAGES = ("core", "keys", "idp", "certstore", "signing")
_numbers = itertools.count(1)
_files: dict[frozenset[str], bytes] = {}
_templates: dict[tuple[int, frozenset[str]], str] = {}
_free: defaultdict[str, list[str]] = defaultdict(list)  # by template
_ALONE = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_TABLES = (
    "SELECT relname AS name, pg_relation_size(oid) AS size FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
_MOVED_SEQUENCES = "SELECT sequencename AS name FROM pg_sequences WHERE last_value IS NOT NULL"


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
async def postgres_url(server: PostgresServer, template: str = "template1") -> AsyncIterator[str]:
    """Address of a database of its own, a copy of `template` (empty by default), dropped afterwards."""
    name = f"t{os.getpid()}_{next(_numbers)}"
    async with _administration(server) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield server.url(name)
        finally:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.asynccontextmanager
async def _administration(server: PostgresServer) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        yield connection
    finally:
        await connection.close()


async def _template(server: PostgresServer, clock: Clock) -> str:
    """A database with the tables of every domain, made once per server: copying it is quicker than making tables."""
    load_tables()
    key = (server.port, frozenset(metadata.tables))  # a test module may add tables of its own
    if key not in _templates:
        name = f"template_{os.getpid()}_{next(_numbers)}"
        async with _administration(server) as connection:
            await connection.execute(f"CREATE DATABASE {name}")
        database = Database(create_engine(server.url(name)), clock)
        await schema(database)
        await database.close()
        _templates[key] = name
    return _templates[key]


@contextlib.asynccontextmanager
async def sqlite_database(folder: Path, clock: Clock, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """A SQLite database in a file, with the tables of every domain."""
    file = folder / "yizheng.db"
    file.write_bytes(await _sqlite_template(folder, clock))
    database = Database(create_engine(f"sqlite:///{file}", pool_size=pool_size), clock)
    try:
        yield database
    finally:
        await database.close()


async def _sqlite_template(folder: Path, clock: Clock) -> bytes:
    """The file of a database with the tables of every domain, made once."""
    load_tables()
    key = frozenset(metadata.tables)
    if key not in _files:
        file = folder / "template.db"
        database = Database(create_engine(f"sqlite:///{file}"), clock)
        await schema(database)
        await database.close()  # folds the write-ahead log into the file
        _files[key] = file.read_bytes()
        file.unlink()
    return _files[key]


@contextlib.asynccontextmanager
async def postgres_database(server: PostgresServer, clock: Clock, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """A PostgreSQL database of its own, with the tables of every domain and nothing in them."""
    template = await _template(server, clock)
    name = await _taken(server, template)
    database = Database(create_engine(server.url(name), pool_size=pool_size), clock)
    try:
        yield database
    finally:
        await database.close()
        await _given_back(server, template, name)


async def _taken(server: PostgresServer, template: str) -> str:
    """A database that an earlier test left, emptied; a copy of the template where there is none."""
    if free := _free[template]:
        return free.pop()
    name = f"t{os.getpid()}_{next(_numbers)}"
    async with _administration(server) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


async def _given_back(server: PostgresServer, template: str, name: str) -> None:
    """Emptying the few tables that a test filled is much quicker than copying hundreds; what cannot be is dropped."""
    connection = await asyncpg.connect(server.dsn(name))
    try:
        emptied = await connection.fetchval(_ALONE) and await _emptied(connection)
    finally:
        await connection.close()
    if emptied:
        _free[template].append(name)
        return
    async with _administration(server) as administration:
        await administration.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _emptied(connection: Any) -> bool:
    tables = {row["name"]: row["size"] for row in await connection.fetch(_TABLES)}
    if tables.keys() != set(metadata.tables):  # the test made or dropped some
        return False
    # "replica": no trigger asks whether a row is still referred to; to delete few rows is quicker than to truncate
    emptying = [f'DELETE FROM "{name}"' for name, size in tables.items() if size]
    await connection.execute(";".join(["SET session_replication_role = replica", *emptying]))
    for row in await connection.fetch(_MOVED_SEQUENCES):
        await connection.execute(f'ALTER SEQUENCE "{row["name"]}" RESTART')
    return True
