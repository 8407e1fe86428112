"""SQLite in an event loop: statements run where they stand, and units of work that meet share one commit.

A point query takes SQLite about 10 µs, a hop to another thread and back 50 µs or more, so only what may have to wait
leaves the loop: the commit, which waits for the disk, and the turn to write. All units of one engine write through one
connection, each inside a savepoint of its own. While the disk is busy with one commit, the units that came meanwhile
queue up; they run one after another and are made durable by the next commit together. Nobody is answered before it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.util import await_only

DRIVER = "sqlite+loop"
BUSY_SECONDS = 10.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05


class _NoWait:
    """SQLAlchemy refuses a driver that never awaits, since it may be one that stops the loop; we await nothing."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_NO_WAIT = _NoWait()


class LoopCursor:
    """A cursor of the DB-API; where it runs is known only when it runs, since SQLAlchemy makes it before it begins.

    It takes all rows as soon as a statement has run, so that no forgotten result keeps an old look at the data open.
    """

    __slots__ = ("_connection", "_rows", "arraysize", "description", "lastrowid", "rowcount")

    def __init__(self, connection: LoopConnection) -> None:
        self._connection = connection
        self._rows: deque[Any] = deque()
        self.arraysize = 1
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    def execute(self, statement: str, parameters: Any = ()) -> None:
        await_only(_NO_WAIT)
        self._take(self._connection.current().execute(statement, parameters))

    def executemany(self, statement: str, parameters: Any) -> None:
        await_only(_NO_WAIT)
        self._take(self._connection.current().executemany(statement, parameters))

    def _take(self, ran: sqlite3.Cursor) -> None:
        self.description = ran.description
        self._rows = deque(ran.fetchall()) if ran.description else deque()
        self.lastrowid, self.rowcount = ran.lastrowid, ran.rowcount
        ran.close()

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return [self._rows.popleft() for _ in range(min(len(self._rows), size or self.arraysize))]

    def fetchall(self) -> list[Any]:
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """Asked for by SQLAlchemy at the end of each result; nothing is open any more."""


class _Batch:
    """Units that wait for one commit."""

    def __init__(self) -> None:
        self.durable: asyncio.Task[None] | None = None
        self.lost = False


class Writer:
    """The one connection of an engine through which its units write, in the order in which they came."""

    def __init__(self, connect: Callable[[float], sqlite3.Connection]) -> None:
        """
        Args:
            connect: opens the file; takes the seconds for which SQLite itself may wait for a lock.
        """
        self._connect = connect
        self._turn = asyncio.Lock()
        self._connection: sqlite3.Connection | None = None
        self._batch: _Batch | None = None
        self._disk: ThreadPoolExecutor | None = None

    async def enter(self) -> sqlite3.Connection:
        """Wait for the turn and begin a unit.

        Raises:
            sqlite3.OperationalError: the turn did not come within `BUSY_SECONDS`.
        """
        await self._take_turn()
        try:
            if self._connection is None:
                self._connection = self._connect(0)
            if not self._connection.in_transaction:
                await _begin(self._connection)
            self._connection.execute("SAVEPOINT unit")
            return self._connection
        except BaseException:
            self._give_up_turn()
            raise

    def leave(self, *, keep: bool) -> asyncio.Task[None] | None:
        """End the unit; answers what to wait for before its outcome is told, or None when there is nothing to wait for.

        A unit that is undone waits too when others went before it in the same transaction: it may have seen their work.

        Raises:
            sqlite3.OperationalError: SQLite has undone the transaction by itself, for instance when the disk is full.
        """
        connection = self._connection
        assert connection is not None, "the unit was entered"
        try:
            if not connection.in_transaction:
                self._lose_batch()
                if keep:
                    raise sqlite3.OperationalError("the transaction was undone by SQLite")
                return None
            if not keep:
                connection.execute("ROLLBACK TO unit")
            connection.execute("RELEASE unit")
            if keep and self._batch is None:
                self._batch = _Batch()
                self._batch.durable = asyncio.get_running_loop().create_task(self._commit(connection, self._batch))
            return None if self._batch is None else self._batch.durable
        finally:
            self._give_up_turn()

    def close(self) -> None:
        """Undo what is open and close the file."""
        if self._disk is not None:
            self._disk.shutdown()
            self._disk = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _commit(self, connection: sqlite3.Connection, batch: _Batch) -> None:
        await self._turn.acquire()  # behind the units that wait already: they come into this batch
        try:
            if batch.lost:
                raise sqlite3.OperationalError("the transaction was undone by SQLite")
            self._batch = None
            self._disk = self._disk or ThreadPoolExecutor(1, "sqlite-commit")
            await asyncio.get_running_loop().run_in_executor(self._disk, connection.execute, "COMMIT")
        finally:
            self._give_up_turn()

    async def _take_turn(self) -> None:
        if not self._turn.locked():
            await self._turn.acquire()
            return
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            raise sqlite3.OperationalError("database is locked: the turn to write did not come") from None

    def _give_up_turn(self) -> None:
        """Let the next one write; a transaction that nobody waits for ends here."""
        connection = self._connection
        try:
            if self._batch is None and connection is not None and connection.in_transaction:
                connection.execute("ROLLBACK")
        finally:
            self._turn.release()

    def _lose_batch(self) -> None:
        if self._batch is not None:
            self._batch.lost = True
            self._batch = None


