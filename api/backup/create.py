"""Backs up everything while the service runs: one look at each store, taken in an order that fits together.

First the domain database: one snapshot. Then the key store: a key is made before a row needs it, so every key that the
rows need is there. Then the documents: one is kept before its row is written, so every document that the rows name is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from api.backup.folder import BackupFolder
from api.backup.frames import FrameWriter
from api.backup.gather import GatherDocuments, gather_table
from api.backup.holding import holding
from api.backup.model import FORMAT, BackupReport, DeviceKey, Manifest, Progress, Silent, What
from api.backup.ports import Sources
from api.backup.recording import recorded
from api.backup.report import backup_report
from api.backup.write import Written, write_archive
from api.migrations.upgrade import revision_of
from core.audit.sql import read_head
from core.db.engine import reading
from core.ids import new_id
from keys.archive.inventory import KeyInventory
from keys.archive.locks import Lock
from keys.archive.runs import Run, RunKind, RunState


class CreateBackup:
    """The use case; audited, and remembered as a run."""

    def __init__(self, sources: Sources, folder: BackupFolder, progress: Progress | None = None) -> None:
        self._sources = sources
        self._folder = folder
        self._progress = progress or Silent()

    async def __call__(self, what: What, locks: Sequence[Lock]) -> BackupReport:
        """
        Raises:
            BackupBusy: another one is at work in the folder.
            core.errors.Unavailable: a store does not answer; no archive was made.
        """
        began = time.perf_counter()
        sources, point = self._sources, self._sources.clock.now()
        run = Run(new_id(sources.clock, "bak"), RunKind.BACKUP, what.value, RunState.RUNNING, point, point=point)
        with self._folder.alone():
            async with recorded(sources.database, sources.runs, sources.clock, run) as outcome:
                written = await write_archive(
                    self._folder, run.id, what, point, locks, lambda frames: self._fill(frames, run), sources.signer
                )
                outcome.run = _finished(run, written)
                outcome.detail = {"manifest": written.digest, "rows": written.manifest.rows}
        return backup_report(written, time.perf_counter() - began)

    async def _fill(self, frames: FrameWriter, run: Run) -> Manifest:
        what, sources = What(run.what), self._sources
        assert run.point is not None
        manifest = Manifest(
            format=FORMAT, id=run.id, what=run.what, point=run.point, issuer=sources.issuer, made_by=sources.made_by
        )
        if not what.data:
            return await self._fill_keys(frames, manifest, what)
        async with holding(sources), sources.database.read() as tx:
            revision = await revision_of(tx.connection)  # the first statement: the look begins here
            number, head = await read_head(tx.connection)
            manifest = msgspec.structs.replace(manifest, revision=revision, audit_number=number, audit_hash=head.hex())
            documents = sources.tables.document_columns()
            for table in sources.tables.domain_tables():
                await gather_table(
                    tx.connection,
                    table,
                    sources.tables.part(table),
                    frames,
                    self._progress,
                    document_column=documents.get(table),
                )
            manifest = await self._fill_keys(frames, manifest, what)
            gather = GatherDocuments(sources.blobs, frames, self._progress)
            for table, column in documents.items():
                await gather(tx.connection, table, column)
        return msgspec.structs.replace(manifest, lost=gather.lost, lost_count=gather.lost_count)

    async def _fill_keys(self, frames: FrameWriter, manifest: Manifest, what: What) -> Manifest:
        """The key store, or only what the data say about the keys that they need."""
        sources = self._sources
        async with reading(sources.key_engine).connect() as connection:
            found = await sources.take_inventory(connection)
            for table in sources.tables.key_tables() if what.keys else ():
                await gather_table(connection, table, sources.tables.part(table), frames, self._progress)
        return manifest if found is None else msgspec.structs.replace(manifest, **_key_facts(found, carried=what.keys))


def _key_facts(found: KeyInventory, *, carried: bool) -> dict[str, object]:
    notes = [DeviceKey(note.key_id, note.purpose, note.uri) for note in found.device_keys]
    return {
        "key_version": found.version if carried else None,
        "key_check": found.check.hex(),
        "data_keys": list(found.secrets),
        "device_keys": notes,
    }


def _finished(run: Run, written: Written) -> Run:
    lost = written.manifest.lost_count
    return replace(
        run,
        state=RunState.FAULTY if lost else RunState.DONE,
        archive=written.manifest.id,
        rows=written.manifest.rows,
        octets=written.octets,
        note=f"{lost} documents were missing or damaged" if lost else None,
    )
