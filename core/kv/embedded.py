"""Short-lived state in a SQLite file: for one machine, safe for several processes on it.

One thread owns the connection. Whatever asked while it was busy is done in one transaction, so many callers
share one commit; each verb is a single SQL statement, so the file's write lock decides who comes first.
`synchronous=NORMAL`: an answer survives the end of the process; a power cut may take back the last moments,
which live for minutes anyway.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.clock import Clock
from core.errors import Unavailable
from core.kv.limits import checked_key, checked_ttl
from core.text import Text

_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kv_expires ON kv (expires);
COMMIT;
"""
_GET = "SELECT value FROM kv WHERE key = :key AND expires > :now"
_PUT = """
INSERT INTO kv VALUES (:key, :value, :now + :ttl)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires
"""
_PUT_IF_ABSENT = f"{_PUT} WHERE kv.expires <= :now RETURNING 1"
_TAKE = "DELETE FROM kv WHERE key = :key RETURNING value, expires > :now"
_COMPARE_AND_SWAP = """
UPDATE kv SET value = :new, expires = :now + :ttl WHERE key = :key AND value = :expected AND expires > :now RETURNING 1
"""
# the text of a number is stored, as Redis does, so that `get` reads a counter alike in both
_INCR = """
INSERT INTO kv VALUES (:key, CAST('1' AS BLOB), :now + :ttl)
ON CONFLICT (key) DO UPDATE SET
    value = CAST(CASE WHEN kv.expires > :now THEN CAST(CAST(kv.value AS TEXT) AS INTEGER) + 1 ELSE 1 END AS BLOB),
    expires = CASE WHEN kv.expires > :now THEN kv.expires ELSE excluded.expires END
WHERE kv.expires <= :now
    OR (length(kv.value) > 0 AND instr(kv.value, x'00') = 0 AND CAST(kv.value AS TEXT) NOT GLOB '*[^0-9]*')
RETURNING value
"""
_SWEEP = "DELETE FROM kv WHERE key IN (SELECT key FROM kv WHERE expires <= :now LIMIT 1000) RETURNING 1"
_CLEAR = "DELETE FROM kv"

_BUSY_MILLISECONDS = 10_000
_MOST_IN_ONE_COMMIT = 256
_UNAVAILABLE = Text("服务暂时不可用，请稍后再试。", "The service is not available for the moment. Try again shortly.")

Rows = list[tuple[object, ...]]


@dataclass(slots=True)
class _Job:
    """One statement that somebody waits for."""

    statement: str
    parameters: dict[str, object]
    answer: asyncio.Future[Rows]
    loop: asyncio.AbstractEventLoop
    rows: Rows = field(default_factory=list)


class EmbeddedKeyValueStore:
    """Implements `core.kv.port.KeyValueStore` over one SQLite file, which is made when it is not there.

    Args:
        path: the file; two more, ending in `-wal` and `-shm`, appear beside it.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    async def get(self, key: str) -> bytes | None:
        rows = await self._do(_GET, key=checked_key(key))
        return _value(rows) if rows else None

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self._do(_PUT, key=checked_key(key), value=value, ttl=checked_ttl(ttl))

    async def put_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        return bool(await self._do(_PUT_IF_ABSENT, key=checked_key(key), value=value, ttl=checked_ttl(ttl)))

    async def take(self, key: str) -> bytes | None:
        rows = await self._do(_TAKE, key=checked_key(key))
        return _value(rows) if rows and rows[0][1] else None

    async def compare_and_swap(self, key: str, expected: bytes, new: bytes, ttl: float) -> bool:
        values = {"key": checked_key(key), "expected": expected, "new": new, "ttl": checked_ttl(ttl)}
        return bool(await self._do(_COMPARE_AND_SWAP, **values))

    async def incr(self, key: str, ttl: float) -> int:
        rows = await self._do(_INCR, key=checked_key(key), ttl=checked_ttl(ttl))
        if not rows:
            raise ValueError("the value is not a counter")
        return int(_value(rows))

    async def delete(self, key: str) -> bool:
        return await self.take(key) is not None

    async def sweep(self) -> int:
        swept = 0
        while rows := await self._do(_SWEEP):  # in parts, so that nobody waits long for the write lock
            swept += len(rows)
        return swept

    async def clear(self) -> None:
        await self._do(_CLEAR)

    async def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            thread = self._thread
            self._jobs.put(None)
        if thread is not None:
            await asyncio.to_thread(thread.join)

    async def _do(self, statement: str, **parameters: object) -> Rows:
        loop = asyncio.get_running_loop()
        job = _Job(statement, parameters, loop.create_future(), loop)
        with self._lock:
            if self._closed:
                raise _unavailable("closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="embedded-kv", daemon=True)
                self._thread.start()
            self._jobs.put(job)
        return await job.answer

    # from here on: the thread that owns the connection

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        last = False
        while not last:
            batch, last = self._next_batch()
            try:
                connection = connection or self._connect()
                self._carry_out(connection, batch)
                fault = None
            except Exception as error:  # whatever it is, the callers must not wait for ever
                fault = _unavailable(f"{type(error).__name__}: {error}")
                if connection is not None:
                    connection.close()  # rolls back; the next batch opens the file anew
                    connection = None
            _answer(batch, fault)
        if connection is not None:
            connection.close()

    def _next_batch(self) -> tuple[list[_Job], bool]:
        """Wait for a job and take all that have come by now; True with them when the store is being closed."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == _MOST_IN_ONE_COMMIT or self._jobs.empty():
                return batch, False
            job = self._jobs.get()
        return batch, True

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_MILLISECONDS / 1000, isolation_level=None)
        try:
            self._path.chmod(0o600)  # codes and sessions: for this user only; SQLite gives its side files the same mode
            _switch_to_wal(connection)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
        except Exception:
            connection.close()
            raise
        return connection

    def _carry_out(self, connection: sqlite3.Connection, batch: list[_Job]) -> None:
        writes = any(job.statement is not _GET for job in batch)
        # the lock is taken at the start: a transaction that begins by reading could fail half-way for want of it
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        for job in batch:
            now = self._clock.now().timestamp()
            job.rows = connection.execute(job.statement, _named(job, now)).fetchall()
        connection.execute("COMMIT")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """The first processes on a new file may meet here; SQLite does not wait by itself for this one change."""
    for _ in range(_BUSY_MILLISECONDS // 20):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(0.02)
    raise sqlite3.OperationalError("database is locked")


def _named(job: _Job, now: float) -> Mapping[str, object]:
    return {"now": now, **job.parameters}


def _answer(batch: list[_Job], fault: Unavailable | None) -> None:
    """Wake the callers, each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = defaultdict(list)
    for job in batch:
        by_loop[job.loop].append(job)
    for loop, jobs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, jobs, fault)
        except RuntimeError:
            continue  # the loop has ended and nobody waits any more


def _settle(jobs: list[_Job], fault: Unavailable | None) -> None:
    for job in jobs:
        if job.answer.done():
            continue  # the caller gave up waiting
        if fault is None:
            job.answer.set_result(job.rows)
        else:
            job.answer.set_exception(_unavailable(fault.private))


def _value(rows: Rows) -> bytes:
    value = rows[0][0]
    assert isinstance(value, bytes)
    return value


def _unavailable(private: str) -> Unavailable:
    return Unavailable("kv-unavailable", _UNAVAILABLE, private=private)
