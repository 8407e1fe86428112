"""A security administrator decides over proposed clients and changes: somebody other than the proposer (三权分立).

A decision works at once in this process, and in the others as soon as they look the client up anew.
"""

from __future__ import annotations

from core.audit.event import AuditEvent, Outcome
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import Conflict, NotFound, NotPermitted
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.text import Text
from idp.clients import duties
from idp.clients.duties import Duties, duty_missing
from idp.clients.policy import ADMINISTRATOR
from idp.clients.records import ClientProposal, ProposalKind, ProposalState
from idp.clients.registration import told_to_people
from idp.clients.registry import ClientRegistry
from idp.clients.validation import validated
from idp.clients.writing import RegistrationStores, WriteRegistrations, client_moved_on
from idp.errors import RegistrationError
from idp.model import ClientStatus

_LONGEST_NOTE = 400


class ReviewClients:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        stores: RegistrationStores,
        writing: WriteRegistrations,
        registry: ClientRegistry,
        clock: Clock,
    ) -> None:
        self._database = database
        self._stores = stores
        self._writing = writing
        self._registry = registry
        self._clock = clock
        self._duties = Duties(database)

    async def open(
        self, actor: Principal, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[ClientProposal]:
        """What waits, the oldest first; portal managers see what is about their own organisation.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `cursor-invalid`.
        """
        only, size = duties.within(actor), page_size(limit)
        after = last_id(cursor)
        async with self._database.read() as tx:
            found = await self._stores.proposals.open(tx, organisation=only, after=after, limit=size + 1)
        return Page(found[:size], encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def read(self, proposal_id: str, actor: Principal) -> ClientProposal:
        """
        Raises:
            NotFound: `proposal-not-found`.
            NotPermitted: `duty-missing`.
        """
        duties.within(actor)
        if not proposal_id.isprintable():  # a database may refuse to look for it
            raise _not_found()
        async with self._database.read() as tx:
            proposal = await self._stores.proposals.get(tx, proposal_id)
        if proposal is None:
            raise _not_found()
        if not duties.sees(actor, proposal.organisation):
            await self._database.record(_event("client.read-proposal", "refused", actor, proposal))
            raise _not_found()
        return proposal

    async def approve(self, proposal_id: str, actor: Principal, *, note: str | None = None) -> ClientProposal:
        """Put the proposal into force.

        Raises:
            NotFound: `proposal-not-found`.
            NotPermitted: `duty-missing`; `second-person-needed` for the proposer.
            InvalidInput: `client-invalid`: the rules have become stricter meanwhile.
            Conflict: `proposal-decided`, `client-moved-on`.
        """
        proposal = await self._decidable(proposal_id, actor, "client.approve")
        try:
            validated(proposal.description, ADMINISTRATOR)
        except RegistrationError as error:
            raise told_to_people(error) from None
        async with self._database.write() as tx:
            await self._decide(tx, proposal, ProposalState.APPROVED, actor, note)
            await self._put_into_force(tx, proposal)
            tx.audit(_event("client.approve", "done", actor, proposal))
            await tx.commit()
        self._registry.forget(proposal.client_id)
        return proposal

    async def refuse(self, proposal_id: str, actor: Principal, *, note: str | None = None) -> ClientProposal:
        """A refused registration is removed; after a refused change the client is as it was.

        Raises:
            NotFound: `proposal-not-found`.
            NotPermitted: `duty-missing`; `second-person-needed` for the proposer, who may withdraw instead.
            Conflict: `proposal-decided`.
        """
        proposal = await self._decidable(proposal_id, actor, "client.refuse")
        await self._end(proposal, ProposalState.REFUSED, actor, note, "client.refuse")
        return proposal

    async def withdraw(self, proposal_id: str, actor: Principal) -> ClientProposal:
        """Whoever proposed it thinks better of it.

        Raises:
            NotFound: `proposal-not-found`.
            NotPermitted: `duty-missing`: somebody else proposed it.
            Conflict: `proposal-decided`.
        """
        proposal = await self.read(proposal_id, actor)
        if proposal.proposed_by != actor.id:
            await self._database.record(_event("client.withdraw", "refused", actor, proposal))
            raise duty_missing()
        await self._end(proposal, ProposalState.WITHDRAWN, actor, None, "client.withdraw")
        return proposal

    async def _decidable(self, proposal_id: str, actor: Principal, action: str) -> ClientProposal:
        proposal = await self.read(proposal_id, actor)
        await self._duties.check_decides(actor, action, proposal.id)
        if proposal.proposed_by == actor.id:
            await self._database.record(_event(action, "refused", actor, proposal))
            raise NotPermitted(
                "second-person-needed",
                Text(
                    "自己提出的申请要由另一位安全管理员决定。",
                    "What you proposed is decided by another security administrator.",
                ),
            )
        return proposal

    async def _decide(
        self, tx: WriteTx, proposal: ClientProposal, state: ProposalState, actor: Principal, note: str | None
    ) -> None:
        said = "".join(char for char in note or "" if char.isprintable() or char == "\n")[:_LONGEST_NOTE] or None
        if not await self._stores.proposals.decide(
            tx, proposal.id, state, by=actor.id, at=self._clock.now(), note=said
        ):
            raise Conflict("proposal-decided", Text("这项申请已经办过了。", "This proposal has been decided already."))

    async def _put_into_force(self, tx: WriteTx, proposal: ClientProposal) -> None:
        client = await self._stores.clients.get(tx, proposal.client_id)
        if client is None:
            raise client_moved_on()
        if proposal.kind is ProposalKind.CHANGE:
            await self._writing.change(tx, client, proposal.description, proposal.revision, show=False)
            return
        waiting, active = (ClientStatus.PENDING,), ClientStatus.ACTIVE
        if not await self._stores.clients.move(tx, client.id, expected=waiting, new=active):
            raise client_moved_on()

    async def _end(
        self, proposal: ClientProposal, state: ProposalState, actor: Principal, note: str | None, action: str
    ) -> None:
        async with self._database.write() as tx:
            await self._decide(tx, proposal, state, actor, note)
            if proposal.kind is ProposalKind.REGISTRATION:
                await self._remove(tx, proposal, actor)
            tx.audit(_event(action, "done", actor, proposal))
            await tx.commit()
        self._registry.forget(proposal.client_id)

    async def _remove(self, tx: WriteTx, proposal: ClientProposal, actor: Principal) -> None:
        client = await self._stores.clients.get(tx, proposal.client_id)
        if client is not None:
            await self._writing.remove(tx, client, by=actor.id)


def _event(action: str, outcome: Outcome, actor: Principal, proposal: ClientProposal) -> AuditEvent:
    detail = {"proposal": proposal.id, "changed": " ".join(proposal.changed)}
    return AuditEvent(action, outcome, actor, proposal.client_id, detail=detail)


def _not_found() -> NotFound:
    return NotFound("proposal-not-found", Text("没有这项申请。", "There is no such proposal."))
