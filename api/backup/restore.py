"""Restores a deployment into empty stores: never half of it, and nothing that has ended since comes back unseen.

Before anything is written, every archive is read to its end and must fit this program, this place and the master key.
Then the target is marked; from there to the last step no program opens it, and a restore that is broken off is begun
again. The mark falls only when an operator has acknowledged what may be missing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from api.backup.acceptance import accept, gap_of
from api.backup.checks import check_restored
from api.backup.errors import RestoreRefused
from api.backup.examine import Examined, examine
from api.backup.fill import fill
from api.backup.model import Progress, RestoreReport, Silent, What
from api.backup.ports import Target
from api.backup.replaying import finish_keys, replay_journals
from api.backup.target import DomainState, domain_state, make_tables
from api.migrations import HEAD, RESTORED
from api.migrations.upgrade import current_revision, mark, upgrade_marked
from core.audit.event import AuditEvent
from core.ids import new_id
from core.principal import SYSTEM
from keys.archive.locks import Openers
from keys.archive.runs import Run, RunKind, RunState


class RestoreBackup:
    """The use case."""

    def __init__(self, target: Target, openers: Openers, progress: Progress | None = None) -> None:
        self._target = target
        self._openers = openers
        self._progress = progress or Silent()

    async def __call__(
        self, files: Sequence[Path], journals: Sequence[Path] = (), *, accept_gap: bool = False
    ) -> RestoreReport:
        """
        Args:
            files: one archive, or one of the data and one of the keys.
            journals: of endings after the backup, in any order.
            accept_gap: acknowledge that what ended after the last of these archives is not known.

        Raises:
            ArchiveForeign, ArchiveLocked, ArchiveDamaged, ArchiveUnfit, ShareRefused: an archive is not good;
                nothing was written.
            RestoreRefused: the place, the master key or the archives do not fit each other; nothing was written.
        """
        began = time.perf_counter()
        # 1. Every archive is read to its end
        archives = [await self._examined(file) for file in files]
        read = [await self._examined(file) for file in journals]
        # 2. They fit each other, the place and the master key
        data, keys = _sorted_out(archives)
        _check_journals(read, archives)
        await self._check_place(data, keys)
        self._check_master_key(keys or data)
        # 3. From here on nobody opens the target, until the last step
        if data is not None:
            await self._target.clear_short_lived()
            assert data.manifest.revision is not None
            await make_tables(self._target.database.engine, data.manifest.revision, with_keys=keys is not None)
        # 4. Documents, rows and keys; each database in one transaction
        counts = await fill(self._target, archives, self._openers, self._progress)
        # 5. Older tables become today's
        if data is not None:
            await upgrade_marked(self._target.database.engine, data.manifest.revision, to=HEAD)
        # 6. What ended after the backup ends again
        replayed = await replay_journals(self._target, read, self._openers, domain=data is not None)
        if keys is not None:
            await finish_keys(self._target)
        # 7. It is what it was
        checks, needed = await check_restored(self._target, data, keys, counts)
        # 8. Nobody is logged in; the restore is on record; the mark gives way to the gap's
        point = (data or keys or archives[0]).manifest.point
        gap_from = gap_of(point, [journal.manifest.point for journal in read])
        report = RestoreReport(
            archives=[one.manifest.id for one in archives],
            what=What.ALL.value if data and keys else archives[0].manifest.what,
            point=point,
            seconds=time.perf_counter() - began,
            rows=sum(one.manifest.rows for one in archives),
            documents=sum(one.manifest.documents for one in archives),
            revision_from=data.manifest.revision if data else None,
            revision_to=HEAD if data else None,
            checks=checks,
            replayed=replayed,
            needed=needed,
            gap_from=gap_from,
        )
        return await self._conclude(report, archives, data, accept_gap=accept_gap)

    async def _examined(self, file: Path) -> Examined:
        documents_of = self._target.tables.documents_of()
        return await asyncio.to_thread(examine, file, self._openers, documents_of, self._progress)

    async def _check_place(self, data: Examined | None, keys: Examined | None) -> None:
        target = self._target
        state = await domain_state(target.database.engine)
        if keys is not None:
            ours = data is not None and state is DomainState.UNFINISHED_WITH_KEYS
            if await target.key_store.state() == "in-use" and not ours:
                raise RestoreRefused("there is a key store here already: name an empty folder or database")
            version = keys.manifest.key_version
            if version is None or version > target.key_store.newest:
                raise RestoreRefused(f"the key store of the archive has version {version}: take a newer program")
        if data is None:
            return
        if state in (DomainState.IN_USE, DomainState.RESTORED):
            raise RestoreRefused("there are data here already: name an empty folder or database")
        if keys is None:
            found = await target.key_store.inventory()
            if found is not None and set(data.manifest.data_keys) - set(found.secrets):
                raise RestoreRefused(
                    "the data are sealed under other keys than the key store here holds: restore its own key store"
                )

    def _check_master_key(self, archive: Examined | None) -> None:
        check = self._target.master_key_check
        if archive is None or check is None or not archive.manifest.key_check:
            return
        if check.hex() != archive.manifest.key_check:
            raise RestoreRefused(
                "the master key here is not the one of this backup: give the right one, or none to restore data "
                "that stay unreadable until it comes"
            )

    async def _conclude(
        self, report: RestoreReport, archives: Sequence[Examined], data: Examined | None, *, accept_gap: bool
    ) -> RestoreReport:
        target = self._target
        if data is None and await current_revision(target.database.engine) not in (HEAD, RESTORED + HEAD):
            return report  # the keys came first, and there is no audit log yet
        now = target.clock.now()
        event = AuditEvent("backup.restore", "done", SYSTEM, archives[0].manifest.id, detail=_detail(report, archives))
        ended: dict[str, int] = {}
        async with target.database.write() as tx:
            source = await target.runs.latest(tx, RunKind.BACKUP)
            if data is not None and source is not None and source.id == data.manifest.id:
                await target.runs.put(tx, _ended(source, report))  # it ran when the archive was made: it made it
            await target.runs.put(tx, _run(report, new_id(target.clock, "rst"), now))
            tx.audit(event)
            if data is not None:
                for end in target.end_everything:
                    ended |= await end(tx, now)
                await mark(tx.connection, RESTORED + HEAD)
            await tx.commit()
        accepted = accept_gap and data is not None and report.good  # a fault must be looked at before it serves anybody
        if accepted:
            await accept(target.database, target.runs, target.clock)
        return replace(report, ended=ended, gap_accepted=accepted)


def _sorted_out(archives: Sequence[Examined]) -> tuple[Examined | None, Examined | None]:
    """The archive that brings the data, and the one that brings the keys; they may be the same."""
    data = [one for one in archives if one.what.data]
    keys = [one for one in archives if one.what.keys]
    if not archives or any(one.what is What.JOURNAL for one in archives):
        raise RestoreRefused("name a backup; journals come with --journal")
    if len(data) > 1 or len(keys) > 1:
        raise RestoreRefused("one archive, or one of the data and one of the keys")
    if data and keys and set(data[0].manifest.data_keys) - set(keys[0].manifest.data_keys):
        raise RestoreRefused("the archive of the keys is older than the data, or of another deployment")
    return data[0] if data else None, keys[0] if keys else None


def _check_journals(journals: Sequence[Examined], archives: Sequence[Examined]) -> None:
    points = [one.manifest.point for one in archives]
    for journal in journals:
        since = journal.manifest.since
        if journal.what is not What.JOURNAL or since is None:
            raise RestoreRefused(f"{journal.file.name} is no journal")
        if points and journal.manifest.point < max(points):  # rights that came after it would go
            raise RestoreRefused(f"{journal.file.name} is older than the backup, which knows all that is in it")
        if points and since > min(points):
            raise RestoreRefused(
                f"{journal.file.name} begins at {since:%Y-%m-%d %H:%M:%S}, after the backup: make one since the backup"
            )


def _ended(run: Run, report: RestoreReport) -> Run:
    return replace(run, state=RunState.DONE, ended_at=run.began_at, archive=run.id, rows=report.rows)


def _run(report: RestoreReport, id: str, now: dt.datetime) -> Run:
    return Run(
        id=id,
        kind=RunKind.RESTORE,
        what=report.what,
        state=RunState.DONE if report.good else RunState.FAULTY,
        began_at=now,
        ended_at=now,
        archive=report.archives[0],
        point=report.gap_from,
        rows=report.rows,
    )


def _detail(report: RestoreReport, archives: Sequence[Examined]) -> dict[str, str | int | bool | None]:
    def told(moment: dt.datetime | None) -> str | None:
        return moment.isoformat(timespec="seconds") if moment else None

    return {
        "manifest": " ".join(one.digest for one in archives),
        "point": told(report.point),
        "gap_from": told(report.gap_from),
        "rows": report.rows,
        "documents": report.documents,
        "replayed": sum(report.replayed.values()),
        "good": report.good,
    }
