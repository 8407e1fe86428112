"""Codes by text message and e-mail: guessed, reused, raced, asked for without end (attacks O-52, O-53, O-55)."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput, LimitExceeded
from core.principal import SYSTEM
from idp.errors import StepGone
from idp.factors.codes import Post
from idp.levels import TWO_FACTORS
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method
from idp.login.steps import MoreNeeded, SignedIn
from idp.messages.ports import Address, AddressKind
from idp.model import ONE_FACTOR, AccountStatus
from idp.profile import Details
from tests.support.clock import FakeClock
from tests.support.idp_world import PASSWORD, IdpWorld, Somebody, citizen_number, cluster_world, embedded_world
from tests.support.servers import PostgresServer, RedisServer

HERE = Circumstances("192.0.2.10", "Browser 1.0")


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture(params=["embedded", "cluster"])
async def either(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    """On both columns: one-time things are decided in the store."""
    if request.param == "embedded":
        async with embedded_world(tmp_path, clock) as made:
            yield made
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis: RedisServer = request.getfixturevalue("redis_server")
    async with cluster_world(postgres, redis, tmp_path, clock) as made:
        yield made


def other_than(code: str, number: int = 1) -> str:
    return f"{(int(code) + number) % 1_000_000:06d}"


async def begun(world: IdpWorld, who: Somebody, source: str = "192.0.2.10") -> Circumstances:
    """Staff with the right password, before the second step."""
    done = await world.idp.log_in(who.number, PASSWORD, dataclasses.replace(HERE, source=source))
    assert isinstance(done, MoreNeeded)
    return dataclasses.replace(HERE, source=source, step_cookie=done.step_cookie_value)


async def sent(world: IdpWorld, there: Circumstances, who: Somebody) -> str:
    await world.idp.factors.send_step_code(Method.SMS, there, "zh")
    return world.sender.code(who.phone)


async def try_step(world: IdpWorld, there: Circumstances, code: str) -> str:
    """What became of a code at the second step."""
    try:
        done = await world.idp.factors.check_step(Method.SMS, code, there)
    except (InvalidInput, LimitExceeded) as error:
        return error.code
    assert isinstance(done, SignedIn)
    return "in"


async def ask(world: IdpWorld, identifier: str, source: str = "192.0.2.10", method: Method = Method.SMS) -> str:
    here = dataclasses.replace(HERE, source=source)
    return (await world.idp.factors.log_in_by_code.send(method, identifier, here, "zh")).ticket


async def try_log_in(world: IdpWorld, ticket: str, code: str, source: str = "192.0.2.10") -> Any:
    here = dataclasses.replace(HERE, source=source)
    try:
        return await world.idp.factors.log_in_by_code.check(Method.SMS, ticket, code, here)
    except (InvalidInput, LimitExceeded) as error:
        return error.code


async def test_staff_need_password_and_code(world: IdpWorld) -> None:
    there = await begun(world, world.clerk)
    code = await sent(world, there, world.clerk)
    done = await world.idp.factors.check_step(Method.SMS, code, there)
    assert isinstance(done, SignedIn)
    visit = await world.idp.sessions.find(done.session_cookie_value)
    assert visit is not None
    assert (visit.session.acr, visit.session.amr) == (TWO_FACTORS, ("pwd", "otp", "sms", "mfa"))
    refusals = [row.content["detail"] for row in await world.audit("session.start")]
    assert [one["method"] for one in refusals] == ["password+sms"]


async def test_o_55_a_code_dies_by_use_by_a_newer_one_by_time_and_by_five_tries(world: IdpWorld) -> None:
    there = await begun(world, world.clerk)
    first = await sent(world, there, world.clerk)
    world.clock.advance(61)
    second = await sent(world, there, world.clerk)
    if first != second:
        assert await try_step(world, there, first) == "code-wrong", "the newer one is the one"
    assert await try_step(world, there, second) == "in"
    with pytest.raises(StepGone):
        await world.idp.factors.check_step(Method.SMS, second, there)

    late = await begun(world, world.clerk)
    code = await sent(world, late, world.clerk)
    world.clock.advance(301)
    assert await try_step(world, late, code) == "code-gone"

    guessed = await begun(world, world.clerk, "192.0.2.77")
    code = await sent(world, guessed, world.clerk)
    wrong = [await try_step(world, guessed, other_than(code, n)) for n in range(1, 6)]
    assert wrong == ["code-wrong"] * 4 + ["code-gone"]
    assert await try_step(world, guessed, code) in ("code-gone", "puzzle-needed")


async def test_o_55_a_code_serves_the_browser_that_asked_for_it_only(world: IdpWorld) -> None:
    victim, thief = await begun(world, world.clerk), await begun(world, world.clerk, "198.51.100.7")
    code = await sent(world, victim, world.clerk)
    assert await try_step(world, thief, code) == "code-gone", "none was sent for this log-in"
    assert await try_step(world, victim, code) == "in"


async def test_o_55_a_code_is_in_no_answer_and_at_rest_nowhere(world: IdpWorld, tmp_path: Path) -> None:
    there = await begun(world, world.clerk)
    code = await sent(world, there, world.clerk)
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*.db*"))
    assert code.encode() not in raw
    assert code not in repr(world.sender.sent)
    assert there.step_cookie is not None
    assert there.step_cookie.encode() not in raw


async def test_o_55_many_at_once_use_a_code_once(either: IdpWorld) -> None:
    ticket = await ask(either, either.lin.number)
    code = either.sender.code(either.lin.phone)
    results = await asyncio.gather(*(try_log_in(either, ticket, code) for _ in range(5)))
    assert sum(isinstance(one, SignedIn) for one in results) == 1, results
    assert {one for one in results if not isinstance(one, SignedIn)} <= {"code-gone"}


async def test_o_55_many_guesses_at_once_are_five(either: IdpWorld) -> None:
    """Whatever the budget of tries lets through."""
    codes, address = either.idp.factors.codes, Address(AddressKind.SMS, either.lin.phone)
    await codes.issue("slot", Post(b"lin", address, "192.0.2.10", "zh"))
    code = either.sender.code(either.lin.phone)

    async def guess(typed: str) -> str:
        with pytest.raises(InvalidInput) as caught:
            await codes.check("slot", typed)
        return caught.value.code

    results = await asyncio.gather(*(guess(other_than(code, n)) for n in range(1, 21)))
    assert results.count("code-wrong") == 4, "the fifth says that it was the last"
    assert results.count("code-gone") == 16
    assert await guess(code) == "code-gone"


async def test_o_53_the_budget_of_guesses_is_one_for_passwords_and_codes(world: IdpWorld) -> None:
    """Five tries for a source in a quarter of an hour, however many codes are asked for."""
    outcomes = []
    for number in range(1, 9):
        ticket = await ask(world, world.lin.number, f"203.0.113.{number}")
        code = world.sender.code(world.lin.phone)
        outcomes.append(await try_log_in(world, ticket, other_than(code)))
    assert outcomes == ["code-wrong"] * 5 + ["puzzle-needed"] * 3
    with pytest.raises(LimitExceeded):
        await world.idp.log_in(world.lin.number, PASSWORD, HERE)
    elsewhere = await world.idp.log_in(world.lin.number, PASSWORD, dataclasses.replace(HERE, source="192.0.2.99"))
    assert isinstance(elsewhere, SignedIn), "the twin: its owner is not locked out"


async def test_o_52_nobody_and_somebody_get_the_same_answer(world: IdpWorld) -> None:
    nobody = citizen_number(77)
    tickets = [await ask(world, one) for one in (world.lin.number, nobody)]
    assert len(world.sender.sent) == 1
    assert len({len(one) for one in tickets}) == 1
    assert [await try_log_in(world, one, "000000") for one in tickets].count("code-wrong") >= 1
    outcomes = []
    for identifier in (world.zhao.number, nobody):
        with pytest.raises(LimitExceeded) as soon:
            await ask(world, identifier), await ask(world, identifier)
        outcomes.append((soon.value.code, soon.value.retry_after))
    assert outcomes == [("code-too-soon", 60)] * 2


async def test_o_55_codes_are_not_sent_without_end(world: IdpWorld) -> None:
    """Five in a quarter of an hour for one source, twenty in an hour for all strangers; never for a known source."""
    ticket = await ask(world, world.lin.number)
    assert isinstance(await try_log_in(world, ticket, world.sender.code(world.lin.phone)), SignedIn)
    told = len(world.sender.sent)
    for number in range(30):
        with contextlib.suppress(LimitExceeded):
            await ask(world, world.lin.number, f"203.0.113.{number}")
    assert len(world.sender.sent) - told == world.idp.settings.codes_per_address - 1
    again = await ask(world, world.lin.number)
    assert isinstance(await try_log_in(world, again, world.sender.code(world.lin.phone)), SignedIn), "the twin"


async def test_a_code_alone_logs_a_citizen_in_and_staff_add_the_password(world: IdpWorld) -> None:
    ticket = await ask(world, world.lin.phone)
    code = world.sender.code(world.lin.phone)
    done = await try_log_in(world, ticket, f" {code[:3]}-{code[3:]}")  # as people copy it
    assert isinstance(done, SignedIn)
    visit = await world.idp.sessions.find(done.session_cookie_value)
    assert visit is not None
    assert (visit.session.acr, visit.session.amr) == (ONE_FACTOR, ("otp", "sms"))

    ticket = await ask(world, world.clerk.number)
    more = await try_log_in(world, ticket, world.sender.code(world.clerk.phone))
    assert isinstance(more, MoreNeeded)
    there = dataclasses.replace(HERE, step_cookie=more.step_cookie_value)
    steps = world.idp.steps
    assert await steps.options(await steps.pending(there.step_cookie)) == [Method.PASSWORD], "two codes are one kind"
    with pytest.raises(InvalidInput):
        await world.idp.factors.check_step(Method.PASSWORD, "wrong password", there)
    finished = await world.idp.factors.check_step(Method.PASSWORD, PASSWORD, there)
    assert isinstance(finished, SignedIn)


async def test_an_e_mail_goes_to_a_confirmed_mailbox_only(world: IdpWorld) -> None:
    for verified, expected in ((False, 0), (True, 1)):
        details = Details("lin@mail.test", email_verified=verified)
        await world.idp.state_details(world.lin.account_id, details, SYSTEM)
        await ask(world, world.lin.number, f"192.0.2.{30 + expected}", Method.EMAIL)
        assert len(world.sender.to("lin@mail.test")) == expected


async def test_a_frozen_account_is_told_so_only_after_the_right_code(world: IdpWorld) -> None:
    ticket = await ask(world, world.lin.number)
    await world.idp.change_account_status(world.lin.account_id, AccountStatus.FROZEN, SYSTEM)
    code = world.sender.code(world.lin.phone)
    assert await try_log_in(world, ticket, other_than(code)) == "code-wrong"
    with pytest.raises(Exception, match="account-frozen"):
        await try_log_in(world, ticket, code)
