"""What a database means to do for the statements that some work asks of it, whichever way they reach it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import asyncpg  # type: ignore[import-untyped]  # ships no types
import orjson
from sqlalchemy import event

from core.db import quick
from core.db.database import Database

_DRIVERS = (quick._SqliteReading, quick._SqliteWriting, quick._PostgresReading, quick._PostgresWriting)


@dataclass(frozen=True, slots=True)
class Statements:
    """What was asked for.

    Attributes:
        asked: looks: their text and the driver's parameters.
        verbs: of all statements, in their order.
    """

    asked: list[tuple[str, Sequence[Any]]] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)

    def note(self, statement: str, parameters: Any) -> None:
        self.verbs.append(statement.split(maxsplit=1)[0])
        if statement.lstrip().startswith(("SELECT", "WITH")):
            self.asked.append((statement, parameters))


@contextlib.contextmanager
def noted(database: Database) -> Iterator[Statements]:
    """Notes the looks of the block, those of SQLAlchemy and those of prepared statements."""
    found = Statements()

    def of_sqlalchemy(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found.note(statement, parameters)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", of_sqlalchemy)
    with contextlib.ExitStack() as stack:
        stack.callback(event.remove, engine, "before_cursor_execute", of_sqlalchemy)
        for driver in _DRIVERS:
            for name in ("rows", "change", "change_each", "change_alone"):
                noting = _noting(getattr(driver, name), found)
                stack.enter_context(mock.patch.object(driver, name, noting))
        yield found


def _noting(rows: Any, found: Statements) -> Any:
    async def note_and_ask(driver: Any, text: str, values: tuple[Any, ...]) -> Any:
        found.note(text, values)
        return await rows(driver, text, values)

    return note_and_ask


async def walks(database: Database, found: Statements) -> list[str]:
    """Steps of their plans that go through a whole table, named by the table.

    PostgreSQL prefers to read small tables whole, along an index or not, and thinks what its last count of their rows
    made of them, whenever that was: it is made to forget that, and told to avoid it. What is left has no index.
    """
    plans = _postgres_walks if database.engine.dialect.name == "postgresql" else _sqlite_walks
    return [step async for step in plans(database, found)]


async def _sqlite_walks(database: Database, found: Statements) -> AsyncIterator[str]:
    async with database.read() as tx:
        for statement, parameters in found.asked:
            for row in await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters)):
                if row[-1].startswith("SCAN "):
                    yield row[-1].removeprefix("SCAN ")


_LATER_STEPS = ("Bitmap Heap Scan", "ModifyTable")
"""They have rows that another step has found."""


_NOTHING_COUNTED = """
UPDATE pg_class SET reltuples = -1, relpages = 0
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i');
DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace);
SET LOCAL enable_seqscan = off
"""
"""A table whose rows nobody counted is taken for one of ten pages at least."""


async def _postgres_walks(database: Database, found: Statements) -> AsyncIterator[str]:
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    driver = await asyncpg.connect(url)
    transaction = driver.transaction()
    await transaction.start()  # of what is pretended nothing stays
    try:
        await driver.execute(_NOTHING_COUNTED)
        for statement, parameters in found.asked:
            (plan,) = orjson.loads(await driver.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *parameters))
            for step in _steps(plan["Plan"]):
                if "Relation Name" in step and "Index Cond" not in step and step["Node Type"] not in _LATER_STEPS:
                    yield f"{step['Relation Name']}: {step['Node Type']}"
    finally:
        await transaction.rollback()
        await driver.close()


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _steps(below)
