"""Reads a whole table in pages, in the order of its primary key, within the caller's one look at the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 1000


async def count_rows(connection: AsyncConnection, table: Table) -> int:
    return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def pages(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    *conditions: ColumnElement[bool],
    page: int = PAGE,
) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
    """Pages of the named columns; no row is ever skipped or doubled while the look stays the same."""
    key = list(table.primary_key.columns)
    width = len(columns)
    query = select(*(table.columns[name] for name in columns), *key).where(*conditions).order_by(*key).limit(page)
    after = tuple_(*(bindparam(f"after_{place}", type_=column.type) for place, column in enumerate(key)))
    further = query.where(tuple_(*key) > after)
    rows = (await connection.execute(query)).all()
    while rows:
        yield [tuple(row)[:width] for row in rows]
        if len(rows) < page:
            return
        last = {f"after_{place}": value for place, value in enumerate(rows[-1][width:])}
        rows = (await connection.execute(further, last)).all()