async def _begin(connection: sqlite3.Connection) -> None:
    """Take the file's write lock at the start, so that a unit never fails half-way for want of it.

    Another process may hold it. SQLite's own waiting would stop the event loop, so we wait ourselves.
    """
    deadline = asyncio.get_running_loop().time() + BUSY_SECONDS
    pause = _SHORTEST_PAUSE
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


class LoopConnection:
    """What SQLAlchemy's pool holds: a connection to read with, opened at first use, and the way to the writer.

    Its methods are called in SQLAlchemy's greenlet, where `await_only` may wait.
    """

    __slots__ = ("_connect", "_reader", "_unit", "_writer", "writes")

    def __init__(self, connect: Callable[[float], sqlite3.Connection], writer: Writer) -> None:
        self._connect = connect
        self._writer = writer
        self._reader: sqlite3.Connection | None = None
        self._unit: sqlite3.Connection | None = None
        self.writes = False

    def begin(self) -> None:
        """Begin a transaction; of which kind was said in `writes`."""
        if self.writes:
            self._unit = await_only(self._writer.enter())
        else:
            self._read().execute("BEGIN")

    def cursor(self) -> LoopCursor:
        return LoopCursor(self)

    def current(self) -> sqlite3.Connection:
        """Where statements run now: with the writer inside a unit that writes, else on the reader."""
        return self._unit or self._read()

    def commit(self) -> None:
        self._end(keep=True)

    def rollback(self) -> None:
        self._end(keep=False)

    def close(self) -> None:
        """Also ends a unit that was given up half-way, without waiting."""
        unit, self._unit = self._unit, None
        if unit is not None:
            self._writer.leave(keep=False)
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _read(self) -> sqlite3.Connection:
        if self._reader is None:
            self._reader = self._connect(BUSY_SECONDS)
        return self._reader

    def _end(self, *, keep: bool) -> None:
        unit, self._unit = self._unit, None
        if unit is not None:
            durable = self._writer.leave(keep=keep)
            if durable is not None:
                await_only(asyncio.shield(durable))  # others wait for it too: one caller's end must not cancel it
        elif self._reader is not None and self._reader.in_transaction:
            self._reader.execute("COMMIT" if keep else "ROLLBACK")


class LoopDialect(SQLiteDialect_pysqlite):
    """SQLAlchemy's SQLite dialect over `LoopConnection`; one writer for each engine."""

    driver = "loop"
    is_async = True
    has_terminate = True
    supports_statement_cache = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._writer: Writer | None = None
        self._connect: Callable[[float], sqlite3.Connection] | None = None
        self._reader: sqlite3.Connection | None = None

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return AsyncAdaptedQueuePool

    def on_connect(self) -> None:  # type: ignore[override]  # no SQL functions of its own are needed
        return None

    def connect(self, *places: Any, **options: Any) -> LoopConnection:  # type: ignore[override]
        def connect(patience: float) -> sqlite3.Connection:
            return _open(places, options | {"timeout": patience})

        if self._writer is None:
            self._connect, self._writer = connect, Writer(connect)
        return LoopConnection(connect, self._writer)

    def writer(self) -> Writer | None:
        """The one way to write; None before the first connection was made."""
        return self._writer

    def reader(self) -> sqlite3.Connection:
        """A connection for single statements, each of which sees the database as it is then; `connect` came before."""
        if self._reader is None:
            assert self._connect is not None, "the pool has connected once"
            self._reader = self._connect(BUSY_SECONDS)
        return self._reader

    def do_begin(self, dbapi_connection: Any) -> None:
        dbapi_connection.begin()

    def do_terminate(self, dbapi_connection: Any) -> None:
        dbapi_connection.close()

    def close_own(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _open(places: Sequence[Any], options: dict[str, Any]) -> sqlite3.Connection:
    # commits run in a thread; the loop and that thread never use a connection at the same time
    references = "ON" if options.pop("check_references", True) else "OFF"
    options |= {"check_same_thread": False, "isolation_level": None}
    connection: sqlite3.Connection = sqlite3.connect(*places, **options)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"foreign_keys={references}"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


registry.register("sqlite.loop", __name__, "LoopDialect")
