"""Units of work that hold prepared statements only and run them on the driver itself: what hot paths use.

They keep the promises of the other units: a write is all or nothing with its audit events, is durable when `commit`
returns, and is undone unless it was told to commit. A quick read looks anew with each statement, so what must fit
together is asked for in one.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Dialect, Table, insert
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.audit.at_once import MOST_ROWS, Added, LogEnd, append_at_once
from core.audit.sql import append_quickly
from core.clock import Clock
from core.db.faults import told_by_driver
from core.db.postgres import PostgresConnections
from core.db.sqlite import LoopDialect, Writer
from core.db.units import ReadTx, WriteTx
from core.prepared import NOTHING, Prepared, Row, compiled_once

Answer = TypeVar("Answer")


class Driver(Protocol):
    """One connection of a driver, for one unit."""

    async def rows(self, text: str, values: tuple[Any, ...]) -> Sequence[Any]: ...

    async def change(self, text: str, values: tuple[Any, ...]) -> int: ...

    async def change_each(self, text: str, values: Sequence[tuple[Any, ...]]) -> None:
        """The same statement for each of them."""

    async def change_alone(self, text: str, values: tuple[Any, ...]) -> int:
        """As `change`, in a transaction of its own if the unit has begun none."""

    async def commit(self) -> None:
        """Durable when this returns; what comes after it is a new transaction."""

    async def end(self) -> None:
        """Undo what was not committed and give the connection back."""


class Connections(Protocol):
    """Where drivers' connections come from.

    Attributes:
        log_end: where statements cost a way to the server, what lets a unit be written by few of them.
    """

    log_end: LogEnd | None

    async def reading(self) -> Driver: ...

    async def writing(self) -> Driver: ...

    async def close(self) -> None: ...


class _Changed:
    """What is known of a statement that changed rows."""

    def __init__(self, rowcount: int) -> None:
        self.rowcount = rowcount


class _QuickConnection:
    """The part of SQLAlchemy's connection that stores use most, within a quick unit: for their rarer statements.

    There are no savepoints here; whoever needs one opens a unit by `write`.
    """

    def __init__(self, unit: _Unit, dialect: Dialect) -> None:
        self._unit = unit
        self.dialect = dialect

    async def execute(self, clause: Any, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] = NOTHING) -> Any:
        if not isinstance(values, Mapping):
            return _Changed(sum([(await self.execute(clause, row)).rowcount for row in values]))
        compiled, bound = compiled_once(clause, self.dialect, values)
        if not compiled.names:
            return _Changed(await self._unit.ran(self._unit.driver.change(compiled.text, bound)))
        found = await self._unit.ran(self._unit.driver.rows(compiled.text, bound))
        return IteratorResult(SimpleResultMetaData(compiled.names), iter([compiled.read(row) for row in found]))


class _Unit:
    """What reading and writing have in common."""

    def __init__(self, connections: Connections, dialect: Dialect) -> None:
        self._connections = connections
        self._dialect = dialect
        self._driver: Driver | None = None
        self.connection = cast("AsyncConnection", _QuickConnection(self, dialect))

    @property
    def driver(self) -> Driver:
        assert self._driver is not None, "the unit was entered"
        return self._driver

    async def rows(self, statement: Prepared, values: Mapping[str, object] = NOTHING) -> Sequence[Row]:
        compiled = statement.on(self._dialect)
        found = await self.ran(self.driver.rows(compiled.text, compiled.bound(values)))
        return [compiled.read(row) for row in found] if found else ()

    async def change(self, statement: Prepared, values: Mapping[str, object] = NOTHING) -> int:
        compiled = statement.on(self._dialect)
        return await self.ran(self.driver.change(compiled.text, compiled.bound(values)))

    async def change_each(self, statement: Prepared, values: Sequence[Mapping[str, object]]) -> None:
        if len(values) == 1:
            await self.change(statement, values[0])
        elif values:
            compiled = statement.on(self._dialect)
            await self.ran(self.driver.change_each(compiled.text, [compiled.bound(one) for one in values]))

    @staticmethod
    async def ran(call: Awaitable[Answer]) -> Answer:
        """
        Raises:
            Unavailable: in place of a driver's error that passes.
        """
        try:
            return await call
        except Exception as error:
            passing = told_by_driver(error)
            if passing is None:
                raise
            raise passing from error

    async def _end(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            await self.ran(driver.end())


class QuickRead(_Unit, ReadTx):
    """A look at the database; each statement sees it as it is then."""

    async def __aenter__(self) -> ReadTx:
        self._driver = await self.ran(self._connections.reading())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()


class QuickWrite(_Unit, WriteTx):
    """A unit of work."""

    def __init__(self, connections: Connections, dialect: Dialect, clock: Clock) -> None:
        _Unit.__init__(self, connections, dialect)
        self._clock = clock
        self._added: list[Added] = []
        self._events = []
        self.committed = False

    async def __aenter__(self) -> WriteTx:
        self._driver = await self.ran(self._connections.writing())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()
        if kind is None:
            self.refuse_lost_events()

    async def change_alone(self, statement: Prepared, values: Mapping[str, object]) -> int:
        """As `change`, in a transaction of its own if the unit has begun none."""
        compiled = statement.on(self._dialect)
        return await self.ran(self.driver.change_alone(compiled.text, compiled.bound(values)))

    async def add_last(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        self._added += [Added(table, row) for row in rows]

    async def commit(self) -> None:
        end = self._connections.log_end
        if end is None or not 0 < len(self._events) <= MOST_ROWS:
            await self._add()
            if self._events:
                await append_quickly(self, self._events, self._clock.now())
        else:
            if len(self._added) + len(self._events) > MOST_ROWS:
                await self._add()
            await append_at_once(self, self._added, self._events, self._clock.now(), end)
        self._added, self._events = [], []
        await self.ran(self.driver.commit())
        self.committed = True

    async def _add(self) -> None:
        """What was to come last, each by itself."""
        for table, rows in itertools.groupby(self._added, key=attrgetter("table")):
            await self.change_each(_insert(table), [row.values for row in rows])
        self._added = []


@lru_cache
def _insert(table: Table) -> Prepared:
    return Prepared(insert(table))


class QuickUnits:
    """Opens quick units on an engine's database."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._dialect = engine.dialect
        self._clock = clock
        self._connections: Connections = (
            _PostgresDrivers(engine) if engine.dialect.name == "postgresql" else _SqliteDrivers(engine)
        )

    def read(self) -> QuickRead:
        return QuickRead(self._connections, self._dialect)

    def write(self) -> QuickWrite:
        return QuickWrite(self._connections, self._dialect, self._clock)

    async def close(self) -> None:
        await self._connections.close()


