"""Closes an account for ever (注销): what must be kept stays without saying whose it was, the rest is erased.

Kept are the account's id and when it was opened, the audit log, licences and seals, which are the authorities' own
records, and the names under which portals know it, so that no portal is ever given the same name for somebody else.
After a death name and number stay too: nobody may open an account under them again.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.db.database import Database, WriteTx
from core.principal import Principal
from idp.directory import PersonVault
from idp.logout.deliver import DeliverLogouts
from idp.model import Account, AccountStatus, LogoutDelivery
from idp.persons.duties import DECIDES, PersonDuties
from idp.persons.ending import EndEverything
from idp.persons.errors import wrong_status
from idp.persons.freezing import held
from idp.persons.model import CloseReason, FreezeReason
from idp.persons.ports import Authorities, PersonalTraces, PersonStore
from idp.persons.words import parse_reason
from idp.ports import AccountStore


class CloseAccounts:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        persons: PersonStore,
        traces: PersonalTraces,
        vault: PersonVault,
        end: EndEverything,
        authorities: Authorities,
        deliver: DeliverLogouts,
        duties: PersonDuties,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._persons = persons
        self._traces = traces
        self._vault = vault
        self._end = end
        self._authorities = authorities
        self._deliver = deliver
        self._duties = duties

    async def __call__(self, account_id: str, note: str, actor: Principal) -> CloseReason:
        """By an office: an account that is frozen, so that nothing is closed by a slip of the hand.

        Raises:
            NotPermitted: `duty-missing`, `own-account`.
            InvalidInput: `reason-invalid`.
            NotFound: `account-not-found`.
            Conflict: `account-status`: it is not frozen.
        """
        await self._duties.check(actor, "account.close", scopes=(DECIDES,), account_id=account_id)
        said = parse_reason(note)
        async with self._database.write() as tx:
            account = await held(tx, self._persons, account_id)
            if account.status is not AccountStatus.FROZEN:
                raise wrong_status(account.status.value)
            dead = account.status_reason == FreezeReason.DEATH_REPORTED.value
            reason = CloseReason.DEATH if dead else CloseReason.BY_OFFICE
            deliveries = await self.within(tx, account, reason, actor, said)
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return reason

    async def within(
        self, tx: WriteTx, account: Account, reason: CloseReason, actor: Principal, note: str = ""
    ) -> list[LogoutDelivery]:
        """The same inside the caller's transaction; the caller commits, then has the deliveries attempted."""
        deliveries = await self._end(tx, account.id, reason="account-closed")
        deliveries += await self._authorities.end_of(tx, account.id, actor)
        await self._accounts.change_status(tx, account.id, AccountStatus.CLOSED, reason=reason.value)
        for one in (account.id, *await self._persons.merged_into(tx, account.id)):
            empty = None if reason is CloseReason.DEATH else self._vault.seal(one, "name", "")
            await self._traces.erase(tx, one, empty=empty)
        detail = {"reason": reason.value, "note": note}
        tx.audit(AuditEvent("account.close", "done", actor, account.id, detail=detail))
        return deliveries
