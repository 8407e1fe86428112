"""Founds a seal: all steps up to an active one at once, for whoever has the approvals behind them already.

That is the service itself at a first start and on its command line, and a department's system that two people
registered for both duties. The steps run through the same table and stand in the same story as everybody's.
"""

from __future__ import annotations

from dataclasses import replace

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.identifiers.uscc import parse_uscc
from core.principal import Principal
from signing.errors import SealSecondPerson
from signing.lifecycle import SealEvent, next_status, require_step, works_alone
from signing.model import Seal, SealApplication, SealStatus
from signing.national.department import DepartmentProfiles
from signing.national.model import NationalForm
from signing.national.ports import NationalStore
from signing.ports import SealLifeStore, SealStore
from signing.refusals import refusals_on_record
from signing.seals.apply import application_of, check_order
from signing.seals.order import SealOrder, check_bearer
from signing.seals.story import step
from signing.seals.workshop import MADE_HERE, KeySource, Workshop

_STEPS = (SealEvent.APPLY, SealEvent.APPROVE, SealEvent.MAKE, SealEvent.ACTIVATE)
_WHY = "founded"


class CreateSeal:
    """Makes an active seal in one go."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        life: SealLifeStore,
        national: NationalStore,
        departments: DepartmentProfiles,
        workshop: Workshop,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._national = national
        self._departments = departments
        self._workshop = workshop
        self._clock = clock

    async def __call__(self, order: SealOrder, *, actor: Principal, source: KeySource = MADE_HERE) -> Seal:
        """
        Args:
            source: where its key comes from.

        Raises:
            SealNotYours: the actor does not manage this organisation's seals.
            SealSecondPerson: it takes several people; see `signing.seals.apply`.
            SealInvalid: the name, the code, the line, the diameter or the scan is not acceptable.
            core.errors.InvalidInput: `uscc-invalid`; `key-refused`.
            SealCodeTaken: `seal-code-taken`.
            core.errors.Unavailable: no key can be made, or no certificate issued; or not in the forms that are wanted.
        """
        order = replace(order, organisation=parse_uscc(order.organisation))
        order = replace(order, profile=await self._departments.for_new_seal(order.organisation, order.profile))
        async with refusals_on_record(self._database, "seal.create", actor):
            require_step(SealEvent.APPLY, actor, order.organisation)
            if not works_alone(actor):
                raise SealSecondPerson
            check_bearer(order)
            drawing = await self._workshop.draw(order)
            async with self._database.read() as read:  # before a key is made for nothing
                await check_order(self._store, read, order)
            seal = await self._workshop.make(order, SealStatus.ACTIVE, source)
            application = application_of(self._clock, order, actor, _WHY, drawing)
            try:
                form = await self._workshop.make_national(seal)
                made = replace(application, status=SealStatus.MADE, seal_id=seal.id)
                await self._enter(made, seal, form, actor, source)
            except AppError:
                await self._workshop.unmake(seal)
                raise
        return seal

    async def _enter(
        self, made: SealApplication, seal: Seal, form: NationalForm | None, actor: Principal, source: KeySource
    ) -> None:
        async with self._database.write() as tx:
            await self._store.add_seal(tx, seal)
            if form is not None:
                await self._national.add(tx, form, code=seal.code)
            await self._life.add_application(tx, made)
            status: SealStatus | None = None
            for event in _STEPS:
                status = next_status(status, event)
                of_seal = seal.id if event in (SealEvent.MAKE, SealEvent.ACTIVATE) else None
                taken = step(self._clock, event, status, actor, _WHY, application_id=made.id, seal_id=of_seal)
                await self._life.add_step(tx, taken)
            detail: dict[str, str | int | bool | None] = {
                "code": seal.code,
                "kind": seal.kind.value,
                "picture": made.picture,
                "key": source.told,
                "profile": seal.profile.value,
            }
            tx.audit(AuditEvent("seal.create", "done", actor, subject=seal.id, detail=detail))
            await tx.commit()
