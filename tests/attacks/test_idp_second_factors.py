"""Authenticator apps, recovery codes, rules of log-ins: what a thief of one factor can do (attacks O-55, O-57)."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.errors import Conflict, InvalidInput, LimitExceeded, NotAuthenticated, NotPermitted
from core.principal import SYSTEM
from idp.factors.errors import KeyUnknown, NotStrong, TooManyKeys
from idp.factors.totp.errors import EnrolmentGone
from idp.factors.totp.values import code_of, step_at
from idp.levels import TWO_FACTORS
from idp.login.circumstances import Circumstances
from idp.login.fresh import NotFresh
from idp.login.proofs import Method
from idp.login.steps import MoreNeeded, SignedIn
from idp.model import ONE_FACTOR, GrantType, Notice, NoticeKind, StaffRole
from idp.settings import IdpSettings
from idp.stores.notices import SqlNoticeStore
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.grants_world import other_client, visit_of
from tests.support.idp_browser import BackEnd, Browser, idp_app, response_of
from tests.support.idp_world import ISSUER, PASSWORD, IdpWorld, Somebody, cluster_world, embedded_world, lose_phone
from tests.support.servers import PostgresServer, RedisServer

HERE = Circumstances("192.0.2.10", "Browser 1.0")
SETTINGS = Circumstances("192.0.2.10", "Browser 1.0", goal="/me/security")


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        await lose_phone(made, made.lin)  # has a password and nothing else
        yield made


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


async def logged_in(world: IdpWorld, who: Somebody, here: Circumstances = HERE) -> str:
    """A session's cookie, with the code on the phone where it is asked for."""
    done = await world.idp.log_in(who.number, PASSWORD, here)
    if isinstance(done, MoreNeeded):
        there = dataclasses.replace(here, step_cookie=done.step_cookie_value)
        await world.idp.factors.send_step_code(Method.SMS, there, "zh")
        done = await world.idp.factors.check_step(Method.SMS, world.sender.code(who.phone), there)
    assert isinstance(done, SignedIn)
    return done.session_cookie_value


async def with_app(world: IdpWorld, who: Somebody, name: str = "我的手机") -> tuple[str, bytes]:
    """A fresh session, and the secret of an app that was set up in it."""
    cookie, apps = await logged_in(world, who, SETTINGS), world.idp.factors.authenticators
    secret = base64.b32decode((await apps.begin(cookie)).secret.replace(" ", ""))
    await apps.confirm(cookie, code(world, secret), name)
    return cookie, secret


def code(world: IdpWorld, secret: bytes, offset: int = 0) -> str:
    return code_of(secret, step_at(world.clock.now()) + offset)


async def begun(world: IdpWorld, who: Somebody) -> Circumstances:
    """Somebody with the right password whose page asks for more."""
    done = await world.idp.log_in(who.number, PASSWORD, SETTINGS)
    assert isinstance(done, MoreNeeded)
    return dataclasses.replace(HERE, step_cookie=done.step_cookie_value)


async def step(world: IdpWorld, method: Method, typed: str, there: Circumstances) -> SignedIn | MoreNeeded:
    return await world.idp.factors.check_step(method, typed, there)


async def test_an_app_is_set_up_and_guards_the_list_of_factors_from_then_on(world: IdpWorld) -> None:
    old_cookie, secret = await with_app(world, world.lin)
    with pytest.raises(NotStrong):
        await world.idp.factors.authenticators.begin(old_cookie)  # a password was enough until now
    plain = await world.idp.log_in(world.lin.number, PASSWORD, HERE)
    assert isinstance(plain, SignedIn), "nobody demands two factors of a citizen who looks at licences"
    world.clock.advance(30)
    there = await begun(world, world.lin)
    steps = world.idp.steps
    assert await steps.options(await steps.pending(there.step_cookie)) == [Method.TOTP]
    done = await step(world, Method.TOTP, code(world, secret), there)
    assert isinstance(done, SignedIn)
    visit = await world.idp.sessions.find(done.session_cookie_value)
    assert visit is not None
    assert (visit.session.acr, visit.session.amr) == (TWO_FACTORS, ("pwd", "otp", "mfa"))
    assert await world.idp.factors.authenticators.begin(done.session_cookie_value)


