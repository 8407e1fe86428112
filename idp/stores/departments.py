"""Departments as trees in SQL: one row each, walked by recursive queries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import CTE, literal_column, select, text, update

from core.db.database import ReadTx, WriteTx
from idp.model import Organisation
from idp.staff.ports import DepartmentStore
from idp.stores.people import organisation_of
from idp.stores.tables import organisation

_DEEPEST = 64  # ends the walk even if rows were written past our rules


class SqlDepartmentStore:
    """Implements `idp.staff.ports.DepartmentStore`."""

    async def hold_tree(self, tx: WriteTx) -> None:
        if tx.connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
            await tx.connection.execute(text("LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE"))

    async def above(self, tx: ReadTx, uscc: str) -> Sequence[str]:
        first = select(organisation.c.uscc, organisation.c.parent, literal_column("0").label("step")).where(
            organisation.c.uscc == uscc
        )
        walk = first.cte("above", recursive=True)
        up = (
            select(organisation.c.uscc, organisation.c.parent, walk.c.step + 1)
            .join(walk, organisation.c.uscc == walk.c.parent)
            .where(walk.c.step < _DEEPEST)
        )
        walk = walk.union_all(up)
        rows = await tx.connection.execute(select(walk.c.uscc).order_by(walk.c.step))
        return [row.uscc for row in rows]

    async def move(self, tx: WriteTx, uscc: str, parent: str | None) -> bool:
        change = update(organisation).where(organisation.c.uscc == uscc).values(parent=parent)
        return (await tx.connection.execute(change)).rowcount == 1

    async def within(self, tx: ReadTx, uscc: str | None, *, limit: int) -> Sequence[Organisation]:
        query = select(organisation).where(organisation.c.kind == "government")
        if uscc is not None:
            query = query.where(organisation.c.uscc.in_(select(below(uscc).c.uscc)))
        rows = await tx.connection.execute(query.order_by(organisation.c.name_zh, organisation.c.uscc).limit(limit))
        return [organisation_of(row) for row in rows]


def below(uscc: str) -> CTE:
    """The codes of a department and all below it, as a part of a query."""
    first = select(organisation.c.uscc, literal_column("0").label("step")).where(organisation.c.uscc == uscc)
    walk = first.cte("below", recursive=True)
    down = (
        select(organisation.c.uscc, walk.c.step + 1)
        .join(walk, organisation.c.parent == walk.c.uscc)
        .where(walk.c.step < _DEEPEST)
    )
    return walk.union_all(down)


_: type[DepartmentStore] = SqlDepartmentStore
