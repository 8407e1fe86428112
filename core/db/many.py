"""Many rows into one table at once, by the quickest way that the database has: COPY on PostgreSQL.

Values go through the same conversions as in any other statement (`core.prepared`), and the rows stand or fall with the
caller's unit of work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types
from sqlalchemy import Dialect, Table, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.faults import told_by_driver
from core.db.units import WriteTx
from core.prepared import Compiled, compiled_for


async def add_many(tx: WriteTx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """
    Args:
        rows: each with the same columns; defaults of columns that Python would make are not made.

    Raises:
        sqlalchemy.exc.IntegrityError: as INSERT; none of the rows was added.
        Unavailable: the database does not answer.
    """
    if not rows:
        return
    connection = tx.connection
    if not isinstance(connection, AsyncConnection):  # a quick unit, or whoever only wants to see the rows
        await connection.execute(insert(table), rows)
        return
    compiled = _compiled(table, tuple(rows[0]), connection.dialect)
    values = [compiled.bound(row) for row in rows]
    if connection.dialect.name == "postgresql" and len(rows) >= _WORTH_COPYING:
        await _copy(connection, table, compiled, values)
    else:
        await connection.exec_driver_sql(compiled.text, values)


_WORTH_COPYING = 50


async def _copy(connection: AsyncConnection, table: Table, compiled: Compiled, values: list[tuple[Any, ...]]) -> None:
    await connection.execute(text("SELECT 1"))  # the adapter begins the transaction with the first statement
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    assert driver.is_in_transaction()
    columns = [name for name, _, _ in compiled.parameters]
    try:
        await driver.copy_records_to_table(table.name, records=values, columns=columns)
    except Exception as error:
        if isinstance(error, asyncpg.IntegrityConstraintViolationError):
            raise IntegrityError(f"COPY {table.name}", None, error) from None
        passing = told_by_driver(error)
        if passing is None:
            raise
        raise passing from error


@lru_cache(maxsize=64)
def _compiled(table: Table, columns: tuple[str, ...], dialect: Dialect) -> Compiled:
    return compiled_for(insert(table).inline(), dialect, columns)
