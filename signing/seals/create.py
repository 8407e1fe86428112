"""Founds a seal: all steps up to an active one at once, for whoever has the approvals behind them already.

That is the service itself at a first start and on its command line, and a department's system that two people
registered for both duties. The steps run through the same table and stand in the same story as everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.identifiers.uscc import parse_uscc
from core.principal import Principal
from core.text import Text
from keys.spec import SignatureAlgorithm
from signing.appearance.official_seal import SealShape
from signing.errors import SealSecondPerson
from signing.lifecycle import SealEvent, next_status, require_step, works_alone
from signing.model import Seal, SealKind, SealStatus
from signing.ports import SealLifeStore, SealStore
from signing.refusals import refusals_on_record
from signing.seals.apply import ApplyCommand, application_of, check_wanted, wanted_of
from signing.seals.story import step
from signing.seals.workshop import Workshop

_STEPS = (SealEvent.APPLY, SealEvent.APPROVE, SealEvent.MAKE, SealEvent.ACTIVATE)
_WHY = "founded"


@dataclass(frozen=True, slots=True)
class CreateSealCommand:
    """A seal to found.

    Attributes:
        organisation: unified social credit code of the owner.
        name: the owner's registered name; the Chinese one stands on the arc.
        code: 13 digits.
        line: short line under the star; empty for none.
        backend: where the key shall live (`software`, `pkcs11`); None for the deployment's default.
        bearer: account of the person whose seal it is.
    """

    organisation: str
    name: Text
    code: str
    actor: Principal
    kind: SealKind = SealKind.OFFICIAL
    line: str = ""
    diameter_mm: float = 42.0
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
    backend: str | None = None
    bearer: str | None = None
    shape: SealShape = SealShape.ROUND


class CreateSeal:
    """Makes an active seal in one go."""

    def __init__(
        self, database: Database, store: SealStore, life: SealLifeStore, workshop: Workshop, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._workshop = workshop
        self._clock = clock

    async def __call__(self, command: CreateSealCommand) -> Seal:
        """
        Raises:
            SealNotYours: the actor does not manage this organisation's seals.
            SealSecondPerson: it takes several people; see `signing.seals.apply`.
            SealInvalid: the name, the code, the line or the diameter is not acceptable.
            core.errors.InvalidInput: `uscc-invalid`.
            SealCodeTaken: `seal-code-taken`.
        """
        organisation = parse_uscc(command.organisation)
        async with refusals_on_record(self._database, "seal.create", command.actor):
            require_step(SealEvent.APPLY, command.actor, organisation)
            if not works_alone(command.actor):
                raise SealSecondPerson
            asked = _asked(command)
            wanted = wanted_of(asked, organisation)
            await self._workshop.draw(wanted)
            async with self._database.read() as read:  # before a key is made for nothing
                await check_wanted(self._store, read, wanted)
            seal = await self._workshop.make(replace(wanted, backend=command.backend), SealStatus.ACTIVE)
            try:
                await self._enter(asked, seal)
            except AppError:
                await self._workshop.unmake(seal)
                raise
        return seal

    async def _enter(self, asked: ApplyCommand, seal: Seal) -> None:
        application = application_of(self._clock, asked, seal.organisation, _WHY)
        async with self._database.write() as tx:
            await self._store.add_seal(tx, seal)
            made = replace(application, status=SealStatus.MADE, seal_id=seal.id)
            await self._life.add_application(tx, made)
            status: SealStatus | None = None
            for event in _STEPS:
                status = next_status(status, event)
                of_seal = seal.id if event in (SealEvent.MAKE, SealEvent.ACTIVATE) else None
                await self._life.add_step(
                    tx,
                    step(
                        self._clock,
                        event,
                        status,
                        asked.actor,
                        _WHY,
                        application_id=application.id,
                        seal_id=of_seal,
                    ),
                )
            detail: dict[str, str | int | bool | None] = {"code": seal.code, "kind": seal.kind.value}
            tx.audit(AuditEvent("seal.create", "done", asked.actor, subject=seal.id, detail=detail))
            await tx.commit()


def _asked(command: CreateSealCommand) -> ApplyCommand:
    return ApplyCommand(
        organisation=command.organisation,
        name=command.name,
        code=command.code,
        actor=command.actor,
        reason=_WHY,
        kind=command.kind,
        line=command.line,
        diameter_mm=command.diameter_mm,
        algorithm=command.algorithm,
        bearer=command.bearer,
        shape=command.shape,
    )
