"""Gives and takes roles: the one place where a role comes to somebody or goes, whoever has decided it.

Nobody holds two of the three administrators' roles (三权分立); the table itself keeps a second one out, so that two
who are given at the same moment cannot both count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from core.audit.event import AuditEvent, Detail
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import Conflict, InvalidInput, NotFound
from core.principal import Principal
from core.text import Text
from idp.directory import account_not_found, organisation_not_found
from idp.model import AccountStatus, OrganisationStatus, StaffRole
from idp.ports import AccountStore, OrganisationStore
from idp.protocol.scopes import ADMINISTRATOR_ROLES, ROLE_SCOPES
from idp.rights import FUNCTIONS, LICENCE_TYPES, TYPED_SCOPES

_MOST_TYPES = 200
_LONGEST_CODE = 64


class GiveRoles:
    """Works inside the caller's transaction; the caller has made sure that it may be given."""

    def __init__(self, accounts: AccountStore, organisations: OrganisationStore, clock: Clock) -> None:
        self._accounts = accounts
        self._organisations = organisations
        self._clock = clock

    async def give(self, tx: WriteTx, role: StaffRole, actor: Principal) -> bool:
        """False, and nothing changes, when the person has the role already, whatever its limits.

        Raises:
            NotFound: `account-not-found`, `organisation-not-found`.
            Conflict: `duties-apart`, for a second of the three administrators' roles.
        """
        account = await self._accounts.get(tx, role.account_id)
        if account is None or account.status is AccountStatus.CLOSED:
            raise account_not_found()
        organisation = await self._organisations.get(tx, role.organisation)
        if organisation is None or organisation.status is not OrganisationStatus.ACTIVE:
            raise organisation_not_found()
        if not await self._accounts.add_role(tx, role, self._clock.now()):
            if any(_same(one, role) for one in await self._accounts.roles(tx, role.account_id)):
                return False
            raise _duties_apart()
        tx.audit(AuditEvent("role.assign", "done", actor, role.account_id, detail=audited(role)))
        return True

    async def take(self, tx: WriteTx, role: StaffRole, actor: Principal) -> bool:
        """False when the person does not have it. Works from the next request on."""
        if not await self._accounts.remove_role(tx, role):
            return False
        detail = {"role": role.role, "organisation": role.organisation}
        tx.audit(AuditEvent("role.remove", "done", actor, role.account_id, detail=detail))
        return True


class AssignStaffRole:
    """The operator's way: whoever is at the command line answers for it alone."""

    def __init__(self, database: Database, give: GiveRoles, clock: Clock) -> None:
        self._database = database
        self._give = give
        self._clock = clock

    async def __call__(self, role: StaffRole, actor: Principal) -> None:
        """Give the role; giving it twice changes nothing.

        Raises:
            InvalidInput: `role-unknown`, `role-limits-invalid`.
            NotFound: `account-not-found`, `organisation-not-found`.
            Conflict: `duties-apart`.
        """
        check_role(role, calendar_day(self._clock.now()))
        async with self._database.write() as tx:
            await self._give.give(tx, role, actor)
            await tx.commit()


class RemoveStaffRole:
    """The operator's way."""

    def __init__(self, database: Database, give: GiveRoles) -> None:
        self._database = database
        self._give = give

    async def __call__(self, role: StaffRole, actor: Principal) -> None:
        """Take the role away; works from the next request on.

        Raises:
            NotFound: `role-not-found`.
        """
        async with self._database.write() as tx:
            if not await self._give.take(tx, role, actor):
                raise role_not_found()
            await tx.commit()


def check_role(role: StaffRole, today: dt.date) -> None:
    """
    Raises:
        InvalidInput: `role-unknown`; `role-limits-invalid` names the limit that makes no sense.
    """
    given = ROLE_SCOPES.get(role.role)
    if given is None:
        raise InvalidInput("role-unknown", Text("没有这个岗位。", "There is no such role."), field="role")
    if not role.limits.keys() <= {LICENCE_TYPES, FUNCTIONS}:
        raise _limits_invalid("limits")
    if FUNCTIONS in role.limits and (not role.limits[FUNCTIONS] or not given.issuperset(role.limits[FUNCTIONS])):
        raise _limits_invalid(FUNCTIONS)
    if LICENCE_TYPES in role.limits and not _types_make_sense(role.limits[LICENCE_TYPES], given):
        raise _limits_invalid(LICENCE_TYPES)
    if role.until is not None and role.until < today:
        raise _limits_invalid("until")


def is_administrator(role: StaffRole) -> bool:
    return role.role in ADMINISTRATOR_ROLES


def audited(role: StaffRole) -> Detail:
    """What the audit log says of a role: its limits, too, for they are part of what was given."""
    detail: dict[str, str | int | bool | None] = {"role": role.role, "organisation": role.organisation}
    detail |= {name: " ".join(values)[:400] for name, values in role.limits.items()}
    return detail | ({"until": role.until.isoformat()} if role.until else {})


def limits_of(licence_types: Collection[str] | None, functions: Collection[str] | None) -> Mapping[str, Sequence[str]]:
    """The limits in one order; None for no limit."""
    given = {LICENCE_TYPES: licence_types, FUNCTIONS: functions}
    return {name: sorted(set(values)) for name, values in given.items() if values is not None}


def role_not_found() -> NotFound:
    return NotFound("role-not-found", Text("此人没有这个岗位。", "This person does not have the role."))


def _types_make_sense(types: Sequence[str], given: Collection[str]) -> bool:
    return (
        0 < len(types) <= _MOST_TYPES
        and not TYPED_SCOPES.isdisjoint(given)
        and all(0 < len(one) <= _LONGEST_CODE and one.isascii() and one.isprintable() for one in types)
    )


def _same(one: StaffRole, other: StaffRole) -> bool:
    return (one.organisation, one.role) == (other.organisation, other.role)


def _limits_invalid(name: str) -> InvalidInput:
    return InvalidInput(
        "role-limits-invalid",
        Text(
            f"岗位的范围（{name}）不对：只能在岗位本身的权限之内收窄，期限不能早于今天。",
            f"The role's limits ({name}) do not fit: they narrow what the role gives, and end today or later.",
        ),
        field=name,
    )


def _duties_apart() -> Conflict:
    return Conflict(
        "duties-apart",
        Text(
            "此人已是系统、安全、审计三员之一，三员不能由一人兼任。请先去掉原来的岗位。",
            "This person is one of the three administrators already; nobody is two of them. End that role first.",
        ),
    )
