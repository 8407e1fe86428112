"""What `core.db.sqlite` promises beside the contract of units of work: shared commits, waiting, surviving faults."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from core.db import sqlite
from core.db.database import Database
from core.db.sqlite import Writer
from core.errors import Unavailable
from tests.conformance.database_backends import make_thing, thing
from tests.support.clock import FakeClock
from tests.support.databases import sqlite_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite_database(tmp_path, FakeClock()) as opened:
        await make_thing(opened)
        yield opened


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every commit that a writer asks the disk for."""
    seen: list[str] = []
    commit = Writer._commit

    async def counted(self: Writer, *given: object) -> None:
        seen.append("commit")
        await commit(self, *given)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(Writer, "_commit", counted)
    return seen


async def make(database: Database, name: str) -> None:
    async with database.write() as tx:
        await tx.connection.execute(insert(thing).values(id=name, state="open"))
        await tx.commit()


async def names(database: Database) -> set[str]:
    async with database.read() as tx:
        return set((await tx.connection.execute(select(thing.c.id))).scalars())


async def test_units_that_meet_share_commits(database: Database, commits: list[str]) -> None:
    await asyncio.gather(*(make(database, f"t{number}") for number in range(40)))
    assert len(await names(database)) == 40
    assert len(commits) < 40


async def test_a_unit_alone_is_committed_alone(database: Database, commits: list[str]) -> None:
    for name in ("a", "b", "c"):
        await make(database, name)
    assert len(commits) == 3


async def test_while_another_process_writes_the_loop_goes_on(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "yizheng.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(make(database, "a"))
    await asyncio.sleep(0.05)
    assert await names(database) == set()  # readers are served meanwhile
    assert not waiting.done()
    other.execute("ROLLBACK")
    other.close()
    await asyncio.wait_for(waiting, 5)
    assert await names(database) == {"a"}


async def test_a_lock_that_is_never_given_back_is_an_error_and_not_a_stop(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "yizheng.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(make(database, "a"), make(database, "b"), return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    other.execute("ROLLBACK")
    other.close()
    await make(database, "c")
    assert await names(database) == {"c"}


async def test_when_sqlite_undoes_the_transaction_nobody_of_the_batch_is_told_that_it_is_kept(
    database: Database,
) -> None:
    """As SQLite does by itself when the disk is full."""
    together = asyncio.Event()

    async def good() -> None:
        async with database.write() as tx:
            await tx.connection.execute(insert(thing).values(id="good", state="open"))
            together.set()
            await asyncio.sleep(0.02)  # the next one queues up behind this unit, before its commit does
            await tx.commit()

    async def undone() -> None:
        await together.wait()
        async with database.write() as tx:
            await tx.connection.exec_driver_sql("ROLLBACK")
            await tx.commit()

    outcomes = await asyncio.gather(good(), undone(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
    assert await names(database) == set()
    await make(database, "later")
    assert await names(database) == {"later"}


async def test_a_forgotten_result_does_not_keep_an_old_look_open(database: Database) -> None:
    async with database.read() as tx:
        forgotten = await tx.connection.execute(select(thing.c.id))
    await make(database, "a")
    for _ in range(12):  # whichever connection of the pool comes
        assert await names(database) == {"a"}
    assert forgotten is not None
