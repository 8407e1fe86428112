"""Serial numbers of time-stamps on SQLite or PostgreSQL: one UPDATE hands out a block."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import case, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from core.tables import UtcDateTime
from keys.stores.transactions import writing
from keys.stores.tsa_tables import tsa_serials
from keys.tsa.ports import SerialBlock, SerialStore


class SqlSerialStore:
    """Implements `keys.tsa.ports.SerialStore` in the key store's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def reserve(self, count: int, *, moment: dt.datetime) -> SerialBlock:
        latest = case((tsa_serials.c.latest > moment, tsa_serials.c.latest), else_=literal(moment, UtcDateTime()))
        taken = (
            update(tsa_serials)
            .values(next=tsa_serials.c.next + count, latest=latest)
            .returning(tsa_serials.c.next, tsa_serials.c.latest)
        )
        async with writing(self.engine) as connection:
            row = (await connection.execute(taken)).one_or_none()
            if row is None:  # the first block of all
                await connection.execute(self._first_row(moment))
                row = (await connection.execute(taken)).one()
        return SerialBlock(row.next - count, row.latest)

    async def set_latest(self, moment: dt.datetime) -> None:
        async with writing(self.engine) as connection:
            await connection.execute(update(tsa_serials).values(latest=moment))

    def _first_row(self, moment: dt.datetime) -> sqlite.Insert | postgresql.Insert:
        insert = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        return insert(tsa_serials).values(id=1, next=1, latest=moment).on_conflict_do_nothing()


_: type[SerialStore] = SqlSerialStore
