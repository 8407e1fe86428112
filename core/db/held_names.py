"""Rows that hold names for their owners: each owner has one under every key that makes names, and no two have the same.

The table's primary key is what keeps a name for one owner. While one key gives way to the next, an owner first gets its
name under the new key, and loses the old one only when nobody uses the old key any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, insert, not_, or_, select
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from core.db.walk import begins_with

Where = ColumnElement[bool]


class HeldNames:
    """One such table, with a column `digest`.

    Args:
        owner: the column that says whose a name is.
        kind: the column that tells an owner's several names apart, if it has several.
    """

    def __init__(self, table: Table, owner: str, kind: str | None = None) -> None:
        self._table = table
        self._owner = table.c[owner]
        self._apart = [owner] if kind is None else [owner, kind]

    @property
    def digest(self) -> ColumnElement[Any]:
        return self._table.c.digest

    def unnamed(self, head: bytes) -> Where:
        """Rows of names whose owner has no name of that kind that begins with `head`."""
        other = self._table.alias()
        same = [other.c[name] == self._table.c[name] for name in self._apart]
        named = exists(select(1).select_from(other).where(*same, begins_with(other.c.digest, [head])))
        return and_(not_(begins_with(self.digest, [head])), not_(named))

    def of(self, owner: str) -> Where:
        return self._owner == owner

    async def owners(self, tx: ReadTx, last: str | None, where: Where, limit: int) -> Sequence[str]:
        """The next owners of such rows, in order."""
        query = select(self._owner).distinct().where(where).order_by(self._owner).limit(limit)
        if last is not None:
            query = query.where(self._owner > last)
        return list((await tx.connection.execute(query)).scalars())

    async def count(self, tx: ReadTx, *wheres: Where) -> int:
        query = select(func.count()).select_from(self._table).where(or_(*wheres))
        return int((await tx.connection.execute(query)).scalar_one())

    async def any(self, tx: ReadTx, *wheres: Where) -> bool:
        query = select(exists(select(1).select_from(self._table).where(and_(*wheres))))
        return bool((await tx.connection.execute(query)).scalar_one())

    async def hold(self, tx: WriteTx, row: Mapping[str, object]) -> bool:
        """Add a name; False when it is held already, by this owner or another."""
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(self._table).values(dict(row)))
        except IntegrityError:
            return False
        return True

    async def drop(self, tx: WriteTx, owner: str, where: Where) -> None:
        """Let go of an owner's names that fulfil the condition."""
        await tx.connection.execute(delete(self._table).where(self._owner == owner, where))