async def test_o_55_a_code_of_an_app_counts_once_and_within_its_window(world: IdpWorld) -> None:
    _, secret = await with_app(world, world.lin)
    there = await begun(world, world.lin)
    with pytest.raises(InvalidInput):
        await step(world, Method.TOTP, code(world, secret), there)  # used when it was set up
    for offset in (-2, 2, 3):
        with pytest.raises(InvalidInput):
            await step(world, Method.TOTP, code(world, secret, offset), await begun(world, world.lin))
        world.clock.advance(1000)
    assert isinstance(await step(world, Method.TOTP, code(world, secret, 1), await begun(world, world.lin)), SignedIn)
    with pytest.raises(InvalidInput):
        await step(world, Method.TOTP, code(world, secret, 1), await begun(world, world.lin))


async def test_o_55_many_at_once_use_a_code_of_an_app_once(either: IdpWorld) -> None:
    _, secret = await with_app(either, either.clerk)
    either.clock.advance(60)
    waiting = [await begun(either, either.clerk) for _ in range(4)]
    tries = [step(either, Method.TOTP, code(either, secret), there) for there in waiting]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, SignedIn) for one in results) == 1, results
    assert all(isinstance(one, SignedIn | InvalidInput | LimitExceeded) for one in results), results


async def test_o_55_guesses_at_an_app_are_bounded(world: IdpWorld) -> None:
    _, secret = await with_app(world, world.lin)
    world.clock.advance(300)
    right, outcomes = int(code(world, secret)), []
    for number in range(1, 9):
        try:
            await step(world, Method.TOTP, f"{(right + 2 * number) % 10**6:06d}", await begun(world, world.lin))
        except (InvalidInput, LimitExceeded) as error:
            outcomes.append(error.code)
    assert outcomes == ["totp-wrong"] * 5 + ["puzzle-needed"] * 3


async def test_o_55_in_a_day_a_thief_of_the_password_gets_sixty_tries_and_its_owner_is_not_shut_out(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = IdpSettings(
        issuer=ISSUER, even_answers=0, step_wrong_per_day=6
    )  # the budget of a quarter of an hour is five
    async with embedded_world(tmp_path, clock, settings=settings) as world:
        done = await world.idp.log_in(world.clerk.number, PASSWORD, HERE)
        assert isinstance(done, MoreNeeded)
        there = dataclasses.replace(HERE, step_cookie=done.step_cookie_value)
        await world.idp.factors.send_step_code(Method.SMS, there, "zh")
        signed = await step(world, Method.SMS, world.sender.code(world.clerk.phone), there)
        assert isinstance(signed, SignedIn)
        outcomes = []
        for number in range(8):
            world.clock.advance(300)
            thief = dataclasses.replace(await begun(world, world.clerk), source=f"198.51.100.{number}")
            with pytest.raises((InvalidInput, LimitExceeded)) as caught:
                await step(world, Method.SMS, "000000", thief)
            outcomes.append(caught.value.code)
        assert outcomes == ["code-gone"] * 6 + ["too-many-tries"] * 2
        known = dataclasses.replace(HERE, device_cookie=signed.device_cookie_value)
        again = await world.idp.log_in(world.clerk.number, PASSWORD, known)
        assert isinstance(again, MoreNeeded)
        there = dataclasses.replace(known, step_cookie=again.step_cookie_value)
        await world.idp.factors.send_step_code(Method.SMS, there, "zh")
        twin = await step(world, Method.SMS, world.sender.code(world.clerk.phone), there)
        assert isinstance(twin, SignedIn)


async def test_o_55_recovery_codes_work_once_each_and_die_with_the_next_set(either: IdpWorld) -> None:
    cookie = await logged_in(either, either.clerk)
    first = await either.idp.factors.recovery_codes.make(cookie)
    there = [await begun(either, either.clerk) for _ in range(4)]
    tries = [step(either, Method.RECOVERY, first[0], one) for one in there]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, SignedIn) for one in results) == 1, results
    assert await either.idp.factors.recovery.left(either.clerk.account_id) == 9
    second = await either.idp.factors.recovery_codes.make(cookie)
    either.clock.advance(1000)
    with pytest.raises(InvalidInput):
        await step(either, Method.RECOVERY, first[1], await begun(either, either.clerk))
    done = await step(either, Method.RECOVERY, second[1].upper(), await begun(either, either.clerk))
    assert isinstance(done, SignedIn), "the twin"


