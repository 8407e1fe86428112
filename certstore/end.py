"""Ends a licence: 撤销 (withdraw), 吊销 (revoke), 注销 (cancel), 作废 (annul): different legal facts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.errors import (
    LicenceNotFound,
    RevisionMoved,
    SecondPersonNeeded,
    StepNotForType,
    TransitionNotAllowed,
)
from certstore.lifecycle import ENDINGS, STATE_NAMES, Event, effective_state, next_state
from certstore.model import Licence, LicenceChange
from certstore.purpose import check_no_id_number
from certstore.repository import Repository
from certstore.step_memory import memory_of
from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.errors import InvalidInput
from core.principal import Principal, PrincipalKind
from core.text import Text
from keys.ports import TokenDigests

MAX_REASON = 200
InUnit = Callable[[WriteTx], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class EndCommand:
    """Which licence, how, and why.

    Attributes:
        event: WITHDRAW, REVOKE, CANCEL or ANNUL.
        if_revision: the revision that the caller saw (If-Match); None to end it whatever its revision.
        idempotency_key: the same key ends nothing else; None where something else decides that it happens once.
    """

    licence_id: str
    event: Event
    reason: str = field(repr=False)
    if_revision: int | None = None
    idempotency_key: str | None = None


class EndLicence:
    """The use case; only the issuing authority may. Asking again for the same ending changes nothing."""

    def __init__(self, repository: Repository, digests: TokenDigests) -> None:
        self._repository = repository
        self._digests = digests

    async def __call__(self, command: EndCommand, actor: Principal, decided: InUnit | None = None) -> Licence:
        """The licence in its final state.

        Args:
            decided: what makes this a second person's decision, written in the same unit; without it, staff cannot
                end a licence whose type asks for two people.

        Raises:
            InvalidInput: `reason-invalid`, `idempotency-key-invalid`.
            NotPermitted: no `licence:issue`.
            NotFound: `licence-not-found`, also for another authority's licence.
            Conflict: `transition-not-allowed`, `precondition-failed`, `step-not-for-type`, `second-person-needed`,
                `idempotency-key-reused`.
        """
        repository = self._repository
        action = f"licence.{command.event.value}"
        async with refusals_audited(repository.database, action, actor, subject=command.licence_id):
            require_scope(actor, "licence:issue")
            organisation = acting_organisation(actor)
            reason = checked_reason(command.reason)
            async with repository.database.write() as tx:
                licence = await repository.licences.locked(tx, command.licence_id)
                if licence is None or licence.issuer != organisation:
                    raise LicenceNotFound
                require_type(actor, "licence:issue", licence.type_code)
                repeated = licence.state is ENDINGS[command.event]
                await self._remember(tx, command, action, reason, actor)
                if decided is not None:
                    await decided(tx)
                elif not repeated:
                    await self._require_alone(tx, licence, command.event, actor)
                if not repeated:
                    if command.if_revision is not None and command.if_revision != licence.revision:
                        raise RevisionMoved
                    change = self._change(licence, command.event, reason, actor)
                    if not await repository.licences.change_state(tx, licence, change):
                        raise TransitionNotAllowed(STATE_NAMES[licence.state])
                tx.audit(AuditEvent(action, "done", actor, licence.id, detail={"repeated": repeated}))
                await tx.commit()
            async with repository.database.read() as tx:
                ended = await repository.licences.licence(tx, licence.id)
        assert ended is not None
        return ended

    async def _remember(self, tx: WriteTx, command: EndCommand, action: str, reason: str, actor: Principal) -> None:
        """The licence is locked: of several requests with one key, the later ones find what the first has written."""
        if command.idempotency_key is None:
            return
        memory = memory_of(self._digests, action, command.idempotency_key, [command.licence_id, reason], actor)
        if await memory.find(tx) is None:
            await memory.keep(tx, self._repository.clock, command.licence_id)

    async def _require_alone(self, tx: WriteTx, licence: Licence, event: Event, actor: Principal) -> None:
        licence_type = await self._repository.catalogue.licence_type(tx, licence.type_code)
        assert licence_type is not None
        if not licence_type.allows(event):
            raise StepNotForType
        # a department's own system has its approvals behind it; a person at our pages has nobody
        if actor.kind is PrincipalKind.STAFF and licence_type.needs_two(event):
            raise SecondPersonNeeded

    def _change(self, licence: Licence, event: Event, reason: str, actor: Principal) -> LicenceChange:
        now, today = self._repository.now(), self._repository.today()
        state = next_state(effective_state(licence.state, licence.current.valid_until, today), event)
        return LicenceChange(
            licence.revision + 1,
            event,
            state,
            licence.current.number,
            now,
            actor.kind,
            actor.id,
            actor.organisation,
            reason,
        )


def checked_reason(typed: str) -> str:
    """
    Raises:
        InvalidInput: `reason-invalid`, `purpose-personal`.
    """
    reason = " ".join(typed.split())
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise InvalidInput(
            "reason-invalid",
            Text("请写明理由，至多 200 字。", "Give the reason, up to 200 characters."),
            field="reason",
        )
    check_no_id_number(reason, "reason")
    return reason
