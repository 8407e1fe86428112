"""A security administrator decides over proposed roles: neither the proposer nor the person whom it is about."""

from __future__ import annotations

from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import NotPermitted
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.text import Text
from idp.staff.duties import Duties
from idp.staff.ports import RoleProposals
from idp.staff.proposing import decide, event, found, told
from idp.staff.records import ProposalKind, ProposalState, RoleProposal
from idp.staff.roles import GiveRoles, check_role, role_not_found


class DecideRoles:
    """The use cases."""

    def __init__(
        self, database: Database, proposals: RoleProposals, give: GiveRoles, duties: Duties, clock: Clock
    ) -> None:
        self._database = database
        self._proposals = proposals
        self._give = give
        self._duties = duties
        self._clock = clock

    async def open(
        self, actor: Principal, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[RoleProposal]:
        """What waits, the oldest first; department managers see what is about their own departments.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `cursor-invalid`.
        """
        top, size, after = (
            await self._duties.check_looks(actor, "role.list-proposals"),
            page_size(limit),
            last_id(cursor),
        )
        async with self._database.read() as tx:
            rows = await self._proposals.open(tx, within=top, after=after, limit=size + 1)
        return Page(rows[:size], encode_cursor(rows[size - 1].id) if len(rows) > size else None)

    async def approve(self, proposal_id: str, actor: Principal, *, note: str | None = None) -> RoleProposal:
        """It counts at once.

        Raises:
            NotPermitted: `duty-missing`; `second-person-needed` for the proposer; `own-rights`.
            NotFound: `proposal-not-found`; `account-not-found`, `organisation-not-found`, `role-not-found`: gone.
            InvalidInput: `role-limits-invalid`: it would have run out by now.
            Conflict: `proposal-decided`, `duties-apart`.
        """
        proposal = await self._decidable(proposal_id, actor, "role.approve")
        if proposal.kind is ProposalKind.GIVE:
            check_role(proposal.role, calendar_day(self._clock.now()))
        async with self._database.write() as tx:
            said = told("note", note) if note else None
            decided = await decide(tx, self._proposals, proposal, ProposalState.APPROVED, actor, self._clock, said)
            if proposal.kind is ProposalKind.GIVE:
                await self._give.give(tx, proposal.role, actor)
            elif not await self._give.take(tx, proposal.role, actor):
                raise role_not_found()
            tx.audit(event("role.approve", "done", actor, proposal))
            await tx.commit()
        return decided

    async def refuse(self, proposal_id: str, actor: Principal, *, note: str | None = None) -> RoleProposal:
        """Everything stays as it is.

        Raises:
            NotPermitted: `duty-missing`; `second-person-needed` for the proposer, who may withdraw; `own-rights`.
            NotFound: `proposal-not-found`.
            Conflict: `proposal-decided`.
        """
        proposal = await self._decidable(proposal_id, actor, "role.refuse")
        async with self._database.write() as tx:
            said = told("note", note) if note else None
            decided = await decide(tx, self._proposals, proposal, ProposalState.REFUSED, actor, self._clock, said)
            tx.audit(event("role.refuse", "done", actor, proposal))
            await tx.commit()
        return decided

    async def _decidable(self, proposal_id: str, actor: Principal, action: str) -> RoleProposal:
        await self._duties.check_decides(actor, action, None)
        async with self._database.read() as tx:
            proposal = await found(tx, self._proposals, proposal_id)
        await self._duties.check_is_another(actor, proposal.role.account_id, action)
        if proposal.proposed_by == actor.id:
            await self._database.record(event(action, "refused", actor, proposal))
            raise NotPermitted(
                "second-person-needed",
                Text(
                    "自己提出的申请要由另一位安全管理员决定。",
                    "What you proposed is decided by another security administrator.",
                ),
            )
        return proposal