async def test_o_55_different_recovery_codes_at_once_all_count(either: IdpWorld) -> None:
    codes = await either.idp.factors.recovery_codes.make(await logged_in(either, either.clerk))
    there = [await begun(either, either.clerk) for _ in range(3)]
    results = await asyncio.gather(*(step(either, Method.RECOVERY, codes[n], one) for n, one in enumerate(there)))
    assert all(isinstance(one, SignedIn) for one in results)
    assert await either.idp.factors.recovery.left(either.clerk.account_id) == 7


async def test_o_57_nothing_is_added_or_removed_without_a_fresh_log_in(world: IdpWorld) -> None:
    cookie, _ = await with_app(world, world.clerk)
    own, recovery = world.idp.factors.authenticators, world.idp.factors.recovery_codes
    app = (await own.of(world.clerk.account_id))[0]
    world.clock.advance(world.idp.settings.link_freshness + 1)
    for change in (own.begin(cookie), own.remove(cookie, app.id), recovery.make(cookie), recovery.remove(cookie)):
        with pytest.raises(NotFresh):
            await change
    for change in (own.begin(None), own.remove("x" * 43, app.id), recovery.make("")):
        with pytest.raises(NotAuthenticated):
            await change
    assert len(await own.of(world.clerk.account_id)) == 1
    fresh = await logged_in(world, world.clerk)
    await own.remove(fresh, app.id)
    assert not await own.of(world.clerk.account_id), "the twin"
    kinds = [one.kind for one in await _notices(world, world.clerk)]
    assert NoticeKind.FACTOR_ADDED in kinds
    assert NoticeKind.FACTOR_REMOVED in kinds
    actions = [row.content["action"] for row in await world.audit()]
    assert {"authenticator.add", "authenticator.remove"} <= set(actions)


async def _notices(world: IdpWorld, who: Somebody) -> list[Notice]:
    async with world.ground.database.read() as tx:
        return list(await SqlNoticeStore().unseen(tx, who.account_id, 50))


async def test_o_68_nobody_removes_or_uses_anothers_app(world: IdpWorld) -> None:
    _, secret = await with_app(world, world.lin)
    app = (await world.idp.factors.authenticators.of(world.lin.account_id))[0]
    zhao, _ = await with_app(world, world.zhao)
    with pytest.raises(KeyUnknown):
        await world.idp.factors.authenticators.remove(zhao, app.id)
    world.clock.advance(60)
    with pytest.raises(InvalidInput):
        await step(world, Method.TOTP, code(world, secret), await begun(world, world.zhao))
    assert len(await world.idp.factors.authenticators.of(world.lin.account_id)) == 1


async def test_a_set_up_ends_with_its_time_its_session_and_ten_wrong_codes(world: IdpWorld) -> None:
    cookie, own = await logged_in(world, world.lin, SETTINGS), world.idp.factors.authenticators
    other = await logged_in(world, world.lin, SETTINGS)
    secret = base64.b32decode((await own.begin(cookie)).secret.replace(" ", ""))
    with pytest.raises(EnrolmentGone):
        await own.confirm(other, code(world, secret), "另一个会话")
    for number in range(1, 11):
        with pytest.raises(InvalidInput):
            await own.confirm(cookie, f"{(int(code(world, secret)) + 7 * number) % 10**6:06d}", "手机")
    with pytest.raises(EnrolmentGone):
        await own.confirm(cookie, code(world, secret), "手机")
    assert not await own.of(world.lin.account_id)


async def test_there_are_three_apps_at_most(world: IdpWorld) -> None:
    for number in range(3):
        cookie, _ = await with_app(world, world.clerk, f"手机 {number}")
        world.clock.advance(60)
    with pytest.raises(TooManyKeys):
        await world.idp.factors.authenticators.begin(cookie)


