"""Makes and changes what the directory holds: organisations, accounts, staff roles."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import Conflict, InvalidInput, NotFound
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.uscc import parse_uscc
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.directory import PersonVault, account_not_found, organisation_not_found
from idp.identifiers import CITIZEN_ID, PHONE, parse_phone
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.model import Account, AccountStatus, LogoutDelivery, Organisation, StaffRole
from idp.passwords.rules import About, PasswordRules
from idp.ports import AccountStore, OrganisationStore, SessionStore
from idp.protocol.scopes import ROLE_SCOPES
from keys.ports import PasswordHasher

NO_PASSWORD = ""


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
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._vault = vault
        self._passwords = passwords
        self._rules = rules
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


class AssignStaffRole:
    """The use case."""

    def __init__(
        self, database: Database, accounts: AccountStore, organisations: OrganisationStore, clock: Clock
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._organisations = organisations
        self._clock = clock

    async def __call__(self, role: StaffRole, actor: Principal) -> None:
        """Give the role; giving it twice changes nothing.

        Raises:
            InvalidInput: `role-unknown`.
            NotFound: `account-not-found`, `organisation-not-found`.
        """
        if role.role not in ROLE_SCOPES:
            raise InvalidInput("role-unknown", Text("没有这个岗位。", "There is no such role."), field="role")
        async with self._database.write() as tx:
            if await self._accounts.get(tx, role.account_id) is None:
                raise account_not_found()
            if await self._organisations.get(tx, role.organisation) is None:
                raise organisation_not_found()
            if await self._accounts.add_role(tx, role, self._clock.now()):
                detail = {"role": role.role, "organisation": role.organisation}
                tx.audit(AuditEvent("role.assign", "done", actor, role.account_id, detail=detail))
            await tx.commit()


class RemoveStaffRole:
    """The use case."""

    def __init__(self, database: Database, accounts: AccountStore) -> None:
        self._database = database
        self._accounts = accounts

    async def __call__(self, role: StaffRole, actor: Principal) -> None:
        """Take the role away; works from the next request on.

        Raises:
            NotFound: `role-not-found`.
        """
        async with self._database.write() as tx:
            if not await self._accounts.remove_role(tx, role):
                raise NotFound("role-not-found", Text("此人没有这个岗位。", "This person does not have the role."))
            detail = {"role": role.role, "organisation": role.organisation}
            tx.audit(AuditEvent("role.remove", "done", actor, role.account_id, detail=detail))
            await tx.commit()


class ChangeAccountStatus:
    """Freezes, thaws or closes an account; all its sessions and tokens end unless it becomes active."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        sessions: SessionStore,
        end_session: EndSession,
        deliver: DeliverLogouts,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._end_session = end_session
        self._deliver = deliver
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
        await self._deliver.attempt(deliveries)
