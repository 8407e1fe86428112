"""The contract of the stores in `idp.staff.ports`: trees, roles, proposals, members."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from core.errors import Conflict
from core.text import Text
from idp.model import Organisation, StaffRole
from idp.staff.filters import Attribute, Both, Compare, Either, Filter, Negated, Operator
from idp.staff.records import ProposalKind, ProposalState, RoleProposal, StaffMember
from tests.conformance.idp_stores import LATER, MANY, account, indexes, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START
from tests.support.idp_world import organisation_code

CITY, BUREAU, OFFICE, OTHER = (organisation_code(serial) for serial in (1, 2, 3, 4))
PARENTS = {CITY: None, BUREAU: CITY, OFFICE: BUREAU, OTHER: None}
PEOPLE = ("acc_1", "acc_2", "acc_3")


def proposal(serial: int = 1, **changes: Any) -> RoleProposal:
    role = StaffRole("acc_1", BUREAU, "issuer", {"licence_types": ["T1"]}, LATER.date())
    made = RoleProposal(f"rpr_{serial:026d}", ProposalKind.GIVE, role, "接替休假的同事", "acc_9", START)
    return dataclasses.replace(made, **changes)


def member(serial: int = 1, **changes: Any) -> StaffMember:
    made = StaffMember(f"stf_{serial}", f"acc_{serial}", BUREAU, f"Name{serial}", f"e{serial}", True, 1, START, START)
    return dataclasses.replace(made, **changes)


async def filled(harness: IdpStoresHarness) -> None:
    """A city with a bureau and its office, another department, three people."""

    async def work(tx: Any) -> None:
        for uscc, parent in PARENTS.items():
            made = Organisation(uscc, Text(f"机构{uscc}", f"Office {uscc}"), "government", parent)
            await harness.stores.organisations.add(tx, made, START)
        for person in PEOPLE:
            await harness.stores.accounts.add(tx, account(person), indexes(person))

    await written(harness, work)


class StaffStoresBasic:
    """One caller at a time."""

    async def test_a_tree_is_walked_up_and_down_and_changed(self, harness: IdpStoresHarness) -> None:
        departments = harness.stores.staff.departments
        await filled(harness)
        assert await self._walk(harness, OFFICE) == ([OFFICE, BUREAU, CITY], {OFFICE})
        assert await self._walk(harness, CITY) == ([CITY], {CITY, BUREAU, OFFICE})
        assert await written(harness, lambda tx: departments.move(tx, OFFICE, OTHER))
        assert await self._walk(harness, CITY) == ([CITY], {CITY, BUREAU})
        assert await self._walk(harness, OTHER) == ([OTHER], {OTHER, OFFICE})
        assert not await written(harness, lambda tx: departments.move(tx, organisation_code(9), CITY))
        async with harness.database.read() as tx:
            assert {one.uscc for one in await departments.within(tx, None, limit=9)} == set(PARENTS)
            assert len(await departments.within(tx, None, limit=2)) == 2
            assert await departments.above(tx, organisation_code(9)) == []

    async def test_roles_are_listed_below_a_department_and_ended_together(self, harness: IdpStoresHarness) -> None:
        stores = harness.stores
        await filled(harness)
        held = (("acc_1", OFFICE, "clerk"), ("acc_2", BUREAU, "issuer"), ("acc_2", OTHER, "clerk"))
        given = [StaffRole(*one) for one in held]

        async def work(tx: Any) -> None:
            for role in given:
                assert await stores.accounts.add_role(tx, role, START)

        await written(harness, work)
        assert await self._roles(harness, CITY) == given[:2]
        assert await self._roles(harness, OTHER) == given[2:]
        assert await self._roles(harness, None) == [given[0], *sorted(given[1:], key=lambda one: one.organisation)]
        after = ("acc_1", OFFICE, "clerk")
        assert await self._roles(harness, CITY, after=after) == given[1:2]
        assert len(await self._roles(harness, None, limit=1)) == 1
        ended = await written(harness, lambda tx: stores.staff.roles.end_all(tx, "acc_2"))
        assert sorted(role.role for role in ended) == ["clerk", "issuer"]
        assert await self._roles(harness, None) == given[:1]

    async def test_nobody_is_two_of_the_three_administrators(self, harness: IdpStoresHarness) -> None:
        accounts = harness.stores.accounts
        await filled(harness)
        first = StaffRole("acc_1", BUREAU, "system-administrator")
        second = StaffRole("acc_1", OTHER, "audit-administrator")
        assert await written(harness, lambda tx: accounts.add_role(tx, first, START))
        assert not await written(harness, lambda tx: accounts.add_role(tx, second, START))
        assert await written(harness, lambda tx: accounts.add_role(tx, StaffRole("acc_1", OTHER, "clerk"), START))
        assert await written(harness, lambda tx: accounts.remove_role(tx, first))
        assert await written(harness, lambda tx: accounts.add_role(tx, second, START))

    async def test_a_proposal_is_open_once_and_decided_once(self, harness: IdpStoresHarness) -> None:
        proposals = harness.stores.staff.proposals
        await filled(harness)
        made = proposal()
        assert await written(harness, lambda tx: proposals.add(tx, made))
        assert not await written(harness, lambda tx: proposals.add(tx, proposal(2)))
        other = proposal(3, role=StaffRole("acc_2", OTHER, "clerk"))
        assert await written(harness, lambda tx: proposals.add(tx, other))
        async with harness.database.read() as tx:
            assert await proposals.get(tx, made.id) == made
            assert await proposals.get(tx, "rpr_9") is None
            assert await proposals.open(tx, within=CITY, after=None, limit=9) == [made]
            assert await proposals.open(tx, within=None, after=None, limit=9) == [made, other]
            assert await proposals.open(tx, within=None, after=made.id, limit=9) == [other]
        done = {"by": "acc_8", "at": LATER, "note": "好"}
        assert await written(harness, lambda tx: proposals.decide(tx, made.id, ProposalState.APPROVED, **done))
        assert not await written(harness, lambda tx: proposals.decide(tx, made.id, ProposalState.REFUSED, **done))
        async with harness.database.read() as tx:
            decided = await proposals.get(tx, made.id)
        assert decided == dataclasses.replace(
            made, state=ProposalState.APPROVED, decided_by="acc_8", decided_at=LATER, note="好"
        )
        assert await written(harness, lambda tx: proposals.add(tx, proposal(4)))
        assert await written(harness, lambda tx: proposals.withdraw_about(tx, "acc_1", by="acc_8", at=LATER)) == 1
        assert await written(harness, lambda tx: proposals.delete_decided(tx, START)) == 0
        assert await written(harness, lambda tx: proposals.delete_decided(tx, LATER.replace(year=2100))) == 2
        async with harness.database.read() as tx:
            assert await proposals.open(tx, within=None, after=None, limit=9) == [other]

    async def test_a_member_is_one_for_a_person_a_user_name_and_an_external_id(self, harness: IdpStoresHarness) -> None:
        members = harness.stores.staff.members
        await filled(harness)
        assert await written(harness, lambda tx: members.add(tx, member()))
        for same in ({"account_id": "acc_1"}, {"user_name": "NAME1"}, {"external_id": "e1"}):
            assert not await written(harness, lambda tx, s=same: members.add(tx, member(2, **s)))
        assert await written(harness, lambda tx: members.add(tx, member(2, external_id=None)))
        assert await written(harness, lambda tx: members.add(tx, member(3, external_id=None)))
        moved = member(department=OTHER, user_name="New", changed_at=LATER)
        assert await written(harness, lambda tx: members.change(tx, moved, revision=1))
        assert not await written(harness, lambda tx: members.change(tx, moved, revision=1))
        with pytest.raises(Conflict, match="staff-exists"):
            await written(harness, lambda tx: members.change(tx, member(2, user_name="new"), revision=1))
        assert await written(harness, lambda tx: members.leave(tx, "stf_1", LATER))
        assert not await written(harness, lambda tx: members.leave(tx, "stf_1", LATER))
        async with harness.database.read() as tx:
            assert await members.get(tx, "stf_1") == dataclasses.replace(moved, active=False, revision=3)
            assert await members.of_account(tx, "acc_1") == await members.get(tx, "stf_1")
            assert await members.get(tx, "stf_9") is None

    async def test_members_are_found_by_every_condition(self, harness: IdpStoresHarness) -> None:
        members = harness.stores.staff.members
        await filled(harness)

        async def work(tx: Any) -> None:
            await members.add(tx, member(1))
            await members.add(tx, member(2, user_name="100%_b", external_id=None, department=OFFICE))
            await members.add(tx, member(3, active=False, department=OTHER, changed_at=LATER))

        await written(harness, work)
        name, gone = Attribute.USER_NAME, Compare(Attribute.ACTIVE, Operator.EQUAL, False)
        expected: list[tuple[Filter | None, list[int]]] = [
            (None, [1, 2, 3]),
            (Compare(name, Operator.EQUAL, "NAME1"), [1]),
            (Compare(name, Operator.NOT_EQUAL, "name1"), [2, 3]),
            (Compare(name, Operator.CONTAINS, "%_"), [2]),  # no wildcards of the database
            (Compare(name, Operator.STARTS_WITH, "na"), [1, 3]),
            (Compare(name, Operator.ENDS_WITH, "3"), [3]),
            (Compare(Attribute.EXTERNAL_ID, Operator.PRESENT), [1, 3]),
            (Compare(Attribute.EXTERNAL_ID, Operator.NOT_EQUAL, "e1"), [2, 3]),
            (Negated(Compare(Attribute.EXTERNAL_ID, Operator.EQUAL, "e1")), [2, 3]),
            (gone, [3]),
            (Compare(Attribute.CHANGED_AT, Operator.GREATER, START), [3]),
            (Compare(Attribute.CHANGED_AT, Operator.LESS_OR_EQUAL, START), [1, 2]),
            (Compare(Attribute.CHANGED_AT, Operator.GREATER_OR_EQUAL, LATER), [3]),
            (Compare(Attribute.CHANGED_AT, Operator.LESS, START), []),
            (Both(Compare(name, Operator.PRESENT), Compare(Attribute.DEPARTMENT, Operator.EQUAL, OFFICE)), [2]),
            (Either(Compare(Attribute.ID, Operator.EQUAL, "stf_1"), gone), [1, 3]),
        ]
        async with harness.database.read() as tx:
            for condition, serials in expected:
                found, count = await members.page(tx, within=None, condition=condition, start=0, limit=9)
                assert [one.id for one in found] == [f"stf_{one}" for one in serials], condition
                assert count == len(serials)
            found, count = await members.page(tx, within=CITY, condition=None, start=1, limit=9)
            assert ([one.id for one in found], count) == (["stf_2"], 2)
            found, count = await members.page(tx, within=None, condition=None, start=0, limit=0)
            assert (list(found), count) == ([], 3)

    async def _walk(self, harness: IdpStoresHarness, uscc: str) -> tuple[list[str], set[str]]:
        departments = harness.stores.staff.departments
        async with harness.database.read() as tx:
            down = await departments.within(tx, uscc, limit=9)
            return list(await departments.above(tx, uscc)), {one.uscc for one in down}

    async def _roles(
        self,
        harness: IdpStoresHarness,
        within: str | None,
        *,
        after: tuple[str, str, str] | None = None,
        limit: int = 9,
    ) -> list[StaffRole]:
        async with harness.database.read() as tx:
            held = await harness.stores.staff.roles.page(tx, within=within, after=after, limit=limit)
        return [one.role for one in held]


class StaffStoresContention:
    """Many callers at the same time."""

    async def test_one_of_many_decides(self, harness: IdpStoresHarness) -> None:
        proposals = harness.stores.staff.proposals
        await filled(harness)
        await written(harness, lambda tx: proposals.add(tx, proposal()))
        states = [ProposalState.APPROVED, ProposalState.REFUSED] * (MANY // 2)

        async def decide(tx: Any, state: ProposalState) -> bool:
            return await proposals.decide(tx, proposal().id, state, by="acc_8", at=LATER, note=None)

        answers = await asyncio.gather(*(written(harness, lambda tx, s=state: decide(tx, s)) for state in states))
        assert sum(answers) == 1

    async def test_one_of_two_administrators_roles_counts(self, harness: IdpStoresHarness) -> None:
        accounts = harness.stores.accounts
        await filled(harness)
        roles = [StaffRole("acc_1", BUREAU, f"{kind}-administrator") for kind in ("system", "security", "audit")]
        answers = await asyncio.gather(
            *(written(harness, lambda tx, r=role: accounts.add_role(tx, r, START)) for role in roles)
        )
        assert sum(answers) == 1
        async with harness.database.read() as tx:
            assert len(await accounts.roles(tx, "acc_1")) == 1
