"""Transactions: read and write are different types, and a write rolls back unless it is told to commit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.audit.event import AuditEvent
from core.audit.sql import append_events
from core.clock import Clock
from core.db.engine import reading, writing
from core.db.faults import FAULTS, database_unavailable, told


class ReadTx:
    """One consistent look at the database: all its queries see the same moment. Use `connection` for queries only."""

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

    def refuse_lost_events(self) -> None:
        """
        Raises:
            RuntimeError: an event was added after the last commit of a unit that committed; it would be lost unseen.
        """
        if self.committed and self._events:
            raise RuntimeError(f"audit event after the commit: {self._events[0].action}")


class Database:
    """Opens transactions on one engine."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self.engine = engine
        self._reading, self._writing = reading(engine), writing(engine)
        self._clock = clock

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        """
        Raises:
            Unavailable: `database-unavailable`.
        """
        connected = False
        try:
            async with self._reading.connect() as connection:
                connected = True
                yield ReadTx(connection)
        except FAULTS as error:
            passing = told(error)
            if passing is None:
                raise
            raise passing from error
        except OSError as error:  # the driver's own, while there is no connection yet
            if connected:
                raise
            raise database_unavailable(error) from error

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        """
        Raises:
            Unavailable: `database-unavailable`; nothing of the unit was kept.
        """
        connected = False
        try:
            async with self._writing.connect() as connection:
                connected = True
                tx = WriteTx(connection, self._clock)
                try:
                    yield tx
                finally:
                    await connection.rollback()  # what was not committed
                tx.refuse_lost_events()
        except FAULTS as error:
            passing = told(error)
            if passing is None:
                raise
            raise passing from error
        except OSError as error:
            if connected:
                raise
            raise database_unavailable(error) from error

    async def record(self, event: AuditEvent) -> None:
        """Write one audit event in a unit of its own: refusals, and reads that change nothing else."""
        async with self.write() as tx:
            tx.audit(event)
            await tx.commit()

    async def close(self) -> None:
        await self.engine.dispose()
