"""Attacks on log-in by certificate (rows O-41, O-50, O-57, O-68), on both columns; each beside its legitimate twin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import LimitExceeded
from idp.factors.certificates.errors import (
    CertificateNobodys,
    CertificateNotAccepted,
    CertificateOthers,
    ShowingGone,
)
from idp.factors.certificates.model import Shown
from idp.factors.certificates.showing import BEGUN_SECONDS, SHOWN_SECONDS
from idp.factors.errors import KeyUnknown, NotStrong
from idp.levels import BOUND_KEY
from idp.login.steps import MoreNeeded, SignedIn
from idp.model import ONE_FACTOR
from keys.der import tlv
from keys.trust.model import Assurance
from tests.support.clock import FakeClock
from tests.support.idp_world import Somebody
from tests.support.key_world import KeyWorld, key_world, person_certificate

AT_ONCE = 6
BROWSER = "secret of this browser"


@pytest.fixture(params=["embedded", "cluster"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[KeyWorld]:
    servers = None
    if request.param == "cluster":
        servers = (request.getfixturevalue("postgres_server"), request.getfixturevalue("redis_server"))
    async with key_world(tmp_path, clock, servers) as made:
        yield made


def issued(world: KeyWorld, assurance: Assurance = Assurance.HIGH, **options: object) -> bytes:
    """A certificate that an authority on the list stands behind."""
    der = person_certificate(**options)  # type: ignore[arg-type]
    world.authorities.assured[der] = assurance
    return der


async def shown(world: KeyWorld, der: bytes | None, *, back_in: str = BROWSER) -> Shown:
    word = await world.keys.log_in_by_certificate.begin(BROWSER, world.here())
    back: Shown = await world.keys.showing.take(await world.keys.showing.show(word, der), back_in)
    return back


async def log_in(world: KeyWorld, der: bytes | None) -> SignedIn | MoreNeeded:
    done: SignedIn | MoreNeeded = await world.keys.log_in_by_certificate(await shown(world, der), world.here())
    return done


async def bind(world: KeyWorld, who: Somebody, der: bytes) -> None:
    cookie, keys = await world.log_in_strongly(who), world.keys
    word = await keys.own_certificates.begin(cookie, BROWSER, "USB Key")
    await keys.own_certificates.bind(cookie, await keys.showing.take(await keys.showing.show(word, der), BROWSER))


@pytest.mark.parametrize("place", ["extension", "choice", "bare", "old", "serial", "semantics"])
async def test_the_id_number_that_the_authority_certified_logs_its_holder_in(world: KeyWorld, place: str) -> None:
    number = world.idp.lin.number
    text = tlv(0x13, number.encode())
    options: dict[str, object] = {
        "extension": {"extension": text},
        "choice": {"extension": tlv(0xA0, text)},
        "bare": {"extension": number.encode()},
        "old": {"extension": text, "oid": "1.2.86.11.7.1"},
        "serial": {"serial": number.lower()},
        "semantics": {"serial": f"IDCCN-{number}"},
    }[place]  # type: ignore[assignment]
    session = await world.session(await log_in(world, issued(world, **options)))
    assert session.account_id == world.idp.lin.account_id
    assert (session.acr, session.amr) == (BOUND_KEY, ("sc", "pin", "mfa"))


async def test_an_authority_that_is_not_sure_enough_speaks_for_nobody(world: KeyWorld) -> None:
    number = world.idp.lin.number
    with pytest.raises(CertificateNobodys):
        await log_in(world, issued(world, Assurance.LOW, serial=number))
    session = await world.session(await log_in(world, issued(world, Assurance.SUBSTANTIAL, serial=number)))
    assert (session.acr, session.amr) == (ONE_FACTOR, ("swk",))  # a key in a file, perhaps: one factor


async def test_a_certificate_that_names_two_people_is_nobodys(world: KeyWorld) -> None:
    two = issued(world, serial=world.idp.lin.number, extension=tlv(0x13, world.idp.zhao.number.encode()))
    with pytest.raises(CertificateNobodys):
        await log_in(world, two)
    one = issued(world, serial=world.idp.lin.number, extension=tlv(0x13, world.idp.lin.number.encode()))
    assert isinstance(await log_in(world, one), SignedIn)


async def test_o41_no_certificate_and_one_that_nobody_trusts_open_nothing(world: KeyWorld) -> None:
    for der in (None, b"\x30\x00", person_certificate(serial=world.idp.lin.number)):
        with pytest.raises(CertificateNotAccepted):
            await log_in(world, der)
    assert isinstance(await log_in(world, issued(world, serial=world.idp.lin.number)), SignedIn)


async def test_o50_what_was_shown_goes_back_to_the_browser_that_began_once_and_soon(world: KeyWorld) -> None:
    der, showing = issued(world, serial=world.idp.lin.number), world.keys.showing
    with pytest.raises(ShowingGone):  # the attacker began it, the victim's browser showed its certificate
        await shown(world, der, back_in="another browser")
    word = await world.keys.log_in_by_certificate.begin(BROWSER, world.here())
    backs = await asyncio.gather(*(showing.show(word, der) for _ in range(AT_ONCE)), return_exceptions=True)
    (back,) = [one for one in backs if isinstance(one, str)]
    taken = await asyncio.gather(*(showing.take(back, BROWSER) for _ in range(AT_ONCE)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in taken) == ["Shown", *["ShowingGone"] * (AT_ONCE - 1)][::-1]


async def test_o50_what_was_begun_or_shown_too_long_ago_is_over(tmp_path: Path, clock: FakeClock) -> None:
    async with key_world(tmp_path, clock) as world:  # on the store whose time is the test's
        der, showing = issued(world, serial=world.idp.lin.number), world.keys.showing
        word = await world.keys.log_in_by_certificate.begin(BROWSER, world.here())
        clock.advance(BEGUN_SECONDS)
        with pytest.raises(ShowingGone):
            await showing.show(word, der)
        back = await showing.show(await world.keys.log_in_by_certificate.begin(BROWSER, world.here()), der)
        clock.advance(SHOWN_SECONDS)
        with pytest.raises(ShowingGone):
            await showing.take(back, BROWSER)


async def test_o53_one_source_begins_a_bounded_number(tmp_path: Path, clock: FakeClock) -> None:
    async with key_world(tmp_path, clock, certificate_starts=3) as world:
        begin = world.keys.log_in_by_certificate.begin
        for _ in range(3):
            await begin(BROWSER, world.here())
        with pytest.raises(LimitExceeded):
            await begin(BROWSER, world.here())
        assert await begin(BROWSER, world.here(source="203.0.113.9"))


async def test_o57_a_certificate_is_bound_to_its_own_person_only(world: KeyWorld) -> None:
    lins = issued(world, serial=world.idp.lin.number)
    with pytest.raises(CertificateOthers):
        await bind(world, world.idp.zhao, lins)
    strangers = issued(world, serial="110101199003074610")
    with pytest.raises(CertificateOthers):
        await bind(world, world.idp.zhao, strangers)
    plain = issued(world, Assurance.SUBSTANTIAL)
    await bind(world, world.idp.zhao, plain)
    with pytest.raises(CertificateOthers):
        await bind(world, world.idp.lin, plain)
    assert (await world.session(await log_in(world, plain))).account_id == world.idp.zhao.account_id


async def test_o57_binding_takes_both_factors_and_the_session_that_began(world: KeyWorld) -> None:
    keys, der = world.keys, issued(world)
    with pytest.raises(NotStrong):
        await keys.own_certificates.begin(await world.log_in(world.idp.lin), BROWSER, "USB Key")
    lin, zhao = await world.log_in_strongly(world.idp.lin), await world.log_in_strongly(world.idp.zhao)
    word = await keys.own_certificates.begin(lin, BROWSER, "USB Key")
    begun = await keys.showing.take(await keys.showing.show(word, der), BROWSER)
    with pytest.raises(ShowingGone):
        await keys.own_certificates.bind(zhao, begun)
    with pytest.raises(ShowingGone):  # what was shown to bind does not log in
        await keys.log_in_by_certificate(begun, world.here())
    await keys.own_certificates.bind(lin, begun)
    (held,) = await keys.own_certificates.of(world.idp.lin.account_id)
    assert (held.name, held.issuer, held.bound) == ("USB Key", "Example CA", True)


async def test_o68_nobody_removes_the_certificates_of_others_and_what_is_removed_logs_in_no_more(
    world: KeyWorld,
) -> None:
    der, own = issued(world, Assurance.SUBSTANTIAL), world.keys.own_certificates
    await bind(world, world.idp.lin, der)
    (held,) = await own.of(world.idp.lin.account_id)
    with pytest.raises(KeyUnknown):
        await own.remove(await world.log_in_strongly(world.idp.zhao), held.id)
    assert isinstance(await log_in(world, der), SignedIn)
    await own.remove(await world.log_in_strongly(world.idp.lin), held.id)
    with pytest.raises(CertificateNobodys):
        await log_in(world, der)


async def test_what_ran_out_long_ago_is_swept(tmp_path: Path, clock: FakeClock) -> None:
    async with key_world(tmp_path, clock) as world:
        await bind(world, world.idp.lin, issued(world))
        own = world.keys.own_certificates
        (held,) = await own.of(world.idp.lin.account_id)
        clock.set(held.not_after)
        clock.advance(89 * 86400)
        await world.idp.idp.sweep()
        assert len(await own.of(world.idp.lin.account_id)) == 1, "its owner still sees that it ran out"
        clock.advance(2 * 86400)
        await world.idp.idp.sweep()
        assert list(await own.of(world.idp.lin.account_id)) == []
