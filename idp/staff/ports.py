"""Ports of departments and staff: the stores. Every method works inside the transaction it is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.model import Organisation, StaffRole
from idp.staff.filters import Filter
from idp.staff.records import HeldRole, ProposalState, RoleProposal, StaffMember


class DepartmentStore(Protocol):
    """Government organisations as trees."""

    async def hold_tree(self, tx: WriteTx) -> None:
        """Nobody else moves a department until the caller is done: two moves that are each right could make a ring."""

    async def above(self, tx: ReadTx, uscc: str) -> Sequence[str]:
        """The codes from this department up to the top of its tree, itself first; empty if there is none."""

    async def move(self, tx: WriteTx, uscc: str, parent: str | None) -> bool:
        """False where there is no such department."""

    async def within(self, tx: ReadTx, uscc: str | None, *, limit: int) -> Sequence[Organisation]:
        """The department and all below it by name; every government organisation when None."""


class StaffRoleStore(Protocol):
    """Roles as those who look after them see them."""

    async def page(
        self, tx: ReadTx, *, within: str | None, after: tuple[str, str, str] | None, limit: int
    ) -> Sequence[HeldRole]:
        """By account, organisation and role; of a department and all below it, or everywhere."""

    async def end_all(self, tx: WriteTx, account_id: str) -> Sequence[StaffRole]:
        """Take every role from somebody; answers those that they had."""


class RoleProposals(Protocol):
    """Roles that wait for a second person."""

    async def add(self, tx: WriteTx, proposal: RoleProposal) -> bool:
        """False while another proposal about the same role of the same person is open."""

    async def get(self, tx: ReadTx, proposal_id: str) -> RoleProposal | None: ...

    async def open(self, tx: ReadTx, *, within: str | None, after: str | None, limit: int) -> Sequence[RoleProposal]:
        """The oldest first; about a department and all below it, or everywhere."""

    async def decide(
        self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime, note: str | None
    ) -> bool:
        """True for the one caller who decided it."""

    async def withdraw_about(self, tx: WriteTx, account_id: str, *, by: str, at: dt.datetime) -> int:
        """Withdraw whatever is open about somebody; answers how many."""

    async def delete_decided(self, tx: WriteTx, before: dt.datetime) -> int: ...


class RolesOfAccounts(Protocol):
    """The part of `idp.ports.AccountStore` that roles are given and taken with."""

    async def add_role(self, tx: WriteTx, role: StaffRole, at: dt.datetime) -> bool: ...

    async def remove_role(self, tx: WriteTx, role: StaffRole) -> bool: ...

    async def roles(self, tx: ReadTx, account_id: str) -> Sequence[StaffRole]: ...


class StaffStore(Protocol):
    """Members of staff, as personnel systems tell us."""

    async def add(self, tx: WriteTx, member: StaffMember) -> bool:
        """False when the person, the user name or the external id is a member's already."""

    async def get(self, tx: ReadTx, member_id: str) -> StaffMember | None: ...

    async def hold(self, tx: WriteTx, member_id: str) -> StaffMember | None:
        """As `get`; a leave waits until the caller has committed, or is seen."""

    async def of_account(self, tx: ReadTx, account_id: str) -> StaffMember | None: ...

    async def change(self, tx: WriteTx, member: StaffMember, *, revision: int) -> bool:
        """Write department, names and state, with the next revision, if the member still is at `revision`.

        Raises:
            core.errors.Conflict: `staff-exists`: the user name or the external id is another member's.
        """

    async def leave(self, tx: WriteTx, member_id: str, at: dt.datetime) -> bool:
        """Mark somebody as gone, with the next revision; False when they had left."""

    async def remove(self, tx: WriteTx, member_id: str) -> bool:
        """Forget somebody; False when they were not known."""

    async def holding(self, tx: ReadTx, *, department: str, role: str) -> Sequence[StaffMember]:
        """Members who have a role in a department, by id; roles of people who are no members are left out."""

    async def page(
        self, tx: ReadTx, *, within: str | None, condition: Filter | None, start: int, limit: int
    ) -> tuple[Sequence[StaffMember], int]:
        """Some members by id, and how many there are: of a department and all below it, or everywhere.

        Args:
            start: how many to leave out first.
        """
