"""Two people end a licence where its type asks for it: one proposes, a colleague decides (attacks L-23, ASVS 2.3.5).

The proposer never decides, whatever roles they have by then; who decides must hold the right at that moment, and so
must, still, whoever proposed it; and the licence must be as it was when it was proposed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.end import EndCommand, EndLicence, checked_reason
from certstore.errors import LicenceNotFound, RevisionMoved, StepNotForType
from certstore.life.model import EndingProposal, ProposalState
from certstore.life.ports import ProposalStore
from certstore.lifecycle import ENDINGS, Event, effective_state, next_state
from certstore.model import Licence
from certstore.repository import Repository
from core.audit.event import AuditEvent
from core.db.database import ReadTx, WriteTx
from core.errors import Conflict, NotFound, NotPermitted
from core.ids import new_id
from core.principal import Principal, PrincipalKind
from core.text import Text

OPEN_FOR = dt.timedelta(days=7)
KEPT_FOR = dt.timedelta(days=365)  # after it was closed; the audit log keeps it for good


class Colleagues(Protocol):
    """What is known of members of staff who are not here now."""

    async def may_still(self, account_id: str, organisation: str, scope: str, type_code: str) -> bool:
        """Whether they hold the right in that organisation, for that type, today."""


@dataclass(frozen=True, slots=True)
class ProposeCommand:
    """Which licence to end, how, and why."""

    licence_id: str
    event: Event
    reason: str = field(repr=False)
    if_revision: int | None = None


class EndingProposals:
    """The use cases, for staff of the issuing authority."""

    def __init__(
        self, repository: Repository, proposals: ProposalStore, end: EndLicence, colleagues: Colleagues
    ) -> None:
        self._repository = repository
        self._proposals = proposals
        self._end = end
        self._colleagues = colleagues

    async def propose(self, command: ProposeCommand, actor: Principal) -> EndingProposal:
        """
        Raises:
            InvalidInput: `reason-invalid`.
            NotPermitted: no `licence:issue`, or not a member of staff.
            NotFound: `licence-not-found`.
            Conflict: `transition-not-allowed`, `step-not-for-type`, `precondition-failed`, `proposal-open`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "licence.ending-propose", actor, subject=command.licence_id):
            _require_person(actor)
            reason = checked_reason(command.reason)
            async with repository.database.write() as tx:
                licence = await self._possible(tx, command, actor)
                made = EndingProposal(
                    id=new_id(repository.clock, "prp"),
                    licence_id=licence.id,
                    issuer=licence.issuer,
                    type_code=licence.type_code,
                    event=command.event,
                    revision=licence.revision,
                    reason=reason,
                    proposed_by=actor.id,
                    proposer_name=actor.name or "",
                    proposed_at=repository.now(),
                )
                if not await self._proposals.add(tx, made):
                    raise _proposal_open()
                detail = {"proposal": made.id, "event": made.event.value}
                tx.audit(AuditEvent("licence.ending-propose", "done", actor, licence.id, detail=detail))
                await tx.commit()
        return made

    async def approve(self, proposal_id: str, actor: Principal) -> Licence:
        """End the licence; the proposal and the ending are written in one unit.

        Raises:
            NotFound: `proposal-not-found`.
            NotPermitted: `own-proposal`, `proposer-without-duty`, no `licence:issue`.
            Conflict: `proposal-decided`, `precondition-failed`, `transition-not-allowed`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "licence.ending-approve", actor):
            proposal = await self._to_decide(proposal_id, actor)
            if proposal.proposed_by == actor.id:
                raise _own_proposal()
            if not await self._colleagues.may_still(
                proposal.proposed_by, proposal.issuer, "licence:issue", proposal.type_code
            ):
                raise _without_duty()

        async def close(tx: WriteTx) -> None:
            await self._close(tx, proposal, ProposalState.DONE, actor)

        command = EndCommand(proposal.licence_id, proposal.event, proposal.reason, proposal.revision)
        return await self._end(command, actor, close)

    async def refuse(self, proposal_id: str, actor: Principal) -> EndingProposal:
        """
        Raises:
            NotFound: `proposal-not-found`.
            NotPermitted: `own-proposal`; the proposer withdraws it instead.
            Conflict: `proposal-decided`.
        """
        return await self._closed(proposal_id, actor, ProposalState.REFUSED)

    async def withdraw(self, proposal_id: str, actor: Principal) -> EndingProposal:
        """
        Raises:
            NotFound: `proposal-not-found`, also for another's.
            Conflict: `proposal-decided`.
        """
        return await self._closed(proposal_id, actor, ProposalState.WITHDRAWN)

    async def waiting(self, actor: Principal) -> Sequence[EndingProposal]:
        """Open ones of the actor's authority, oldest first."""
        require_scope(actor, "licence:issue")
        organisation = acting_organisation(actor)
        async with self._repository.database.write() as tx:
            found = await self._proposals.open_of(tx, organisation)
            tx.audit(AuditEvent("licence.ending-list", "done", actor, detail={"count": len(found)}))
            await tx.commit()
        return [one for one in found if actor.may_with("licence:issue", one.type_code)]

    async def _possible(self, tx: WriteTx, command: ProposeCommand, actor: Principal) -> Licence:
        repository = self._repository
        licence = await repository.licences.locked(tx, command.licence_id)
        if licence is None or licence.issuer != actor.organisation:
            raise LicenceNotFound
        require_type(actor, "licence:issue", licence.type_code)
        if command.if_revision is not None and command.if_revision != licence.revision:
            raise RevisionMoved
        licence_type = await repository.catalogue.licence_type(tx, licence.type_code)
        if command.event not in ENDINGS or licence_type is None or not licence_type.allows(command.event):
            raise StepNotForType
        next_state(effective_state(licence.state, licence.current.valid_until, repository.today()), command.event)
        return licence

    async def _closed(self, proposal_id: str, actor: Principal, state: ProposalState) -> EndingProposal:
        repository, action = self._repository, f"licence.ending-{state.value}"
        async with refusals_audited(repository.database, action, actor):
            found = await self._to_decide(proposal_id, actor)
            own = found.proposed_by == actor.id
            if state is ProposalState.REFUSED and own:
                raise _own_proposal()
            if state is ProposalState.WITHDRAWN and not own:
                raise proposal_not_found()
            async with repository.database.write() as tx:
                await self._close(tx, found, state, actor)
                tx.audit(AuditEvent(action, "done", actor, found.licence_id, detail={"proposal": found.id}))
                await tx.commit()
        return replace(found, state=state, decided_by=actor.id, decided_at=repository.now())

    async def _to_decide(self, proposal_id: str, actor: Principal) -> EndingProposal:
        _require_person(actor)
        async with self._repository.database.read() as tx:
            found = await self._find(tx, proposal_id, actor)
        if found.state is not ProposalState.OPEN or found.proposed_at + OPEN_FOR <= self._repository.now():
            raise _decided()
        return found

    async def _find(self, tx: ReadTx, proposal_id: str, actor: Principal) -> EndingProposal:
        found = await self._proposals.proposal(tx, proposal_id)
        if found is None or found.issuer != actor.organisation:
            raise proposal_not_found()
        require_type(actor, "licence:issue", found.type_code)
        return found

    async def _close(self, tx: WriteTx, proposal: EndingProposal, state: ProposalState, actor: Principal) -> None:
        if not await self._proposals.decide(tx, proposal.id, state, by=actor.id, at=self._repository.now()):
            raise _decided()


