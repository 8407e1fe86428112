"""Deployments that are backed up and restored in tests: real stores, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from api.backup.create import CreateBackup
from api.backup.folder import BackupFolder
from api.backup.journal import CreateJournal
from api.backup.model import BackupReport, RestoreReport, What
from api.backup.ports import Target
from api.backup.restore import RestoreBackup
from api.cli.prepare import prepare
from api.settings import Settings
from api.wiring.backup import TABLES, empty_target, live_stores
from api.wiring.ground import open_blobs
from core.clock import SystemClock
from core.db.engine import create_engine, writing
from keys.archive.locks import Lock, Openers, under_master_key, under_passphrase
from tests.support.made_rows import all_rows, insert_rows, made_document, make_rows

PASSPHRASE = "a passphrase for the safe"
SERVICE_READS = {"audit_event", "audit_head", "backup_run"}  # in a form of its own, at every turn


@dataclass
class Deployment:
    """One set of stores.

    Attributes:
        settings: of its own folder, and databases of its own where there are such.
    """

    settings: Settings

    @property
    def folder(self) -> BackupFolder:
        return BackupFolder(self.settings.backup_folder)

    async def make(self, *, demo: bool = False) -> Deployment:
        """Tables, keys, and the demo city if asked."""
        await prepare(self.settings.model_copy(update={"demo": demo}))
        return self

    async def fill_every_table(self, *, each: int = 7) -> None:
        """Rows in each table that the service does not fill by itself, and the documents that they name."""
        for url, tables in self._collections():
            made = make_rows(tables, each=each)
            engine = create_engine(url)
            async with writing(engine).connect() as connection:
                there = await all_rows(connection, tables)
                made |= {name: [] for name in made if there[name] or name in SERVICE_READS}
                await insert_rows(connection, tables, made)
                await connection.commit()
            await engine.dispose()
        blobs = open_blobs(self.settings.blobs)
        for table in TABLES.document_columns():
            for number in range(each):
                await blobs.put(made_document(table.name, number))
        await blobs.close()

    async def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is in both databases."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for url, tables in self._collections():
            engine = create_engine(url)
            async with engine.connect() as connection:
                found |= await all_rows(connection, tables)
            await engine.dispose()
        return found

    async def back_up(self, what: What = What.ALL, *, passphrase: str | None = None) -> BackupReport:
        async with live_stores(self.settings, SystemClock(), version="test") as live:
            locks: list[Lock] = [under_master_key(live.master_key)]
            locks += [under_passphrase(passphrase)] if passphrase else []
            return await CreateBackup(live.sources, self.folder)(what, locks)

    async def journal(self, since: Any) -> BackupReport:
        async with live_stores(self.settings, SystemClock(), version="test") as live:
            return await CreateJournal(live.sources, self.folder)(since, [under_master_key(live.master_key)])

    @asynccontextmanager
    async def target(self, *, rehearsal: bool = False) -> AsyncIterator[Target]:
        async with empty_target(self.settings, SystemClock(), rehearsal=rehearsal) as target:
            yield target

    async def restore(
        self, *files: str | Path, openers: Openers, journals: Sequence[str] = (), accept_gap: bool = False
    ) -> RestoreReport:
        async with self.target() as target:
            restore = RestoreBackup(target, openers)
            return await restore([Path(file) for file in files], [Path(one) for one in journals], accept_gap=accept_gap)

    def _collections(self) -> list[tuple[str, MetaData]]:
        return [(self.settings.database.url, TABLES.domain), (self.settings.keys.store_url, TABLES.keys)]


def deployment(folder: Path, **settings: Any) -> Deployment:
    """In a folder of its own; the master key is in `folder/keys/master` unless another file is named."""
    folder.mkdir(mode=0o700, exist_ok=True)
    return Deployment(Settings(data=folder, mode="development", issuer="http://127.0.0.1:8000", **settings))
