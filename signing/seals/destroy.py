"""Destroys a seal that has ended (销毁): its keys are gone for good, its record stays.

The register says so first: if the key's place does not answer, the seal is destroyed already and the key goes at the
next walk of `FollowSeals`.
"""

from __future__ import annotations

import logging

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.principal import Principal
from signing.errors import SealNotFound, SealStepNotAllowed
from signing.lifecycle import STATUS_NAMES, SealEvent, next_status, require_step, sources_of
from signing.model import Seal, SealStatus
from signing.national.model import purposes_of
from signing.ports import SealKeys, SealLifeStore, SealStore
from signing.refusals import refusals_on_record
from signing.seals.story import checked_reason, step

_ACTION = "seal.destroy"
_log = logging.getLogger(__name__)


class DestroySeal:
    """The last step; whoever cancelled the seal does not take it."""

    def __init__(self, database: Database, store: SealStore, life: SealLifeStore, keys: SealKeys, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._keys = keys
        self._clock = clock

    async def __call__(self, seal_id: str, *, actor: Principal, reason: str = "") -> Seal:
        """
        Raises:
            SealNotFound, SealNotYours, SealSecondPerson, SealStepNotAllowed
            core.errors.InvalidInput: `reason-invalid`.
        """
        said = checked_reason(reason)
        async with (
            refusals_on_record(self._database, _ACTION, actor, subject=seal_id),
            self._database.write() as tx,
        ):
            seal = await self._store.seal(tx, seal_id)
            if seal is None:
                raise SealNotFound
            story = await self._life.steps_of(tx, seal_id=seal_id)
            require_step(SealEvent.DESTROY, actor, seal.organisation, story)
            status = next_status(seal.status, SealEvent.DESTROY)
            expected = sources_of(SealEvent.DESTROY)
            if not await self._store.set_status(tx, seal_id, expected=expected, new=status, at=self._clock.now()):
                raise SealStepNotAllowed(STATUS_NAMES[SealStatus.DESTROYED])
            await self._life.add_step(tx, step(self._clock, SealEvent.DESTROY, status, actor, said, seal_id=seal_id))
            tx.audit(AuditEvent(_ACTION, "done", actor, subject=seal_id))
            destroyed = await self._store.seal(tx, seal_id)
            await tx.commit()
        assert destroyed is not None
        try:
            for purpose in purposes_of(destroyed):
                await self._keys.destroy(purpose)
        except AppError as error:
            _log.error("the key of %s could not be destroyed: %s", seal_id, error.private or error.code)
        return destroyed
