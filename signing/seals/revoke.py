"""Ends or pauses the use of a seal (注销、暂停、恢复)."""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal
from signing.errors import SealNotActive, SealNotFound, SealNotYours
from signing.model import Seal, SealStatus
from signing.policy import may_manage
from signing.ports import SealStore

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


class ChangeSealStatus:
    """Moves a seal along its life; once this has answered, no file leaves with a seal that is not active."""

    def __init__(self, database: Database, store: SealStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def __call__(self, seal_id: str, status: SealStatus, *, actor: Principal, reason: str = "") -> Seal:
        """
        Raises:
            SealNotFound, SealNotYours
            SealNotActive: the seal is not in a state that leads to `status`.
        """
        async with self._database.write() as tx:
            owned = await self._store.seal(tx, seal_id)
            if owned is None:
                raise SealNotFound
            if not may_manage(actor, owned.organisation):
                tx.audit(AuditEvent(_ACTION[status], "refused", actor, subject=seal_id))
                await tx.commit()
                raise SealNotYours
            if not await self._store.set_status(tx, seal_id, expected=_FROM[status], new=status, at=self._clock.now()):
                raise SealNotActive
            seal = await self._store.seal(tx, seal_id)
            assert seal is not None
            tx.audit(
                AuditEvent(_ACTION[status], "done", actor, subject=seal_id, detail={"reason": reason[:200] or None})
            )
            await tx.commit()
        return seal
