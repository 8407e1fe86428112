"""Ends or pauses the use of a seal (注销、暂停、恢复).

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
from signing.errors import SealNotActive, SealNotFound, SealNotYours
from signing.model import Seal, SealStatus
from signing.policy import may_manage
from signing.ports import SealCertificates, SealStore

_FROM = {
    SealStatus.REVOKED: (SealStatus.ACTIVE, SealStatus.SUSPENDED),
    SealStatus.SUSPENDED: (SealStatus.ACTIVE,),
    SealStatus.ACTIVE: (SealStatus.SUSPENDED,),
}
_ACTION = {
    SealStatus.REVOKED: "seal.revoke",
    SealStatus.SUSPENDED: "seal.suspend",
    SealStatus.ACTIVE: "seal.resume",
}
_log = logging.getLogger(__name__)


class ChangeSealStatus:
    """Moves a seal along its life; once this has answered, no file leaves with a seal that is not active."""

    def __init__(self, database: Database, store: SealStore, certificates: SealCertificates, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._certificates = certificates
        self._clock = clock

    async def __call__(self, seal_id: str, status: SealStatus, *, actor: Principal, reason: str = "") -> Seal:
        """
        Raises:
            SealNotFound, SealNotYours
            SealNotActive: the seal is not in a state that leads to `status`.
            core.errors.Unavailable: a seal is not resumed while its certificates cannot be.
        """
        before = await self._allowed(seal_id, status, actor)
        if status is SealStatus.ACTIVE:
            await self._certificates.resume(before.key_purpose)
        async with self._database.write() as tx:
            moved = await self._store.set_status(tx, seal_id, expected=_FROM[status], new=status, at=self._clock.now())
            seal = await self._store.seal(tx, seal_id)
            assert seal is not None
            if moved:
                detail: dict[str, str | int | bool | None] = {"reason": reason[:200] or None}
                tx.audit(AuditEvent(_ACTION[status], "done", actor, subject=seal_id, detail=detail))
                await tx.commit()
        if seal.status is not SealStatus.ACTIVE:
            await self._stop_certificates(seal)
        if not moved:
            raise SealNotActive
        return seal

    async def _allowed(self, seal_id: str, status: SealStatus, actor: Principal) -> Seal:
        async with self._database.write() as tx:
            seal = await self._store.seal(tx, seal_id)
            if seal is None:
                raise SealNotFound
            if not may_manage(actor, seal.organisation):
                tx.audit(AuditEvent(_ACTION[status], "refused", actor, subject=seal_id))
                await tx.commit()
                raise SealNotYours
        if seal.status not in _FROM[status]:
            raise SealNotActive
        return seal

    async def _stop_certificates(self, seal: Seal) -> None:
        try:
            await stop_certificates(self._certificates, seal)
        except AppError as error:  # the seal is stopped; `FollowSeals` tries again until its certificates are too
            _log.error("the certificates of %s could not be stopped: %s", seal.id, error.private or error.code)


async def stop_certificates(certificates: SealCertificates, seal: Seal) -> None:
    """Make the certificates of a seal that is not active say so. Doing it again changes nothing."""
    if seal.status is SealStatus.REVOKED:
        await certificates.revoke(seal.key_purpose)
    elif seal.status is SealStatus.SUSPENDED:
        await certificates.suspend(seal.key_purpose)
