"""Replays a journal over restored rows: ends what it says has ended, and never brings anything to life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, MetaData, Table, and_, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.backup.columns import ColumnForm, RowCoder
from api.backup.endings import Added, Ending, Kept, Moved
from api.backup.errors import ArchiveUnfit
from api.backup.journal import ERASED
from api.backup.walk import pages

Row = Mapping[str, Any]


class ReplayTable:
    """The endings of one table, in the caller's transaction."""

    def __init__(
        self,
        connection: AsyncConnection,
        tables: MetaData,
        name: str,
        endings: Mapping[str, Ending],
        columns: Sequence[ColumnForm],
    ) -> None:
        """
        Raises:
            ArchiveUnfit: a table or column that is not here, or that cannot end.
        """
        table, ending = tables.tables.get(name), endings.get(name)
        if table is None or not isinstance(ending, Moved | Added | Kept):
            raise ArchiveUnfit(f"endings of {name} are not known to this version")
        unknown = {form.name.removeprefix(ERASED) for form in columns} - {column.name for column in table.columns}
        if unknown:
            raise ArchiveUnfit(f"columns of {name} that are not here: {', '.join(sorted(unknown))}")
        self._connection = connection
        self._table: Table = table
        self._tables = tables
        self._ending = ending
        self._coder = RowCoder(columns)
        self._listed: set[tuple[Any, ...]] = set()
        self.count = 0

    async def __call__(self, rows: Sequence[Sequence[Any]]) -> None:
        for written in rows:
            row = self._coder.read(written)
            match self._ending:
                case Moved():
                    await self._move(self._ending, row)
                case Added():
                    await self._add(self._ending, row)
                case Kept():
                    await self._keep(self._ending, row)

    async def finish(self) -> None:
        """Of rights that are listed: take away those that the journal does not list."""
        if not isinstance(self._ending, Kept):
            return
        names = [column.name for column in self._table.primary_key.columns]
        gone = []
        async for page in pages(self._connection, self._table, names):
            gone += [key for key in page if key not in self._listed]
        for key in gone:
            there = self._is(dict(zip(names, key, strict=True)))
            self.count += (await self._connection.execute(delete(self._table).where(there))).rowcount

    async def _move(self, ending: Moved, row: Row) -> None:
        columns = self._table.columns
        changes = {name: row[name] for name in (ending.state, *ending.carried)}
        changes |= {name: None for name in ending.erased if row[ERASED + name]}
        if isinstance(ending.order, str):
            before: ColumnElement[bool] = columns[ending.order] < row[ending.order]
        else:
            before = columns[ending.state].not_in(_at_or_behind(ending.order, row[ending.state]))
        change = update(self._table).where(self._is(row), before).values(changes)
        changed = (await self._connection.execute(change)).rowcount
        if changed == 0 and ending.added and not await self._there(self._table, self._is(row)):
            await self._connection.execute(insert(self._table).values(dict(row)))
            changed = 1
        self.count += changed

    async def _add(self, ending: Added, row: Row) -> None:
        if await self._there(self._table, self._is(row)):
            return
        if ending.parent is not None:
            name, parent = ending.parent
            (key,) = self._tables.tables[parent].primary_key.columns
            if not await self._there(self._tables.tables[parent], key == row[name]):
                return
        await self._connection.execute(insert(self._table).values(dict(row)))
        self.count += 1

    async def _keep(self, ending: Kept, row: Row) -> None:
        self._listed.add(tuple(row[column.name] for column in self._table.primary_key.columns))
        if not ending.terms:
            return
        terms = {name: row[name] for name in ending.terms}
        await self._connection.execute(update(self._table).where(self._is(row)).values(terms))

    def _is(self, row: Row) -> ColumnElement[bool]:
        return and_(*(column == row[column.name] for column in self._table.primary_key.columns))

    async def _there(self, table: Table, condition: ColumnElement[bool]) -> bool:
        query = select(exists(select(1).select_from(table).where(condition)))
        return bool((await self._connection.execute(query)).scalar_one())


def _at_or_behind(order: Sequence[str], state: str) -> Sequence[str]:
    """States that do not give way to this one; whatever the list does not know gives way to an ending."""
    return order[order.index(state) :] if state in order else [state]
