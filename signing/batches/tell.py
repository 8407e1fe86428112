"""Tells a batch's receiver that it is done, or was halted: at least once, with growing pauses, for three days."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Literal

import orjson

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import SYSTEM
from core.rounds import rounds
from signing.batches.model import Batch, Counts
from signing.batches.ports import BatchStore, Receivers, Told

DELIVERED = "delivered"
GIVE_UP_AFTER = dt.timedelta(days=3)
_LEASE = dt.timedelta(minutes=2)  # many times what a message may take
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 3600.0
_EVERY_SECONDS = 1.0
_MOST = 50
_log = logging.getLogger(__name__)


class TellReceivers:
    """For the worker; any number may run."""

    def __init__(self, database: Database, store: BatchStore, receivers: Receivers, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._receivers = receivers
        self._clock = clock

    async def __call__(self) -> int:
        """One round; answers how many messages were tried."""
        tried = 0
        while tried < _MOST and await self._next():
            tried += 1
        return tried

    async def forever(self) -> None:
        """A failure is tried again at the next look."""
        await rounds(self, every=_EVERY_SECONDS, log=_log, failed="receivers were not told of batches")

    async def _next(self) -> bool:
        now = self._clock.now()
        async with self._database.write() as tx:
            due = await self._store.due_to_tell(tx, now=now, until=now + _LEASE)
            counts = await self._store.counts(tx, due.batch.id) if due else Counts()
            await tx.commit()
        if due is None:
            return False
        result = await self._receivers.tell(
            due.receiver, due.batch.owner.organisation or "", message(due.batch, counts)
        )
        await self._write(due, result)
        return True

    async def _write(self, due: Told, result: str) -> None:
        now = self._clock.now()
        pause = dt.timedelta(seconds=min(_FIRST_PAUSE * 2 ** min(due.tries - 1, 12), _LONGEST_PAUSE))
        over = result == DELIVERED or now + pause > due.since + GIVE_UP_AFTER
        async with self._database.write() as tx:
            if not await self._store.told(tx, due, again_at=None if over else now + pause, result=result):
                return  # another message has taken its place
            if over:
                outcome: Literal["done", "attempted"] = "done" if result == DELIVERED else "attempted"
                detail: dict[str, str | int | bool | None] = {"result": result, "receiver": due.receiver}
                tx.audit(AuditEvent("seal.batch-told", outcome, SYSTEM, subject=due.batch.id, detail=detail))
            await tx.commit()


def message(batch: Batch, counts: Counts) -> bytes:
    """What a receiver is told: ids and counts; names and files are fetched by whoever may."""
    return orjson.dumps(
        {
            "batch": {
                "id": batch.id,
                "state": batch.state.value,
                "reason": batch.halted.code if batch.halted else None,
                "files": {
                    "sealed": counts.sealed,
                    "refused": counts.refused,
                    "waiting": counts.waiting,
                    "cancelled": counts.cancelled,
                },
                "at": batch.changed_at,
            }
        }
    )
