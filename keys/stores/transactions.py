"""Transactions on the key store's database, for all stores that live in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.db.engine import WRITE
from keys.stores.tables import key_store


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One unit of work: committed at its end, rolled back when it raises."""
    async with engine.connect() as connection:
        connection = await connection.execution_options(**{WRITE: True})
        try:
            yield connection
            await connection.commit()
        except BaseException:
            await connection.rollback()
            raise


@asynccontextmanager
async def changing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A write after which every worker loads its key ring again.

    The row of the generation is taken first, so writers queue and none sees half a change.
    """
    async with writing(engine) as connection:
        await connection.execute(update(key_store).values(generation=key_store.c.generation + 1))
        yield connection
