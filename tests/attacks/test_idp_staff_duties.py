"""Attacks on the separation of duties (O-68, 三权分立): rights for oneself, alone, for another's department, both at
once; and what a role that is limited or over still opens. Each beside what is allowed.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest

from api.wiring.idp import build_idp, sql_stores
from api.wiring.staff import StaffStores
from core.clock import SHANGHAI, calendar_day
from core.errors import AppError, Conflict, NotFound, NotPermitted
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from idp.model import StaffRole
from idp.staff.records import ProposalState, RoleProposal
from tests.conformance.harness import Slow
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_world import IdpWorld, cluster_world, embedded_world, organisation_code

BELOW, ELSEWHERE = organisation_code(11), organisation_code(12)
WHY = "接替休假的同事"


@pytest.fixture(params=["embedded", "cluster"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    if request.param == "embedded":
        opened = embedded_world(tmp_path, clock)
    else:
        servers = (request.getfixturevalue("postgres_server"), request.getfixturevalue("redis_server"))
        opened = cluster_world(*servers, tmp_path, clock)
    async with opened as made:
        departments = made.idp.staff.departments
        await departments.register(BELOW, Text("窗口科", "Counter section"), made.organisation, SYSTEM)
        await departments.register(ELSEWHERE, Text("别的局", "Another bureau"), None, SYSTEM)
        yield made


def staff(account_id: str, *scopes: str, of: str = "") -> Principal:
    return Principal(PrincipalKind.STAFF, account_id, organisation=of or None, scopes=frozenset(scopes))


SYSTEM_ADMIN, SECURITY_ADMIN = staff("acc_sys", "admin:system"), staff("acc_sec", "admin:security")
AUDIT_ADMIN = staff("acc_aud", "admin:audit", "audit:read")


async def refused(world: IdpWorld, work: Awaitable[Any], code: str, kind: type[AppError] = NotPermitted) -> None:
    """Refused with this code, and the attempt stands in the audit log."""
    before = len(await world.audit())
    with pytest.raises(kind) as error:
        await work
    assert error.value.code == code
    rows = await world.audit()
    assert [row.content["outcome"] for row in rows[before:]] == ["refused"]


async def proposed(world: IdpWorld, role: StaffRole, actor: Principal = SYSTEM_ADMIN) -> RoleProposal:
    return await world.idp.staff.propose.give(role, WHY, actor)


async def roles(world: IdpWorld, account_id: str) -> set[str]:
    return {one.role for one in await world.idp.staff.look.of_account(account_id, SYSTEM)}


async def test_o68_one_proposes_and_another_decides(world: IdpWorld) -> None:
    role = StaffRole(world.zhao.account_id, world.organisation, "issuer")
    waits = await proposed(world, role)
    assert await roles(world, world.zhao.account_id) == set()
    done = await world.idp.staff.decide.approve(waits.id, SECURITY_ADMIN, note="可以")
    assert (done.state, done.decided_by, done.note) == (ProposalState.APPROVED, "acc_sec", "可以")
    assert await roles(world, world.zhao.account_id) == {"issuer"}
    with pytest.raises(Conflict, match="proposal-decided"):
        await world.idp.staff.decide.refuse(waits.id, SECURITY_ADMIN)
    assert await world.idp.staff.propose.end(role, WHY, SYSTEM_ADMIN) is None, "an ordinary role ends at once"
    assert await roles(world, world.zhao.account_id) == set()


async def test_o68_nobody_gives_rights_to_themselves(world: IdpWorld) -> None:
    me = world.zhao.account_id
    await refused(world, proposed(world, StaffRole(me, BELOW, "issuer"), staff(me, "admin:system")), "own-rights")
    waits = await proposed(world, StaffRole(me, BELOW, "issuer"))
    decide = world.idp.staff.decide
    await refused(world, decide.approve(waits.id, staff(me, "admin:security")), "own-rights")
    both = staff("acc_sys", "admin:system", "admin:security")
    await refused(world, decide.approve(waits.id, both), "second-person-needed")
    assert await roles(world, me) == set()


async def test_o68_what_a_duty_does_not_hold_is_refused(world: IdpWorld) -> None:
    use = world.idp.staff
    role = StaffRole(world.zhao.account_id, BELOW, "clerk")
    waits = await proposed(world, role)
    clerk = staff("acc_clerk", "licence:read", of=world.organisation)
    for who in (SECURITY_ADMIN, AUDIT_ADMIN, clerk):
        await refused(world, proposed(world, role, who), "duty-missing")
        await refused(world, use.departments.move(BELOW, None, who), "duty-missing")
    for who in (SYSTEM_ADMIN, AUDIT_ADMIN, clerk):
        await refused(world, use.decide.approve(waits.id, who), "duty-missing")
        await refused(world, use.decide.refuse(waits.id, who), "duty-missing")
    for who in (AUDIT_ADMIN, clerk):
        await refused(world, use.leave(world.clerk.account_id, who), "duty-missing")
    await refused(world, use.look.page(clerk), "duty-missing")
    await refused(world, use.propose.withdraw(waits.id, SECURITY_ADMIN), "duty-missing")
    assert [one.id for one in (await use.decide.open(AUDIT_ADMIN)).items] == [waits.id], "audit looks"


async def test_o68_a_department_manager_stays_below_their_department(world: IdpWorld) -> None:
    manager = staff("acc_mgr", "staff:manage", of=world.organisation)
    use, zhao = world.idp.staff, world.zhao.account_id
    waits = await proposed(world, StaffRole(zhao, BELOW, "clerk"), manager)
    await use.decide.approve(waits.id, SECURITY_ADMIN)
    elsewhere = StaffRole(zhao, ELSEWHERE, "clerk")
    await refused(world, proposed(world, elsewhere, manager), "organisation-not-found", NotFound)
    await refused(world, use.propose.end(elsewhere, WHY, manager), "organisation-not-found", NotFound)
    upstart = StaffRole(zhao, BELOW, "security-administrator")
    await refused(world, proposed(world, upstart, manager), "duty-missing")
    await proposed(world, elsewhere)
    seen = await use.decide.open(manager)
    assert list(seen.items) == [], "another department's proposals are not shown"
    assert {one.role.organisation for one in (await use.look.page(manager)).items} == {world.organisation, BELOW}
    with pytest.raises(NotFound):
        await use.look.page(manager, department=ELSEWHERE)


async def test_o68_two_grants_at_once_make_no_double_administrator(world: IdpWorld) -> None:
    zhao = world.zhao.account_id
    kinds = ("system", "security", "audit")
    made = [await proposed(world, StaffRole(zhao, world.organisation, f"{kind}-administrator")) for kind in kinds]
    approvals = (world.idp.staff.decide.approve(one.id, SECURITY_ADMIN) for one in made)
    answers = await asyncio.gather(*approvals, return_exceptions=True)
    assert sum(isinstance(one, RoleProposal) for one in answers) == 1
    assert {one.code for one in answers if isinstance(one, AppError)} == {"duties-apart"}
    assert len(await roles(world, zhao)) == 1
    with pytest.raises(Conflict, match="duties-apart"):  # the command line keeps to it as well
        for kind in kinds:
            await world.idp.assign_staff_role(StaffRole(zhao, BELOW, f"{kind}-administrator"), SYSTEM)


async def test_o68_no_administrator_puts_out_another_alone(world: IdpWorld) -> None:
    role = StaffRole(world.zhao.account_id, world.organisation, "security-administrator")
    await world.idp.assign_staff_role(role, SYSTEM)
    waits = await world.idp.staff.propose.end(role, WHY, SYSTEM_ADMIN)
    assert waits is not None
    assert await roles(world, world.zhao.account_id) == {"security-administrator"}
    own = dataclasses.replace(SECURITY_ADMIN, id=world.zhao.account_id)
    await refused(world, world.idp.staff.decide.refuse(waits.id, own), "own-rights")
    await world.idp.staff.decide.approve(waits.id, SECURITY_ADMIN)
    assert await roles(world, world.zhao.account_id) == set()


async def test_o68_moves_that_meet_make_no_ring(world: IdpWorld) -> None:
    move = world.idp.staff.departments.move
    await move(BELOW, None, SYSTEM_ADMIN)
    answers = await asyncio.gather(
        move(BELOW, ELSEWHERE, SYSTEM_ADMIN), move(ELSEWHERE, BELOW, SYSTEM_ADMIN), return_exceptions=True
    )
    assert [type(one) for one in answers if isinstance(one, BaseException)] == [Conflict]
    assert len(await world.idp.staff.departments.tree(SYSTEM_ADMIN)) == 3, "each is still reached from a top"
    for own in (BELOW, ELSEWHERE):
        with pytest.raises(Conflict, match="department-ring"):
            await move(own, own, SYSTEM_ADMIN)


async def test_o68_a_role_that_is_over_opens_nothing(world: IdpWorld) -> None:
    today = calendar_day(world.clock.now())
    await change_client(world, "portal-b", columns={"scopes": ["openid", "licence:read", "licence:issue"]})
    role = StaffRole(world.zhao.account_id, world.organisation, "issuer", {"functions": ["licence:read"]}, today)
    await world.idp.assign_staff_role(role, SYSTEM)
    midnight = dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), SHANGHAI)
    world.clock.advance((midnight - world.clock.now()).total_seconds() - 30)
    entered = await Browser(world).enter(world.portal_b, world.zhao, scope="openid licence:read licence:issue")
    token = (await BackEnd(world, world.portal_b).tokens(entered))["access_token"]
    before = await world.idp.authenticate(token, world.facts)
    assert (before.kind, before.scopes) == (PrincipalKind.STAFF, {"openid", "licence:read"}), "as far as it reaches"
    world.clock.advance(60)
    after = await world.idp.authenticate(token, world.facts)
    assert (after.kind, after.scopes, after.organisation) == (PrincipalKind.PERSON, {"openid"}, None)


async def test_who_leaves_loses_roles_sessions_and_tokens_at_once(world: IdpWorld) -> None:
    browser, back = Browser(world), BackEnd(world, world.portal_b)
    scope = "openid offline_access licence:read"
    tokens = await back.tokens(await browser.enter(world.portal_b, world.clerk, scope=scope))
    await proposed(world, StaffRole(world.clerk.account_id, BELOW, "issuer"))
    assert await world.idp.staff.leave(world.clerk.account_id, SYSTEM_ADMIN) == 1
    assert await roles(world, world.clerk.account_id) == set()
    assert (await back.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    with pytest.raises(AppError):
        await world.idp.authenticate(tokens["access_token"], world.facts)
    assert list((await world.idp.staff.decide.open(SYSTEM)).items) == [], "nothing is left to approve"
    assert await world.idp.staff.leave(world.clerk.account_id, SYSTEM_ADMIN) == 0
    with pytest.raises(NotFound):
        await world.idp.staff.leave("acc_nobody", SYSTEM_ADMIN)


async def test_a_role_that_is_approved_while_somebody_leaves_does_not_stay(world: IdpWorld) -> None:
    slow = dataclasses.replace(sql_stores(), accounts=Slow(sql_stores().accounts))
    idp = build_idp(world.ground, judge=world.judge, settings=world.idp.settings, stores=slow, sender=world.sender)
    for _ in range(4):
        waits = await proposed(world, StaffRole(world.zhao.account_id, BELOW, "issuer"))
        await asyncio.gather(
            idp.staff.decide.approve(waits.id, SECURITY_ADMIN),
            world.idp.staff.leave(world.zhao.account_id, SYSTEM_ADMIN),
            return_exceptions=True,
        )
        assert await roles(world, world.zhao.account_id) == set()


async def test_what_was_decided_goes_after_a_year_and_what_waits_stays(world: IdpWorld) -> None:
    role = StaffRole(world.zhao.account_id, BELOW, "clerk")
    decided = await proposed(world, role)
    await world.idp.staff.decide.refuse(decided.id, SECURITY_ADMIN)
    waits = await proposed(world, role)
    for days, left in ((364, 2), (2, 1)):
        world.clock.advance(days * 86400)
        await world.idp.sweep()
        found = [await there(world, one.id) for one in (decided, waits)]
        assert sum(found) == left
    assert found == [False, True]


async def there(world: IdpWorld, proposal_id: str) -> bool:
    async with world.ground.database.read() as tx:
        return await StaffStores().proposals.get(tx, proposal_id) is not None
