"""Stores of staff that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from api.wiring.idp import IdpStores, sql_stores
from core.db.database import ReadTx, WriteTx
from idp.model import StaffRole
from idp.staff.filters import Attribute, Compare, Filter
from idp.staff.records import HeldRole, ProposalState, RoleProposal, StaffMember
from idp.stores.departments import SqlDepartmentStore
from idp.stores.staff import SqlRoleProposals, SqlStaffRoleStore, SqlStaffStore
from idp.stores.staff_tables import staff_proposal
from tests.conformance.harness import Surroundings, failing
from tests.conformance.idp_stores_backends import IdpStoresHarness, postgres, sqlite
from tests.conformance.staff_stores import StaffStoresBasic, StaffStoresContention
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_CONTRACTS = (StaffStoresBasic, StaffStoresContention)


class _LooksOneLevelUp(SqlDepartmentStore):
    async def above(self, tx: ReadTx, uscc: str) -> Sequence[str]:
        return (await super().above(tx, uscc))[:2]


class _ShowsEverybodysRoles(SqlStaffRoleStore):
    async def page(self, tx: ReadTx, *, within: str | None, **rest: Any) -> Sequence[HeldRole]:
        return await super().page(tx, within=None, **rest)


class _SaysButDoesNotEnd(SqlStaffRoleStore):
    async def end_all(self, tx: WriteTx, account_id: str) -> Sequence[StaffRole]:
        return [one.role for one in await self.page(tx, within=None, after=None, limit=9)]


class _DecidesAgain(SqlRoleProposals):
    async def decide(
        self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime, note: str | None
    ) -> bool:
        change = update(staff_proposal).where(staff_proposal.c.id == proposal_id)
        values = {"state": state.value, "decided_by": by, "decided_at": at, "note": note}
        return (await tx.connection.execute(change.values(values))).rowcount == 1


class _ForgetsTheLimits(SqlRoleProposals):
    async def get(self, tx: ReadTx, proposal_id: str) -> RoleProposal | None:
        found = await super().get(tx, proposal_id)
        return found and dataclasses.replace(found, role=dataclasses.replace(found.role, limits={}))


class _ChangesWhatMovedOn(SqlStaffStore):
    async def change(self, tx: WriteTx, member: StaffMember, *, revision: int) -> bool:
        found = await self.get(tx, member.id)
        return found is not None and await super().change(tx, member, revision=found.revision)


class _MindsTheCase(SqlStaffStore):
    async def page(self, tx: ReadTx, *, condition: Filter | None, **rest: Any) -> tuple[Sequence[StaffMember], int]:
        found, count = await super().page(tx, condition=condition, **rest)
        if isinstance(condition, Compare) and condition.attribute is Attribute.USER_NAME:
            found = [one for one in found if str(condition.value) in one.user_name]
        return found, count


class _LooksThenDecides(SqlRoleProposals):
    async def decide(self, tx: WriteTx, proposal_id: str, state: ProposalState, **rest: Any) -> bool:
        found = await self.get(tx, proposal_id)
        await asyncio.sleep(0.01)
        if found is None or found.state is not ProposalState.OPEN:
            return False
        return await _DecidesAgain().decide(tx, proposal_id, state, **rest)


_ONCE = "test_a_proposal_is_open_once_and_decided_once"
BROKEN: list[tuple[str, Any, str]] = [
    ("departments", _LooksOneLevelUp(), "test_a_tree_is_walked_up_and_down_and_changed"),
    ("roles", _ShowsEverybodysRoles(), "test_roles_are_listed_below_a_department_and_ended_together"),
    ("roles", _SaysButDoesNotEnd(), "test_roles_are_listed_below_a_department_and_ended_together"),
    ("proposals", _DecidesAgain(), _ONCE),
    ("proposals", _ForgetsTheLimits(), _ONCE),
    ("members", _ChangesWhatMovedOn(), "test_a_member_is_one_for_a_person_a_user_name_and_an_external_id"),
    ("members", _MindsTheCase(), "test_members_are_found_by_every_condition"),
]


def _stores(part: str, store: Any) -> IdpStores:
    stores = sql_stores()
    return dataclasses.replace(stores, staff=dataclasses.replace(stores.staff, **{part: store}))


def _name(value: Any) -> str:
    return type(value).__name__ if not isinstance(value, str) else ""


@pytest.mark.parametrize(("part", "store", "only"), BROKEN, ids=_name)
async def test_the_contract_catches(tmp_path: Path, clock: FakeClock, part: str, store: Any, only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: _stores(part, store))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_the_contract_catches_a_race(tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer) -> None:
    """On PostgreSQL: SQLite lets one writer in at a time and so hides it."""

    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        around = Surroundings(tmp_path, clock, postgres_server)
        return postgres(around, lambda: _stores("proposals", _LooksThenDecides()))

    assert await failing(_CONTRACTS, opened, only="test_one_of_many_decides") == {"test_one_of_many_decides"}


async def test_the_real_stores_pass(tmp_path: Path, clock: FakeClock) -> None:
    assert await failing(_CONTRACTS, lambda: sqlite(Surroundings(tmp_path, clock))) == set()
