"""Writes down that licences have run out by date, and clears away what waited too long.

Nothing rests on it: a licence's answer is computed from its dates on every day (`certstore.lifecycle.effective_state`).
Writing it down gives the life line its entry and others their notice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from certstore.life.drafts import KEPT_FOR as KEEP_DRAFTS
from certstore.life.ports import DraftStore, DueStore, ProposalStore
from certstore.life.proposals import KEPT_FOR as KEEP_PROPOSALS
from certstore.life.proposals import OPEN_FOR
from certstore.lifecycle import Event, next_state
from certstore.model import Licence, LicenceChange
from certstore.repository import Repository
from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.principal import SYSTEM
from core.rounds import rounds

_log = logging.getLogger(__name__)
_PART = 100
_PAUSE = 0.05  # seconds between two parts, so that others get to write


class ExpireLicences:
    """The job; any number of workers may run it, for a licence's revision lets one of them write.

    Args:
        every: seconds between two looks.
    """

    def __init__(
        self,
        repository: Repository,
        due: DueStore,
        drafts: DraftStore,
        proposals: ProposalStore,
        *,
        every: float = 300.0,
    ) -> None:
        self._repository = repository
        self._due = due
        self._drafts = drafts
        self._proposals = proposals
        self._every = every

    async def __call__(self) -> int:
        """How many licences were written down as expired."""
        count = 0
        while True:
            async with self._repository.database.read() as tx:
                found = await self._due.lapsed(tx, self._repository.today(), limit=_PART)
            if not found:
                return count
            written = await self._write(found)
            if not written:  # another worker is at them, or they have moved
                return count
            count += written
            await asyncio.sleep(_PAUSE)

    async def sweep(self) -> int:
        """How many drafts and proposals went."""
        now, count = self._repository.now(), 0
        parts: Sequence[Callable[[WriteTx], Awaitable[int]]] = (
            lambda tx: self._drafts.delete_before(tx, now - KEEP_DRAFTS),
            lambda tx: self._proposals.lapse(tx, now - OPEN_FOR),
            lambda tx: self._proposals.delete_decided(tx, now - KEEP_PROPOSALS),
        )
        for remove in parts:
            while True:
                async with self._repository.database.write() as tx:
                    removed = await remove(tx)
                    await tx.commit()
                if not removed:
                    break
                count += removed
        return count

    async def forever(self) -> None:
        await rounds(self._round, every=self._every, log=_log, failed="licences could not be written down as expired")

    async def _round(self) -> None:
        await self()
        await self.sweep()

    async def _write(self, found: Sequence[Licence]) -> int:
        written = 0
        async with self._repository.database.write() as tx:
            for licence in sorted(found, key=lambda one: one.id):  # in one order: two workers never form a ring
                if await self._repository.licences.change_state(tx, licence, self._change(licence)):
                    tx.audit(AuditEvent("licence.expire", "done", SYSTEM, licence.id))
                    written += 1
            await tx.commit()
        return written

    def _change(self, licence: Licence) -> LicenceChange:
        return LicenceChange(
            licence.revision + 1,
            Event.EXPIRE,
            next_state(licence.state, Event.EXPIRE),
            licence.current.number,
            self._repository.now(),
            SYSTEM.kind,
            SYSTEM.id,
            None,
        )
