"""Attacks on change and reset of a password (rows O-56, O-57, O-59)."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.errors import InvalidInput, NotAuthenticated, NotPermitted
from core.principal import SYSTEM, Principal, PrincipalKind
from idp.abuse.attempt import Answer, PuzzleNeeded
from idp.errors import WrongCredentials
from idp.factors.totp.values import code_of, step_at
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method
from idp.login.steps import MoreNeeded, SignedIn
from idp.model import AccountStatus, NoticeKind, StaffRole
from idp.own_password.reset import PasswordReset, ResetGone, Stage
from idp.people import NewAccount
from idp.security_events.model import SecurityEventKind
from idp.stores.tables import account as table
from tests.support.clock import FakeClock
from tests.support.idp_browser import second_step
from tests.support.idp_world import IdpWorld, Somebody, citizen_number, cluster_world, embedded_world
from tests.support.puzzles import solve
from tests.support.servers import PostgresServer, RedisServer

NEW = "a wholly other sentence"
HERE = Circumstances("192.0.2.10")


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def log_in(world: IdpWorld, password: str, who: Somebody | None = None, source: str = "192.0.2.10") -> SignedIn:
    done = await world.idp.log_in((who or world.lin).number, password, Circumstances(source))
    assert isinstance(done, SignedIn)
    return done


async def strong(world: IdpWorld, password: str | None = None, source: str = "192.0.2.10") -> SignedIn:
    """With two steps, as for any page on which ways to log in are changed."""
    here = Circumstances(source, goal="/me/security/password")
    done = await world.idp.log_in(world.lin.number, password or world.lin.password, here)
    assert isinstance(done, MoreNeeded)
    world.clock.advance(61)  # between two codes to one phone
    return await second_step(world.idp, done, here)


def code(world: IdpWorld) -> str:
    return str(world.sender.newest_code())


async def begun(world: IdpWorld, identifier: str | None = None, here: Circumstances = HERE) -> str:
    return await world.idp.passwords.reset.begin(identifier or world.lin.number, here, "zh")


async def phone_proved(world: IdpWorld) -> str:
    cookie = await begun(world)
    assert await world.idp.passwords.reset.prove_phone(cookie, code(world), HERE) is Stage.PASSWORD
    return cookie


async def test_o_56_whoever_forgot_it_sets_another_and_every_log_in_ends(world: IdpWorld) -> None:
    """The legitimate way, which all attacks below depart from."""
    session = (await log_in(world, world.lin.password)).session_cookie_value
    cookie = await phone_proved(world)
    assert await world.idp.passwords.reset.stage(cookie) is Stage.PASSWORD
    await world.idp.passwords.reset.finish(cookie, NEW, HERE)
    assert await world.idp.sessions.principal(session) is None
    with pytest.raises(WrongCredentials):
        await log_in(world, world.lin.password)
    await log_in(world, NEW)
    lin = Principal(PrincipalKind.PERSON, world.lin.account_id)
    assert NoticeKind.PASSWORD_RESET in [one.kind for one in await world.idp.notices.open_of(lin)]
    await world.idp.news.carry()
    assert (world.sender.sent[-1].template, world.sender.sent[-1].to.value) == ("password-changed", world.lin.phone)
    (event,) = [one for one in await world.audit("account.change-password") if one.content["outcome"] == "done"]
    assert event.content["detail"] == {"by": "password-reset"}


async def test_o_56_no_step_can_be_skipped(world: IdpWorld) -> None:
    reset = world.idp.passwords.reset
    cookie = await begun(world)
    tries: list[Callable[[], Any]] = [
        lambda: reset.finish(cookie, NEW, HERE),
        lambda: reset.prove_factor(cookie, Method.TOTP, code(world), HERE),
        lambda: reset.methods(cookie),
        lambda: reset.finish("A" * 43, NEW, HERE),
        lambda: reset.finish(None, NEW, HERE),
        lambda: reset.finish(code(world), NEW, HERE),
    ]
    for one in tries:
        with pytest.raises(ResetGone):
            await one()
    await log_in(world, world.lin.password)
    assert await reset.prove_phone(cookie, code(world), HERE) is Stage.PASSWORD
    with pytest.raises(ResetGone):
        await reset.prove_phone(cookie, code(world), HERE)


async def test_o_56_a_code_is_good_in_the_browser_that_asked_for_it(world: IdpWorld) -> None:
    """The attacker begins for themself: the code that the victim got is of no use there."""
    victims = await begun(world)
    victims_code = code(world)
    attackers = await begun(world, world.zhao.number)
    with pytest.raises(InvalidInput, match="code-wrong"):
        await world.idp.passwords.reset.prove_phone(attackers, victims_code, HERE)
    assert await world.idp.passwords.reset.prove_phone(victims, victims_code, HERE) is Stage.PASSWORD


async def test_o_56_codes_are_not_guessed(world: IdpWorld) -> None:
    cookie = await begun(world)
    right = code(world)
    for number in range(5):
        with pytest.raises(InvalidInput):
            await world.idp.passwords.reset.prove_phone(cookie, f"{(int(right) + number + 1) % 10**6:06d}", HERE)
    with pytest.raises(InvalidInput, match="code-gone"):
        await world.idp.passwords.reset.prove_phone(cookie, right, HERE)


async def _freeze(world: IdpWorld) -> None:
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)


async def _another_phone(world: IdpWorld) -> None:
    async with world.ground.database.write() as tx:
        await tx.connection.execute(
            table.update().where(table.c.id == world.lin.account_id).values(phone=b"another sealed phone")
        )
        await tx.commit()


async def _another_password(world: IdpWorld) -> None:
    session = (await strong(world)).session_cookie_value
    await world.idp.passwords.change(session, "changed by the owner meanwhile", source="192.0.2.9")


@pytest.mark.parametrize("change", [_freeze, _another_phone, _another_password], ids=["frozen", "phone", "password"])
async def test_o_56_a_change_of_the_account_ends_the_reset(world: IdpWorld, change: Callable[[IdpWorld], Any]) -> None:
    cookie = await phone_proved(world)
    await change(world)
    with pytest.raises(ResetGone):
        await world.idp.passwords.reset.finish(cookie, NEW, HERE)


async def test_o_56_a_weak_choice_does_not_burn_the_reset_and_time_does(world: IdpWorld) -> None:
    cookie = await phone_proved(world)
    with pytest.raises(InvalidInput, match="password-common"):
        await world.idp.passwords.reset.finish(cookie, "password1", HERE)
    with pytest.raises(InvalidInput, match="password-personal"):
        await world.idp.passwords.reset.finish(cookie, f"{world.lin.name}的密码很长", HERE)
    world.clock.advance(901)
    with pytest.raises(ResetGone):
        await world.idp.passwords.reset.finish(cookie, NEW, HERE)


async def test_o_56_staff_are_not_let_past_their_second_factor(world: IdpWorld) -> None:
    cookie = await begun(world, world.clerk.number)
    with pytest.raises(NotPermitted, match="reset-at-window"):
        await world.idp.passwords.reset.prove_phone(cookie, code(world), HERE)
    with pytest.raises(ResetGone):
        await world.idp.passwords.reset.finish(cookie, NEW, HERE)
    await world.idp.abuse.events.write()
    watcher = Principal(PrincipalKind.PERSON, "acc_w", scopes=frozenset({"admin:security"}))
    (event,) = (await world.idp.abuse.read_events.page(watcher)).items
    assert (event.kind, event.account_id) == (SecurityEventKind.RESET_REFUSED, world.clerk.account_id)


async def with_app(world: IdpWorld) -> Callable[[], str]:
    """Somebody with an authenticator app; answers what it shows at any time."""
    session, apps = (await strong(world)).session_cookie_value, world.idp.factors.authenticators
    secret = base64.b32decode((await apps.begin(session)).secret.replace(" ", ""))

    def shown() -> str:
        return code_of(secret, step_at(world.clock.now()))

    await apps.confirm(session, shown(), "app")
    world.clock.advance(61)
    return shown


async def test_o_56_whoever_has_a_second_factor_proves_it(world: IdpWorld) -> None:
    reset, shown = world.idp.passwords.reset, await with_app(world)
    cookie = await begun(world)
    assert await reset.prove_phone(cookie, code(world), HERE) is Stage.FACTOR
    assert await reset.methods(cookie) == [Method.TOTP]
    with pytest.raises(ResetGone):
        await reset.finish(cookie, NEW, HERE)
    with pytest.raises(ResetGone):
        await reset.prove_factor(cookie, Method.SMS, code(world), HERE)
    with pytest.raises(InvalidInput):
        await reset.prove_factor(cookie, Method.TOTP, "000000", HERE)
    assert await reset.prove_factor(cookie, Method.TOTP, shown(), HERE) is Stage.PASSWORD
    await reset.finish(cookie, NEW, HERE)
    await log_in(world, NEW)


async def test_o_56_guesses_at_the_second_factor_are_bounded(world: IdpWorld) -> None:
    reset, shown = world.idp.passwords.reset, await with_app(world)
    cookie = await begun(world)
    await reset.prove_phone(cookie, code(world), HERE)
    for _ in range(5):
        with pytest.raises(InvalidInput):
            await reset.prove_factor(cookie, Method.TOTP, "000000", HERE)
    with pytest.raises(PuzzleNeeded) as caught:
        await reset.prove_factor(cookie, Method.TOTP, shown(), HERE)
    paid = Answer(caught.value.puzzle.token, solve(caught.value.puzzle.name, caught.value.puzzle.bits))
    there = dataclasses.replace(HERE, answer=paid)
    assert await reset.prove_factor(cookie, Method.TOTP, shown(), there) is Stage.PASSWORD, "the twin"


async def test_o_56_an_account_without_a_password_gets_none(world: IdpWorld) -> None:
    new = NewAccount(citizen_number(41), "无密码", None, "13800000041")
    await world.idp.create_account(new, SYSTEM)
    sent = len(world.sender.sent)
    await begun(world, new.citizen_id)
    assert len(world.sender.sent) == sent


@pytest.fixture(params=["embedded", "cluster"])
async def either(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    if request.param == "embedded":
        async with embedded_world(tmp_path, clock) as made:
            yield made
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis: RedisServer = request.getfixturevalue("redis_server")
    async with cluster_world(postgres, redis, tmp_path, clock) as made:
        yield made


async def outcomes(*calls: Any) -> list[str]:
    results = await asyncio.gather(*calls, return_exceptions=True)
    return sorted("done" if not isinstance(one, BaseException) else type(one).__name__ for one in results)


async def test_o_56_of_many_requests_one_finishes(either: IdpWorld) -> None:
    reset: PasswordReset = either.idp.passwords.reset
    cookie = await begun(either)
    right = code(either)
    proofs = await outcomes(*(reset.prove_phone(cookie, right, HERE) for _ in range(6)))
    assert proofs.count("done") == 1, proofs
    finished = await outcomes(*(reset.finish(cookie, f"{NEW} {number}", HERE) for number in range(6)))
    assert finished == ["ResetGone"] * 5 + ["done"]
    async with either.ground.database.read() as tx:
        hashes = (await tx.connection.execute(select(table.c.password_hash))).scalars().all()
    assert len([one for one in hashes if one.startswith(f"plain:{NEW} ")]) == 1


async def test_of_changes_that_began_from_the_same_password_one_is_made(either: IdpWorld) -> None:
    session = (await strong(either)).session_cookie_value
    visit = await either.idp.sessions.find(session)
    assert visit is not None
    settle, actor = either.idp.passwords.change._settle, Principal(PrincipalKind.PERSON, visit.account.id)

    async def settled(number: int) -> bool:
        async with either.ground.database.write() as tx:
            done = await settle(
                tx, visit.account, f"plain:{NEW} {number}", NoticeKind.PASSWORD_CHANGED, actor, source="192.0.2.10"
            )
            await tx.commit()
        return done is not None

    assert sorted(await asyncio.gather(*(settled(number) for number in range(5)))) == [False] * 4 + [True]


async def test_o_57_a_change_wants_a_fresh_log_in_and_ends_all_others(world: IdpWorld) -> None:
    elsewhere = (await log_in(world, world.lin.password, source="203.0.113.9")).session_cookie_value
    own = await log_in(world, world.lin.password)
    change = world.idp.passwords.change
    for cookie in (None, "A" * 43):
        with pytest.raises(NotAuthenticated):
            await change(cookie, NEW, source="192.0.2.10")
    world.clock.advance(301)
    with pytest.raises(NotAuthenticated, match="log-in-not-fresh"):
        await change(own.session_cookie_value, NEW, source="192.0.2.10")
    weak = await log_in(world, world.lin.password)
    with pytest.raises(NotAuthenticated, match="two"):
        await change(weak.session_cookie_value, NEW, source="192.0.2.10")
    again = await strong(world)
    with pytest.raises(InvalidInput, match="password-same"):
        await change(again.session_cookie_value, world.lin.password, source="192.0.2.10")
    await change(again.session_cookie_value, NEW, source="192.0.2.10", device_cookie=again.device_cookie_value)
    assert await world.idp.sessions.principal(again.session_cookie_value) is not None
    assert await world.idp.sessions.principal(elsewhere) is None
    devices = world.idp.abuse.devices
    assert await devices.name(world.lin.account_id, again.device_cookie_value) is not None
    assert await devices.name(world.lin.account_id, own.device_cookie_value) is None


async def test_o_59_the_same_password_from_another_keyboard_opens(world: IdpWorld) -> None:
    session = (await strong(world)).session_cookie_value
    await world.idp.passwords.change(session, "cafe\u0301 １２３ 马电池 " + "长" * 60, source="192.0.2.10")
    await log_in(world, "caf\u00e9 123 马电池 " + "长" * 60)
    with pytest.raises(WrongCredentials):  # nothing is cut off
        await log_in(world, "caf\u00e9 123 马电池 " + "长" * 59)


async def test_a_step_that_was_needed_is_still_needed_after_a_reset(world: IdpWorld) -> None:
    """A role that comes after the reset: the log-in with the new password asks for the second factor."""
    cookie = await phone_proved(world)
    await world.idp.passwords.reset.finish(cookie, NEW, HERE)
    await world.idp.assign_staff_role(StaffRole(world.lin.account_id, world.organisation, "clerk"), SYSTEM)
    assert isinstance(await world.idp.log_in(world.lin.number, NEW, HERE), MoreNeeded)
