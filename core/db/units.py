"""What use cases hold while they work with the database: a look at it, or a unit of work that is written or is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit.event import AuditEvent
from core.audit.sql import append_events
from core.clock import Clock
from core.prepared import NOTHING, Prepared, Row


class ReadTx:
    """One consistent look at the database: all its queries see the same moment. Use `connection` for queries only."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def rows(self, statement: Prepared, values: Mapping[str, object] = NOTHING) -> Sequence[Row]:
        """What a prepared statement finds; rows have their columns as attributes."""
        found = await self.connection.execute(statement.clause(self.connection.dialect), dict(values))
        return found.all()

    async def row(self, statement: Prepared, values: Mapping[str, object] = NOTHING) -> Row | None:
        """The first of them."""
        rows = await self.rows(statement, values)
        return rows[0] if rows else None


class WriteTx(ReadTx):
    """One unit of work: all of it, its audit events included, or nothing."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock
        self._events: list[AuditEvent] = []
        self.committed = False

    async def change(self, statement: Prepared, values: Mapping[str, object] = NOTHING) -> int:
        """How many rows a prepared statement changed."""
        done = await self.connection.execute(statement.clause(self.connection.dialect), dict(values))
        return done.rowcount

    async def change_each(self, statement: Prepared, values: Sequence[Mapping[str, object]]) -> None:
        """Run a prepared statement for each of these values, which have the same names."""
        if values:
            clause = statement.clause(self.connection.dialect)
            await self.connection.execute(clause, [dict(one) for one in values])

    async def add_last(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Add rows that nothing else in this unit asks for: they are written by `commit` at the latest."""
        if rows:
            await self.connection.execute(insert(table), [dict(row) for row in rows])

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
