"""SQLite and PostgreSQL behind `core.db.database.Database`, ready for its contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from core.audit.tables import audit_event
from core.audit.verify import ChainVerdict, Checkpoint, verify_chain
from core.db.database import Database
from core.db.engine import create_engine
from core.idempotency import remember_result
from core.tables import UtcDateTime, metadata
from tests.conformance.harness import Backend, Surroundings
from tests.support import databases
from tests.support.clock import FakeClock

# in a collection of its own: what walks the service's tables must not find those of a test
thing = Table(
    "conformance_thing",
    MetaData(naming_convention=metadata.naming_convention),
    Column("id", String(40), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("number", Integer, nullable=False, default=0),
    Column("at", UtcDateTime),
)


@dataclass
class DatabaseHarness:
    """An empty database with every table, and the parts of the ground that a broken version replaces.

    Attributes:
        database: the database under test.
        other: another worker on the same data, with a pool of its own.
    """

    database: Database
    other: Database
    clock: FakeClock
    remember: Callable[..., Awaitable[None]] = remember_result
    verify: Callable[[Database, Checkpoint | None], Awaitable[ChainVerdict]] = verify_chain

    async def make(self, name: str, state: str = "open") -> None:
        async with self.database.write() as tx:
            await tx.connection.execute(insert(thing).values(id=name, state=state))
            await tx.commit()

    async def things(self) -> dict[str, str]:
        """State by id, as another worker sees it."""
        async with self.other.read() as tx:
            rows = await tx.connection.execute(select(thing.c.id, thing.c.state).order_by(thing.c.id))
            return {row.id: row.state for row in rows}

    async def actions(self) -> list[str]:
        """What the audit log says, as another worker sees it."""
        async with self.other.read() as tx:
            query = select(audit_event.c.action).order_by(audit_event.c.number)
            return list((await tx.connection.execute(query)).scalars())

    async def tamper(self, statement: Any) -> None:
        """Change the tables behind the service's back."""
        async with self.database.engine.execution_options(yizheng_write=True).begin() as connection:
            await connection.execute(statement)


def moment(seconds: int) -> dt.datetime:
    return dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)


async def make_thing(database: Database) -> None:
    """The table that these tests write to."""
    async with database.engine.execution_options(yizheng_write=True).begin() as connection:
        await connection.run_sync(thing.metadata.create_all)


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[DatabaseHarness]:
    async with databases.sqlite_database(around.folder, around.clock) as database:
        await make_thing(database)
        other = Database(create_engine(str(database.engine.url)), around.clock)
        yield DatabaseHarness(database, other, around.clock)
        await other.close()


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[DatabaseHarness]:
    async with databases.postgres_database(around.server, around.clock) as database:
        await make_thing(database)
        other = Database(create_engine(str(database.engine.url)), around.clock)
        yield DatabaseHarness(database, other, around.clock)
        await other.close()


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
