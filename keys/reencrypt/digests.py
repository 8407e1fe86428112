"""Columns of token digests: which keys they still need."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Table, exists, select

from core.db.database import ReadTx
from core.db.walk import begins_with_text
from keys.reencrypt.model import KeyRef


class StoredDigests:
    """Implements `keys.reencrypt.ports.KeyHolder` for a column of token digests.

    Args:
        counts: which rows still count; the others may lose their key.
    """

    def __init__(self, table: Table, column: str, counts: Callable[[], ColumnElement[bool]]) -> None:
        self._table = table
        self._column = table.c[column]
        self._counts = counts

    @property
    def name(self) -> str:
        return f"{self._table.name}.{self._column.name}"

    async def holds(self, tx: ReadTx, key: KeyRef) -> bool:
        found = (
            select(1).select_from(self._table).where(self._counts(), begins_with_text(self._column, f"{key.key_id}."))
        )
        return bool((await tx.connection.execute(select(exists(found)))).scalar_one())
