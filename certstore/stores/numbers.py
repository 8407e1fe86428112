"""Counters of licence numbers in SQL."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite

from certstore.numbering import NumberStore
from certstore.stores.number_tables import licence_number_series as series_table
from core.db.database import WriteTx


class SqlNumberStore:
    """Implements `certstore.numbering.NumberStore`."""

    async def next_number(self, tx: WriteTx, type_code: str, series: str) -> int:
        made = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
        first = made.insert(series_table).values(type_code=type_code, series=series, last=1)
        counted = first.on_conflict_do_update(
            index_elements=[series_table.c.type_code, series_table.c.series], set_={"last": series_table.c.last + 1}
        )
        return int((await tx.connection.execute(counted.returning(series_table.c.last))).scalar_one())


_: type[NumberStore] = SqlNumberStore
