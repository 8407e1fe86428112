"""Attacks on passkeys (rows O-50, O-55, O-57, O-68), on both columns; each beside its legitimate twin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.principal import SYSTEM
from idp.factors.errors import (
    AccountOutOfUse,
    KeyUnknown,
    LastWayIn,
    NotStrong,
    PasskeyNotAccepted,
    PasskeyNotMade,
    PasskeySuspended,
    TooManyKeys,
)
from idp.factors.passkeys.challenges import LIFETIME, Ceremony
from idp.factors.passkeys.enrol import MOST
from idp.levels import BOUND_KEY, TWO_FACTORS
from idp.login.fresh import NotFresh
from idp.login.steps import SignedIn
from idp.model import AccountStatus
from idp.stores.people import SqlAccountStore
from tests.support.authenticator import Authenticator
from tests.support.clock import FakeClock
from tests.support.idp_world import ISSUER
from tests.support.key_world import HOST, KeyWorld, key_world

AT_ONCE = 6


@pytest.fixture(params=["embedded", "cluster"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[KeyWorld]:
    servers = None
    if request.param == "cluster":
        servers = (request.getfixturevalue("postgres_server"), request.getfixturevalue("redis_server"))
    async with key_world(tmp_path, clock, servers) as made:
        yield made


def device(**options: bool) -> Authenticator:
    return Authenticator(ISSUER, HOST, **options)  # type: ignore[arg-type]  # flags only


async def test_a_device_bound_key_is_bound_and_a_synced_one_is_two_factors(world: KeyWorld) -> None:
    cookie = await world.log_in_strongly(world.idp.lin)
    bound = await world.enrol(cookie)
    synced = await world.enrol(cookie, device(synced=True, counts=False), "云端")
    first, second = await world.session(await world.use(bound)), await world.session(await world.use(synced))
    assert (first.acr, first.amr, first.account_id) == (BOUND_KEY, ("pop", "user", "mfa"), world.idp.lin.account_id)
    assert second.acr == TWO_FACTORS
    held = await world.keys.own_passkeys.of(world.idp.lin.account_id)
    assert sorted((one.name, one.bound, one.used_at) for one in held) == [
        ("云端", False, world.clock.now()),
        ("我的手机", True, world.clock.now()),
    ]


async def test_o50_a_challenge_is_for_one_browser_one_purpose_one_use_and_some_minutes(world: KeyWorld) -> None:
    phone = await world.enrol(await world.log_in_strongly(world.idp.lin))
    log_in = world.keys.log_in_by_passkey
    stolen = phone.sign(world.challenge("victim"))
    with pytest.raises(PasskeyNotAccepted):
        await log_in(stolen, "attacker", world.here())
    other = phone.sign(world.keys.challenges.make(Ceremony.ENROL, "victim"))
    with pytest.raises(PasskeyNotAccepted):
        await log_in(other, "victim", world.here())
    late = phone.sign(world.challenge("victim"))
    world.clock.advance(LIFETIME)
    with pytest.raises(PasskeyNotAccepted):
        await log_in(late, "victim", world.here())
    answer = phone.sign(world.challenge("victim"))
    outcomes = await asyncio.gather(
        *(log_in(answer, "victim", world.here()) for _ in range(AT_ONCE)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["PasskeyNotAccepted"] * (AT_ONCE - 1) + ["SignedIn"]


async def test_o50_each_log_in_has_a_cookie_of_its_own(world: KeyWorld) -> None:
    phone = await world.enrol(await world.log_in_strongly(world.idp.lin))
    first = await world.use(phone)
    assert isinstance(first, SignedIn)
    second = await world.use(phone, here=world.here(session_cookie=first.session_cookie_value))
    assert isinstance(second, SignedIn)
    assert second.session_cookie_value != first.session_cookie_value
    assert await world.idp.idp.sessions.find(first.session_cookie_value) is None


async def test_o55_a_passkey_is_added_and_removed_only_by_who_shows_both_factors_now(world: KeyWorld) -> None:
    weak, lin = await world.log_in(world.idp.lin), world.idp.lin.account_id
    enrol, own = world.keys.enrol_passkey, world.keys.own_passkeys
    for attempt in (enrol.begin(weak), enrol(weak, "{}", "x"), own.remove(weak, "pky_1")):
        with pytest.raises(NotStrong):
            await attempt
    strong = await world.log_in_strongly(world.idp.lin)
    await world.enrol(strong)
    (mine,) = await own.of(lin)
    with pytest.raises(NotStrong):
        await own.remove(await world.log_in(world.idp.lin), mine.id)
    world.clock.advance(world.idp.idp.settings.link_freshness)
    for attempt in (enrol.begin(strong), own.rename(strong, mine.id, "x"), own.remove(strong, mine.id)):
        with pytest.raises(NotFresh):
            await attempt
    fresh = await world.log_in_strongly(world.idp.lin)
    await own.rename(fresh, mine.id, "新名字")
    await own.remove(fresh, mine.id)
    assert list(await own.of(lin)) == []
    told = [row.content["action"] for row in await world.idp.audit() if row.content["action"].startswith("passkey.")]
    assert told == ["passkey.add", "passkey.remove"]


async def test_o57_what_another_session_began_or_another_person_holds_is_not_taken(world: KeyWorld) -> None:
    lin, zhao = await world.log_in_strongly(world.idp.lin), await world.log_in_strongly(world.idp.zhao)
    enrol = world.keys.enrol_passkey
    terms, phone = await enrol.begin(lin), device()
    answer = phone.register(terms.challenge, terms.user_handle)
    with pytest.raises(PasskeyNotMade):
        await enrol(zhao, answer, "zhao's now?")
    await enrol(lin, answer, "mine")
    with pytest.raises(PasskeyNotMade):
        await enrol(lin, answer, "again")
    again = await enrol.begin(zhao)
    with pytest.raises(PasskeyNotMade):  # WebAuthn L3 §7.1 step 26
        await enrol(zhao, phone.register(again.challenge, again.user_handle), "the same credential")
    assert len(await world.keys.own_passkeys.of(world.idp.lin.account_id)) == 1
    assert list(await world.keys.own_passkeys.of(world.idp.zhao.account_id)) == []


async def test_o68_nobody_sees_or_changes_the_passkeys_of_others(world: KeyWorld) -> None:
    await world.enrol(await world.log_in_strongly(world.idp.lin))
    (held,) = await world.keys.own_passkeys.of(world.idp.lin.account_id)
    zhao, own = await world.log_in_strongly(world.idp.zhao), world.keys.own_passkeys
    for attempt in (
        own.get(world.idp.zhao.account_id, held.id),
        own.rename(zhao, held.id, "x"),
        own.remove(zhao, held.id),
    ):
        with pytest.raises(KeyUnknown):
            await attempt
    assert (await own.get(world.idp.lin.account_id, held.id)).name == held.name


async def test_a_copied_key_is_out_of_use_for_good_and_its_owner_is_told(world: KeyWorld) -> None:
    phone = await world.enrol(await world.log_in_strongly(world.idp.lin))
    await world.use(phone)
    count = phone.count
    await world.use(phone)
    phone.count = count - 1  # the copy counts for itself
    with pytest.raises(PasskeySuspended):
        await world.use(phone)
    phone.count = count + 10
    with pytest.raises(PasskeySuspended):
        await world.use(phone)
    (held,) = await world.keys.own_passkeys.of(world.idp.lin.account_id)
    assert held.suspended
    who = await world.idp.idp.sessions.principal(await world.log_in(world.idp.lin))
    assert who is not None
    notices = await world.idp.idp.notices.open_of(who)
    assert {"factor": "passkey", "why": "suspended"} in [dict(one.detail) for one in notices]


async def test_what_says_that_it_can_be_copied_now_is_refused(world: KeyWorld) -> None:
    phone = await world.enrol(await world.log_in_strongly(world.idp.lin))
    phone.synced = True
    with pytest.raises(PasskeyNotAccepted):
        await world.use(phone)
    phone.synced = False
    assert await world.use(phone)


async def test_a_frozen_account_stays_closed_to_its_own_passkey(world: KeyWorld) -> None:
    phone = await world.enrol(await world.log_in_strongly(world.idp.lin))
    change = world.idp.idp.change_account_status
    await change(world.idp.lin.account_id, AccountStatus.FROZEN, SYSTEM)
    with pytest.raises(AccountOutOfUse):
        await world.use(phone)
    await change(world.idp.lin.account_id, AccountStatus.ACTIVE, SYSTEM)
    assert await world.use(phone)


async def test_the_second_step_of_staff_can_be_a_passkey(world: KeyWorld) -> None:
    clerk = world.idp.clerk
    phone = await world.enrol(await world.log_in_strongly(clerk))
    more = await world.idp.idp.log_in(clerk.number, clerk.password, world.here())
    pending = await world.idp.idp.steps.pending(more.step_cookie_value)  # type: ignore[union-attr]
    assert "passkey" in await world.idp.idp.steps.options(pending)
    done = await world.use(phone, here=world.here(step_cookie=more.step_cookie_value))  # type: ignore[union-attr]
    assert (await world.session(done)).amr == ("pwd", "pop", "user", "mfa")


async def test_there_are_ten_at_most(world: KeyWorld) -> None:
    cookie = await world.log_in_strongly(world.idp.lin)
    for number in range(MOST):
        await world.enrol(cookie, device(), f"第 {number}")
    with pytest.raises(TooManyKeys):
        await world.keys.enrol_passkey.begin(cookie)


async def test_the_last_way_in_stays(world: KeyWorld) -> None:
    strong = await world.log_in_strongly(world.idp.lin)
    await world.enrol(strong)
    database, accounts = world.idp.ground.database, world.idp.idp
    async with database.write() as tx:
        await SqlAccountStore().change_password(tx, world.idp.lin.account_id, "")
        await tx.commit()
    (held,) = await accounts.keys.own_passkeys.of(world.idp.lin.account_id)
    with pytest.raises(LastWayIn):
        await accounts.keys.own_passkeys.remove(strong, held.id)
    await world.enrol(strong, device(), "另一把")
    await accounts.keys.own_passkeys.remove(strong, held.id)
