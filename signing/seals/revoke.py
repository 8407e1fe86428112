"""Ends or pauses the use of a seal, or lets it be used again (注销、暂停、恢复).

The register is the first truth, and whatever breaks in between leaves less allowed, not more: a seal is stopped
before its certificates are, and its certificates are good again before the seal is.
"""

from __future__ import annotations

import logging

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.principal import Principal
from signing.errors import SealNotActive, SealNotFound, SealStepNotAllowed
from signing.lifecycle import SealEvent, next_status, require_step, sources_of
from signing.model import Seal, SealStatus
from signing.national.model import purposes_of
from signing.ports import SealCertificates, SealLifeStore, SealStore
from signing.refusals import refusals_on_record
from signing.seals.story import checked_reason, step

_EVENTS = {
    SealStatus.REVOKED: SealEvent.REVOKE,
    SealStatus.SUSPENDED: SealEvent.SUSPEND,
    SealStatus.ACTIVE: SealEvent.RESUME,
}
_STOPPED = frozenset({SealStatus.REVOKED, SealStatus.REPLACED, SealStatus.DESTROYED})
_HELD = frozenset({SealStatus.SUSPENDED, SealStatus.MADE})
_log = logging.getLogger(__name__)


class ChangeSealStatus:
    """Moves a seal along its life; once this has answered, no file leaves with a seal that is not active."""

    def __init__(
        self, database: Database, store: SealStore, life: SealLifeStore, certificates: SealCertificates, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._certificates = certificates
        self._clock = clock

    async def __call__(self, seal_id: str, status: SealStatus, *, actor: Principal, reason: str = "") -> Seal:
        """
        Args:
            status: REVOKED, SUSPENDED, or ACTIVE to resume.

        Raises:
            SealNotFound, SealNotYours
            SealSecondPerson: whoever suspended it does not resume it.
            SealNotActive: the seal is not in a state that leads to `status`.
            core.errors.InvalidInput: `reason-invalid`.
            core.errors.Unavailable: a seal is not resumed while its certificates cannot be.
        """
        event = _EVENTS.get(status)
        if event is None:
            raise SealNotActive
        said = checked_reason(reason)
        action = f"seal.{event.value}"
        async with refusals_on_record(self._database, action, actor, subject=seal_id):
            before = await self._allowed(seal_id, event, actor)
            if status is SealStatus.ACTIVE:
                await resume_certificates(self._certificates, before)
            async with self._database.write() as tx:
                expected = sources_of(event)
                moved = await self._store.set_status(tx, seal_id, expected=expected, new=status, at=self._clock.now())
                seal = await self._store.seal(tx, seal_id)
                assert seal is not None
                if moved:
                    story = await self._life.steps_of(tx, seal_id=seal_id)  # the row is held: nobody adds to it now
                    require_step(event, actor, seal.organisation, story)
                    await self._life.add_step(tx, step(self._clock, event, status, actor, said, seal_id=seal_id))
                    detail: dict[str, str | int | bool | None] = {"reason": said or None}
                    tx.audit(AuditEvent(action, "done", actor, subject=seal_id, detail=detail))
                    await tx.commit()
            if seal.status is not SealStatus.ACTIVE:
                await stop_or_log(self._certificates, seal)
            if not moved:
                raise SealNotActive
        return seal

    async def _allowed(self, seal_id: str, event: SealEvent, actor: Principal) -> Seal:
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
            if seal is None:
                raise SealNotFound
            require_step(event, actor, seal.organisation, await self._life.steps_of(tx, seal_id=seal_id))
        try:
            next_status(seal.status, event)
        except SealStepNotAllowed:
            raise SealNotActive from None
        return seal


async def stop_or_log(certificates: SealCertificates, seal: Seal) -> None:
    """As `stop_certificates`; a failure is for `FollowSeals` to make good: the seal itself is stopped."""
    try:
        await stop_certificates(certificates, seal)
    except AppError as error:
        _log.error("the certificates of %s could not be stopped: %s", seal.id, error.private or error.code)


async def stop_certificates(certificates: SealCertificates, seal: Seal) -> None:
    """Make the certificates of a seal that is not active say so. Doing it again changes nothing."""
    for purpose in purposes_of(seal):
        if seal.status in _STOPPED:
            await certificates.revoke(purpose)
        elif seal.status in _HELD:
            await certificates.suspend(purpose)


async def resume_certificates(certificates: SealCertificates, seal: Seal) -> None:
    """Make the certificates of a seal that is about to be in use good, of all its forms or of none.

    Args:
        seal: as it was before.

    Raises:
        core.errors.Unavailable: one of them cannot be.
    """
    try:
        for purpose in purposes_of(seal):
            await certificates.resume(purpose)
    except AppError:
        await stop_or_log(certificates, seal)
        raise
