"""Decides over all files of a batch at once (用印审批); nobody decides over their own."""

from __future__ import annotations

from dataclasses import replace

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import Conflict
from core.principal import Principal
from core.text import Text
from signing.batches.errors import BatchMoved, BatchNotFound
from signing.batches.model import KEPT_FOR, LIFE, Batch, BatchState
from signing.batches.ports import BatchStore
from signing.errors import SealNotYours, SealSecondPerson
from signing.policy import may_approve
from signing.ports import SealStore
from signing.refusals import refusals_on_record
from signing.seals.story import checked_reason


class DecideBatch:
    """Approves or refuses; what is approved is the list of digests, and nothing else."""

    def __init__(self, database: Database, store: BatchStore, seals: SealStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._seals = seals
        self._clock = clock

    async def approve(self, batch_id: str, digest: str, *, actor: Principal, answer: str = "") -> Batch:
        """
        Args:
            digest: SHA-256 of the list that the actor has seen, hexadecimal.

        Raises:
            BatchNotFound, SealNotYours, BatchMoved
            SealSecondPerson: it is the actor's own.
            core.errors.Conflict: `batch-list-differs`.
            core.errors.InvalidInput: `reason-invalid`.
        """
        return await self._decide(batch_id, BatchState.RUNNING, actor, checked_reason(answer), digest)

    async def refuse(self, batch_id: str, *, actor: Principal, answer: str) -> Batch:
        """As `approve`; the answer is needed."""
        return await self._decide(batch_id, BatchState.REFUSED, actor, checked_reason(answer, needed=True), None)

    async def _decide(self, batch_id: str, new: BatchState, actor: Principal, answer: str, digest: str | None) -> Batch:
        action = "seal.batch-approve" if new is BatchState.RUNNING else "seal.batch-refuse"
        async with (
            refusals_on_record(self._database, action, actor, subject=batch_id),
            self._database.write() as tx,
        ):
            batch = await self._store.hold(tx, batch_id)
            seal = await self._seals.seal(tx, batch.seal_id) if batch else None
            if batch is None or seal is None:
                raise BatchNotFound
            if not may_approve(actor, seal.organisation):
                raise SealNotYours if batch.owner.is_(actor) else BatchNotFound
            if batch.owner.is_(actor):
                raise SealSecondPerson
            if batch.state is not BatchState.ASKED or batch.approval is None or batch.expires_at <= self._clock.now():
                raise BatchMoved(batch.state)
            if digest is not None and digest != batch.approval.digest:
                raise _list_differs()
            now = self._clock.now()
            until = now + LIFE if new is BatchState.RUNNING else None
            decided = replace(batch.approval, decided_by=actor.id[:128], decided_at=now, answer=answer, until=until)
            ends = now + (LIFE if new is BatchState.RUNNING else KEPT_FOR)
            await self._store.move(tx, batch_id, new, [BatchState.ASKED], now=now, expires_at=ends, approval=decided)
            if new is BatchState.REFUSED:
                await self._store.cancel_waiting(tx, batch_id)
            detail: dict[str, str | int | bool | None] = {"batch": batch_id, "digest": batch.approval.digest}
            tx.audit(AuditEvent(action, "done", actor, subject=seal.id, detail=detail))
            after = await self._store.batch(tx, batch_id)
            await tx.commit()
        assert after is not None
        return after


def _list_differs() -> Conflict:
    return Conflict(
        "batch-list-differs",
        Text(
            "您看到的清单和要审批的不一致，没有通过。请重新打开清单核对。",
            "The list that you saw is not the one that is asked for; nothing was approved. Open the list again.",
        ),
    )
