"""Look-ups by hundreds of values at once that stay quick while their table grows.

PostgreSQL keeps the plan of a statement that comes again, and a plan made when the table was nearly empty reads it
whole. Until the rows are counted anew, such look-ups take longer with every row that the same work adds. So whoever
adds rows and looks among them asks for a plan by the size of today.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, any_, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from core.db.units import ReadTx

_PLAN_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")


async def plan_anew(tx: ReadTx) -> None:
    """Statements of this transaction are planned each time they run; SQLite does so, or has but one way, by itself."""
    if _is_postgres(tx):
        await tx.connection.execute(_PLAN_ANEW)


def among(tx: ReadTx, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """That the column has one of the values: one statement for lists of any length where the database knows arrays."""
    if _is_postgres(tx):
        return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))
    return column.in_(values)


def _is_postgres(tx: ReadTx) -> bool:
    return tx.connection.dialect.name == "postgresql"