async def test_secrets_are_sealed_at_rest(world: IdpWorld, tmp_path: Path) -> None:
    cookie, secret = await with_app(world, world.clerk)
    codes = await world.idp.factors.recovery_codes.make(cookie)
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*.db*"))
    for value in (secret, base64.b32encode(secret), "我的手机".encode(), *(one.encode() for one in codes)):
        assert value not in raw


async def test_the_first_administrator_gets_in_by_codes_from_an_operator(world: IdpWorld) -> None:
    """No gateway, no app yet: whoever runs the service hands over ten codes on paper."""
    await lose_phone(world, world.clerk)
    done = await world.idp.log_in(world.clerk.number, PASSWORD, HERE)
    assert isinstance(done, MoreNeeded)
    assert not await world.idp.steps.options(await world.idp.steps.pending(done.step_cookie_value))
    codes = await world.idp.factors.recovery_codes.make_for(world.clerk.account_id, SYSTEM)
    there = dataclasses.replace(HERE, step_cookie=done.step_cookie_value)
    assert isinstance(await step(world, Method.RECOVERY, codes[0], there), SignedIn)


# Rules -------------------------------------------------------------------------------------------------------------


async def put(world: IdpWorld, subject: str, acr: str | None, *refused: Method) -> None:
    await world.idp.login_rules.put(subject, acr, refused, SYSTEM, before=0)
    world.clock.advance(world.idp.settings.client_cache)


async def test_a_portal_for_which_two_factors_are_demanded_is_entered_with_two(world: IdpWorld) -> None:
    """Also by whoever is logged in already with one (attacks O-55)."""
    browser = Browser(world)
    await browser.enter(world.portal_a, world.zhao)
    await put(world, "client:portal-a", TWO_FACTORS)
    assert response_of(await browser.authorize(world.portal_a, prompt="none"))["error"] == "login_required"
    assert "code" in response_of(await browser.authorize(world.portal_b, prompt="none", scope="openid")), "the twin"
    asked = await browser.authorize(world.portal_a)
    assert asked.headers["location"].startswith("/login")
    await browser.enter(world.portal_a, world.zhao)  # with the code on the phone
    assert "code" in response_of(await browser.authorize(world.portal_a, prompt="none"))


async def test_a_device_is_let_in_by_a_log_in_that_is_strong_enough(world: IdpWorld) -> None:
    kiosk = await other_client(world, "kiosk", GrantType.DEVICE_CODE, scopes=frozenset({"openid"}))
    await put(world, "client:kiosk", TWO_FACTORS)
    asked = (await BackEnd(world, kiosk).post("/device-authorization", {"scope": "openid"})).json()
    decide, weak = world.idp.elsewhere.decide_device, await visit_of(world, Browser(world), world.zhao)
    ticket = await decide.enter(weak, asked["user_code"], "192.0.2.10")
    with pytest.raises(NotPermitted, match="log-in-too-weak"):
        await decide.decide(weak, ticket, granted=True)
    strong = await world.idp.sessions.find(await logged_in(world, world.zhao, SETTINGS))
    assert strong is not None
    ticket = await decide.enter(strong, asked["user_code"], "192.0.2.10")
    await decide.decide(strong, ticket, granted=True)  # the code was not used up by the refusal
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": asked["device_code"]}
    assert (await BackEnd(world, kiosk).post("/token", form)).status_code == 200


async def test_rules_are_for_security_administrators(world: IdpWorld) -> None:
    await world.idp.assign_staff_role(
        StaffRole(world.zhao.account_id, world.organisation, "security-administrator"), SYSTEM
    )
    await change_client(world, "portal-a", columns={"scopes": ["admin:security", "licence:read", "openid"]})
    place, body = "/v1/login-rules/staff", {"acr": TWO_FACTORS, "refused": ["sms"], "revision": 0}
    seen = {}
    for name, who, scope in (
        ("security", world.zhao, "openid admin:security"),
        ("clerk", world.clerk, "openid licence:read"),
    ):
        entered = await Browser(world).enter(world.portal_a, who, scope=scope)
        token = (await BackEnd(world, world.portal_a).tokens(entered))["access_token"]
        transport = httpx.ASGITransport(app=idp_app(world))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER, headers=headers) as http:
            answers = [await http.get("/v1/login-rules"), await http.put(place, json=body)]
            answers += [await http.put(place, json=body), await http.delete(f"{place}?revision=1")]
            seen[name] = [one.status_code for one in answers]
    assert seen == {"security": [200, 200, 409, 204], "clerk": [403, 403, 403, 403]}
    audited = {(row.content["action"], row.content["subject"]) for row in await world.audit()}
    assert {("login-rule.put", "staff"), ("login-rule.remove", "staff")} <= audited


