"""Looks after kept files: brings them to the level that was asked for, and renews their archive time-stamps in time.

A file is worked on by one worker at a time, under a lease that ends by itself: a worker that is killed leaves the file
as it was, and another takes it up. The longer-lasting file takes the place of the old one in one step.
"""

from __future__ import annotations

import datetime as dt
import logging

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.principal import SYSTEM
from core.rounds import rounds
from keys.reencrypt.documents import GRACE
from keys.reencrypt.ports import DiscardList
from signing.errors import LevelNotReached
from signing.levels import Level
from signing.longlife.extend import Extended, ExtendSignature
from signing.longlife.model import Care
from signing.longlife.ports import CareStore, KeepingVault
from signing.seals.look_up import document_context

_log = logging.getLogger(__name__)
_EVERY_SECONDS = 60.0
_AT_ONCE = 20
_LEASE = dt.timedelta(minutes=10)
_FIRST_WAIT = dt.timedelta(minutes=1)
_LONGEST_WAIT = dt.timedelta(hours=12)
RENEW_BEFORE = dt.timedelta(days=90)
"""How long before its time-stamp stops counting a file is renewed: time enough to put right what fails."""


def next_step(level: Level, target: Level, renew_by: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    """When a file that has `level` is to be looked at again; None for never."""
    if level.rank < target.rank:
        return now + _FIRST_WAIT
    if target is not Level.B_LTA or renew_by is None:
        return None
    # a time-stamp that ends within the margin is no reason to renew over and over
    return max(renew_by - RENEW_BEFORE, now + (renew_by - now) / 2) if renew_by > now else now + _LONGEST_WAIT


class TendDocuments:
    """For the worker; any number may run."""

    def __init__(
        self,
        database: Database,
        store: CareStore,
        vault: KeepingVault,
        discards: DiscardList,
        extend: ExtendSignature,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._vault = vault
        self._discards = discards
        self._extend = extend
        self._clock = clock

    async def __call__(self) -> int:
        """One round over what is due; answers how many files last longer now."""
        async with self._database.read() as tx:
            due = await self._store.due(tx, self._clock.now(), _AT_ONCE)
        done = 0
        for signature_id in due:
            done += await self.tend(signature_id)
        return done

    async def forever(self) -> None:
        """A failure is tried again, later and later."""
        await rounds(self, every=_EVERY_SECONDS, log=_log, failed="files could not be looked after")

    async def tend(self, signature_id: str) -> bool:
        """Look after one file, if it is due and nobody has it."""
        now = self._clock.now()
        async with self._database.write() as tx:
            care = await self._store.claim(tx, signature_id, now=now, until=now + _LEASE)
            await tx.commit()
        if care is None or care.document is None:
            return False
        try:
            return await self._prolong(care, care.document)
        except AppError as fault:
            await self._put_off(care, fault)
            return False

    async def _prolong(self, care: Care, document: str) -> bool:
        context = document_context(care.signature_id)
        content = await self._vault.open_file(document, context=context)
        # due at the archive level means that its time-stamps are to be renewed
        renew = care.target is Level.B_LTA
        made = await self._extend(content, care.target, field=care.signature_id, renew=renew)
        if len(made.content) == len(content):
            raise made.missing or LevelNotReached(care.target.value, made.level.value)
        address, sealed = await self._vault.seal_file(made.content, context=context)
        async with self._database.write() as tx:
            await self._discards.add(tx, address, self._clock.now() + GRACE)
            await tx.commit()
        await self._vault.put(sealed)
        return await self._replace(care, document, address, made)

    async def _replace(self, care: Care, former: str, address: str, made: Extended) -> bool:
        now = self._clock.now()
        due_at = next_step(made.level, care.target, made.renew_by, now)
        async with self._database.write() as tx:
            if not await self._store.finish(tx, care, document=address, level=made.level.value, due_at=due_at):
                return False  # another worker, or another key for the file, was faster; what was made is discarded
            await self._discards.add(tx, former, now + GRACE)
            detail: dict[str, str | int | bool | None] = {"level": made.level.value}
            tx.audit(AuditEvent("seal.signature.extend", "done", SYSTEM, subject=care.signature_id, detail=detail))
            await tx.commit()
        return True

    async def _put_off(self, care: Care, fault: AppError) -> None:
        wait = min(_FIRST_WAIT * 2 ** min(care.tries, 12), _LONGEST_WAIT)
        _log.warning("a sealed file could not be prolonged: %s", fault.code)
        async with self._database.write() as tx:
            if await self._store.put_off(tx, care, due_at=self._clock.now() + wait, fault=fault.code):
                await tx.commit()
