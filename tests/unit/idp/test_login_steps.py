"""Proofs become a session when they are enough, once, and only in the browser in which they were given."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from api.wiring.idp import sql_stores
from core.principal import SYSTEM
from idp.errors import StepGone
from idp.levels import BOUND_KEY, TWO_FACTORS
from idp.login.circumstances import Circumstances
from idp.login.ports import Requirement
from idp.login.proofs import Kind, Method, Proof, acr_of, amr_of, resting_on
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.model import ONE_FACTOR, Account, AccountStatus, StaffRole
from tests.support.clock import START, FakeClock
from tests.support.idp_world import IdpWorld, embedded_world

HERE = Circumstances("192.0.2.1", "Browser 1.0")


def proof(method: Method, *kinds: Kind, bound: bool = False) -> Proof:
    return Proof(method, (method.value,), frozenset(kinds), START, bound)


PASSWORD = proof(Method.PASSWORD, Kind.KNOWLEDGE)
TOTP = proof(Method.TOTP, Kind.POSSESSION)
PASSKEY = proof(Method.PASSKEY, Kind.POSSESSION, Kind.INHERENCE, bound=True)


class Two:
    """A policy that always wants two factors."""

    async def needed(
        self,
        account: Account,
        roles: Sequence[StaffRole],
        circumstances: Circumstances,
        *,
        client_id: str | None,
        wanted_acr: Sequence[str],
    ) -> Requirement:
        return Requirement(TWO_FACTORS, TWO_FACTORS)


class Has:
    """A factor that everybody has."""

    method = Method.TOTP

    async def usable(self, account: Account) -> bool:
        return True


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
def steps(world: IdpWorld, monkeypatch: pytest.MonkeyPatch) -> LoginSteps:
    monkeypatch.setattr(world.idp.steps, "_policy", Two())
    monkeypatch.setattr(world.idp.steps, "_factors", (Has(),))
    return world.idp.steps


async def account(world: IdpWorld, who: str) -> Account:
    async with world.ground.database.read() as tx:
        found = await world.idp.steps._accounts.get(tx, who)
    assert found is not None
    return found


def test_two_factors_are_two_of_different_kinds() -> None:
    again = proof(Method.EMAIL, Kind.POSSESSION)
    assert acr_of([PASSWORD]) == acr_of([TOTP, again]) == ONE_FACTOR
    assert acr_of([PASSWORD, TOTP]) == TWO_FACTORS
    assert acr_of([PASSKEY]) == BOUND_KEY
    assert acr_of([dataclasses.replace(PASSKEY, bound=False)]) == TWO_FACTORS
    assert acr_of([PASSWORD, dataclasses.replace(PASSKEY, kinds=frozenset({Kind.POSSESSION}))]) == BOUND_KEY
    assert amr_of([PASSWORD, TOTP]) == ("password", "totp", "mfa")
    assert amr_of([PASSWORD]) == ("password",)


async def test_enough_at_once_opens_a_session(world: IdpWorld, steps: LoginSteps) -> None:
    lin = await account(world, world.lin.account_id)
    done = await steps.proved(lin, PASSKEY, HERE)
    assert isinstance(done, SignedIn)
    visit = await world.idp.sessions.find(done.session_cookie_value)
    assert visit is not None
    assert (visit.session.acr, visit.session.amr) == (BOUND_KEY, ("passkey", "mfa"))
    assert (visit.session.user_agent, visit.session.source) == ("Browser 1.0", "192.0.2.1")


async def test_what_is_not_enough_waits_for_more(world: IdpWorld, steps: LoginSteps) -> None:
    lin = await account(world, world.lin.account_id)
    begun = await steps.proved(lin, PASSWORD, dataclasses.replace(HERE, goal="/me"))
    assert isinstance(begun, MoreNeeded)
    cookie = begun.step_cookie_value
    assert await world.idp.sessions.find(cookie) is None, "a step is not a session"
    assert await steps.options(await steps.pending(cookie)) == [Method.TOTP]
    there = dataclasses.replace(HERE, step_cookie=cookie)
    same = await steps.proved(lin, PASSWORD, there)
    assert isinstance(same, MoreNeeded), "the same thing twice is not two things"
    done = await steps.proved(lin, TOTP, there)
    assert isinstance(done, SignedIn)
    assert done.goal == "/me"
    visit = await world.idp.sessions.find(done.session_cookie_value)
    assert visit is not None
    assert (visit.session.acr, visit.session.amr) == (TWO_FACTORS, ("password", "totp", "mfa"))
    with pytest.raises(StepGone):
        await steps.pending(cookie)


async def test_o_50_a_step_serves_nobody_else(world: IdpWorld, steps: LoginSteps) -> None:
    lin, zhao = await account(world, world.lin.account_id), await account(world, world.zhao.account_id)
    begun = await steps.proved(lin, PASSWORD, HERE)
    assert isinstance(begun, MoreNeeded)
    there = dataclasses.replace(HERE, step_cookie=begun.step_cookie_value)
    other = await steps.proved(zhao, TOTP, there)
    assert isinstance(other, MoreNeeded), "what Lin knows and what Zhao has are not two factors of anybody"
    assert other.step_cookie_value != begun.step_cookie_value
    for wrong in (None, "", "x" * 43, begun.step_cookie_value[:-1]):
        with pytest.raises(StepGone):
            await steps.pending(wrong)


async def test_a_step_ends_with_its_time_its_account_and_when_it_is_given_up(
    world: IdpWorld, steps: LoginSteps
) -> None:
    lin = await account(world, world.lin.account_id)
    first, second = [await steps.proved(lin, PASSWORD, HERE) for _ in range(2)]
    assert isinstance(first, MoreNeeded)
    assert isinstance(second, MoreNeeded)
    await steps.give_up(first.step_cookie_value)
    with pytest.raises(StepGone):
        await steps.pending(first.step_cookie_value)
    pending = await steps.pending(second.step_cookie_value)
    await world.idp.change_account_status(lin.id, AccountStatus.FROZEN, SYSTEM)
    with pytest.raises(StepGone):
        await steps.account(pending)
    world.clock.advance(601)
    with pytest.raises(StepGone):
        await steps.pending(second.step_cookie_value)


async def test_many_at_once_finish_a_step_once(world: IdpWorld, steps: LoginSteps) -> None:
    lin = await account(world, world.lin.account_id)
    begun = await steps.proved(lin, PASSWORD, HERE)
    assert isinstance(begun, MoreNeeded)
    there = dataclasses.replace(HERE, step_cookie=begun.step_cookie_value)
    results = await asyncio.gather(*(steps.proved(lin, TOTP, there) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(one, SignedIn) for one in results) == 1, results
    assert all(isinstance(one, SignedIn | MoreNeeded | StepGone) for one in results), results


@pytest.mark.parametrize("what", ["password", "frozen"])
async def test_what_changes_before_the_session_opens_keeps_it_shut(
    world: IdpWorld, steps: LoginSteps, what: str
) -> None:
    """Whoever changes their password because somebody knows it must not find that somebody logged in afterwards."""
    lin = await account(world, world.lin.account_id)
    rests_on = dataclasses.replace(PASSWORD, rests_on=resting_on(lin.password_hash))
    begun = await steps.proved(lin, rests_on, HERE)
    assert isinstance(begun, MoreNeeded)
    there = dataclasses.replace(HERE, step_cookie=begun.step_cookie_value)
    async with world.ground.database.write() as tx:
        if what == "password":
            assert await steps._accounts.change_password(tx, lin.id, "plain:another")
        else:
            assert await steps._accounts.change_status(tx, lin.id, AccountStatus.FROZEN)
        await tx.commit()
    with pytest.raises(StepGone):
        await steps.proved(lin, TOTP, there)
    async with world.ground.database.read() as tx:
        assert not await sql_stores().sessions.live_of_account(tx, lin.id, world.clock.now())


async def test_a_password_that_did_not_change_opens_it(world: IdpWorld, steps: LoginSteps) -> None:
    lin = await account(world, world.lin.account_id)
    rests_on = dataclasses.replace(PASSWORD, rests_on=resting_on(lin.password_hash))
    begun = await steps.proved(lin, rests_on, HERE)
    assert isinstance(begun, MoreNeeded)
    there = dataclasses.replace(HERE, step_cookie=begun.step_cookie_value)
    assert isinstance(await steps.proved(lin, TOTP, there), SignedIn)
