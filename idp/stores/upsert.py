"""INSERT that minds conflicts, in the dialects of SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.prepared import Prepared


def _insert(connection: AsyncConnection, table: Table) -> Any:
    # the two constructs are spelled alike and share no type
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def prepared_if_new(table: Table) -> Prepared:
    """INSERT of a whole row, unless a unique constraint stands against it."""
    return Prepared(
        sqlite.insert(table).on_conflict_do_nothing(),
        postgresql=postgresql.insert(table).on_conflict_do_nothing(),
    )


async def insert_if_new(connection: AsyncConnection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert unless a unique constraint stands against it; True if the row is new."""
    statement = _insert(connection, table).values(**values).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount == 1)


async def insert_or_replace(
    connection: AsyncConnection, table: Table, values: Mapping[str, object], *, key: Sequence[str]
) -> None:
    """Insert, or overwrite the row with the same `key` columns."""
    rest = {name: value for name, value in values.items() if name not in key}
    statement = _insert(connection, table).values(**values).on_conflict_do_update(index_elements=key, set_=rest)
    await connection.execute(statement)
