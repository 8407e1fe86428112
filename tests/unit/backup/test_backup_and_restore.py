"""Whole backups over both databases, in both directions: every row of every table, documents, keys, marks."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData

from api.backup.create import CreateBackup
from api.backup.errors import ArchiveUnfit, RestoreRefused
from api.backup.examine import examine
from api.backup.fill import fill
from api.backup.model import Silent, What
from api.backup.tables import Tables
from api.backup.target import DomainState, domain_state, make_tables
from api.backup.write import write_archive
from api.cli.prepare import check_current, prepare
from api.migrations import HEAD, RESTORED, RESTORING, RESTORING_WITH_KEYS
from api.migrations.upgrade import alembic_config, current_revision
from api.startup import StartupFault
from api.wiring.backup import TABLES, live_stores
from core.audit.verify import verify_chain
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine, writing
from keys.archive.locks import Openers, under_master_key
from keys.archive.runs import Run, RunKind, RunState
from keys.errors import KeyStoreDamaged
from keys.master_key import load_master_key
from tests.support import databases
from tests.support.backup_world import SERVICE_READS, Deployment, deployment
from tests.support.databases import load_tables
from tests.support.made_rows import insert_rows, make_rows

ENGINES = ("sqlite", "postgres")
CHANGED_MEANWHILE = {"audit_event", "audit_head", "backup_run"}


@contextlib.asynccontextmanager
async def _on(engine: str, folder: Path, request: pytest.FixtureRequest, **settings: Any) -> AsyncIterator[Deployment]:
    if engine == "sqlite":
        yield deployment(folder, **settings)
        return
    server = request.getfixturevalue("postgres_server")
    async with databases.postgres_url(server) as domain, databases.postgres_url(server) as keys:
        yield deployment(folder, database_url=domain, keys_url=keys, **settings)


@pytest.fixture
async def source(tmp_path: Path) -> Deployment:
    """A small deployment on SQLite."""
    load_tables()
    return await deployment(tmp_path / "source").make()


def _openers(source: Deployment) -> Openers:
    return Openers(master_key=load_master_key(source.settings.keys))


@pytest.mark.parametrize(("before", "after"), list(itertools.product(ENGINES, ENGINES)))
async def test_every_row_of_every_table_is_carried(
    before: str, after: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    load_tables()
    async with contextlib.AsyncExitStack() as stack:
        old = await stack.enter_async_context(_on(before, tmp_path / "old", request))
        await (await old.make()).fill_every_table(each=11)
        report = await old.back_up()
        rows = await old.rows()
        new = await stack.enter_async_context(_on(after, tmp_path / "new", request))
        target = await stack.enter_async_context(new.target())
        archive = examine(Path(report.file), _openers(old), TABLES.documents_of())
        assert archive.manifest.revision == HEAD
        await make_tables(target.database.engine, HEAD, with_keys=True)
        counted = await fill(target, [archive], _openers(old), Silent())
        restored = await new.rows()
        parts = {TABLES.part(table) for table in (*TABLES.domain_tables(), *TABLES.key_tables())}
        assert set(counted) == {part for part in parts if not part.startswith("domain/conformance_")}
        for name in rows:
            if name not in CHANGED_MEANWHILE | {"key_store_version"}:
                assert rows[name], f"{name} had no rows to lose"
                assert restored[name] == rows[name], name
        assert await domain_state(target.database.engine) is DomainState.UNFINISHED_WITH_KEYS


async def test_small_pages_lose_and_double_nothing(source: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.backup import walk

    await source.fill_every_table(each=9)
    rows = await source.rows()
    engine = create_engine(source.settings.database.url)
    async with engine.connect() as connection:
        for table in TABLES.domain_tables():
            names = [column.name for column in table.columns]
            for size in (1, 2, 3, 9, 10):
                read = [row async for page in walk.pages(connection, table, names, page=size) for row in page]
                assert sorted(read, key=repr) == rows[table.name], (table.name, size)
    await engine.dispose()


class TestPlace:
    async def test_a_place_that_is_in_use_is_not_touched(self, source: Deployment) -> None:
        report = await source.back_up()
        before = await source.rows()
        with pytest.raises(RestoreRefused):
            await source.restore(report.file, openers=_openers(source))
        assert await source.rows() == before
        assert await current_revision(create_engine(source.settings.database.url)) == HEAD

    async def test_tables_of_somebody_else_are_not_touched(self, source: Deployment, tmp_path: Path) -> None:
        report = await source.back_up()
        new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
        engine = create_engine(new.settings.database.url)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
        with pytest.raises(RestoreRefused):
            await new.restore(report.file, openers=_openers(source))
        async with engine.connect() as connection:
            found = await connection.exec_driver_sql("SELECT name FROM sqlite_master")
            assert found.scalars().all() == ["theirs"]
        await engine.dispose()

    async def test_two_archives_of_the_same_things_are_refused(self, source: Deployment, tmp_path: Path) -> None:
        first, second = await source.back_up(), await source.back_up()
        new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
        for files in ([first.file, second.file], []):
            with pytest.raises(RestoreRefused):
                await new.restore(*files, openers=_openers(source))

    async def test_another_master_key_is_refused_before_anything_is_written(
        self, source: Deployment, tmp_path: Path
    ) -> None:
        report = await source.back_up(passphrase="a passphrase for the safe")
        other = await deployment(tmp_path / "other").make()
        new = deployment(tmp_path / "new", master_key_file=other.settings.master_key_path)
        with pytest.raises(RestoreRefused, match="master key"):
            await new.restore(report.file, openers=Openers(passphrase="a passphrase for the safe"))
        engine = create_engine(new.settings.database.url)
        assert await domain_state(engine) is DomainState.EMPTY
        await engine.dispose()

    async def test_data_do_not_come_to_a_foreign_key_store(self, source: Deployment, tmp_path: Path) -> None:
        report = await source.back_up(What.DATA)
        new = await deployment(tmp_path / "new").make()
        keys_only = deployment(
            tmp_path / "mixed", keys_url=new.settings.keys.store_url, master_key_file=source.settings.master_key_path
        )
        with pytest.raises(RestoreRefused, match="other keys"):
            await keys_only.restore(report.file, openers=_openers(source))

    async def test_keys_older_than_the_data_are_refused(self, source: Deployment, tmp_path: Path) -> None:
        from api.wiring.keys import build_keys

        old_keys = await source.back_up(What.KEYS)
        services = await build_keys(source.settings.keys, SystemClock())
        await services.ring.create_secret("field.made-later")
        await services.close()
        data = await source.back_up(What.DATA)
        new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
        with pytest.raises(RestoreRefused, match="older than the data"):
            await new.restore(data.file, old_keys.file, openers=_openers(source))
        new_keys = await source.back_up(What.KEYS)
        assert (await new.restore(data.file, new_keys.file, openers=_openers(source))).good


class TestMarks:
    async def test_a_broken_off_restore_serves_nobody_and_is_begun_again(
        self, source: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await source.fill_every_table()
        report = await source.back_up()
        new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
        for step in ("fill", "upgrade_marked", "replay_journals", "check_restored"):
            with monkeypatch.context() as patched:
                patched.setattr(f"api.backup.restore.{step}", _power_cut)
                with pytest.raises(_PowerCut):
                    await new.restore(report.file, openers=_openers(source))
            for refused in (check_current(new.settings), prepare(new.settings)):
                with pytest.raises(StartupFault, match="restore of the database was broken off"):
                    await refused
        done = await new.restore(report.file, openers=_openers(source), accept_gap=True)
        assert done.good
        await check_current(new.settings)

    async def test_a_key_store_that_is_half_there_is_not_opened(
        self, source: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from api.wiring.keys import build_keys

        report = await source.back_up(What.KEYS)
        new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
        with monkeypatch.context() as patched:
            patched.setattr("api.backup.restore.finish_keys", _power_cut)
            with pytest.raises(_PowerCut):
                await new.restore(report.file, openers=_openers(source))
        with pytest.raises(KeyStoreDamaged, match="broken off"):
            await build_keys(new.settings.keys, SystemClock())
        assert (await new.restore(report.file, openers=_openers(source))).good
        await (await build_keys(new.settings.keys, SystemClock())).close()

    async def test_until_the_gap_is_acknowledged_nobody_is_served(self, source: Deployment, tmp_path: Path) -> None:
        from api.backup.acceptance import accept

        report = await source.back_up()
        new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
        done = await new.restore(report.file, openers=_openers(source))
        assert done.gap_from == report.point
        assert not done.gap_accepted
        with pytest.raises(StartupFault, match="accept-gap"):
            await check_current(new.settings)
        async with new.target() as target:
            assert await current_revision(target.database.engine) == RESTORED + HEAD
            assert await accept(target.database, target.runs, target.clock) == report.point
            with pytest.raises(RestoreRefused):  # once
                await accept(target.database, target.runs, target.clock)
            rows = (await new.rows())["audit_event"]
        actions = [row[2] for row in sorted(rows)]
        assert actions[-2:] == ["backup.restore", "backup.gap"]
        await check_current(new.settings)

    def test_no_revision_is_called_like_a_mark(self) -> None:
        from api.migrations.upgrade import is_known

        assert is_known(HEAD)
        for mark in (RESTORING, RESTORING_WITH_KEYS, RESTORED + HEAD, "../0001"):
            assert not is_known(mark)
            assert len(mark) <= 32, "the column takes no more"


async def test_the_chain_goes_on_through_backup_and_restore(source: Deployment, tmp_path: Path) -> None:
    from core.audit.verify import Checkpoint

    report = await source.back_up()
    number, _, digest = report.checkpoint.partition(":")
    new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
    await new.restore(report.file, openers=_openers(source), accept_gap=True)
    database = Database(create_engine(new.settings.database.url), SystemClock())
    verdict = await verify_chain(database, Checkpoint(int(number), bytes.fromhex(digest)))
    await database.close()
    assert verdict.whole
    assert verdict.rows == int(number) + 2, "the restore and the acknowledgement are on record"


@pytest.mark.parametrize("engine", ENGINES)
async def test_an_older_archive_is_brought_up_to_date(
    engine: str, source: Deployment, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Rows of an older revision go into its own tables, which are then led to today's with the rows in them."""
    older = "0003"
    report, rows = await _archive_of(older, source, tmp_path)
    key = {"master_key_file": source.settings.master_key_path}
    async with _on(engine, tmp_path / "new", request, **key) as new:
        done = await new.restore(report, openers=_openers(source), accept_gap=True)
        assert (done.revision_from, done.revision_to) == (older, HEAD)
        assert done.good
        restored = await new.rows()
        assert len(restored["licence"]) == rows["licence"] > 0
        await check_current(new.settings)


