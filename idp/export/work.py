"""Puts copies of people's data together, one at a time, in the background; a copy that a dead worker left goes on."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

import orjson

from core.clock import Clock
from core.db.database import Database
from core.principal import Principal, PrincipalKind
from core.rounds import rounds
from core.text import Text
from idp.export.content import ExportContent
from idp.export.model import Chapter, DataExport, ExportState
from idp.export.ports import ChapterSource, ExportStore

KEPT_FOR = dt.timedelta(hours=24)
_CLAIMED_FOR = dt.timedelta(minutes=2)
_MOST_ATTEMPTS = 3
_LIMIT = 20
_log = logging.getLogger(__name__)


class MakeExports:
    """For the worker, every few seconds; any number of workers may, for each copy is claimed."""

    def __init__(
        self,
        database: Database,
        store: ExportStore,
        content: ExportContent,
        sources: Sequence[ChapterSource],
        clock: Clock,
        *,
        every: float = 2.0,
    ) -> None:
        self._database = database
        self._store = store
        self._content = content
        self._sources = sources
        self._clock = clock
        self._every = every

    async def run_due(self) -> int:
        """Make what was asked for; answers how many are ready."""
        async with self._database.read() as tx:
            due = await self._store.due(tx, self._clock.now(), _LIMIT)
        return sum([await self._attempt(one) for one in due])

    async def forever(self) -> None:
        await rounds(self.run_due, every=self._every, log=_log, failed="copies of people's data could not be made")

    async def _attempt(self, export: DataExport) -> bool:
        until = self._clock.now() + _CLAIMED_FOR
        async with self._database.write() as tx:
            if not await self._store.claim(tx, export, until=until):
                return False
            await tx.commit()
        try:
            content = await self._collected(export)
        except Exception as error:
            _log.warning("a copy of somebody's data could not be made: %s", type(error).__name__)
            if export.attempts + 1 >= _MOST_ATTEMPTS:  # else the claim runs out, and it is tried again
                await self._finish(export, ExportState.FAILED)
            return False
        await self._content.put(export.id, content, seconds=int(KEPT_FOR.total_seconds()))
        if await self._finish(export, ExportState.READY, size=len(content)):
            return True
        await self._content.drop(export.id)
        return False

    async def _collected(self, export: DataExport) -> bytes:
        person = Principal(PrincipalKind.PERSON, export.account_id)
        chapters = [one for source in self._sources for one in await source.chapters(person)]
        made_at = self._clock.now().isoformat()
        return orjson.dumps({"made_at": made_at, "chapters": [_plain(one) for one in chapters]})

    async def _finish(self, export: DataExport, state: ExportState, *, size: int = 0) -> bool:
        now = self._clock.now()
        async with self._database.write() as tx:
            done = await self._store.finish(tx, export, state, at=now, expires_at=now + KEPT_FOR, size=size)
            await tx.commit()
        return done


def _plain(chapter: Chapter) -> dict[str, object]:
    return {
        "name": chapter.name,
        "title": _text(chapter.title),
        "about": _text(chapter.about),
        "labels": {name: _text(label) for name, label in chapter.labels.items()},
        "entries": [
            {name: _text(value) if isinstance(value, Text) else value for name, value in entry.items()}
            for entry in chapter.entries
        ],
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
