"""Transactions: read and write are different types, and a write rolls back unless it is told to commit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.audit.event import AuditEvent
from core.audit.sql import append_events
from core.clock import Clock
from core.db.engine import WRITE


class ReadTx:
    """One consistent look at the database. Use `connection` for queries only."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection


class WriteTx(ReadTx):
    """One unit of work: all of it, its audit events included, or nothing."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock
        self._events: list[AuditEvent] = []
        self.committed = False

    def audit(self, event: AuditEvent) -> None:
        """Remember an event; it is chained to the log when the unit commits, and only then."""
        self._events.append(event)

    async def commit(self) -> None:
        """Append the audit events and commit. Durable when this returns; call it before building the answer."""
        if self._events:
            await append_events(self.connection, self._events, self._clock.now())
            self._events = []
        await self.connection.commit()
        self.committed = True


class Database:
    """Opens transactions on one engine."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self.engine = engine
        self._clock = clock

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        async with self.engine.connect() as connection:
            yield ReadTx(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with self.engine.connect() as connection:
            connection = await connection.execution_options(**{WRITE: True})
            tx = WriteTx(connection, self._clock)
            try:
                yield tx
            finally:
                if not tx.committed:
                    await connection.rollback()

    async def record(self, event: AuditEvent) -> None:
        """Write one audit event in a unit of its own: refusals, and reads that change nothing else."""
        async with self.write() as tx:
            tx.audit(event)
            await tx.commit()

    async def close(self) -> None:
        await self.engine.dispose()
