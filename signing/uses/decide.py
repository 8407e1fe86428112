"""Decides over a request to use a seal (用印审批); nobody decides over their own."""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal
from signing.errors import SealNotYours, SealSecondPerson, UseRequestNotFound, UseRequestOver
from signing.model import RequestState, UseRequest
from signing.policy import may_approve
from signing.ports import SealStore, UseRequestStore
from signing.refusals import refusals_on_record
from signing.seals.story import checked_reason
from signing.uses.ask import asked_by


class DecideRequest:
    """Approves or refuses; an approval is for one file, and is used once."""

    def __init__(self, database: Database, store: SealStore, requests: UseRequestStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._requests = requests
        self._clock = clock

    async def approve(self, request_id: str, *, actor: Principal, answer: str = "") -> UseRequest:
        """
        Raises:
            UseRequestNotFound, SealNotYours
            SealSecondPerson: it is the actor's own request.
            UseRequestOver: it was decided, withdrawn, or has run out.
            core.errors.InvalidInput: `reason-invalid`.
        """
        return await self._decide(request_id, RequestState.APPROVED, actor, checked_reason(answer))

    async def refuse(self, request_id: str, *, actor: Principal, answer: str) -> UseRequest:
        """As `approve`; the answer is needed."""
        return await self._decide(request_id, RequestState.REFUSED, actor, checked_reason(answer, needed=True))

    async def _decide(self, request_id: str, new: RequestState, actor: Principal, answer: str) -> UseRequest:
        action = "seal.request-approve" if new is RequestState.APPROVED else "seal.request-refuse"
        async with (
            refusals_on_record(self._database, action, actor, subject=request_id),
            self._database.write() as tx,
        ):
            request = await self._requests.request(tx, request_id)
            seal = await self._store.seal(tx, request.seal_id) if request else None
            if request is None or seal is None:
                raise UseRequestNotFound
            if not may_approve(actor, seal.organisation):
                raise UseRequestNotFound if not asked_by(request, actor) else SealNotYours
            if asked_by(request, actor):
                raise SealSecondPerson
            now = self._clock.now()
            if not await self._requests.decide(tx, request_id, new, by=actor.id[:128], answer=answer, at=now):
                raise UseRequestOver
            detail: dict[str, str | int | bool | None] = {"request": request_id, "digest": request.digest}
            tx.audit(AuditEvent(action, "done", actor, subject=seal.id, detail=detail))
            decided = await self._requests.request(tx, request_id)
            await tx.commit()
        assert decided is not None
        return decided
