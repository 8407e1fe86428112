"""Asks for a seal (制章申请)."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, ReadTx
from core.identifiers.uscc import parse_uscc
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from keys.spec import SignatureAlgorithm
from signing.appearance.official_seal import SealShape
from signing.appearance.svg import to_svg
from signing.errors import SealCodeTaken, SealInvalid
from signing.lifecycle import ENDED, SealEvent, next_status, require_step
from signing.model import SealApplication, SealKind
from signing.ports import SealLifeStore, SealStore
from signing.refusals import refusals_on_record
from signing.seals.story import checked_reason, step
from signing.seals.workshop import Wanted, Workshop

_WITH_BEARER = frozenset({SealKind.PERSONAL, SealKind.REPRESENTATIVE})


@dataclass(frozen=True, slots=True)
class ApplyCommand:
    """A seal to ask for.

    Attributes:
        organisation: unified social credit code of the owner.
        name: the owner's registered name; the Chinese one stands on the arc.
        code: 13 digits.
        line: short line under the star, or the name on a name seal; empty for none.
        reason: why it is needed.
        bearer: account of the person whose seal it will be: of a personal one always, of a representative's perhaps.
        replaces: the owner's seal of the same kind whose place it shall take (换章).
    """

    organisation: str
    name: Text
    code: str
    actor: Principal
    reason: str = field(repr=False)
    kind: SealKind = SealKind.OFFICIAL
    line: str = ""
    diameter_mm: float = 42.0
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
    bearer: str | None = None
    replaces: str | None = None
    shape: SealShape = SealShape.ROUND


class ApplyForSeal:
    """Enters an application; nothing is made yet."""

    def __init__(
        self, database: Database, store: SealStore, life: SealLifeStore, workshop: Workshop, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._workshop = workshop
        self._clock = clock

    async def __call__(self, command: ApplyCommand) -> SealApplication:
        """
        Raises:
            SealNotYours: the actor does not look after this organisation's seals.
            SealInvalid: the design, the bearer or the seal to replace is not acceptable.
            core.errors.InvalidInput: `uscc-invalid`, `reason-invalid`.
            SealCodeTaken: `seal-code-taken`.
        """
        organisation = parse_uscc(command.organisation)
        async with refusals_on_record(self._database, "seal.apply", command.actor):
            require_step(SealEvent.APPLY, command.actor, organisation)
            reason = checked_reason(command.reason, needed=True)
            wanted = wanted_of(command, organisation)
            await self._workshop.draw(wanted)  # whoever reviews it must see what it will look like
            status = next_status(None, SealEvent.APPLY)
            application = application_of(self._clock, command, organisation, reason)
            async with self._database.write() as tx:
                await check_wanted(self._store, tx, wanted)
                await self._life.add_application(tx, application)
                await self._life.add_step(
                    tx,
                    step(self._clock, SealEvent.APPLY, status, command.actor, reason, application_id=application.id),
                )
                detail: dict[str, str | int | bool | None] = {"code": application.code, "kind": application.kind.value}
                tx.audit(AuditEvent("seal.apply", "done", command.actor, subject=application.id, detail=detail))
                await tx.commit()
        return application

    async def preview(self, application: SealApplication) -> str:
        """What the seal will look like, as SVG."""
        wanted = Wanted(
            application.organisation,
            application.kind,
            application.name,
            application.code,
            application.line,
            application.diameter_mm,
            SignatureAlgorithm(application.algorithm),
            shape=SealShape(application.shape),
        )
        return to_svg(await self._workshop.draw(wanted), application.name.zh)


def wanted_of(command: ApplyCommand, organisation: str) -> Wanted:
    """
    Raises:
        SealInvalid: `seal-bearer`.
    """
    if (command.kind is SealKind.PERSONAL and not command.bearer) or (
        command.bearer and command.kind not in _WITH_BEARER
    ):
        raise SealInvalid(
            "seal-bearer",
            Text(
                "个人签名章要写明是谁的；单位的印章不属于某个人。",
                "A personal seal names whose it is; an organisation's seal is nobody's own.",
            ),
            field="bearer",
        )
    return Wanted(
        organisation,
        command.kind,
        command.name,
        command.code,
        command.line,
        command.diameter_mm,
        command.algorithm,
        bearer=command.bearer or None,
        replaces=command.replaces or None,
        shape=command.shape,
    )


def application_of(clock: Clock, command: ApplyCommand, organisation: str, reason: str) -> SealApplication:
    return SealApplication(
        id=new_id(clock, "sealapp"),
        organisation=organisation,
        kind=command.kind,
        name=command.name,
        code=command.code,
        line=command.line,
        diameter_mm=command.diameter_mm,
        shape=command.shape.value,
        algorithm=command.algorithm.value,
        reason=reason,
        status=next_status(None, SealEvent.APPLY),
        applicant_kind=command.actor.kind.value,
        applicant=command.actor.id[:128],
        created_at=clock.now(),
        bearer=command.bearer or None,
        replaces=command.replaces or None,
    )


async def check_wanted(store: SealStore, tx: ReadTx, wanted: Wanted) -> None:
    """
    Raises:
        SealCodeTaken
        SealInvalid: `seal-replaces`.
    """
    if await store.seal_of_code(tx, wanted.code) is not None:
        raise SealCodeTaken
    if wanted.replaces is None:
        return
    former = await store.seal(tx, wanted.replaces)
    if (
        former is None
        or former.organisation != wanted.organisation
        or former.kind is not wanted.kind
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
