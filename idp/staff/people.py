"""Administrators find one person by what that person shows them: an ID number, a phone number, an account id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx
from core.principal import Principal
from idp.directory import PersonVault, account_not_found
from idp.identifiers import parse_identifier
from idp.model import Account, StaffRole
from idp.ports import AccountStore, SessionStore
from idp.staff.duties import DECIDES, PROPOSES, PROPOSES_BELOW, Duties, duty_missing

_ACCOUNT = "acc_"


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One person, with what decides over what is to be done.

    Attributes:
        sessions: how many live.
    """

    account: Account
    name: str = field(repr=False)
    roles: Sequence[StaffRole]
    sessions: int


class FindPeople:
    """The use case; every look is on record, and there is no list of people."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        sessions: SessionStore,
        duties: Duties,
        vault: PersonVault,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._duties = duties
        self._vault = vault
        self._clock = clock

    async def __call__(self, typed: str, actor: Principal) -> FoundPerson:
        """
        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: neither an account id, an ID number nor a phone number.
            NotFound: `account-not-found`.
        """
        if not any(actor.may(scope) for scope in (PROPOSES, DECIDES, PROPOSES_BELOW)):
            await self._duties.refuse(actor, "person.find", None)
            raise duty_missing()
        now = self._clock.now()
        async with self._database.read() as tx:
            account = await self._account(tx, typed.strip())
            if account is None:
                raise account_not_found()
            roles = await self._accounts.roles(tx, account.id)
            sessions = len(await self._sessions.live_of_account(tx, account.id, now))
        await self._database.record(AuditEvent("person.find", "done", actor, account.id))
        return FoundPerson(account, self._vault.name(account), roles, sessions)

    async def _account(self, tx: ReadTx, typed: str) -> Account | None:
        if typed.startswith(_ACCOUNT) and typed.isascii() and typed.isprintable():
            return await self._accounts.get(tx, typed)
        found = parse_identifier(typed, today=calendar_day(self._clock.now()))
        return await self._accounts.by_identifier(tx, self._vault.indexes(found.kind, found.value))
