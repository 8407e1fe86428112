"""Looks after stored originals: brings their seals to the level that is configured, and renews them in time.

A file is worked on by one worker at a time, under a lease that ends by itself: a worker that is killed leaves the file
as it was, and another takes it up. What was issued stays, byte for byte, at the beginning of the longer file, so the
licence's chain, the ledger and the public log speak of it as before.
"""

from __future__ import annotations

import datetime as dt
import logging

from certstore.documents import SealedDocuments
from certstore.lasting.ports import FileCare, FileCareStore, Prolonged, Prolonger
from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.principal import SYSTEM
from core.rounds import rounds
from keys.reencrypt.documents import GRACE
from keys.reencrypt.ports import DiscardList

_log = logging.getLogger(__name__)
_EVERY_SECONDS = 60.0
_AT_ONCE = 20
_TAKEN_IN_AT_ONCE = 1_000
_LEASE = dt.timedelta(minutes=10)
_LONGEST_ROUND = dt.timedelta(minutes=5)
_FIRST_WAIT = dt.timedelta(minutes=1)
_LONGEST_WAIT = dt.timedelta(hours=12)


class ProlongOriginals:
    """For the worker; any number may run.

    Args:
        older_too: have originals looked after that were sealed before this was wanted.
    """

    def __init__(
        self,
        database: Database,
        store: FileCareStore,
        documents: SealedDocuments,
        discards: DiscardList,
        prolong: Prolonger,
        clock: Clock,
        *,
        older_too: bool,
    ) -> None:
        self._database = database
        self._store = store
        self._documents = documents
        self._discards = discards
        self._prolong_seal = prolong
        self._clock = clock
        self._looked_at: str | None = "" if older_too else None

    async def __call__(self) -> int:
        """One round over what is due; answers how many files last longer now."""
        await self._take_in()
        begun, done = self._clock.now(), 0
        while True:
            async with self._database.read() as tx:
                due = await self._store.due(tx, self._clock.now(), _AT_ONCE)
            for file_id in due:
                done += await self.prolong(file_id)
            if len(due) < _AT_ONCE or self._clock.now() - begun > _LONGEST_ROUND:
                return done

    async def forever(self) -> None:
        """A failure is tried again, later and later."""
        await rounds(self, every=_EVERY_SECONDS, log=_log, failed="originals could not be looked after")

    async def prolong(self, file_id: str) -> bool:
        """Look after one file, if it is due and nobody has it."""
        now = self._clock.now()
        async with self._database.write() as tx:
            care = await self._store.claim(tx, file_id, now=now, until=now + _LEASE)
            await tx.commit()
        if care is None:
            return False
        try:
            content = await self._documents.content(care.file)
            made = await self._prolong_seal(content, signature_id=care.file.signature_id)
            address = await self._documents.keep_longer(care.file, made.content)
        except AppError as fault:
            await self._put_off(care, fault)
            return False
        return await self._replace(care, address, made)

    async def _take_in(self) -> None:
        """Older originals, a part of them in each round; once around in the life of a worker."""
        if self._looked_at is None:
            return
        async with self._database.write() as tx:
            self._looked_at = await self._store.take_in(
                tx, after=self._looked_at, now=self._clock.now(), limit=_TAKEN_IN_AT_ONCE
            )
            await tx.commit()

    async def _replace(self, care: FileCare, address: str, made: Prolonged) -> bool:
        file = care.file
        async with self._database.write() as tx:
            if not await self._store.finish(tx, care, content=address, lasting=made.lasting):
                return False  # another worker, or another key for the file, was faster; what was made is discarded
            await self._discards.add(tx, file.content, self._clock.now() + GRACE)
            detail: dict[str, str | int | bool | None] = {"version": file.version, "level": made.lasting.level}
            tx.audit(AuditEvent("licence.file.extend", "done", SYSTEM, subject=file.licence_id, detail=detail))
            await tx.commit()
        return True

    async def _put_off(self, care: FileCare, fault: AppError) -> None:
        wait = min(_FIRST_WAIT * 2 ** min(care.tries, 12), _LONGEST_WAIT)
        _log.warning("an original could not be prolonged: %s", fault.code)
        async with self._database.write() as tx:
            if await self._store.put_off(tx, care, due_at=self._clock.now() + wait, fault=fault.code):
                await tx.commit()
