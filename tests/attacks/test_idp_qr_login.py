"""Attacks on the QR log-in (rows O-50, O-53, O-61): relay, races, guesses. Each beside its legitimate twin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.principal import Principal, PrincipalKind
from idp.levels import TWO_FACTORS
from idp.login.proofs import Method
from idp.login.steps import MoreNeeded, SignedIn
from idp.model import ONE_FACTOR
from idp.qr_login.errors import QrGone, QrNotFresh, QrTaken, QrWrongNumber, TooManyCodes
from idp.qr_login.model import DECIDE_SECONDS, FRESH_SECONDS, SCAN_SECONDS, QrState
from idp.qr_login.requests import code_of
from tests.support.clock import FakeClock
from tests.support.idp_world import Somebody
from tests.support.key_world import SECURITY, KeyWorld, key_world

AT_ONCE = 6
DESK, PHONE = "198.51.100.7", "192.0.2.10"


@pytest.fixture(params=["embedded", "cluster"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[KeyWorld]:
    servers = None
    if request.param == "cluster":
        servers = (request.getfixturevalue("postgres_server"), request.getfixturevalue("redis_server"))
    async with key_world(tmp_path, clock, servers) as made:
        yield made


class Desk:
    """A screen with a code."""

    def __init__(self, world: KeyWorld, secret: str) -> None:
        self.world, self.secret, self.code = world, secret, code_of(secret)
        self.here = world.here(source=DESK, user_agent="Edg/120 Windows")

    async def number(self) -> str:
        return str((await self.world.keys.qr_screen.look(self.secret)).number)

    async def state(self) -> QrState:
        return (await self.world.keys.qr_screen.look(self.secret)).state  # type: ignore[no-any-return]

    async def finish(self) -> SignedIn | MoreNeeded:
        done: SignedIn | MoreNeeded = await self.world.keys.qr_screen.finish(self.secret, self.here)
        return done


async def desk(world: KeyWorld) -> Desk:
    here = world.here(source=DESK, user_agent="Edg/120 Windows")
    return Desk(world, await world.keys.qr_screen.begin(here))


async def scanned(world: KeyWorld, screen: Desk, who: Somebody) -> str:
    """On this person's phone; its session cookie."""
    cookie = await world.log_in(who)
    await world.keys.qr_phone.scan(await world.visit(cookie), screen.code, PHONE)
    return cookie


async def decide(world: KeyWorld, screen: Desk, cookie: str, number: str, *, granted: bool = True) -> None:
    await world.keys.qr_phone.decide(await world.visit(cookie), screen.code, granted=granted, number=number)


async def test_a_phone_logs_a_screen_in_and_the_screen_is_no_surer_than_the_phone(world: KeyWorld) -> None:
    screen = await desk(world)
    assert await screen.number() == ""
    phone = await world.log_in(world.idp.lin)
    seen = await world.keys.qr_phone.scan(await world.visit(phone), screen.code, PHONE)
    assert (seen.source, seen.same_network, seen.user_agent, seen.client) == (DESK, False, "Edg/120 Windows", None)
    await decide(world, screen, phone, await screen.number())
    session = await world.session(await screen.finish())
    assert (session.account_id, session.acr, session.amr) == (world.idp.lin.account_id, ONE_FACTOR, ("mca", "pwd"))
    again = await desk(world)
    strong = await world.log_in_strongly(world.idp.lin)
    await world.keys.qr_phone.scan(await world.visit(strong), again.code, PHONE)
    await decide(world, again, strong, await again.number())
    assert (await world.session(await again.finish())).acr == TWO_FACTORS


async def test_a_phone_with_a_password_and_the_password_itself_are_one_factor(world: KeyWorld) -> None:
    lin, here = world.idp.lin, world.here(source=DESK, goal=SECURITY)
    screen = Desk(world, await world.keys.qr_screen.begin(here))
    phone = await scanned(world, screen, lin)
    await decide(world, screen, phone, await screen.number())
    more = await world.keys.qr_screen.finish(screen.secret, here)
    assert isinstance(more, MoreNeeded)
    step = world.here(source=DESK, goal=SECURITY, step_cookie=more.step_cookie_value)
    assert isinstance(await world.idp.idp.log_in(lin.number, lin.password, step), MoreNeeded)
    code = world.here(source=DESK, step_cookie=more.step_cookie_value)
    await world.idp.idp.factors.send_step_code(Method.SMS, code, "zh")
    done = await world.idp.idp.factors.check_step(Method.SMS, world.idp.sender.code(lin.phone), code)
    assert (await world.session(done)).acr == TWO_FACTORS


