"""What a department wants for its seals where an application does not say: set by its custodian, told to anybody."""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.identifiers.uscc import parse_uscc
from core.principal import Principal
from keys.profile import Profile
from signing.errors import SealNotYours
from signing.national.ports import DepartmentStore
from signing.national.rule import profile_for
from signing.policy import may_manage
from signing.refusals import refusals_on_record

_ACTION = "seal.department-profile"


class DepartmentProfiles:
    """
    Args:
        deployment: the profile of the whole service.
    """

    def __init__(self, database: Database, store: DepartmentStore, clock: Clock, deployment: Profile) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self.deployment = deployment

    async def of(self, organisation: str) -> Profile | None:
        """What the department has set; None for nothing of its own."""
        async with self._database.read() as tx:
            return await self._store.profile_of(tx, organisation)

    async def for_new_seal(self, organisation: str, chosen: Profile | None) -> Profile:
        """In which forms a new seal of the department is made, by `signing.national.rule`."""
        return profile_for(chosen, None if chosen else await self.of(organisation), self.deployment)

    async def set(self, organisation: str, profile: Profile | None, *, actor: Principal) -> None:
        """
        Args:
            profile: None to take the deployment's again.

        Raises:
            SealNotYours: the actor does not look after this organisation's seals.
            core.errors.InvalidInput: `uscc-invalid`.
        """
        organisation = parse_uscc(organisation)
        async with refusals_on_record(self._database, _ACTION, actor, subject=organisation):
            if not may_manage(actor, organisation):
                raise SealNotYours
            async with self._database.write() as tx:
                await self._store.set_profile(tx, organisation, profile, by=actor.id[:128], at=self._clock.now())
                told = profile.value if profile else None
                tx.audit(AuditEvent(_ACTION, "done", actor, subject=organisation, detail={"profile": told}))
                await tx.commit()
