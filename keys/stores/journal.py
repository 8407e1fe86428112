"""The journal of the key ring on SQLite or PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from keys.journal import KeyEvent, KeyJournal, KeyStep
from keys.stores.journal_tables import key_journal
from keys.stores.transactions import writing


async def note(
    connection: AsyncConnection,
    step: KeyStep,
    moment: dt.datetime,
    key_id: str | None = None,
    purpose: str | None = None,
) -> None:
    """Write a step down, in the transaction that makes it."""
    entry = {"at": moment, "step": str(step), "key_id": key_id, "purpose": purpose}
    await connection.execute(insert(key_journal).values(entry))


class SqlKeyJournal:
    """Implements `keys.journal.KeyJournal` over the key store's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(self, *, moment: dt.datetime, lease: dt.timedelta, limit: int) -> Sequence[KeyEvent]:
        waiting = key_journal.c.carried_at.is_(None)
        free = or_(key_journal.c.claimed_at.is_(None), key_journal.c.claimed_at <= moment - lease)
        async with self._engine.connect() as connection:  # most looks find nothing, and write nothing
            query = select(key_journal.c.number).where(waiting, free).order_by(key_journal.c.number).limit(limit)
            numbers = (await connection.execute(query)).scalars().all()
        if not numbers:
            return []
        claim = (
            update(key_journal)
            .where(key_journal.c.number.in_(numbers), waiting, free)
            .values(claimed_at=moment)
            .returning(key_journal)
        )
        async with writing(self._engine) as connection:
            rows = (await connection.execute(claim)).all()
        return sorted((_event(row) for row in rows), key=lambda event: event.number)

    async def carried(self, number: int, *, moment: dt.datetime) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                update(key_journal).where(key_journal.c.number == number).values(carried_at=moment)
            )

    async def of_key(self, key_id: str) -> Sequence[KeyEvent]:
        query = select(key_journal).where(key_journal.c.key_id == key_id).order_by(key_journal.c.number)
        async with self._engine.connect() as connection:
            return [_event(row) for row in await connection.execute(query)]


def _event(row: Row[Any]) -> KeyEvent:
    return KeyEvent(row.number, row.at, KeyStep(row.step), row.key_id, row.purpose)


_: type[KeyJournal] = SqlKeyJournal
