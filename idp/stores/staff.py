"""Members of staff, their roles and what is proposed for them, in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, not_, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from core.errors import Conflict
from core.text import Text
from idp.model import StaffRole
from idp.staff.filters import Attribute, Both, Compare, Either, Filter, Negated, Operator
from idp.staff.ports import RoleProposals, StaffRoleStore, StaffStore
from idp.staff.records import HeldRole, ProposalKind, ProposalState, RoleProposal, StaffMember
from idp.stores.departments import below
from idp.stores.some import delete_some
from idp.stores.staff_tables import staff_member, staff_proposal
from idp.stores.tables import staff_role
from idp.stores.upsert import insert_if_new

_ROLE = staff_role.c
_KEY = (_ROLE.account_id, _ROLE.organisation, _ROLE.role)


_OPERATORS: Mapping[Operator, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    Operator.EQUAL: lambda column, value: column == value,
    Operator.NOT_EQUAL: lambda column, value: or_(column != value, column.is_(None)),  # absent is not equal, either
    Operator.CONTAINS: lambda column, value: column.contains(value, autoescape=True),
    Operator.STARTS_WITH: lambda column, value: column.startswith(value, autoescape=True),
    Operator.ENDS_WITH: lambda column, value: column.endswith(value, autoescape=True),
    Operator.PRESENT: lambda column, _: column.is_not(None),
    Operator.GREATER: lambda column, value: column > value,
    Operator.GREATER_OR_EQUAL: lambda column, value: column >= value,
    Operator.LESS: lambda column, value: column < value,
    Operator.LESS_OR_EQUAL: lambda column, value: column <= value,
}


class SqlStaffRoleStore:
    """Implements `idp.staff.ports.StaffRoleStore`."""

    async def page(
        self, tx: ReadTx, *, within: str | None, after: tuple[str, str, str] | None, limit: int
    ) -> Sequence[HeldRole]:
        query = select(staff_role)
        if within is not None:
            query = query.where(_ROLE.organisation.in_(select(below(within).c.uscc)))
        if after is not None:
            query = query.where(tuple_(*_KEY) > tuple_(*after))
        rows = await tx.connection.execute(query.order_by(*_KEY).limit(limit))
        return [HeldRole(_role(row), row.since) for row in rows]

    async def end_all(self, tx: WriteTx, account_id: str) -> Sequence[StaffRole]:
        removal = delete(staff_role).where(_ROLE.account_id == account_id).returning(*staff_role.c)
        return [_role(row) for row in await tx.connection.execute(removal)]


class SqlRoleProposals:
    """Implements `idp.staff.ports.RoleProposals`; a decision is an `UPDATE` that only one can win."""

    async def add(self, tx: WriteTx, proposal: RoleProposal) -> bool:
        return await insert_if_new(tx.connection, staff_proposal, _proposal_values(proposal))

    async def get(self, tx: ReadTx, proposal_id: str) -> RoleProposal | None:
        query = select(staff_proposal).where(staff_proposal.c.id == proposal_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _proposal(row)

    async def open(self, tx: ReadTx, *, within: str | None, after: str | None, limit: int) -> Sequence[RoleProposal]:
        columns = staff_proposal.c
        query = select(staff_proposal).where(columns.state == ProposalState.OPEN.value)
        if within is not None:
            query = query.where(columns.organisation.in_(select(below(within).c.uscc)))
        if after is not None:
            query = query.where(columns.id > after)
        return [_proposal(row) for row in await tx.connection.execute(query.order_by(columns.id).limit(limit))]

    async def decide(
        self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime, note: str | None
    ) -> bool:
        change = update(staff_proposal).where(staff_proposal.c.id == proposal_id, _waits())
        values = {"state": state.value, "decided_by": by, "decided_at": at, "note": note}
        return (await tx.connection.execute(change.values(values))).rowcount == 1

    async def withdraw_about(self, tx: WriteTx, account_id: str, *, by: str, at: dt.datetime) -> int:
        change = update(staff_proposal).where(staff_proposal.c.account_id == account_id, _waits())
        values = {"state": ProposalState.WITHDRAWN.value, "decided_by": by, "decided_at": at}
        return (await tx.connection.execute(change.values(values))).rowcount

    async def delete_decided(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, staff_proposal, staff_proposal.c.decided_at < before)


class SqlStaffStore:
    """Implements `idp.staff.ports.StaffStore`."""

    async def add(self, tx: WriteTx, member: StaffMember) -> bool:
        return await insert_if_new(tx.connection, staff_member, _member_values(member))

    async def get(self, tx: ReadTx, member_id: str) -> StaffMember | None:
        return await self._one(tx, staff_member.c.id == member_id)

    async def hold(self, tx: WriteTx, member_id: str) -> StaffMember | None:
        query = select(staff_member).where(staff_member.c.id == member_id).with_for_update()
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _member(row)

    async def of_account(self, tx: ReadTx, account_id: str) -> StaffMember | None:
        return await self._one(tx, staff_member.c.account_id == account_id)

    async def change(self, tx: WriteTx, member: StaffMember, *, revision: int) -> bool:
        values = {**_member_values(member), "revision": revision + 1}
        for fixed in ("id", "account_id", "created_at"):
            del values[fixed]
        same = (staff_member.c.id == member.id, staff_member.c.revision == revision)
        try:
            async with tx.connection.begin_nested():
                changed = await tx.connection.execute(update(staff_member).where(*same).values(values))
        except IntegrityError:
            raise Conflict(
                "staff-exists", Text("这个用户名或外部编号已有人用。", "The user name or external id is taken.")
            ) from None
        return changed.rowcount == 1

    async def leave(self, tx: WriteTx, member_id: str, at: dt.datetime) -> bool:
        change = update(staff_member).where(staff_member.c.id == member_id, staff_member.c.active.is_(True))
        values = {"active": False, "changed_at": at, "revision": staff_member.c.revision + 1}
        return (await tx.connection.execute(change.values(values))).rowcount == 1

    async def page(
        self, tx: ReadTx, *, within: str | None, condition: Filter | None, start: int, limit: int
    ) -> tuple[Sequence[StaffMember], int]:
        chosen: list[ColumnElement[bool]] = []
        if within is not None:
            chosen.append(staff_member.c.department.in_(select(below(within).c.uscc)))
        if condition is not None:
            chosen.append(_clause(condition))
        count = (
            await tx.connection.execute(select(func.count()).select_from(staff_member).where(*chosen))
        ).scalar_one()
        query = select(staff_member).where(*chosen).order_by(staff_member.c.id).offset(start).limit(limit)
        return [_member(row) for row in await tx.connection.execute(query)], count

    async def remove(self, tx: WriteTx, member_id: str) -> bool:
        removal = delete(staff_member).where(staff_member.c.id == member_id)
        return (await tx.connection.execute(removal)).rowcount == 1

    async def holding(self, tx: ReadTx, *, department: str, role: str) -> Sequence[StaffMember]:
        query = select(staff_member).join(staff_role, _ROLE.account_id == staff_member.c.account_id)
        query = query.where(_ROLE.organisation == department, _ROLE.role == role).order_by(staff_member.c.id)
        return [_member(row) for row in await tx.connection.execute(query)]

    async def _one(self, tx: ReadTx, which: ColumnElement[bool]) -> StaffMember | None:
        row = (await tx.connection.execute(select(staff_member).where(which))).one_or_none()
        return None if row is None else _member(row)


def _clause(condition: Filter) -> ColumnElement[bool]:
    match condition:
        case Both(left, right):
            return and_(_clause(left), _clause(right))
        case Either(left, right):
            return or_(_clause(left), _clause(right))
        case Negated(inner):
            return not_(func.coalesce(_clause(inner), False))  # what is absent fulfils no condition
        case Compare(attribute, operator, value):
            return _compared(attribute, operator, value)


def _compared(attribute: Attribute, operator: Operator, value: Any) -> ColumnElement[bool]:
    column: ColumnElement[Any] = staff_member.c[attribute.value]
    if attribute is Attribute.USER_NAME:  # without regard to case (RFC 7643 §4.1.1)
        column, value = staff_member.c.user_key, value.casefold() if isinstance(value, str) else value
    return _OPERATORS[operator](column, value)


def _waits() -> ColumnElement[bool]:
    return staff_proposal.c.state == ProposalState.OPEN.value


def _role(row: Row[Any]) -> StaffRole:
    return StaffRole(row.account_id, row.organisation, row.role, row.limits, row.until)


def _proposal(row: Row[Any]) -> RoleProposal:
    return RoleProposal(
        row.id,
        ProposalKind(row.kind),
        _role(row),
        row.reason,
        row.proposed_by,
        row.proposed_at,
        ProposalState(row.state),
        row.decided_by,
        row.decided_at,
        row.note,
    )


def _proposal_values(proposal: RoleProposal) -> dict[str, object]:
    role = proposal.role
    return {
        "id": proposal.id,
        "kind": proposal.kind.value,
        "account_id": role.account_id,
        "organisation": role.organisation,
        "role": role.role,
        "limits": {name: list(values) for name, values in role.limits.items()},
        "until": role.until,
        "reason": proposal.reason,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "state": proposal.state.value,
        "decided_by": proposal.decided_by,
        "decided_at": proposal.decided_at,
        "note": proposal.note,
    }


def _member(row: Row[Any]) -> StaffMember:
    return StaffMember(
        row.id,
        row.account_id,
        row.department,
        row.user_name,
        row.external_id,
        row.active,
        row.revision,
        row.created_at,
        row.changed_at,
    )


def _member_values(member: StaffMember) -> dict[str, object]:
    columns = [name for name in staff_member.c.keys() if name != "user_key"]  # noqa: SIM118 - not a dict
    return {name: getattr(member, name) for name in columns} | {"user_key": member.user_name.casefold()}


_roles: type[StaffRoleStore] = SqlStaffRoleStore
_proposals: type[RoleProposals] = SqlRoleProposals
_staff: type[StaffStore] = SqlStaffStore
