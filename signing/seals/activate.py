"""Puts a seal that was made into use (启用); if it replaces another one (换章), that one ends in the same unit.

Grants of the former seal go on with the new one: whoever could seal yesterday can seal today.
"""

from __future__ import annotations

from dataclasses import replace

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.ids import new_id
from core.principal import Principal
from signing.errors import SealNotFound, SealStepNotAllowed
from signing.lifecycle import ENDED, STATUS_NAMES, SealEvent, next_status, require_step, sources_of
from signing.model import Seal, SealStatus
from signing.ports import SealCertificates, SealLifeStore, SealStore
from signing.refusals import refusals_on_record
from signing.seals.revoke import resume_certificates, stop_or_log
from signing.seals.story import checked_reason, step

_ACTION = "seal.activate"


class ActivateSeal:
    """Lets a seal be used; whoever made it does not activate it."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        life: SealLifeStore,
        certificates: SealCertificates,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._certificates = certificates
        self._clock = clock

    async def __call__(self, seal_id: str, *, actor: Principal, reason: str = "") -> Seal:
        """
        Raises:
            SealNotFound, SealNotYours, SealSecondPerson, SealStepNotAllowed
            core.errors.InvalidInput: `reason-invalid`.
            core.errors.Unavailable: a seal is not activated while its certificate cannot be.
        """
        said = checked_reason(reason)
        async with refusals_on_record(self._database, _ACTION, actor, subject=seal_id):
            made = await self._allowed(seal_id, actor)
            await resume_certificates(self._certificates, made)
            former = await self._enter(made, actor, said)
            async with self._database.read() as tx:
                seal = await self._store.seal(tx, seal_id)
        assert seal is not None
        if former is not None:
            await stop_or_log(self._certificates, former)
        return seal

    async def _allowed(self, seal_id: str, actor: Principal) -> Seal:
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
            if seal is None:
                raise SealNotFound
            require_step(SealEvent.ACTIVATE, actor, seal.organisation, await self._life.steps_of(tx, seal_id=seal_id))
        next_status(seal.status, SealEvent.ACTIVATE)
        return seal

    async def _enter(self, made: Seal, actor: Principal, reason: str) -> Seal | None:
        async with self._database.write() as tx:
            expected = sources_of(SealEvent.ACTIVATE)
            if not await self._store.set_status(
                tx, made.id, expected=expected, new=SealStatus.ACTIVE, at=self._clock.now()
            ):
                await stop_or_log(self._certificates, made)  # its certificate was good for a moment
                raise SealStepNotAllowed(STATUS_NAMES[made.status])
            former = await self._replaced(tx, made, actor)
            await self._life.add_step(
                tx, step(self._clock, SealEvent.ACTIVATE, SealStatus.ACTIVE, actor, reason, seal_id=made.id)
            )
            detail: dict[str, str | int | bool | None] = {"replaces": former.id if former else None}
            tx.audit(AuditEvent(_ACTION, "done", actor, subject=made.id, detail=detail))
            await tx.commit()
        return former

    async def _replaced(self, tx: WriteTx, made: Seal, actor: Principal) -> Seal | None:
        if made.replaces is None:
            return None
        former = await self._store.seal(tx, made.replaces)
        if former is None or former.status in ENDED:  # it was ended by itself meanwhile
            return None
        now = self._clock.now()
        status = next_status(former.status, SealEvent.REPLACE)
        if not await self._store.set_status(tx, former.id, expected=sources_of(SealEvent.REPLACE), new=status, at=now):
            raise SealStepNotAllowed(STATUS_NAMES[former.status])
        await self._life.add_step(tx, step(self._clock, SealEvent.REPLACE, status, actor, seal_id=former.id))
        tx.audit(AuditEvent("seal.replace", "done", actor, subject=former.id, detail={"by": made.id}))
        for grant in await self._store.grants_of(tx, former.id):
            if grant.ended_at is None and not grant.spent:
                left = None if grant.max_uses is None else grant.max_uses - grant.uses
                carried = replace(grant, id=new_id(self._clock, "grant"), seal_id=made.id, max_uses=left, uses=0)
                await self._store.add_grant(tx, carried)
        return replace(former, status=status, revoked_at=now)
