"""Accounts out of use for a time (冻结), and in use again; a death that a source reports (`PersonNews` of proofing).

A frozen account opens nothing: its sessions and tokens end in the same transaction. What was frozen because of a
death or an order comes back by a security administrator only; a mistaken report must not stay for ever, and a true one
must not be lifted by the way.
"""

from __future__ import annotations

import datetime as dt

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.identifiers.citizen_id import parse_citizen_id
from core.principal import SYSTEM, Principal
from idp.directory import PersonVault, account_not_found
from idp.identifiers import CITIZEN_ID
from idp.logout.deliver import DeliverLogouts
from idp.model import Account, AccountStatus, LogoutDelivery
from idp.persons.duties import ANY, DECIDES, PersonDuties
from idp.persons.ending import EndEverything
from idp.persons.errors import wrong_status
from idp.persons.model import FreezeReason
from idp.persons.ports import PersonStore
from idp.persons.words import parse_reason
from idp.ports import AccountStore

_ONLY_DECIDED = frozenset({FreezeReason.DEATH_REPORTED.value, FreezeReason.ORDER.value})


class FreezeAccounts:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        persons: PersonStore,
        vault: PersonVault,
        end: EndEverything,
        deliver: DeliverLogouts,
        duties: PersonDuties,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._persons = persons
        self._vault = vault
        self._end = end
        self._deliver = deliver
        self._duties = duties
        self._clock = clock

    async def freeze(self, account_id: str, reason: FreezeReason, note: str, actor: Principal) -> None:
        """
        Args:
            note: why, in words, for the audit log; no personal data.

        Raises:
            NotPermitted: `duty-missing`, `own-account`.
            InvalidInput: `reason-invalid`.
            NotFound: `account-not-found`.
            Conflict: `account-status`: it is frozen or closed.
        """
        await self._duties.check(actor, "account.freeze", scopes=ANY, account_id=account_id)
        said = parse_reason(note)
        async with self._database.write() as tx:
            account = await held(tx, self._persons, account_id)
            if account.status is not AccountStatus.ACTIVE:
                raise wrong_status(account.status.value)
            deliveries = await self._freeze(tx, account, reason, actor, said)
            await tx.commit()
        await self._deliver.attempt(deliveries)

    async def unfreeze(self, account_id: str, note: str, actor: Principal) -> None:
        """
        Raises:
            NotPermitted: `duty-missing`, `own-account`.
            InvalidInput: `reason-invalid`.
            NotFound: `account-not-found`.
            Conflict: `account-status`: it is not frozen.
        """
        await self._duties.check(actor, "account.unfreeze", scopes=ANY, account_id=account_id)
        said = parse_reason(note)
        async with self._database.read() as tx:
            known = await self._accounts.get(tx, account_id)
        if known is not None and known.status_reason in _ONLY_DECIDED:
            await self._duties.check(actor, "account.unfreeze", scopes=(DECIDES,), account_id=account_id)
        async with self._database.write() as tx:
            account = await held(tx, self._persons, account_id)
            same = known is not None and account.status_reason == known.status_reason
            if account.status is not AccountStatus.FROZEN or not same:
                raise wrong_status(account.status.value)
            await self._accounts.change_status(tx, account_id, AccountStatus.ACTIVE)
            detail = {"was": account.status_reason, "note": said}
            tx.audit(AuditEvent("account.unfreeze", "done", actor, account_id, detail=detail))
            await tx.commit()

    async def died(self, number: str, on: dt.date) -> None:
        """A source reports a death: whoever has the number is out of use from now on, whatever the account was before.

        Raises:
            InvalidInput: the source's number is none.
        """
        parsed = parse_citizen_id(number, today=calendar_day(self._clock.now()))
        indexes = self._vault.indexes(CITIZEN_ID, parsed.number)
        async with self._database.write() as tx:
            found = await self._accounts.by_identifier(tx, indexes)
            if found is None:
                return
            account = await held(tx, self._persons, found.id)
            known = account.status_reason == FreezeReason.DEATH_REPORTED.value
            if account.status is AccountStatus.CLOSED or known:
                return
            detail = {"on": on.isoformat(), "was": account.status.value}
            tx.audit(AuditEvent("account.death-reported", "done", SYSTEM, account.id, detail=detail))
            deliveries = await self._freeze(tx, account, FreezeReason.DEATH_REPORTED, SYSTEM, "")
            await tx.commit()
        await self._deliver.attempt(deliveries)

    async def _freeze(
        self, tx: WriteTx, account: Account, reason: FreezeReason, actor: Principal, note: str
    ) -> list[LogoutDelivery]:
        await self._accounts.change_status(tx, account.id, AccountStatus.FROZEN, reason=reason.value)
        detail = {"reason": reason.value, "note": note}
        tx.audit(AuditEvent("account.freeze", "done", actor, account.id, detail=detail))
        return await self._end(tx, account.id, reason="account-frozen")


async def held(tx: WriteTx, persons: PersonStore, account_id: str) -> Account:
    """The account, which nobody else changes meanwhile.

    Raises:
        NotFound: `account-not-found`.
    """
    found = await persons.hold(tx, [account_id]) if account_id.isprintable() else []
    if not found:
        raise account_not_found()
    return found[0]