def _require_person(actor: Principal) -> None:
    require_scope(actor, "licence:issue")
    acting_organisation(actor)
    if actor.kind is not PrincipalKind.STAFF:
        raise NotPermitted(
            "person-needed",
            Text("这要由工作人员本人来办，系统不能代办。", "A member of staff does this; a system cannot."),
        )


def proposal_not_found() -> NotFound:
    """`proposal-not-found`: absent, or another authority's; the two look alike."""
    return NotFound(
        "proposal-not-found", Text("没有找到这项提议，请核对。", "There is no such proposal. Check its id.")
    )


def _proposal_open() -> Conflict:
    return Conflict(
        "proposal-open",
        Text(
            "这份证照已有一项同样的提议在等同事决定。",
            "The same has been proposed for this licence and waits for a colleague.",
        ),
    )


def _decided() -> Conflict:
    return Conflict(
        "proposal-decided",
        Text(
            "这项提议已有结果，或已过 7 天没人决定。需要的话请重新提出。",
            "This proposal has been closed, or nobody decided it within 7 days. Propose it again if it is needed.",
        ),
    )


def _own_proposal() -> NotPermitted:
    return NotPermitted(
        "own-proposal",
        Text(
            "自己提出的不能自己决定，请另一位同事来办。",
            "Nobody decides what they proposed themselves; ask a colleague.",
        ),
    )


def _without_duty() -> NotPermitted:
    return NotPermitted(
        "proposer-without-duty",
        Text(
            "提出的人已没有办这类证照的岗位，这项提议不能同意。需要的话请您提出，由另一位同事决定。",
            "The proposer no longer has the duty for this type, so the proposal cannot be approved. If it is needed, "
            "propose it yourself and let a colleague decide.",
        ),
    )
