"""Entrustments as mandates: what an agent may do for another person today, beside what they may for organisations."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from certstore.codes import HolderCode
from certstore.entrust.model import Done, Entrustment, EntrustmentState, KnownPerson
from certstore.entrust.ports import EntrustmentStore, PersonDirectory
from certstore.entrust.rules import fit, is_agent
from certstore.ports import Act, AgencyDirectory, Case, Deed, Mandate
from certstore.repository import Repository
from core.db.database import ReadTx, WriteTx
from core.ids import new_id
from core.text import Text

_COUNTED = frozenset({Deed.CONSENT, Deed.CODES})


class AllAgencies:
    """Implements `certstore.ports.AgencyDirectory`.

    A frozen or closed account, on either side, suspends what rests on it, and so does a level that has run out.
    """

    def __init__(
        self,
        repository: Repository,
        store: EntrustmentStore,
        persons: PersonDirectory,
        organisations: AgencyDirectory,
    ) -> None:
        self._repository = repository
        self._store = store
        self._persons = persons
        self._organisations = organisations

    async def of_account(self, account_id: str) -> Sequence[Mandate]:
        found = list(await self._organisations.of_account(account_id))
        return [*found, *await self._entrusted(await self._persons.of_account(account_id))]

    async def of_number(self, agent: HolderCode) -> Sequence[Mandate]:
        found = list(await self._organisations.of_number(agent))
        return [*found, *await self._entrusted(await self._persons.of_number(agent))]

    async def act(self, tx: WriteTx, mandate: Mandate, act: Act) -> bool:
        if not mandate.personal:
            return await self._organisations.act(tx, mandate, act)
        store, today, case = self._store, self._repository.today(), act.case
        if act.deed in _COUNTED:
            may = await store.begin(tx, mandate.id, case, today=today)
        else:
            may = await store.hold(tx, mandate.id, today=today)
            if may and act.deed is Deed.LOOK:
                may = await self._may_look(tx, mandate.id, case)
        if may and act.deed is not Deed.LOOK:  # a look has its access record, for the principal to see
            await store.note(tx, self._done(mandate, act))
        return may

    async def _may_look(self, tx: ReadTx, entrustment_id: str, case: Case) -> bool:
        one = await self._store.entrustment(tx, entrustment_id)
        assert one is not None, "it is held"
        return one.uses < one.max_uses or case in await self._store.cases(tx, entrustment_id)

    def _done(self, mandate: Mandate, act: Act) -> Done:
        organisation, item, number = dataclasses.astuple(act.case)
        made = new_id(self._repository.clock, "end")
        now = self._repository.now()
        return Done(made, mandate.id, now, act.deed, organisation, item, number, act.types, act.subjects)

    async def _entrusted(self, agent: KnownPerson | None) -> Sequence[Mandate]:
        today = self._repository.today()
        if agent is None or not fit(agent, today):
            return ()
        async with self._repository.database.read() as tx:
            held = [
                (one, await self._begun(tx, one))
                for code in agent.identity.codes
                for one in await self._store.in_force(tx, code, today=today)
                if is_agent(one, agent.identity)
            ]
        mandates = [await self._mandate(one, begun) for one, begun in held]
        return [one for one in mandates if one is not None]

    async def _begun(self, tx: ReadTx, one: Entrustment) -> frozenset[Case] | None:
        state = one.state_at(self._repository.now(), self._repository.today())
        return await self._store.cases(tx, one.id) if state is EntrustmentState.USED_UP else None

    async def _mandate(self, one: Entrustment, begun: frozenset[Case] | None) -> Mandate | None:
        principal = await self._persons.of_number(one.principal.code)
        if principal is None or not fit(principal, self._repository.today()):
            return None
        name = Text(principal.identity.name, principal.identity.name)
        return Mandate(
            one.id,
            one.principal.code,
            name,
            one.items,
            types=one.types,
            further=principal.identity.codes,
            until=one.ends_on,
            only=begun,
            personal=True,
        )


_: type[AgencyDirectory] = AllAgencies
