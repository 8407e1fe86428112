"""Journals over a restored target, in a transaction for each database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from api.backup.endings import DOMAIN_ENDINGS, KEY_ENDINGS
from api.backup.errors import ArchiveUnfit
from api.backup.examine import Examined, read_archive
from api.backup.frames import PartBegan, PartEnded, Rows
from api.backup.ports import Target
from api.backup.replay import ReplayTable
from api.backup.tables import DOMAIN, KEYS
from core.db.engine import writing
from keys.archive.locks import Openers


async def replay_journals(
    target: Target, journals: Sequence[Examined], openers: Openers, *, domain: bool
) -> Mapping[str, int]:
    """What was ended, by table.

    Args:
        domain: whether the domain database was restored; the key store is replayed over where there is one.
    """
    ended: Counter[str] = Counter()
    inventory = await target.key_store.inventory()
    for journal in sorted(journals, key=lambda one: one.manifest.point):
        if domain:
            async with writing(target.database.engine).connect() as connection:
                ended.update(await _replay(target, journal, openers, DOMAIN, connection))
                await connection.commit()
        if inventory is not None:
            async with writing(target.key_store.engine).connect() as connection:
                ended.update(await _replay(target, journal, openers, KEYS, connection))
                await connection.commit()
    return {name: count for name, count in sorted(ended.items()) if count}


async def finish_keys(target: Target) -> None:
    """Let the restored key store be opened; what must never be given twice goes on far behind what may have been."""
    for jump in target.jump_ahead:
        await jump(target.key_store.engine, target.clock.now())
    await target.key_store.release()


async def _replay(
    target: Target, journal: Examined, openers: Openers, prefix: str, connection: AsyncConnection
) -> dict[str, int]:
    tables, endings = (target.tables.domain, DOMAIN_ENDINGS) if prefix == DOMAIN else (target.tables.keys, KEY_ENDINGS)
    counts: dict[str, int] = {}
    part: ReplayTable | None = None
    name = ""
    for event in read_archive(journal.file, openers, {}):
        if isinstance(event, PartBegan):
            name = event.name.removeprefix(prefix)
            known = event.name.startswith((DOMAIN, KEYS))
            if not known:
                raise ArchiveUnfit(f"a journal has no part {event.name}")
            wanted = event.name.startswith(prefix)
            part = ReplayTable(connection, tables, name, endings, event.columns) if wanted else None
        elif isinstance(event, Rows) and part is not None:
            await part(event.rows)
        elif isinstance(event, PartEnded) and part is not None:
            await part.finish()
            counts[name] = part.count
    return counts
