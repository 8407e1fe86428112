"""Runs on record, on both databases: the last backup, how old it is, and what is to be worried about."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from api.backup.errors import BackupBusy
from api.backup.folder import BackupFolder, archive_name
from api.backup.freshness import look_at_backups
from api.backup.model import What
from api.backup.recording import recorded
from core.audit.sql import read_chain
from core.db.database import Database
from core.errors import Unavailable
from core.text import Text
from keys.archive.runs import Run, RunKind, RunState
from keys.stores.backup_runs import SqlRunStore
from tests.support.clock import FakeClock

DAY = dt.timedelta(hours=26)


def _run(clock: FakeClock, id: str = "bak_1", **changes: object) -> Run:
    made = Run(id, RunKind.BACKUP, "all", RunState.DONE, clock.now(), clock.now(), id, clock.now(), 10, 1000)
    return replace(made, **changes)  # type: ignore[arg-type]  # names of fields


async def _put(database: Database, *runs: Run) -> None:
    async with database.write() as tx:
        for run in runs:
            await SqlRunStore().put(tx, run)
        await tx.commit()


async def test_a_run_comes_back_whole_and_in_its_newer_state(database: Database, clock: FakeClock) -> None:
    store, run = SqlRunStore(), _run(clock, state=RunState.RUNNING, ended_at=None)
    await _put(database, run)
    await _put(database, replace(run, state=RunState.FAULTY, note="2 documents were missing"))
    async with database.read() as tx:
        assert await store.latest(tx, RunKind.BACKUP) == replace(
            run, state=RunState.FAULTY, note="2 documents were missing"
        )
        assert await store.latest(tx, RunKind.BACKUP, RunState.DONE) is None
        assert await store.latest(tx, RunKind.DRILL) is None
        assert len(await store.recent(tx)) == 1


async def test_the_latest_is_the_one_that_began_last(database: Database, clock: FakeClock) -> None:
    first = _run(clock)
    clock.advance(60)
    second, drill = _run(clock, "bak_0"), _run(clock, "drl_1", kind=RunKind.DRILL)
    await _put(database, second, first, drill)
    async with database.read() as tx:
        assert await SqlRunStore().latest(tx, RunKind.BACKUP) == second
        assert [run.id for run in await SqlRunStore().recent(tx, limit=2)] == ["drl_1", "bak_0"]


class TestWorry:
    async def _worry(self, database: Database, clock: FakeClock) -> str:
        return (await look_at_backups(database, SqlRunStore(), clock, DAY)).worry

    async def test_without_a_backup(self, sqlite_database: Database, clock: FakeClock) -> None:
        assert "no backup yet" in await self._worry(sqlite_database, clock)

    async def test_fresh_then_old(self, sqlite_database: Database, clock: FakeClock) -> None:
        await _put(sqlite_database, _run(clock))
        clock.advance(DAY.total_seconds())
        assert await self._worry(sqlite_database, clock) == ""
        clock.advance(1)
        assert "26 hours old" in await self._worry(sqlite_database, clock)

    async def test_a_failed_one_does_not_count(self, sqlite_database: Database, clock: FakeClock) -> None:
        await _put(sqlite_database, _run(clock))
        clock.advance(DAY.total_seconds() + 60)
        for state in (RunState.FAILED, RunState.RUNNING):
            await _put(sqlite_database, _run(clock, f"bak_{state}", state=state))
            assert "hours old" in await self._worry(sqlite_database, clock)

    async def test_one_that_is_not_whole(self, sqlite_database: Database, clock: FakeClock) -> None:
        await _put(sqlite_database, _run(clock, state=RunState.FAULTY, note="1 documents were missing or damaged"))
        assert "not whole" in await self._worry(sqlite_database, clock)

    async def test_a_drill_that_did_not_succeed(self, sqlite_database: Database, clock: FakeClock) -> None:
        await _put(sqlite_database, _run(clock), _run(clock, "drl_1", kind=RunKind.DRILL, state=RunState.FAILED))
        assert "drill" in await self._worry(sqlite_database, clock)
        clock.advance(60)
        await _put(sqlite_database, _run(clock, "drl_2", kind=RunKind.DRILL))
        assert await self._worry(sqlite_database, clock) == ""


async def _events(database: Database) -> list[tuple[object, object, object]]:
    async with database.read() as tx:
        rows = [row.content async for row in read_chain(tx.connection)]
    return [(row["action"], row["outcome"], row["subject"]) for row in rows]


async def test_what_succeeds_and_what_fails_is_on_record(sqlite_database: Database, clock: FakeClock) -> None:
    store = SqlRunStore()
    run = _run(clock, state=RunState.RUNNING, ended_at=None)
    async with recorded(sqlite_database, store, clock, run) as outcome:
        outcome.run = replace(run, state=RunState.DONE, rows=99)
    clock.advance(60)
    failing = _run(clock, "bak_2", state=RunState.RUNNING, ended_at=None)
    with pytest.raises(Unavailable):
        async with recorded(sqlite_database, store, clock, failing):
            raise Unavailable("blobs-unavailable", Text("不可用", "away"))
    async with sqlite_database.read() as tx:
        failed, done = await store.recent(tx)
    assert (done.state, done.rows, done.ended_at is not None) == (RunState.DONE, 99, True)
    assert (failed.state, failed.note) == (RunState.FAILED, "blobs-unavailable")
    assert await _events(sqlite_database) == [
        ("backup.backup", "attempted", "bak_1"),
        ("backup.backup", "done", "bak_1"),
        ("backup.backup", "attempted", "bak_2"),
        ("backup.backup", "refused", "bak_2"),
    ]


class TestFolder:
    def test_one_backup_at_a_time(self, tmp_path: Path) -> None:
        first, second = BackupFolder(tmp_path / "b"), BackupFolder(tmp_path / "b")
        with first.alone(), pytest.raises(BackupBusy), second.alone():
            pass
        with BackupFolder(tmp_path / "b").alone():
            pass

    def test_a_draft_that_was_broken_off_has_no_name_and_goes(self, tmp_path: Path) -> None:
        folder = BackupFolder(tmp_path)
        with folder.alone(), pytest.raises(RuntimeError), folder.draft("yizheng-all-x.yzb") as file:
            file.write(b"half")
            raise RuntimeError
        assert folder.archives() == []
        (tmp_path / ".yizheng-all-y.yzb.part").write_bytes(b"left by a power cut")
        (tmp_path / ".drill-abc").mkdir()
        with folder.alone():
            assert [path.name for path in tmp_path.iterdir()] == [".lock"]

    def test_nobody_else_may_read_them(self, tmp_path: Path) -> None:
        folder = BackupFolder(tmp_path / "new")
        with folder.alone():
            with folder.draft("yizheng-all-x.yzb") as file:
                file.write(b"whole")
            with folder.scratch() as place:
                assert place.stat().st_mode & 0o777 == 0o700
            assert not place.exists()
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert (folder.path / "yizheng-all-x.yzb").stat().st_mode & 0o777 == 0o600

    def test_the_newest_comes_first(self, tmp_path: Path, clock: FakeClock) -> None:
        names = []
        for what in (What.DATA, What.KEYS, What.ALL, What.JOURNAL):
            clock.advance(3600)
            names.append(archive_name(what, clock.now(), "bak_00000000000000000000abcdef"))
            (tmp_path / names[-1]).touch()
        folder = BackupFolder(tmp_path)
        assert [path.name for path in folder.archives()] == names[::-1]
        assert [path.name for path in folder.archives(What.ALL, What.DATA)] == [names[2], names[0]]
