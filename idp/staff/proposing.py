"""Roles are proposed by one person and decided by another (三权分立); taking away an ordinary role needs no second."""

from __future__ import annotations

import dataclasses

from core.audit.event import AuditEvent, Outcome
from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx, WriteTx
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.directory import account_not_found, organisation_not_found
from idp.model import AccountStatus, StaffRole
from idp.ports import AccountStore, OrganisationStore
from idp.staff.duties import Duties, duty_missing
from idp.staff.ports import RoleProposals
from idp.staff.records import ProposalKind, ProposalState, RoleProposal
from idp.staff.roles import GiveRoles, audited, check_role, is_administrator, role_not_found

_LONGEST = 400


class ProposeRoles:
    """The use cases of those who look after staff."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        organisations: OrganisationStore,
        proposals: RoleProposals,
        give: GiveRoles,
        duties: Duties,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._organisations = organisations
        self._proposals = proposals
        self._give = give
        self._duties = duties
        self._clock = clock

    async def give(self, role: StaffRole, reason: str, actor: Principal) -> RoleProposal:
        """Somebody is to have a role; nothing counts before a security administrator agrees.

        Raises:
            NotPermitted: `duty-missing`; `own-rights` for a role of one's own.
            InvalidInput: `role-unknown`, `role-limits-invalid`, `reason-invalid`.
            NotFound: `account-not-found`, `organisation-not-found`.
            Conflict: `proposal-open`.
        """
        return await self._propose(ProposalKind.GIVE, role, reason, actor)

    async def end(self, role: StaffRole, reason: str, actor: Principal) -> RoleProposal | None:
        """Take a role away at once; an administrator's waits for a security administrator, so that no one of the
        three can put out another.

        Returns:
            What waits; None where it is done.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `role-unknown`, `reason-invalid`.
            NotFound: `role-not-found`, `organisation-not-found`.
            Conflict: `proposal-open`.
        """
        if is_administrator(role):
            return await self._propose(ProposalKind.END, role, reason, actor)
        await self._duties.check_proposes(actor, role.organisation, "role.remove", _known(role.account_id))
        async with self._database.write() as tx:
            if not await self._give.take(tx, role, actor):
                raise role_not_found()
            await tx.commit()
        return None

    async def withdraw(self, proposal_id: str, actor: Principal) -> RoleProposal:
        """Whoever proposed it thinks better of it.

        Raises:
            NotFound: `proposal-not-found`.
            NotPermitted: `duty-missing`: somebody else proposed it.
            Conflict: `proposal-decided`.
        """
        await self._duties.check_looks(actor, "role.withdraw")
        async with self._database.read() as tx:
            proposal = await found(tx, self._proposals, proposal_id)
        if proposal.proposed_by != actor.id:
            await self._duties.refuse(actor, "role.withdraw", proposal.role.account_id)
            raise duty_missing()
        async with self._database.write() as tx:
            withdrawn = await decide(tx, self._proposals, proposal, ProposalState.WITHDRAWN, actor, self._clock, None)
            tx.audit(event("role.withdraw", "done", actor, proposal))
            await tx.commit()
        return withdrawn

    async def _propose(self, kind: ProposalKind, role: StaffRole, reason: str, actor: Principal) -> RoleProposal:
        action = f"role.propose-{kind.value}"
        await self._duties.check_proposes(actor, role.organisation, action, _known(role.account_id))
        if kind is ProposalKind.GIVE:
            await self._duties.check_is_another(actor, role.account_id, action)
        check_role(role, calendar_day(self._clock.now()))
        if is_administrator(role):
            await self._check_all_round(actor, role, action)
        proposal = RoleProposal(
            new_id(self._clock, "rpr"), kind, role, told("reason", reason), actor.id, self._clock.now()
        )
        async with self._database.write() as tx:
            await self._check_exists(tx, kind, role)
            if not await self._proposals.add(tx, proposal):
                raise Conflict(
                    "proposal-open",
                    Text("已有一项相同的申请在等审批。", "A proposal about this role is waiting already."),
                )
            tx.audit(event(action, "done", actor, proposal))
            await tx.commit()
        return proposal

    async def _check_all_round(self, actor: Principal, role: StaffRole, action: str) -> None:
        """Administrators' roles are not a department's to propose."""
        if not self._duties.proposes_everywhere(actor):
            await self._duties.refuse(actor, action, _known(role.account_id))
            raise duty_missing()

    async def _check_exists(self, tx: WriteTx, kind: ProposalKind, role: StaffRole) -> None:
        account = await self._accounts.get(tx, role.account_id) if role.account_id.isprintable() else None
        if account is None or account.status is AccountStatus.CLOSED:
            raise account_not_found()
        if await self._organisations.get(tx, role.organisation) is None:
            raise organisation_not_found()
        held = await self._accounts.roles(tx, role.account_id)
        has = any((one.organisation, one.role) == (role.organisation, role.role) for one in held)
        if kind is ProposalKind.END and not has:
            raise role_not_found()


async def found(tx: ReadTx, proposals: RoleProposals, proposal_id: str) -> RoleProposal:
    """
    Raises:
        NotFound: `proposal-not-found`.
    """
    proposal = await proposals.get(tx, proposal_id) if proposal_id.isprintable() else None
    if proposal is None:
        raise NotFound("proposal-not-found", Text("没有这项申请。", "There is no such proposal."))
    return proposal


async def decide(
    tx: WriteTx,
    proposals: RoleProposals,
    proposal: RoleProposal,
    state: ProposalState,
    actor: Principal,
    clock: Clock,
    note: str | None,
) -> RoleProposal:
    """The proposal as it stands then.

    Raises:
        Conflict: `proposal-decided`: somebody was quicker.
    """
    now = clock.now()
    if not await proposals.decide(tx, proposal.id, state, by=actor.id, at=now, note=note):
        raise Conflict("proposal-decided", Text("这项申请已经办过了。", "This proposal has been decided already."))
    return dataclasses.replace(proposal, state=state, decided_by=actor.id, decided_at=now, note=note)


def told(field: str, words: str) -> str:
    """What somebody wrote, on one line.

    Raises:
        InvalidInput: `reason-invalid`.
    """
    line = " ".join(words.split())
    if not line or len(line) > _LONGEST or not line.isprintable():
        raise InvalidInput(
            "reason-invalid",
            Text("请写明理由，至多 400 字。", "Give the reason, in up to 400 characters."),
            field=field,
        )
    return line


def event(action: str, outcome: Outcome, actor: Principal, proposal: RoleProposal) -> AuditEvent:
    detail = {"proposal": proposal.id, **audited(proposal.role)}
    return AuditEvent(action, outcome, actor, proposal.role.account_id, detail=detail)


def _known(account_id: str) -> str | None:
    """What a caller put into a request is written down only if it has the form of our ids."""
    return account_id if account_id.startswith("acc_") and account_id.isascii() and len(account_id) <= 40 else None
