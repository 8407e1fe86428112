"""Groups of SCIM are ordinary roles in a department (RFC 7643 §4.2): being a member is having the role.

They cannot be made or removed, and administrators' and managers' roles are none of them: those two people give.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.db.database import Database, ReadTx, WriteTx
from core.principal import Principal
from core.text import Text
from idp.model import OrganisationStatus, StaffRole
from idp.protocol.scopes import ADMINISTRATOR_ROLES, ROLE_SCOPES
from idp.scim.duties import Provisioners
from idp.scim.errors import ScimRefused, resource_not_found
from idp.scim.patch import MemberStep
from idp.staff.ports import DepartmentStore, StaffStore
from idp.staff.records import StaffMember
from idp.staff.roles import GiveRoles

GROUP_ROLES = tuple(role for role in ROLE_SCOPES if role not in (*ADMINISTRATOR_ROLES, "department-manager"))
MOST, MOST_DEPARTMENTS = 100, 1_000
_ID = re.compile(r"(?P<role>[a-z-]{1,32})@(?P<department>[0-9A-Z]{18})")


@dataclass(frozen=True, slots=True)
class Group:
    """A role in a department."""

    role: str
    department: str
    department_name: Text
    members: Sequence[StaffMember] = ()

    @property
    def id(self) -> str:
        return group_id(self.role, self.department)


@dataclass(frozen=True, slots=True)
class GroupPage:
    groups: Sequence[Group]
    total: int
    start: int


class Groups:
    """The use cases; all of them raise NotPermitted `duty-missing` for anybody but a personnel system."""

    def __init__(
        self,
        database: Database,
        departments: DepartmentStore,
        members: StaffStore,
        provisioners: Provisioners,
        give: GiveRoles,
    ) -> None:
        self._database = database
        self._departments = departments
        self._members = members
        self._provisioners = provisioners
        self._give = give

    async def page(self, actor: Principal, *, only: str | None = None, start: int = 1, count: int = MOST) -> GroupPage:
        """By department and role.

        Args:
            only: the id (and name) of the one that is looked for.
        """
        top = await self._provisioners.organisation(actor, "scim.list-groups")
        first, size = max(start, 1), max(0, min(count, MOST))
        async with self._database.read() as tx:
            listed = await self._all(tx, top)
            chosen = [one for one in listed if only is None or one.id.casefold() == only.casefold()]
            shown = [await self._with_members(tx, one) for one in chosen[first - 1 :][:size]]
        return GroupPage(shown, len(chosen), first)

    async def read(self, group: str, actor: Principal) -> Group:
        """
        Raises:
            NotFound: `scim-resource-not-found`.
        """
        top = await self._provisioners.organisation(actor, "scim.read-group")
        async with self._database.read() as tx:
            return await self._with_members(tx, await self._group(tx, group, top))

    async def change(self, group: str, steps: Sequence[MemberStep], actor: Principal) -> Group:
        """All steps count, or none does.

        Raises:
            NotFound: `scim-resource-not-found`.
            ScimRefused: `invalidValue`, for a member who is not an active one of the client's.
        """
        top = await self._provisioners.organisation(actor, "scim.change-group")
        async with self._database.write() as tx:
            found = await self._group(tx, group, top)
            for step in steps:
                await self._step(tx, found, step, top, actor)
            changed = await self._with_members(tx, found)
            await tx.commit()
        return changed

    async def _step(self, tx: WriteTx, group: Group, step: MemberStep, top: str, actor: Principal) -> None:
        held = {one.id: one for one in await self._members.holding(tx, department=group.department, role=group.role)}
        named = held.keys() if step.ids is None else set(step.ids)
        gone = held.keys() & named if step.verb == "remove" else held.keys() - named if step.verb == "replace" else ()
        for member_id in sorted(gone):
            await self._give.take(tx, StaffRole(held[member_id].account_id, group.department, group.role), actor)
        if step.verb == "remove":
            return
        for member_id in sorted(named - held.keys()):
            member = await self._members.hold(tx, member_id) if member_id.isprintable() else None
            if member is None or not member.active or not await self._provisioners.reaches(tx, top, member.department):
                raise ScimRefused("invalidValue", "a member is not somebody who works for this client's organisation")
            await self._give.give(tx, StaffRole(member.account_id, group.department, group.role), actor)

    async def _all(self, tx: ReadTx, top: str) -> list[Group]:
        departments = await self._departments.within(tx, top, limit=MOST_DEPARTMENTS)
        alive = [one for one in departments if one.status is OrganisationStatus.ACTIVE]
        return [Group(role, one.uscc, one.name) for one in alive for role in GROUP_ROLES]

    async def _group(self, tx: ReadTx, group: str, top: str) -> Group:
        if _ID.fullmatch(group) is not None:
            for one in await self._all(tx, top):
                if one.id == group:
                    return one
        raise resource_not_found()

    async def _with_members(self, tx: ReadTx, group: Group) -> Group:
        members = await self._members.holding(tx, department=group.department, role=group.role)
        return Group(group.role, group.department, group.department_name, members)


def group_id(role: str, department: str) -> str:
    return f"{role}@{department}"