async def test_o50_a_relayed_code_is_worth_nothing_without_the_number_and_there_is_one_try(world: KeyWorld) -> None:
    screen = await desk(world)
    victim = await scanned(world, screen, world.idp.lin)
    number = await screen.number()
    wrong = "10" if number != "10" else "11"
    with pytest.raises(QrWrongNumber):
        await decide(world, screen, victim, wrong)
    with pytest.raises(QrGone):
        await decide(world, screen, victim, number)
    assert await screen.state() is QrState.REFUSED
    with pytest.raises(QrGone):
        await screen.finish()
    refused = [row.content for row in await world.idp.audit("qr-login.decide")]
    assert [(one["outcome"], one["detail"]["reason"]) for one in refused] == [("refused", "wrong-number")]
    await world.idp.idp.record_log_ins.write()
    lin = Principal(PrincipalKind.PERSON, world.idp.lin.account_id)
    (told,) = [one for one in (await world.idp.idp.own_log_ins.of(lin)).items if one.method == "qr"]
    assert (told.method, told.reason, told.source) == ("qr", "qr-wrong-number", DESK)


async def test_o50_the_code_alone_logs_nobody_in(world: KeyWorld) -> None:
    screen = await desk(world)
    with pytest.raises(QrGone):  # nobody has scanned it
        await screen.finish()
    phone = await scanned(world, screen, world.idp.lin)
    with pytest.raises(QrGone):  # whoever photographs the screen has the code, and not its secret
        await world.keys.qr_screen.finish(screen.code, screen.here)
    with pytest.raises(QrTaken):  # nor can somebody else decide
        await decide(world, screen, await world.log_in(world.idp.zhao), await screen.number())
    await decide(world, screen, phone, await screen.number())
    assert isinstance(await screen.finish(), SignedIn)


async def test_o50_what_comes_at_once_happens_once(world: KeyWorld) -> None:
    screen = await desk(world)
    people = [await world.log_in(one) for one in (world.idp.lin, world.idp.zhao)]
    visits = [await world.visit(one) for one in people]
    scan = world.keys.qr_phone.scan
    looks = await asyncio.gather(*(scan(one, screen.code, PHONE) for one in visits * 3), return_exceptions=True)
    winners = {one.account.id for one, look in zip(visits * 3, looks, strict=True) if not isinstance(look, QrTaken)}
    assert len(winners) == 1
    phone = next(one for one, visit in zip(people, visits, strict=True) if visit.account.id in winners)
    number = await screen.number()
    decisions = await asyncio.gather(
        *(decide(world, screen, phone, number) for _ in range(AT_ONCE)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in decisions) == ["NoneType"] + ["QrGone"] * (AT_ONCE - 1)
    done = await asyncio.gather(*(screen.finish() for _ in range(AT_ONCE)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["QrGone"] * (AT_ONCE - 1) + ["SignedIn"]


async def test_a_no_and_a_phone_that_logged_out_log_nobody_in(world: KeyWorld) -> None:
    screen = await desk(world)
    phone = await scanned(world, screen, world.idp.lin)
    await decide(world, screen, phone, "", granted=False)
    with pytest.raises(QrGone):
        await screen.finish()
    second = await desk(world)
    phone = await scanned(world, second, world.idp.lin)
    await decide(world, second, phone, await second.number())
    await world.idp.idp.log_out(phone)
    with pytest.raises(QrGone):
        await second.finish()


async def test_codes_run_out_and_old_log_ins_confirm_nothing(world: KeyWorld) -> None:
    screen, phone = await desk(world), await world.log_in(world.idp.lin)
    world.clock.advance(SCAN_SECONDS)
    with pytest.raises(QrGone):
        await world.keys.qr_phone.scan(await world.visit(phone), screen.code, PHONE)
    late = await desk(world)
    phone = await scanned(world, late, world.idp.lin)
    number = await late.number()
    world.clock.advance(DECIDE_SECONDS)
    with pytest.raises(QrGone):
        await decide(world, late, phone, number)
    last = await desk(world)
    world.clock.advance(FRESH_SECONDS - DECIDE_SECONDS)
    stale = await desk(world)
    with pytest.raises(QrNotFresh):
        await world.keys.qr_phone.scan(await world.visit(phone), stale.code, PHONE)
    assert last.code != stale.code


async def test_o53_one_source_gets_a_bounded_number_of_codes(tmp_path: Path, clock: FakeClock) -> None:
    async with key_world(tmp_path, clock, qr_codes_per_source=3) as world:
        for _ in range(3):
            await desk(world)
        with pytest.raises(TooManyCodes):
            await desk(world)
        assert await world.keys.qr_screen.begin(world.here(source="203.0.113.9"))
