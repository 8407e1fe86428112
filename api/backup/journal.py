"""The journal of endings: what was revoked, withdrawn, frozen or taken away, as an archive of its own.

It is small and quick to make, so it can be made every few minutes between two backups.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from api.backup.columns import ColumnForm, RowCoder, forms_of
from api.backup.endings import DOMAIN_ENDINGS, KEY_ENDINGS, Added, Ending, Kept, Moved
from api.backup.folder import BackupFolder
from api.backup.frames import FrameWriter
from api.backup.model import FORMAT, BackupReport, Manifest, Progress, Silent, What
from api.backup.ports import Sources
from api.backup.recording import recorded
from api.backup.report import backup_report
from api.backup.walk import pages
from api.backup.write import write_archive
from api.migrations.upgrade import revision_of
from core.db.engine import reading
from core.ids import new_id
from keys.archive.locks import Lock
from keys.archive.runs import Run, RunKind, RunState

ERASED = "erased:"


class CreateJournal:
    """The use case; audited, and remembered as a run."""

    def __init__(self, sources: Sources, folder: BackupFolder, progress: Progress | None = None) -> None:
        self._sources = sources
        self._folder = folder
        self._progress = progress or Silent()

    async def __call__(self, since: dt.datetime, locks: Sequence[Lock]) -> BackupReport:
        """
        Args:
            since: at the latest the moment of the backup over which it is to be replayed.

        Raises:
            BackupBusy: another one is at work in the folder.
            core.errors.Unavailable: a store does not answer; no journal was made.
        """
        began = time.perf_counter()
        sources, point = self._sources, self._sources.clock.now()
        run = Run(
            new_id(sources.clock, "jrn"), RunKind.JOURNAL, What.JOURNAL.value, RunState.RUNNING, point, point=point
        )
        empty = Manifest(
            format=FORMAT,
            id=run.id,
            what=run.what,
            point=point,
            since=since,
            issuer=sources.issuer,
            made_by=sources.made_by,
        )
        with self._folder.alone():
            async with recorded(sources.database, sources.runs, sources.clock, run) as outcome:
                written = await write_archive(
                    self._folder,
                    run.id,
                    What.JOURNAL,
                    point,
                    locks,
                    lambda frames: self._fill(frames, empty),
                    sources.signer,
                )
                rows = written.manifest.rows
                outcome.run = replace(run, state=RunState.DONE, archive=run.id, rows=rows, octets=written.octets)
                outcome.detail = {"manifest": written.digest, "rows": rows}
        return backup_report(written, time.perf_counter() - began)

    async def _fill(self, frames: FrameWriter, manifest: Manifest) -> Manifest:
        sources, since = self._sources, manifest.since
        assert since is not None
        async with sources.database.read() as tx:
            revision = await revision_of(tx.connection)
            await self._gather(tx.connection, sources.tables.domain, DOMAIN_ENDINGS, since, frames)
        async with reading(sources.key_engine).connect() as connection:
            found = await sources.take_inventory(connection)
            if found is not None:
                await self._gather(connection, sources.tables.keys, KEY_ENDINGS, since, frames)
        version = found.version if found is not None else None
        return msgspec.structs.replace(manifest, revision=revision, key_version=version)

    async def _gather(
        self,
        connection: AsyncConnection,
        tables: MetaData,
        endings: Mapping[str, Ending],
        since: dt.datetime,
        frames: FrameWriter,
    ) -> None:
        for table in tables.sorted_tables:
            ending = endings.get(table.name)
            if not isinstance(ending, Moved | Added | Kept):
                continue
            names, condition = _selected(table, ending, since)
            forms = _forms(table, names, ending)
            coder = RowCoder(forms)
            part = self._sources.tables.part(table)
            self._progress.begin(part, None)
            frames.begin(part, forms)
            async for page in pages(connection, table, names, *condition):
                frames.rows([coder.write(_told(row, forms)) for row in page])
                self._progress.advance(len(page))
            frames.end()


def _selected(table: Table, ending: Ending, since: dt.datetime) -> tuple[list[str], Sequence[ColumnElement[bool]]]:
    """The columns that the journal carries, and which rows."""
    key = [column.name for column in table.primary_key.columns]
    columns = table.columns
    match ending:
        case Moved():
            ordered = [ending.order] if isinstance(ending.order, str) else []
            extra = [*ordered, *ending.carried]
            names = [*key, ending.state, *dict.fromkeys(extra), *ending.erased]
            if ending.added:
                names = [column.name for column in columns]
            return names, [columns[ending.state].not_in(ending.living)]
        case Added():
            conditions = [] if ending.since is None else [columns[ending.since] >= since]
            if ending.without is not None:
                name, values = ending.without
                conditions.append(columns[name].not_in(values))
            return [column.name for column in columns], conditions
        case Kept():
            return [*key, *ending.terms], []
    raise TypeError(f"{table.name} has no endings")


def _forms(table: Table, names: Sequence[str], ending: Ending) -> list[ColumnForm]:
    """Of what is erased the journal says only whether it was."""
    erased = ending.erased if isinstance(ending, Moved) else ()
    return [ColumnForm(ERASED + form.name, "bool") if form.name in erased else form for form in forms_of(table, names)]


def _told(row: Sequence[Any], forms: Sequence[ColumnForm]) -> list[Any]:
    return [value is None if form.name.startswith(ERASED) else value for value, form in zip(row, forms, strict=True)]
