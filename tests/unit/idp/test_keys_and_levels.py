"""A key that cannot be given away, bound by somebody seen in person, carries the highest level; it falls with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.wiring.idp import sql_stores
from core.principal import SYSTEM
from idp import real_name
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.factors.errors import PasskeySuspended
from keys.trust.model import Assurance
from tests.support.authenticator import Authenticator
from tests.support.clock import FakeClock
from tests.support.idp_world import ISSUER
from tests.support.key_world import HOST, KeyWorld, key_world, person_certificate


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[KeyWorld]:
    async with key_world(tmp_path, clock) as made:
        yield made


async def level(world: KeyWorld) -> int:
    async with world.idp.ground.database.read() as tx:
        account = await sql_stores().accounts.get(tx, world.idp.lin.account_id)
    assert account is not None
    return account.level


async def seen_in_person(world: KeyWorld) -> None:
    async with world.idp.ground.database.write() as tx:
        seen = NewEvidence(EvidenceKind.IN_PERSON, "window", by="acc_clerk", reference="wpf_1")
        await world.idp.idp.proofing.book.add(tx, world.idp.lin.account_id, seen, SYSTEM)
        await tx.commit()


async def test_only_a_bound_key_of_somebody_seen_in_person_carries_level_four(world: KeyWorld) -> None:
    cookie, lin = await world.log_in_strongly(world.idp.lin), world.idp.lin.account_id
    await world.enrol(cookie, name="before")
    assert await level(world) < real_name.IN_PERSON, "nobody has seen them yet"
    await seen_in_person(world)
    assert await level(world) == real_name.IN_PERSON, "a key bound before counts for nothing"
    await world.enrol(cookie, Authenticator(ISSUER, HOST, synced=True), "synced")
    assert await level(world) == real_name.IN_PERSON, "it can be copied"
    await world.enrol(cookie, name="bound")
    assert await level(world) == real_name.BOUND
    (bound,) = [one for one in await world.keys.own_passkeys.of(lin) if one.name == "bound"]
    await world.keys.own_passkeys.remove(cookie, bound.id)
    assert await level(world) == real_name.IN_PERSON


async def test_a_copied_key_takes_the_level_with_it(world: KeyWorld) -> None:
    await seen_in_person(world)
    phone = await world.enrol(await world.log_in_strongly(world.idp.lin))
    assert await level(world) == real_name.BOUND
    phone.count = 0
    with pytest.raises(PasskeySuspended):
        await world.use(phone)
    assert await level(world) == real_name.IN_PERSON


async def test_a_certificate_of_high_assurance_carries_it_as_long_as_it_lasts(world: KeyWorld) -> None:
    await seen_in_person(world)
    cookie, keys, der = await world.log_in_strongly(world.idp.lin), world.keys, person_certificate()
    world.authorities.assured[der] = Assurance.HIGH
    word = await keys.own_certificates.begin(cookie, "browser", "USB Key")
    shown = await keys.showing.take(await keys.showing.show(word, der), "browser")
    await keys.own_certificates.bind(cookie, shown)
    assert await level(world) == real_name.BOUND
    world.clock.set(shown.not_after)
    world.clock.advance(1)
    await world.idp.idp.proofing.keep_up.once()
    assert await level(world) == real_name.IN_PERSON