class _Looking:
    """What a look cannot do."""

    __slots__ = ()

    async def change(self, text: str, values: tuple[Any, ...]) -> int:
        raise RuntimeError("a look changes nothing")

    async def change_each(self, text: str, values: Sequence[tuple[Any, ...]]) -> None:
        raise RuntimeError("a look changes nothing")

    async def change_alone(self, text: str, values: tuple[Any, ...]) -> int:
        raise RuntimeError("a look changes nothing")

    async def commit(self) -> None:
        raise RuntimeError("a look changes nothing")


class _SqliteReading(_Looking):
    """Statements run where they stand, on the one connection for single looks."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, text: str, values: tuple[Any, ...]) -> Sequence[Any]:
        return self._connection.execute(text, values).fetchall()

    async def end(self) -> None:
        return None


class _SqliteWriting:
    """A unit of the engine's one writer."""

    __slots__ = ("_unit", "_writer")

    def __init__(self, writer: Writer, unit: sqlite3.Connection) -> None:
        self._writer = writer
        self._unit: sqlite3.Connection | None = unit

    async def rows(self, text: str, values: tuple[Any, ...]) -> Sequence[Any]:
        return (await self._entered()).execute(text, values).fetchall()

    async def change(self, text: str, values: tuple[Any, ...]) -> int:
        return (await self._entered()).execute(text, values).rowcount

    async def change_each(self, text: str, values: Sequence[tuple[Any, ...]]) -> None:
        (await self._entered()).executemany(text, values)

    async def change_alone(self, text: str, values: tuple[Any, ...]) -> int:
        return await self.change(text, values)  # every unit has begun one

    async def commit(self) -> None:
        if self._unit is not None:
            await self._leave(keep=True)

    async def end(self) -> None:
        if self._unit is not None:
            await self._leave(keep=False)

    async def _entered(self) -> sqlite3.Connection:
        if self._unit is None:  # after a commit
            self._unit = await self._writer.enter()
        return self._unit

    async def _leave(self, *, keep: bool) -> None:
        self._unit = None
        durable = self._writer.leave(keep=keep)
        if durable is not None:
            await asyncio.shield(durable)  # others wait for it too: one caller's end must not cancel it


