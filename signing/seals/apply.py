"""Asks for a seal (制章申请)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, ReadTx
from core.identifiers.uscc import parse_uscc
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from keys.profile import Profile
from signing.appearance.drawn import digest_of
from signing.appearance.official_seal import SealDrawing
from signing.appearance.svg import to_svg
from signing.errors import SealCodeTaken, SealInvalid
from signing.lifecycle import ENDED, SealEvent, next_status, require_step
from signing.model import SealApplication
from signing.national.department import DepartmentProfiles
from signing.ports import SealLifeStore, SealStore
from signing.refusals import refusals_on_record
from signing.seals.order import SealOrder, check_bearer, order_of
from signing.seals.story import checked_reason, step
from signing.seals.workshop import Workshop


@dataclass(frozen=True, slots=True)
class ApplyCommand:
    """A seal to ask for.

    Attributes:
        reason: why it is needed.
    """

    order: SealOrder
    actor: Principal
    reason: str = field(repr=False)


class ApplyForSeal:
    """Enters an application; nothing is made yet."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        life: SealLifeStore,
        departments: DepartmentProfiles,
        workshop: Workshop,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._departments = departments
        self._workshop = workshop
        self._clock = clock

    async def __call__(self, command: ApplyCommand) -> SealApplication:
        """
        Raises:
            SealNotYours: the actor does not look after this organisation's seals.
            SealInvalid: the design, the bearer or the seal to replace is not acceptable.
            core.errors.InvalidInput: `uscc-invalid`, `reason-invalid`.
            SealCodeTaken: `seal-code-taken`.
            core.errors.Unavailable: its forms cannot be made here.
        """
        actor = command.actor
        order = replace(command.order, organisation=parse_uscc(command.order.organisation))
        order = replace(order, profile=await self._departments.for_new_seal(order.organisation, order.profile))
        async with refusals_on_record(self._database, "seal.apply", actor):
            require_step(SealEvent.APPLY, actor, order.organisation)
            reason = checked_reason(command.reason, needed=True)
            check_bearer(order)
            await self._workshop.check(order)  # nobody reviews what cannot be made
            drawing = await self._workshop.draw(order)  # whoever reviews it must see what it will look like
            application = application_of(self._clock, order, actor, reason, drawing)
            async with self._database.write() as tx:
                await check_order(self._store, tx, order)
                await self._life.add_application(tx, application)
                taken = step(
                    self._clock, SealEvent.APPLY, application.status, actor, reason, application_id=application.id
                )
                await self._life.add_step(tx, taken)
                detail: dict[str, str | int | bool | None] = {
                    "code": application.code,
                    "kind": application.kind.value,
                    "picture": application.picture,
                    "profile": application.profile.value,
                }
                tx.audit(AuditEvent("seal.apply", "done", actor, subject=application.id, detail=detail))
                await tx.commit()
        return application

    async def preview(self, application: SealApplication) -> str:
        """What the seal will look like, as SVG."""
        return to_svg(await self._workshop.draw(order_of(application)), application.name.zh)

    async def sketch(self, order: SealOrder, *, actor: Principal) -> SealDrawing:
        """What would come of an order; nothing is asked for yet.

        Raises:
            SealNotYours, SealInvalid
        """
        require_step(SealEvent.APPLY, actor, order.organisation)
        return await self._workshop.draw(order)


def application_of(
    clock: Clock, order: SealOrder, actor: Principal, reason: str, drawing: SealDrawing
) -> SealApplication:
    return SealApplication(
        id=new_id(clock, "sealapp"),
        organisation=order.organisation,
        kind=order.kind,
        name=order.name,
        code=order.code,
        line=order.line,
        diameter_mm=order.diameter_mm,
        shape=order.shape.value,
        centre=order.centre.value,
        numbered=order.numbered,
        scan=None if order.scan is None else order.scan.packed(),
        picture=digest_of(drawing),
        profile=order.profile or Profile.INTERNATIONAL,
        algorithm=order.algorithm.value,
        reason=reason,
        status=next_status(None, SealEvent.APPLY),
        applicant_kind=actor.kind.value,
        applicant=actor.id[:128],
        created_at=clock.now(),
        bearer=order.bearer or None,
        replaces=order.replaces or None,
    )


async def check_order(store: SealStore, tx: ReadTx, order: SealOrder) -> None:
    """
    Raises:
        SealCodeTaken
        SealInvalid: `seal-replaces`.
    """
    if await store.seal_of_code(tx, order.code) is not None:
        raise SealCodeTaken
    if order.replaces is None:
        return
    former = await store.seal(tx, order.replaces)
    if (
        former is None
        or former.organisation != order.organisation
        or former.kind is not order.kind
        or former.status in ENDED
    ):
        raise SealInvalid(
            "seal-replaces",
            Text(
                "要更换的应是本单位同一种类、还没有注销的印章。",
                "A seal takes the place of one of the same kind and owner that has not ended.",
            ),
            field="replaces",
        )
