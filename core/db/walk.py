"""Walks a table in the order of its primary key, and exchanges values that nobody has changed meanwhile.

For work that goes through a whole table while the service runs: each step is short, remembers where it stopped, and
changes a row only if that still holds what was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Table,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    tuple_,
    update,
)

from core.db.database import ReadTx, WriteTx

Key = tuple[Any, ...]


class Walk:
    """One table.

    Args:
        table: whose rows are changed.
        source: what is read, for values that stand in another table; it has the table's columns under their names.
    """

    def __init__(self, table: Table, source: FromClause | None = None) -> None:
        self._table = table
        self._source = table if source is None else source
        self._key = [column.name for column in table.primary_key]

    async def after(
        self, tx: ReadTx, last: Key | None, conditions: Sequence[ColumnElement[bool]], limit: int
    ) -> Sequence[Row[Any]]:
        """The next rows that fulfil one of the conditions, in the order of the primary key."""
        columns = [self._source.c[name] for name in self._key]
        query = select(self._source).where(or_(*conditions)).order_by(*columns).limit(limit)
        if last is not None:
            query = query.where(tuple_(*columns) > tuple_(*last))
        return (await tx.connection.execute(query)).all()

    def key_of(self, row: Row[Any]) -> Key:
        return tuple(row._mapping[name] for name in self._key)

    def column(self, name: str) -> ColumnElement[Any]:
        return self._source.c[name]

    async def count(self, tx: ReadTx, conditions: Sequence[ColumnElement[bool]]) -> int:
        query = select(func.count()).select_from(self._source).where(or_(*conditions))
        return int((await tx.connection.execute(query)).scalar_one())

    async def any(self, tx: ReadTx, conditions: Sequence[ColumnElement[bool]]) -> bool:
        query = select(exists(select(1).select_from(self._source).where(or_(*conditions))))
        return bool((await tx.connection.execute(query)).scalar_one())

    async def exchange(self, tx: WriteTx, key: Key, before: Mapping[str, object], after: Mapping[str, object]) -> bool:
        """Write `after` into the row if its columns still hold `before`; False, and no change, if they do not."""
        columns = self._table.c
        same = [columns[name] == value for name, value in zip(self._key, key, strict=True)]
        unchanged = [columns[name] == value for name, value in before.items()]
        change = update(self._table).where(*same, *unchanged).values(dict(after))
        return (await tx.connection.execute(change)).rowcount == 1


def begins_with(column: ColumnElement[Any], heads: Sequence[bytes]) -> ColumnElement[bool]:
    """Whether octets begin with one of the heads: a range, which an index can answer on both databases."""
    return or_(false(), *(and_(column >= head, column < _next(head)) for head in heads))


def begins_otherwise(column: ColumnElement[Any], head: bytes) -> ColumnElement[bool]:
    """Whether octets are there and begin with something else."""
    return or_(column < head, column >= _next(head))


def begins_with_text(column: ColumnElement[Any], head: str) -> ColumnElement[bool]:
    """Whether a text begins with `head`; letter by letter, whatever order a database's language gives them."""
    return func.substr(column, 1, len(head)) == head


def begins_otherwise_text(column: ColumnElement[Any], head: str) -> ColumnElement[bool]:
    """Whether a text is there and begins with something else."""
    return func.substr(column, 1, len(head)) != head


def any_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(false(), *conditions)


def all_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(true(), *conditions)


def none_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return not_(any_of(*conditions))


def has_length(column: ColumnElement[Any], octets: int) -> ColumnElement[bool]:
    return func.length(column) == octets


def _next(head: bytes) -> bytes:
    """The smallest octets of the same length that come after all that begin with `head`, whose last one is not 0xFF."""
    return head[:-1] + bytes([head[-1] + 1])
