"""Carries out what two people have decided about who somebody is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.principal import Principal
from idp.directory import PersonVault, account_not_found
from idp.identifiers import CITIZEN_ID
from idp.logout.deliver import DeliverLogouts
from idp.model import Account, AccountStatus, LogoutDelivery, NoticeKind
from idp.persons.ending import EndEverything
from idp.persons.errors import number_taken, wrong_status
from idp.persons.freezing import held
from idp.persons.ports import EvidenceOfPersons, PersonalTraces, PersonStore
from idp.telling import TellPerson, Told


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be done after the commit."""

    deliveries: Sequence[LogoutDelivery]
    told: Told


class SettleChanges:
    """Works inside the caller's transaction; the caller commits, then calls `afterwards`."""

    def __init__(
        self,
        persons: PersonStore,
        traces: PersonalTraces,
        evidence: EvidenceOfPersons,
        vault: PersonVault,
        end: EndEverything,
        tell: TellPerson,
        deliver: DeliverLogouts,
    ) -> None:
        self._persons = persons
        self._traces = traces
        self._evidence = evidence
        self._vault = vault
        self._end = end
        self._tell = tell
        self._deliver = deliver

    async def merge(self, tx: WriteTx, stays: str, goes: str, actor: Principal) -> Settled:
        """Everything that led to the account that goes leads to the one that stays; nothing that opened it opens that.

        Raises:
            NotFound: `account-not-found`.
            Conflict: `account-status`: one of them was closed meanwhile.
        """
        both = {one.id: one for one in await self._persons.hold(tx, [stays, goes])}
        if len(both) != 2:
            raise account_not_found()
        for one in both.values():
            if one.status is AccountStatus.CLOSED:
                raise wrong_status(one.status.value)
        deliveries = await self._end(tx, goes, reason="account-merged")
        await self._evidence.taken_over(tx, account_id=goes, to=stays, actor=actor)
        await self._traces.hand_over(tx, account_id=goes, to=stays)
        await self._persons.merge(tx, goes, into=stays)
        told = await self._tell.write(tx, stays, NoticeKind.MERGED)
        tx.audit(AuditEvent("account.merge", "done", actor, stays, detail={"merged": goes}))
        return Settled(deliveries, told)

    async def number(self, tx: WriteTx, account_id: str, number: str, name: str, actor: Principal) -> Settled:
        """The account has another ID number and name; what was proved of the former ones counts no more.

        Raises:
            NotFound: `account-not-found`.
            Conflict: `account-status`, `number-taken`.
        """
        account = await held(tx, self._persons, account_id)
        if account.status is AccountStatus.CLOSED:
            raise wrong_status(account.status.value)
        await self._change_number(tx, account, number)
        await self._persons.change_name(tx, account_id, self._vault.seal(account_id, "name", name))
        await self._evidence.number_gone(tx, account_id, actor)
        deliveries = await self._end(tx, account_id, reason="number-changed")
        told = await self._tell.write(tx, account_id, NoticeKind.NUMBER_CHANGED)
        tx.audit(AuditEvent("account.change-number", "done", actor, account_id))
        return Settled(deliveries, told)

    async def afterwards(self, settled: Settled) -> None:
        """After the commit: portals hear of log-outs, the person of the change."""
        self._tell.send(settled.told)
        await self._deliver.attempt(settled.deliveries)

    async def _change_number(self, tx: WriteTx, account: Account, number: str) -> None:
        sealed = self._vault.seal(account.id, "number", number)
        if not await self._persons.change_number(tx, account.id, sealed, self._vault.indexes(CITIZEN_ID, number)):
            raise number_taken()