class _SqliteDrivers:
    log_end: LogEnd | None = None  # statements cost no way there

    def __init__(self, engine: AsyncEngine) -> None:
        assert isinstance(engine.dialect, LoopDialect)
        self._engine, self._dialect = engine, engine.dialect

    async def reading(self) -> Driver:
        await self._writer()
        return _SqliteReading(self._dialect.reader())

    async def writing(self) -> Driver:
        writer = await self._writer()
        return _SqliteWriting(writer, await writer.enter())

    async def close(self) -> None:
        return None  # the dialect closes them with the engine

    async def _writer(self) -> Writer:
        writer = self._dialect.writer()
        if writer is None:
            async with self._engine.connect():  # the pool knows how to open the file
                writer = self._dialect.writer()
        assert writer is not None, "a connection was made"
        return writer


class _PostgresReading(_Looking):
    """Each statement is a transaction of its own."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: PostgresConnections, connection: Any) -> None:
        self._pool, self._connection = pool, connection

    async def rows(self, text: str, values: tuple[Any, ...]) -> Sequence[Any]:
        found: Sequence[Any] = await self._connection.fetch(text, *values)
        return found

    async def end(self) -> None:
        self._pool.give_back(self._connection)


class _PostgresWriting:
    __slots__ = ("_connection", "_open", "_pool")

    def __init__(self, pool: PostgresConnections, connection: Any) -> None:
        self._pool, self._connection = pool, connection
        self._open = False

    async def rows(self, text: str, values: tuple[Any, ...]) -> Sequence[Any]:
        await self._begun()
        found: Sequence[Any] = await self._connection.fetch(text, *values)
        return found

    async def change(self, text: str, values: tuple[Any, ...]) -> int:
        await self._begun()
        return await self._changed(text, values)

    async def change_alone(self, text: str, values: tuple[Any, ...]) -> int:
        return await self._changed(text, values)

    async def _changed(self, text: str, values: tuple[Any, ...]) -> int:
        status: str = await self._connection.execute(text, *values)
        return int(status.rpartition(" ")[2])  # `INSERT 0 1`, `UPDATE 1`, `DELETE 1`

    async def change_each(self, text: str, values: Sequence[tuple[Any, ...]]) -> None:
        await self._begun()
        await self._connection.executemany(text, values)  # sent as one

    async def commit(self) -> None:
        if self._open:
            self._open = False
            await self._connection.execute("COMMIT")

    async def end(self) -> None:
        try:
            if self._open and not self._connection.is_closed():
                self._open = False
                await self._connection.execute("ROLLBACK")
        finally:
            self._pool.give_back(self._connection)  # one in the middle of something is closed there

    async def _begun(self) -> None:
        if not self._open:
            await self._connection.execute("BEGIN")
            self._open = True


class _PostgresDrivers:
    def __init__(self, engine: AsyncEngine) -> None:
        _, options = engine.dialect.create_connect_args(engine.url)
        self.log_end: LogEnd | None = LogEnd()
        self._pool = PostgresConnections(options, most=engine.pool.size())  # type: ignore[attr-defined]

    async def reading(self) -> Driver:
        return _PostgresReading(self._pool, await self._pool.take())

    async def writing(self) -> Driver:
        return _PostgresWriting(self._pool, await self._pool.take())

    async def close(self) -> None:
        await self._pool.close()
