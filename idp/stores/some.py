"""Removal in small parts: a sweep over millions of rows never holds a lock for long, nor the one writer of SQLite."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, delete, select

from core.db.database import WriteTx

MOST = 500
"""Rows of one table that one unit of work removes."""


async def delete_some(tx: WriteTx, table: Table, *conditions: ColumnElement[bool], limit: int = MOST) -> int:
    """Remove at most so many rows that fulfil the conditions; rows that another worker is at are left to it."""
    (key,) = table.primary_key.columns
    chosen = select(key).where(*conditions).limit(limit).with_for_update(skip_locked=True)
    return (await tx.connection.execute(delete(table).where(key.in_(chosen)))).rowcount
