"""Changes of who somebody is need two people: one proposes, another decides, and neither is the person (attacks O-57).

Two accounts of one person are merged: one goes on, the other is closed in its favour. An ID number is put right, with
the name as the document has it. What is proposed is sealed; nothing changes before a security administrator agrees.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

import msgspec

from core.audit.event import AuditEvent, Outcome
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from core.ids import new_id
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.text import Text
from idp.directory import PersonVault, account_not_found
from idp.model import AccountStatus
from idp.persons.duties import ANY, DECIDES, LOOKS, PROPOSES, PersonDuties
from idp.persons.errors import proposal_decided, proposal_not_found, second_person_needed, wrong_status
from idp.persons.model import ChangeKind, PersonProposal, ProposalState
from idp.persons.ports import PersonProposals
from idp.persons.settling import SettleChanges
from idp.persons.words import parse_name, parse_reason
from idp.ports import AccountStore

OPEN_FOR: Final = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a proposal is about, in the clear for whoever decides.

    Attributes:
        goes: the account that is merged.
        number, name: the right ones.
    """

    goes: str | None = None
    number: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)


class PersonChanges:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        proposals: PersonProposals,
        vault: PersonVault,
        settle: SettleChanges,
        duties: PersonDuties,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._proposals = proposals
        self._vault = vault
        self._settle = settle
        self._duties = duties
        self._clock = clock

    async def propose_merge(self, stays: str, goes: str, reason: str, actor: Principal) -> PersonProposal:
        """
        Raises:
            NotPermitted: `duty-missing`, `own-account`.
            InvalidInput: `reason-invalid`; `merge-same`.
            NotFound: `account-not-found`.
            Conflict: `account-status`: one of them is closed.
        """
        await self._duties.check(actor, "account.propose-merge", scopes=(PROPOSES,), account_id=goes)
        if stays == goes:
            raise InvalidInput(
                "merge-same", Text("这是同一个账号。", "This is one and the same account."), field="goes"
            )
        await self._check_open(goes)
        return await self._propose(ChangeKind.MERGE, stays, Asked(goes=goes), reason, actor)

    async def propose_number(
        self, account_id: str, number: str, name: str, reason: str, actor: Principal
    ) -> PersonProposal:
        """
        Raises:
            NotPermitted: `duty-missing`, `own-account`.
            InvalidInput: `reason-invalid`, `name-invalid`, or what an ID number raises.
            NotFound: `account-not-found`.
            Conflict: `account-status`: it is closed.
        """
        right = parse_citizen_id(number, today=calendar_day(self._clock.now())).number
        asked = Asked(number=right, name=parse_name(name))
        return await self._propose(ChangeKind.NUMBER, account_id, asked, reason, actor)

    async def open(
        self, actor: Principal, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[PersonProposal]:
        """What waits, the oldest first.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `cursor-invalid`.
        """
        await self._duties.check(actor, "account.list-proposals", scopes=(*ANY, LOOKS), account_id=None)
        size = page_size(limit)
        async with self._database.read() as tx:
            rows = await self._proposals.open(tx, self._clock.now(), after=last_id(cursor), limit=size + 1)
        return Page(rows[:size], encode_cursor(rows[size - 1].id) if len(rows) > size else None)

    async def look(self, proposal_id: str, actor: Principal) -> tuple[PersonProposal, Asked]:
        """One proposal with what it would change; the look is on record.

        Raises:
            NotPermitted: `duty-missing`.
            NotFound: `proposal-not-found`.
        """
        await self._duties.check(actor, "account.read-proposal", scopes=ANY, account_id=None)
        proposal = await self._found(proposal_id)
        await self._database.record(_event("account.read-proposal", "done", actor, proposal))
        return proposal, self._asked(proposal)

    async def approve(self, proposal_id: str, actor: Principal) -> None:
        """It is done at once, in one transaction with the decision.

        Raises:
            NotPermitted: `duty-missing`, `own-account`, `second-person-needed`.
            NotFound: `proposal-not-found`, `account-not-found`.
            Conflict: `proposal-decided`, `account-status`, `number-taken`.
        """
        proposal = await self._decidable(proposal_id, actor, "account.approve-change")
        asked = self._asked(proposal)
        async with self._database.write() as tx:
            if not await self._proposals.decide(tx, proposal.id, ProposalState.DONE, by=actor.id, at=self._clock.now()):
                raise proposal_decided()
            if asked.goes is not None:
                after = await self._settle.merge(tx, proposal.account_id, asked.goes, actor)
            else:
                assert asked.number is not None, "it is one or the other"
                assert asked.name is not None, "a number comes with its name"
                after = await self._settle.number(tx, proposal.account_id, asked.number, asked.name, actor)
            tx.audit(_event("account.approve-change", "done", actor, proposal))
            await tx.commit()
        await self._settle.afterwards(after)

    async def refuse(self, proposal_id: str, actor: Principal) -> None:
        """Everything stays as it is.

        Raises:
            NotPermitted: `duty-missing`, `own-account`, `second-person-needed`.
            NotFound: `proposal-not-found`.
            Conflict: `proposal-decided`.
        """
        await self._close(
            await self._decidable(proposal_id, actor, "account.refuse-change"), ProposalState.REFUSED, actor
        )

    async def withdraw(self, proposal_id: str, actor: Principal) -> None:
        """Whoever proposed it thinks better of it.

        Raises:
            NotPermitted: `duty-missing`: somebody else proposed it.
            NotFound: `proposal-not-found`.
            Conflict: `proposal-decided`.
        """
        await self._duties.check(actor, "account.withdraw-change", scopes=(PROPOSES,), account_id=None)
        proposal = await self._found(proposal_id)
        if proposal.proposed_by != actor.id:
            raise proposal_not_found()
        await self._close(proposal, ProposalState.WITHDRAWN, actor)

    async def _propose(
        self, kind: ChangeKind, account_id: str, asked: Asked, reason: str, actor: Principal
    ) -> PersonProposal:
        action = f"account.propose-{kind.value}"
        await self._duties.check(actor, action, scopes=(PROPOSES,), account_id=account_id)
        said, now = parse_reason(reason), self._clock.now()
        await self._check_open(account_id)
        proposal_id = new_id(self._clock, "pch")
        sealed = self._vault.seal_proposal(proposal_id, msgspec.json.encode(asked).decode())
        proposal = PersonProposal(
            proposal_id, account_id, kind, sealed, said, ProposalState.OPEN, actor.id, now, now + OPEN_FOR
        )
        async with self._database.write() as tx:
            await self._proposals.add(tx, proposal)
            tx.audit(_event(action, "done", actor, proposal))
            await tx.commit()
        return proposal

    async def _check_open(self, account_id: str) -> None:
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, account_id) if account_id.isprintable() else None
        if account is None:
            raise account_not_found()
        if account.status is AccountStatus.CLOSED:
            raise wrong_status(account.status.value)

    async def _decidable(self, proposal_id: str, actor: Principal, action: str) -> PersonProposal:
        await self._duties.check(actor, action, scopes=(DECIDES,), account_id=None)
        proposal = await self._found(proposal_id)
        for about in (proposal.account_id, self._asked(proposal).goes):
            await self._duties.check(actor, action, scopes=(DECIDES,), account_id=about)
        if proposal.proposed_by == actor.id:
            await self._database.record(_event(action, "refused", actor, proposal))
            raise second_person_needed()
        return proposal

    async def _close(self, proposal: PersonProposal, state: ProposalState, actor: Principal) -> None:
        async with self._database.write() as tx:
            if not await self._proposals.decide(tx, proposal.id, state, by=actor.id, at=self._clock.now()):
                raise proposal_decided()
            tx.audit(_event(f"account.change-{state.value}", "done", actor, proposal))
            await tx.commit()

    async def _found(self, proposal_id: str) -> PersonProposal:
        async with self._database.read() as tx:
            proposal = await self._proposals.get(tx, proposal_id) if proposal_id.isprintable() else None
        if proposal is None:
            raise proposal_not_found()
        return proposal

    def _asked(self, proposal: PersonProposal) -> Asked:
        return msgspec.json.decode(self._vault.open_proposal(proposal.id, proposal.content), type=Asked)


def _event(action: str, outcome: Outcome, actor: Principal, proposal: PersonProposal) -> AuditEvent:
    detail = {"proposal": proposal.id, "kind": proposal.kind.value, "proposed_by": proposal.proposed_by}
    return AuditEvent(action, outcome, actor, proposal.account_id, detail=detail)
