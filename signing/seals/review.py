"""Decides over an application for a seal (审核), or takes it back."""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal
from signing.errors import SealApplicationNotFound, SealStepNotAllowed
from signing.lifecycle import STATUS_NAMES, SealEvent, next_status, require_step, sources_of
from signing.model import SealApplication
from signing.ports import SealLifeStore
from signing.refusals import refusals_on_record
from signing.seals.story import checked_reason, step


class ReviewApplication:
    """Moves an application along: to be made, refused, or withdrawn. Who applied does not decide."""

    def __init__(self, database: Database, life: SealLifeStore, clock: Clock) -> None:
        self._database = database
        self._life = life
        self._clock = clock

    async def approve(self, application_id: str, *, actor: Principal, reason: str = "") -> SealApplication:
        """
        Raises:
            SealApplicationNotFound, SealNotYours, SealSecondPerson, SealStepNotAllowed
            core.errors.InvalidInput: `reason-invalid`.
        """
        return await self._move(application_id, SealEvent.APPROVE, actor, checked_reason(reason))

    async def refuse(self, application_id: str, *, actor: Principal, reason: str) -> SealApplication:
        """As `approve`; the reason is needed."""
        return await self._move(application_id, SealEvent.REFUSE, actor, checked_reason(reason, needed=True))

    async def withdraw(self, application_id: str, *, actor: Principal, reason: str = "") -> SealApplication:
        """As `approve`; for those who look after the organisation's seals."""
        return await self._move(application_id, SealEvent.WITHDRAW, actor, checked_reason(reason))

    async def _move(self, application_id: str, event: SealEvent, actor: Principal, reason: str) -> SealApplication:
        action = f"seal.{event.value}"
        async with (
            refusals_on_record(self._database, action, actor, subject=application_id),
            self._database.write() as tx,
        ):
            application = await self._life.application(tx, application_id)
            if application is None:
                raise SealApplicationNotFound
            story = await self._life.steps_of(tx, application_id=application_id)
            require_step(event, actor, application.organisation, story)
            status = next_status(application.status, event)
            if not await self._life.move_application(tx, application_id, expected=sources_of(event), new=status):
                raise SealStepNotAllowed(STATUS_NAMES[application.status])
            await self._life.add_step(
                tx, step(self._clock, event, status, actor, reason, application_id=application_id)
            )
            detail: dict[str, str | int | bool | None] = {"picture": application.picture}  # what was looked at
            tx.audit(AuditEvent(action, "done", actor, subject=application_id, detail=detail))
            moved = await self._life.application(tx, application_id)
            await tx.commit()
        assert moved is not None
        return moved