async def test_whoever_cannot_meet_a_demand_is_not_let_in(world: IdpWorld) -> None:
    await put(world, "level:0", TWO_FACTORS)
    done = await world.idp.log_in(world.lin.number, PASSWORD, HERE)
    assert isinstance(done, MoreNeeded)
    assert not await world.idp.steps.options(await world.idp.steps.pending(done.step_cookie_value))


async def test_a_level_counts_for_those_who_have_it(world: IdpWorld) -> None:
    await put(world, "level:4", TWO_FACTORS)
    assert isinstance(await world.idp.log_in(world.zhao.number, PASSWORD, HERE), SignedIn)


async def test_a_new_device_asks_those_who_can(world: IdpWorld) -> None:
    await put(world, "new-device", TWO_FACTORS)
    assert isinstance(await world.idp.log_in(world.lin.number, PASSWORD, HERE), SignedIn), "has nothing to add"
    begun = await world.idp.log_in(world.zhao.number, PASSWORD, HERE)
    assert isinstance(begun, MoreNeeded)
    there = dataclasses.replace(HERE, step_cookie=begun.step_cookie_value)
    await world.idp.factors.send_step_code(Method.SMS, there, "zh")
    done = await step(world, Method.SMS, world.sender.code(world.zhao.phone), there)
    assert isinstance(done, SignedIn)
    known = dataclasses.replace(HERE, device_cookie=done.device_cookie_value)
    assert isinstance(await world.idp.log_in(world.zhao.number, PASSWORD, known), SignedIn), "known from now on"


async def test_a_refused_method_counts_for_nothing(world: IdpWorld) -> None:
    await put(world, "staff", None, Method.SMS)
    done = await world.idp.log_in(world.clerk.number, PASSWORD, HERE)
    assert isinstance(done, MoreNeeded)
    there = dataclasses.replace(HERE, step_cookie=done.step_cookie_value)
    assert Method.SMS not in await world.idp.steps.options(await world.idp.steps.pending(there.step_cookie))
    await world.idp.factors.send_step_code(Method.SMS, there, "zh")
    again = await step(world, Method.SMS, world.sender.code(world.clerk.phone), there)
    assert isinstance(again, MoreNeeded), "neither does it when its address is called directly"


@pytest.mark.parametrize(
    ("subject", "acr", "refused"),
    [
        ("nobody", TWO_FACTORS, ()),
        ("level:5", TWO_FACTORS, ()),
        ("everybody", "urn:example:gold", ()),
        ("everybody", None, (Method.PASSWORD,)),
        ("client:portal-a", None, (Method.SMS,)),
        ("new-device", None, (Method.SMS,)),
    ],
)
async def test_rules_that_cannot_be(world: IdpWorld, subject: str, acr: str | None, refused: tuple[Method]) -> None:
    with pytest.raises(InvalidInput):
        await world.idp.login_rules.put(subject, acr, refused, SYSTEM, before=0)
    assert not await world.idp.login_rules.all()


async def test_of_two_who_change_a_rule_one_does(world: IdpWorld) -> None:
    rules = world.idp.login_rules
    await rules.put("everybody", ONE_FACTOR, (), SYSTEM, before=0)
    await rules.put("everybody", TWO_FACTORS, (), SYSTEM, before=1)
    for change in (
        rules.put("everybody", ONE_FACTOR, (), SYSTEM, before=1),
        rules.remove("everybody", SYSTEM, before=1),
    ):
        with pytest.raises(Conflict):
            await change
    assert [one.acr for one in await rules.all()] == [TWO_FACTORS]
    await rules.remove("everybody", SYSTEM, before=2)
    assert not await rules.all()
