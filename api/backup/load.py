"""Puts rows of an archive into the tables of a target, whichever of the two databases it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, insert, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.backup.columns import ColumnForm, RowCoder
from api.backup.errors import ArchiveUnfit
from api.backup.walk import PAGE

_NOT_OURS = {"alembic_version"}


class LoadTable:
    """One table; the caller's transaction decides whether anything of it stays."""

    def __init__(self, connection: AsyncConnection, table: str, columns: Sequence[ColumnForm]) -> None:
        self._connection = connection
        self._coder = RowCoder(columns)
        self._insert = insert(self._coder.target(table))
        self.count = 0

    async def __call__(self, rows: Sequence[Sequence[Any]]) -> None:
        """
        Raises:
            ArchiveUnfit: a value is none of its column's kind.
        """
        values = [self._coder.read(row) for row in rows]
        for start in range(0, len(values), PAGE):
            await self._connection.execute(self._insert, values[start : start + PAGE])
        self.count += len(values)


async def make_missing(connection: AsyncConnection, table: str, columns: Sequence[ColumnForm]) -> None:
    """A table that an earlier version of the key store had, for its upgrade to read."""
    if await connection.run_sync(lambda sync: inspect(sync).has_table(table)):
        return
    target = RowCoder(columns).target(table)
    made = Table(table, MetaData(), *(Column(one.name, one.type) for one in target.columns))
    await connection.run_sync(made.create)


async def check_shape(
    connection: AsyncConnection, shapes: Mapping[str, Sequence[ColumnForm]], *, all_of_them: bool
) -> None:
    """Whether the tables of an archive can go into those of the target.

    Args:
        all_of_them: the archive must have every table of the target.

    Raises:
        ArchiveUnfit: a table or a column is missing on either side.
    """
    found = await connection.run_sync(_columns)
    unknown = sorted(set(shapes) - set(found))
    if unknown:
        raise ArchiveUnfit(f"it has tables that are not here: {', '.join(unknown)}")
    lacking = sorted(set(found) - set(shapes)) if all_of_them else []
    if lacking:
        raise ArchiveUnfit(f"it lacks tables: {', '.join(lacking)}")
    for table, forms in shapes.items():
        names = {form.name for form in forms}
        strange = sorted(names - set(found[table]))
        needed = sorted(name for name, must in found[table].items() if must and name not in names)
        if strange or needed:
            raise ArchiveUnfit(f"the columns of {table} are not those that are here: {', '.join(strange + needed)}")


def _columns(connection: Connection) -> dict[str, dict[str, bool]]:
    """Per table its columns, and whether each must be given."""
    look = inspect(connection)
    return {
        table: {
            column["name"]: not column["nullable"] and column.get("default") is None
            for column in look.get_columns(table)
        }
        for table in look.get_table_names()
        if table not in _NOT_OURS
    }


async def count_all(connection: AsyncConnection, tables: Sequence[str]) -> dict[str, int]:
    quote = connection.dialect.identifier_preparer.quote
    counts = {}
    for table in tables:
        query = text(f"SELECT count(*) FROM {quote(table)}")  # noqa: S608 - names of tables that are here
        counts[table] = int((await connection.execute(query)).scalar_one())
    return counts


async def follow_numbers(connection: AsyncConnection, tables: Sequence[str]) -> None:
    """Let PostgreSQL's own numbering go on behind what was restored; SQLite's does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    look = text(
        "SELECT column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence "
        "FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = :table "
        "AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
    )
    for table in tables:
        for row in (await connection.execute(look, {"table": table})).all():
            highest = f"(SELECT max({quote(row.column_name)}) FROM {quote(table)})"  # noqa: S608 - as above
            await connection.execute(
                text(f"SELECT setval('{row.sequence}', coalesce({highest}, 1), {highest} IS NOT NULL)")
            )