async def test_another_address_is_told(source: Deployment, tmp_path: Path) -> None:
    report = await source.back_up()
    new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
    new.settings = new.settings.model_copy(update={"issuer": "https://elsewhere.example"})
    done = await new.restore(report.file, openers=_openers(source))
    assert any("http://127.0.0.1:8000" in need for need in done.needed)


async def test_an_archive_of_a_newer_version_is_refused(
    source: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.backup.create.revision_of", _newer)
    report = await source.back_up()
    new = deployment(tmp_path / "new", master_key_file=source.settings.master_key_path)
    with pytest.raises(ArchiveUnfit, match="newer version"):
        await new.restore(report.file, openers=_openers(source))
    engine = create_engine(new.settings.database.url)
    assert await domain_state(engine) is DomainState.EMPTY
    await engine.dispose()


async def _newer(_: object) -> str:
    return "9999"


async def _archive_of(revision: str, source: Deployment, folder: Path) -> tuple[Path, dict[str, int]]:
    """An archive as the program of that revision would have made it, with rows in every table of that time."""
    engine = create_engine(f"sqlite:///{folder}/older.db", check_references=False)
    async with writing(engine).connect() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))
        await connection.commit()
    async with engine.connect() as connection:
        tables = await connection.run_sync(_tables_of_that_time)
    made = {name: [] if name in SERVICE_READS else rows for name, rows in make_rows(tables).items()}
    made["discarded_document"] = made["seal_signature"] = made["licence_file"] = made["licence_copy"] = []
    async with writing(engine).connect() as connection:
        await insert_rows(connection, tables, made)
        await connection.commit()
    point = SystemClock().now()
    run = Run("bak_older", RunKind.BACKUP, What.ALL.value, RunState.RUNNING, point, point=point)
    async with live_stores(source.settings, SystemClock(), version="older") as live:
        sources = dataclasses.replace(
            live.sources, database=Database(engine, SystemClock()), tables=Tables(tables, TABLES.keys)
        )
        create = CreateBackup(sources, source.folder)
        with source.folder.alone():
            written = await write_archive(
                source.folder,
                run.id,
                What.ALL,
                point,
                [under_master_key(live.master_key)],
                lambda frames: create._fill(frames, run),
                sources.signer,
            )
    await engine.dispose()
    return written.file, {name: len(rows) for name, rows in made.items()}


def _tables_of_that_time(connection: Connection) -> MetaData:
    """The tables that are there, with the types that only the program knows."""
    found, typed = MetaData(), MetaData()
    found.reflect(connection)
    for table in found.sorted_tables:
        if table.name != "alembic_version":
            today = TABLES.domain.tables.get(table.name)
            copy = table.to_metadata(typed)
            for column in copy.columns:
                if today is not None and column.name in today.columns:
                    column.type = today.columns[column.name].type
                    column.info = today.columns[column.name].info
    return typed


class _PowerCut(BaseException):
    """What no code of ours catches and mends."""


async def _power_cut(*_: object, **__: object) -> None:
    raise _PowerCut
