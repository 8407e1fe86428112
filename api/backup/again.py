"""What can be done to a restored deployment until the gap is acknowledged: replay further journals."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from api.backup.acceptance import gap_of
from api.backup.errors import RestoreRefused
from api.backup.examine import examine
from api.backup.model import What
from api.backup.ports import Target
from api.backup.replaying import finish_keys, replay_journals
from api.backup.target import DomainState, domain_state
from core.audit.event import AuditEvent
from core.principal import SYSTEM
from keys.archive.locks import Openers
from keys.archive.runs import RunKind


async def replay_later(target: Target, files: Sequence[Path], openers: Openers) -> Mapping[str, int]:
    """Replay journals over what was restored before; on record.

    Raises:
        RestoreRefused: no restore waits here, or a journal begins after what is known already.
        ArchiveForeign, ArchiveLocked, ArchiveDamaged, ArchiveUnfit: a journal is not good; nothing was changed.
    """
    if await domain_state(target.database.engine) is not DomainState.RESTORED:
        raise RestoreRefused("no restore waits here for a journal")
    async with target.database.read() as tx:
        run = await target.runs.latest(tx, RunKind.RESTORE)
    journals = [await asyncio.to_thread(examine, file, openers, {}) for file in files]
    for journal in journals:
        since = journal.manifest.since
        if journal.what is not What.JOURNAL or since is None:
            raise RestoreRefused(f"{journal.file.name} is no journal")
        if run is not None and run.point is not None and journal.manifest.point < run.point:
            raise RestoreRefused(f"{journal.file.name} is older than what was restored and replayed already")
        if run is not None and run.point is not None and since > run.point:
            raise RestoreRefused(f"{journal.file.name} begins after the moment from which endings are not known")
    ended = await replay_journals(target, journals, openers, domain=True)
    if await target.key_store.inventory() is not None:
        await finish_keys(target)
    async with target.database.write() as tx:
        if run is not None and run.point is not None:
            points = [journal.manifest.point for journal in journals]
            await target.runs.put(tx, replace(run, point=gap_of(run.point, points)))
        for journal in journals:
            detail: dict[str, str | int | bool | None] = {"manifest": journal.digest, "replayed": sum(ended.values())}
            tx.audit(AuditEvent("backup.replay", "done", SYSTEM, journal.manifest.id, detail=detail))
        await tx.commit()
    return ended
