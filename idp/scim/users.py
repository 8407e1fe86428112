"""Users of SCIM are members of staff (RFC 7643 §4.1): who joins, who moves, who leaves.

A person is found by ID number, and the name that comes with it must be theirs; somebody new is checked with the city's
source first. Who leaves loses roles, sessions and tokens in the same transaction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.event import AuditEvent, Detail
from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx, WriteTx
from core.errors import Conflict
from core.identifiers.citizen_id import parse_citizen_id
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.directory import PersonVault
from idp.identifiers import CITIZEN_ID
from idp.logout.deliver import DeliverLogouts
from idp.model import Account, AccountStatus, LogoutDelivery, OrganisationStatus, StaffRole
from idp.people import CreateAccount, NewAccount
from idp.ports import AccountStore, OrganisationStore
from idp.real_name import CHECKED
from idp.scim.described import Joiner, UserChange
from idp.scim.duties import Provisioners
from idp.scim.errors import ScimRefused, resource_not_found
from idp.scim.ports import RealNameCheck
from idp.staff.filters import Filter
from idp.staff.leaving import LeaveStaff
from idp.staff.ports import StaffStore
from idp.staff.records import StaffMember
from idp.staff.roles import GiveRoles

MOST = 100


@dataclass(frozen=True, slots=True)
class UserView:
    """A member with what else the document says."""

    member: StaffMember
    name: str = dataclasses.field(repr=False)
    roles: Sequence[StaffRole]


@dataclass(frozen=True, slots=True)
class UserPage:
    users: Sequence[UserView]
    total: int
    start: int


class Users:
    """The use cases; all of them raise NotPermitted `duty-missing` for anybody but a personnel system."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        organisations: OrganisationStore,
        members: StaffStore,
        provisioners: Provisioners,
        create: CreateAccount,
        check: RealNameCheck,
        give: GiveRoles,
        leave: LeaveStaff,
        deliver: DeliverLogouts,
        vault: PersonVault,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._organisations = organisations
        self._members = members
        self._provisioners = provisioners
        self._create = create
        self._check = check
        self._give = give
        self._leave = leave
        self._deliver = deliver
        self._vault = vault
        self._clock = clock

    async def page(self, actor: Principal, condition: Filter | None, *, start: int = 1, count: int = MOST) -> UserPage:
        """
        Args:
            start: of the first user, from 1 (RFC 7644 §3.4.2.4); less is taken for 1.
            count: how many at most; none, and only their number, for 0 or less.
        """
        top = await self._provisioners.organisation(actor, "scim.list")
        first, size = max(start, 1), max(0, min(count, MOST))
        async with self._database.read() as tx:
            found, total = await self._members.page(tx, within=top, condition=condition, start=first - 1, limit=size)
            users = [await self._view(tx, one) for one in found]
        await self._database.record(AuditEvent("scim.list", "done", actor, detail={"count": len(users)}))
        return UserPage(users, total, first)

    async def read(self, member_id: str, actor: Principal) -> UserView:
        """
        Raises:
            NotFound: `scim-resource-not-found`, also for somebody of another organisation.
        """
        top = await self._provisioners.organisation(actor, "scim.read")
        async with self._database.read() as tx:
            member = await self._member(tx, member_id, top)
            view = await self._view(tx, member)
        await self._database.record(AuditEvent("scim.read", "done", actor, member.account_id))
        return view

    async def join(self, joiner: Joiner, actor: Principal) -> UserView:
        """Somebody begins to work here; who left before, here or elsewhere, comes back under the same id.

        Raises:
            InvalidInput: `citizen-id-invalid`, `phone-invalid`.
            ScimRefused: `invalidValue`: name and number do not belong together, or no such department.
            Conflict: `staff-exists`.
            Unavailable: the city's source does not answer.
        """
        top = await self._provisioners.organisation(actor, "scim.join")
        number = parse_citizen_id(joiner.number, today=calendar_day(self._clock.now())).number
        account = await self._known(number)
        if account is None and not await self._check.matches(number, joiner.name):
            raise await self._mismatch(actor)
        if account is not None and not self._is_name_of(joiner.name, account):
            raise await self._mismatch(actor)
        async with self._database.write() as tx:
            await self._check_department(tx, joiner.department, top)
            if account is None:
                new = NewAccount(number, joiner.name, None, joiner.phone, level=CHECKED)
                account = await self._create.without_password(tx, new, actor)
                if account is None:  # opened meanwhile, or the phone is somebody else's
                    raise _exists()
            member = await self._entered(tx, joiner, account)
            detail = {"department": member.department, "member": member.id}
            tx.audit(AuditEvent("staff.join", "done", actor, member.account_id, detail=detail))
            view = await self._view(tx, member)
            await tx.commit()
        return view

    async def change(
        self, member_id: str, change: UserChange, actor: Principal, *, revision: int | None = None
    ) -> UserView:
        """
        Args:
            revision: that the client read (If-Match); None for whatever it is.

        Raises:
            NotFound: `scim-resource-not-found`.
            ScimRefused: `mutability`: another person's name or number; `invalidValue`: no such department.
            Conflict: `precondition-failed`, `staff-exists`.
        """
        top = await self._provisioners.organisation(actor, "scim.change")
        deliveries: list[LogoutDelivery] = []
        async with self._database.write() as tx:
            member = await self._member(tx, member_id, top)
            if revision is not None and revision != member.revision:
                raise _moved_on()
            await self._check_same_person(tx, member, change)
            wanted = change.applied_to(member, self._clock.now())
            if wanted.department != member.department:
                await self._check_department(tx, wanted.department, top)
            if wanted != dataclasses.replace(member, changed_at=wanted.changed_at):
                if not await self._members.change(tx, wanted, revision=member.revision):
                    raise _moved_on()
                deliveries = await self._settle(tx, member, wanted, actor)
            view = await self._view(tx, await self._member(tx, member_id, top))
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return view

    async def remove(self, member_id: str, actor: Principal, *, revision: int | None = None) -> None:
        """Somebody leaves and is forgotten here; the account is the citizen's and stays.

        Raises:
            NotFound: `scim-resource-not-found`.
            Conflict: `precondition-failed`.
        """
        top = await self._provisioners.organisation(actor, "scim.remove")
        async with self._database.write() as tx:
            member = await self._member(tx, member_id, top)
            if (revision is not None and revision != member.revision) or not await self._members.remove(tx, member_id):
                raise _moved_on()
            _, deliveries = await self._leave.within(tx, member.account_id, actor)
            await tx.commit()
        await self._deliver.attempt(deliveries)

    async def _settle(
        self, tx: WriteTx, before: StaffMember, after: StaffMember, actor: Principal
    ) -> list[LogoutDelivery]:
        """What a change means for roles and sessions."""
        if before.active and not after.active:
            _, deliveries = await self._leave.within(tx, after.account_id, actor)
            return deliveries
        if before.department != after.department:  # who moves takes no role along
            for role in await self._accounts.roles(tx, after.account_id):
                if role.organisation == before.department:
                    await self._give.take(tx, role, actor)
        detail: Detail = {"department": after.department, "active": after.active}
        tx.audit(AuditEvent("staff.change", "done", actor, after.account_id, detail=detail))
        return []

    async def _entered(self, tx: WriteTx, joiner: Joiner, account: Account) -> StaffMember:
        now = self._clock.now()
        earlier = await self._members.of_account(tx, account.id)
        if earlier is None:
            member = StaffMember(
                new_id(self._clock, "stf"),
                account.id,
                joiner.department,
                joiner.user_name,
                joiner.external_id,
                joiner.active,
                1,
                now,
                now,
            )
            if not await self._members.add(tx, member):
                raise _exists()
            return member
        if earlier.active:
            raise _exists()
        again = dataclasses.replace(
            earlier,
            department=joiner.department,
            user_name=joiner.user_name,
            external_id=joiner.external_id,
            active=joiner.active,
            changed_at=now,
        )
        if not await self._members.change(tx, again, revision=earlier.revision):
            raise _exists()
        return dataclasses.replace(again, revision=earlier.revision + 1)

    async def _known(self, number: str) -> Account | None:
        async with self._database.read() as tx:
            return await self._accounts.by_identifier(tx, self._vault.indexes(CITIZEN_ID, number))

    def _is_name_of(self, name: str, account: Account) -> bool:
        return account.status is not AccountStatus.CLOSED and self._vault.name(account) == name

    async def _mismatch(self, actor: Principal) -> ScimRefused:
        await self._database.record(AuditEvent("staff.join", "refused", actor, detail={"error": "name-and-number"}))
        return ScimRefused("invalidValue", "name and idNumber do not belong together")

    async def _check_department(self, tx: ReadTx, department: str, top: str) -> None:
        found = await self._organisations.get(tx, department)
        alive = found is not None and found.status is OrganisationStatus.ACTIVE
        if not alive or not await self._provisioners.reaches(tx, top, department):
            raise ScimRefused("invalidValue", "department is not one that this client looks after")

    async def _check_same_person(self, tx: ReadTx, member: StaffMember, change: UserChange) -> None:
        if change.number is None and change.name is None:
            return
        account = await self._accounts.get(tx, member.account_id)
        assert account is not None, "accounts are closed, not deleted"
        person = self._vault.person(account)
        number = person.citizen_id and person.citizen_id.number
        if change.name not in (None, person.name) or change.number not in (None, number):
            raise ScimRefused("mutability", "name and idNumber are the person's and never change here")

    async def _member(self, tx: ReadTx, member_id: str, top: str) -> StaffMember:
        member = await self._members.get(tx, member_id) if member_id.isprintable() else None
        if member is None or not await self._provisioners.reaches(tx, top, member.department):
            raise resource_not_found()
        return member

    async def _view(self, tx: ReadTx, member: StaffMember) -> UserView:
        account = await self._accounts.get(tx, member.account_id)
        assert account is not None, "accounts are closed, not deleted"
        return UserView(member, self._vault.name(account), await self._accounts.roles(tx, member.account_id))


def _exists() -> Conflict:
    return Conflict("staff-exists", Text("此人、用户名或外部编号已登记。", "The person, user name or id is in use."))


def _moved_on() -> Conflict:
    return Conflict("precondition-failed", Text("内容已有变化，请重新读取。", "It has changed. Read it anew."))
