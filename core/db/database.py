"""Transactions: read and write are different types, and a write rolls back unless it is told to commit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.engine import reading, writing
from core.db.faults import FAULTS, database_unavailable, told
from core.db.quick import QuickRead, QuickUnits, QuickWrite
from core.db.units import ReadTx, WriteTx

__all__ = ["Database", "ReadTx", "WriteTx"]


class Database:
    """Opens transactions on one engine."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self.engine = engine
        self._reading, self._writing = reading(engine), writing(engine)
        self._clock = clock
        self._quick = QuickUnits(engine, clock)

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

    def quick_read(self) -> QuickRead:
        """`async with` it: a look by prepared statements alone, each of which sees the database as it is then.

        Raises:
            Unavailable: `database-unavailable`.
        """
        return self._quick.read()

    def quick_write(self) -> QuickWrite:
        """`async with` it: a unit of work by prepared statements alone; what it promises is what `write` promises.

        Raises:
            Unavailable: `database-unavailable`; nothing of the unit was kept.
        """
        return self._quick.write()

    async def record(self, event: AuditEvent) -> None:
        """Write one audit event in a unit of its own: refusals, and reads that change nothing else."""
        async with self.quick_write() as tx:
            tx.audit(event)
            await tx.commit()

    async def close(self) -> None:
        await self._quick.close()
        await self.engine.dispose()
