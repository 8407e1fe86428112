"""Propose, confirm, refuse and withdraw renewals; every step is one audited unit of work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from core.audit.event import AuditEvent, Outcome
from core.clock import Clock
from core.db.database import Database
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from keys.renewals.errors import AlreadyProposed, DutyMissing, NothingToRenew, ProposalGone, SecondPersonNeeded
from keys.renewals.model import Proposal, ProposalState
from keys.renewals.ports import ProposalStore, Renewer

PROPOSES, CONFIRMS = "admin:system", "admin:security"
_LEASE = dt.timedelta(minutes=5)


class Renewals:
    """Renewals that two people decide."""

    def __init__(self, database: Database, store: ProposalStore, renewer: Renewer, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._renewer = renewer
        self._clock = clock

    async def undecided(self) -> Sequence[Proposal]:
        async with self._database.read() as tx:
            return await self._store.undecided(tx)

    async def propose(self, line: str, actor: Principal) -> Proposal:
        """
        Raises:
            DutyMissing: the actor is no system administrator.
            NothingToRenew: there is no such line, or nobody has to renew it.
            AlreadyProposed: somebody was faster.
        """
        await self._check_duty(actor, PROPOSES, "renewal.propose", line)
        name = await self._renewer.name(line)
        if name is None:
            raise NothingToRenew
        now = self._clock.now()
        proposal = Proposal(
            new_id(self._clock, "ren"), line, Text(*name), ProposalState.OPEN, actor.id, now, None, state_since=now
        )
        async with self._database.write() as tx:
            if not await self._store.add(tx, proposal):
                raise AlreadyProposed
            tx.audit(_event("renewal.propose", "done", actor, proposal))
            await tx.commit()
        return proposal

    async def confirm(self, proposal_id: str, actor: Principal) -> Proposal:
        """Confirm and renew at once. If renewing fails the proposal is open again.

        Raises:
            DutyMissing: the actor is no security administrator.
            SecondPersonNeeded: the actor proposed it.
            ProposalGone: decided already, or being worked on.
            core.errors.AppError: renewing failed.
        """
        proposal = await self._get(proposal_id)
        await self._check_duty(actor, CONFIRMS, "renewal.confirm", proposal.id)
        if proposal.proposed_by == actor.id:
            await self._database.record(_event("renewal.confirm", "refused", actor, proposal))
            raise SecondPersonNeeded
        await self._claim(proposal, actor)
        try:
            await self._renewer.renew(proposal.line)
        except BaseException:
            await self._move(proposal, ProposalState.WORKING, ProposalState.OPEN, actor, "renewal.fail")
            raise
        await self._move(proposal, ProposalState.WORKING, ProposalState.DONE, actor, "renewal.finish")
        return proposal

    async def refuse(self, proposal_id: str, actor: Principal) -> Proposal:
        """
        Raises:
            DutyMissing: the actor is no security administrator.
            ProposalGone: decided already.
        """
        proposal = await self._get(proposal_id)
        await self._check_duty(actor, CONFIRMS, "renewal.refuse", proposal.id)
        await self._move(proposal, ProposalState.OPEN, ProposalState.REFUSED, actor, "renewal.refuse")
        return proposal

    async def withdraw(self, proposal_id: str, actor: Principal) -> Proposal:
        """
        Raises:
            DutyMissing: somebody else proposed it.
            ProposalGone: decided already.
        """
        proposal = await self._get(proposal_id)
        if proposal.proposed_by != actor.id:
            await self._database.record(_event("renewal.withdraw", "refused", actor, proposal))
            raise DutyMissing
        await self._move(proposal, ProposalState.OPEN, ProposalState.WITHDRAWN, actor, "renewal.withdraw")
        return proposal

    async def _get(self, proposal_id: str) -> Proposal:
        async with self._database.read() as tx:
            proposal = await self._store.get(tx, proposal_id)
        if proposal is None:
            raise ProposalGone
        return proposal

    async def _claim(self, proposal: Proposal, actor: Principal) -> None:
        """Take the work; also from somebody who began it long ago and has not come back."""
        now = self._clock.now()
        async with self._database.write() as tx:
            taken = await self._store.move(
                tx, proposal.id, expected=ProposalState.OPEN, new=ProposalState.WORKING, by=actor.id, at=now
            ) or await self._store.move(
                tx,
                proposal.id,
                expected=ProposalState.WORKING,
                new=ProposalState.WORKING,
                by=actor.id,
                at=now,
                since_before=now - _LEASE,
            )
            if not taken:
                raise ProposalGone
            tx.audit(_event("renewal.confirm", "done", actor, proposal))
            await tx.commit()

    async def _move(
        self, proposal: Proposal, expected: ProposalState, new: ProposalState, actor: Principal, action: str
    ) -> None:
        async with self._database.write() as tx:
            moved = await self._store.move(
                tx, proposal.id, expected=expected, new=new, by=actor.id, at=self._clock.now()
            )
            if not moved:
                raise ProposalGone
            tx.audit(_event(action, "done", actor, proposal))
            await tx.commit()

    async def _check_duty(self, actor: Principal, scope: str, action: str, subject: str) -> None:
        if not actor.may(scope):
            await self._database.record(AuditEvent(action, "refused", actor, subject))
            raise DutyMissing


def _event(action: str, outcome: Outcome, actor: Principal, proposal: Proposal) -> AuditEvent:
    return AuditEvent(action, outcome, actor, proposal.id, detail={"line": proposal.line})
