"""Makes and changes what the directory holds: organisations and accounts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import Conflict
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.uscc import parse_uscc
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.directory import PersonVault, account_not_found
from idp.evidence.book import EvidenceBook
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.identifiers import CITIZEN_ID, PHONE, parse_phone
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.model import Account, AccountStatus, LogoutDelivery, Organisation
from idp.passwords.rules import About, PasswordRules
from idp.ports import AccountStore, OrganisationStore, SessionStore
from idp.real_name import REGISTERED
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents
from keys.ports import PasswordHasher

NO_PASSWORD = ""
_EVENTS = {
    AccountStatus.FROZEN: SecurityEventKind.ACCOUNT_FROZEN,
    AccountStatus.CLOSED: SecurityEventKind.ACCOUNT_CLOSED,
}


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A person to be entered; the caller has made sure of the name and number as `level` says.

    Attributes:
        password: None for somebody who logs in through another provider only.
    """

    citizen_id: str = field(repr=False)
    name: str = field(repr=False)
    password: str | None = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    level: int = 2


class RegisterOrganisation:
    """The use case."""

    def __init__(self, database: Database, organisations: OrganisationStore, clock: Clock) -> None:
        self._database = database
        self._organisations = organisations
        self._clock = clock

    async def __call__(self, uscc: str, name: Text, kind: str, actor: Principal) -> Organisation:
        """
        Raises:
            InvalidInput: `uscc-invalid`.
            Conflict: `organisation-exists`.
        """
        organisation = Organisation(parse_uscc(uscc), name, kind)
        async with self._database.write() as tx:
            if not await self._organisations.add(tx, organisation, self._clock.now()):
                raise Conflict(
                    "organisation-exists", Text("这个机构已经登记过了。", "This organisation is registered already.")
                )
            tx.audit(AuditEvent("organisation.register", "done", actor, subject=organisation.uscc))
            await tx.commit()
        return organisation


class CreateAccount:
    """The use case."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        vault: PersonVault,
        passwords: PasswordHasher,
        rules: PasswordRules,
        book: EvidenceBook,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._vault = vault
        self._passwords = passwords
        self._rules = rules
        self._book = book
        self._clock = clock

    async def __call__(self, new: NewAccount, actor: Principal) -> str:
        """
        Returns:
            The account id.

        Raises:
            InvalidInput: the ID number, phone or password is not acceptable.
            Conflict: `account-exists`, when the ID number or the phone belongs to somebody.
        """
        account, indexes = self._account(new)
        if new.password is not None:
            accepted = await self._rules.accept(new.password, About(new.name, new.citizen_id, new.phone or ""))
            account = dataclasses.replace(account, password_hash=await self._passwords.hash(accepted))
        async with self._database.write() as tx:
            if not await self._add(tx, account, indexes, actor):
                raise Conflict(
                    "account-exists",
                    Text("这个身份证号或手机号已有账号。", "There is an account for this ID number or phone already."),
                )
            await tx.commit()
        return account.id

    async def without_password(self, tx: WriteTx, new: NewAccount, actor: Principal) -> Account | None:
        """The same inside the caller's transaction; None when the ID number or the phone belongs to somebody.

        Raises:
            InvalidInput: the ID number or phone is not acceptable.
        """
        account, indexes = self._account(new)
        return account if await self._add(tx, account, indexes, actor) else None

    async def _add(
        self, tx: WriteTx, account: Account, indexes: Mapping[str, Sequence[bytes]], actor: Principal
    ) -> bool:
        if not await self._accounts.add(tx, account, indexes):
            return False
        tx.audit(AuditEvent("account.create", "done", actor, account.id, detail={"level": account.level}))
        if account.level > REGISTERED:
            vouched = NewEvidence(EvidenceKind.VOUCHED, actor.id, by=actor.id, level=account.level)
            await self._book.add(tx, account.id, vouched, actor)
        return True

    def _account(self, new: NewAccount) -> tuple[Account, Mapping[str, Sequence[bytes]]]:
        now = self._clock.now()
        number = parse_citizen_id(new.citizen_id, today=calendar_day(now)).number
        phone = None if new.phone is None else parse_phone(new.phone)
        account_id, vault = new_id(self._clock, "acc"), self._vault
        account = Account(
            id=account_id,
            number=vault.seal(account_id, "number", number),
            name=vault.seal(account_id, "name", new.name),
            phone=None if phone is None else vault.seal(account_id, "phone", phone),
            password_hash=NO_PASSWORD,
            level=new.level,
            status=AccountStatus.ACTIVE,
            created_at=now,
        )
        typed = {CITIZEN_ID: number} | ({PHONE: phone} if phone is not None else {})
        return account, {kind: vault.indexes(kind, value) for kind, value in typed.items()}


class ChangeAccountStatus:
    """Freezes, thaws or closes an account; all its sessions and tokens end unless it becomes active."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        sessions: SessionStore,
        end_session: EndSession,
        deliver: DeliverLogouts,
        events: SecurityEvents,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._end_session = end_session
        self._deliver = deliver
        self._events = events
        self._clock = clock

    async def __call__(self, account_id: str, status: AccountStatus, actor: Principal) -> None:
        """
        Raises:
            NotFound: `account-not-found`, also for a closed account: 注销 is for ever.
        """
        deliveries: list[LogoutDelivery] = []
        async with self._database.write() as tx:
            if not await self._accounts.change_status(tx, account_id, status):
                raise account_not_found()
            if status is not AccountStatus.ACTIVE:
                for session in await self._sessions.live_of_account(tx, account_id, self._clock.now()):
                    deliveries += await self._end_session(tx, session, reason=f"account-{status.value}")
            detail = {"status": status.value}
            tx.audit(AuditEvent("account.change-status", "done", actor, account_id, detail=detail))
            await tx.commit()
        if status in _EVENTS:
            self._events.note(_EVENTS[status], account_id=account_id)
        await self._deliver.attempt(deliveries)
