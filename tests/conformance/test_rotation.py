"""Rotation on time and in an emergency by several workers, on SQLite and PostgreSQL; and the journal of both."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

import pytest

from core.errors import Unavailable
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.errors import KeyMissing, KeyStateConflict, KeyUnavailable
from keys.journal import JournalCarrier, KeyEvent, KeyStep
from keys.keyring import KeyRing
from keys.ports import GeneratedKey
from keys.rotation.keeper import RotationKeeper
from keys.rotation.plan import StepKind
from keys.rotation.policy import service_policies
from keys.spec import KeyState, SignatureAlgorithm
from keys.stores.journal import SqlKeyJournal
from tests.conformance.harness import Slow, at_once, parametrised
from tests.conformance.keystore_backends import BACKENDS, KeyStoreHarness
from tests.support.clock import FakeClock

_MASTER_KEY = bytes(range(32))
_ES256 = SignatureAlgorithm.ES256
_DAY = 86_400


class Needed:
    """A `KeyUsage` that says what the test says."""

    def __init__(self, *needed: str) -> None:
        self.needed_keys = set(needed)

    async def needed(self, key_id: str) -> bool:
        return key_id in self.needed_keys


class Log:
    """A `KeyAudit` that remembers, and can be away."""

    def __init__(self) -> None:
        self.events: list[KeyEvent] = []
        self.away_at: set[int] = set()

    async def record(self, event: KeyEvent) -> None:
        await asyncio.sleep(0)
        if event.number in self.away_at:
            raise KeyUnavailable("the log is away")
        self.events.append(event)

    def steps(self) -> list[tuple[KeyStep, str | None]]:
        return [(event.step, event.key_id) for event in self.events]


async def _workers(harness: KeyStoreHarness, clock: FakeClock) -> list[KeyRing]:
    backends = BackendRegistry([SoftwareBackend()], default="software")
    rings = [KeyRing(Slow(store), _MASTER_KEY, backends, clock) for store in (harness.store, *harness.others)]
    for ring in rings:
        await ring.load()
    return rings


def _keepers(rings: Sequence[KeyRing], clock: FakeClock, usage: Needed) -> list[RotationKeeper]:
    policies = service_policies(longest_token=dt.timedelta(hours=12), jwks_cache=dt.timedelta(minutes=7))
    return [RotationKeeper(ring, policies, clock, usage) for ring in rings]


def _journal(harness: KeyStoreHarness) -> SqlKeyJournal:
    return SqlKeyJournal(harness.store.engine)


@parametrised(BACKENDS)
async def test_of_several_workers_one_takes_each_step(harness: KeyStoreHarness, clock: FakeClock) -> None:
    rings = await _workers(harness, clock)
    first = await rings[0].create("oidc.es256", _ES256)
    keepers = _keepers(rings, clock, Needed())
    taken = []
    for days in (1, 82, 7, 1, 30):  # nothing, make, activate, retire, destroy
        clock.advance(days * _DAY)
        done = await at_once(*(keeper() for keeper in keepers))
        taken.append([step.kind for steps in done for step in steps])
    assert taken == [[], [StepKind.MAKE], [StepKind.ACTIVATE], [StepKind.RETIRE], [StepKind.DESTROY]]
    for ring in rings:
        await ring.refresh()
    assert len({ring.signer("oidc.es256").key_id for ring in rings}) == 1
    assert rings[0].signer("oidc.es256").key_id != first.key_id
    log = Log()
    await JournalCarrier(_journal(harness), log, clock)()
    new = rings[0].signer("oidc.es256").key_id
    assert log.steps() == [
        (KeyStep.MADE, first.key_id),
        (KeyStep.ACTIVATED, first.key_id),
        (KeyStep.MADE, new),
        (KeyStep.REPLACED, first.key_id),
        (KeyStep.ACTIVATED, new),
        (KeyStep.RETIRED, first.key_id),
        (KeyStep.DESTROYED, first.key_id),
    ]


@parametrised(BACKENDS)
async def test_a_secret_stays_while_a_stored_value_needs_it(harness: KeyStoreHarness, clock: FakeClock) -> None:
    (ring, *_) = await _workers(harness, clock)
    usage = Needed()
    (keeper, *_) = _keepers([ring], clock, usage)
    await ring.create_secret("field.people")
    former = ring.secrets("field.people")[0].key_id
    usage.needed_keys.add(former)
    clock.advance(364 * _DAY)
    assert [step.kind for step in await keeper()] == [StepKind.MAKE]
    clock.advance(_DAY)
    assert [step.kind for step in await keeper()] == [StepKind.ACTIVATE]
    clock.advance(100 * _DAY)
    assert await keeper() == []
    assert former in {key.key_id for key in ring.secrets("field.people")}
    usage.needed_keys.clear()
    assert [step.kind for step in await keeper()] == [StepKind.RETIRE]
    usage.needed_keys.add(former)  # a row of a restored backup needs it
    clock.advance(100 * _DAY)
    assert await keeper() == []
    usage.needed_keys.clear()
    assert [step.kind for step in await keeper()] == [StepKind.DESTROY]


@parametrised(BACKENDS)
async def test_a_step_that_fails_stops_no_other(harness: KeyStoreHarness, clock: FakeClock) -> None:
    class Away(SoftwareBackend):
        scheme = "device"
        gone = False

        def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
            if self.gone:
                raise KeyUnavailable("the device is gone")
            made = super().generate(algorithm, bits=bits, label=label)
            return GeneratedKey(made.uri.replace("software:", "device:"), made.public_key, made.private)

    device = Away()
    ring = KeyRing(harness.store, _MASTER_KEY, BackendRegistry([SoftwareBackend(), device], default="software"), clock)
    await ring.load()
    on_device = await ring.create("oidc.es256", _ES256, backend="device")
    await ring.create("oidc.x", _ES256)
    device.gone = True
    (keeper, *_) = _keepers([ring], clock, Needed())
    clock.advance(83 * _DAY)
    assert [step.purpose for step in await keeper()] == ["oidc.x"]
    assert ring.signer("oidc.es256").key_id == on_device.key_id
    with pytest.raises(KeyUnavailable, match="without a successor"):
        await ring.revoke(on_device.key_id)
    assert ring.signer("oidc.es256").key_id == on_device.key_id  # nothing has changed
    device.gone = False
    (made,) = await keeper()
    assert made.purpose == "oidc.es256"
    places = {one.uri.partition(":")[0] for one in ring.records() if one.purpose == "oidc.es256"}
    assert places == {"device"}  # the successor is made where the key is, never in memory instead
    device.gone = True
    assert await ring.revoke(on_device.key_id) == ring.signer("oidc.es256").key_id  # a next key was there
    assert await ring.revoke(ring.signer("oidc.es256").key_id, replace=False) is None
    with pytest.raises(KeyMissing):
        ring.signer("oidc.es256")


@parametrised(BACKENDS)
async def test_a_revoked_key_is_used_by_no_worker_after_its_next_look(
    harness: KeyStoreHarness, clock: FakeClock
) -> None:
    rings = await _workers(harness, clock)
    leaked = await rings[0].create("oidc.es256", _ES256)
    for ring in rings:
        await ring.refresh()
    following = await rings[1].revoke(leaked.key_id)
    assert following is not None
    for ring in rings:
        await ring.refresh()
        assert ring.signer("oidc.es256").key_id == following
        assert [key.key_id for key in ring.verification_keys("oidc.es256")] == [following]
    for ring in rings:
        with pytest.raises(KeyStateConflict):
            await ring.revoke(leaked.key_id)


@parametrised(BACKENDS)
async def test_of_several_revocations_one_counts_and_no_key_is_left_over(
    harness: KeyStoreHarness, clock: FakeClock
) -> None:
    rings = await _workers(harness, clock)
    leaked = await rings[0].create("oidc.es256", _ES256)
    for ring in rings:
        await ring.refresh()
    answers = await asyncio.gather(*(ring.revoke(leaked.key_id) for ring in rings), return_exceptions=True)
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert sum(isinstance(answer, KeyStateConflict) for answer in answers) == 2
    assert [record.state for record in (await harness.store.load())[1]] == [KeyState.ACTIVE]


@parametrised(BACKENDS)
async def test_a_key_with_a_certificate_is_stopped_and_not_replaced(harness: KeyStoreHarness, clock: FakeClock) -> None:
    (ring, *_) = await _workers(harness, clock)
    seal = await ring.create("seal/s_1", _ES256)
    assert await ring.revoke(seal.key_id) is None
    with pytest.raises(KeyMissing):
        ring.signer("seal/s_1")
    again = await ring.create("seal/s_1", _ES256)  # the legitimate way on
    assert ring.signer("seal/s_1").key_id == again.key_id


@parametrised(BACKENDS)
@pytest.mark.parametrize("purpose", ["field.people", "index.people", "oidc.pairwise"])
async def test_a_secret_that_values_are_under_is_not_revoked(
    purpose: str, harness: KeyStoreHarness, clock: FakeClock
) -> None:
    (ring, *_) = await _workers(harness, clock)
    secret = await ring.create_secret(purpose)
    with pytest.raises(KeyStateConflict) as refused:
        await ring.revoke(ring.secrets(purpose)[0].key_id)
    assert refused.value.code == "key-kept"
    assert ring.secret(purpose) == secret


@parametrised(BACKENDS)
async def test_every_entry_is_carried_once_by_some_worker(harness: KeyStoreHarness, clock: FakeClock) -> None:
    (ring, *_) = await _workers(harness, clock)
    for number in range(6):
        await ring.create_secret(f"other.{number}")
    log = Log()
    carriers = [JournalCarrier(Slow(_journal(harness)), log, clock) for _ in range(4)]
    assert sum(await at_once(*(carry() for carry in carriers))) == 12
    numbers = [event.number for event in log.events]
    assert sorted(numbers) == sorted(set(numbers))
    assert await carriers[0]() == 0


@parametrised(BACKENDS)
async def test_an_entry_that_was_not_carried_comes_again(harness: KeyStoreHarness, clock: FakeClock) -> None:
    (ring, *_) = await _workers(harness, clock)
    await ring.create_secret("other.1")
    log, journal = Log(), _journal(harness)
    carry = JournalCarrier(journal, log, clock)
    (made, activated) = await journal.of_key(ring.secrets("other.1")[0].key_id)
    log.away_at = {activated.number}
    with pytest.raises(Unavailable):
        await carry()
    log.away_at = set()
    assert await carry() == 0  # somebody may be carrying it at this moment
    clock.advance(60)
    assert await carry() == 1
    assert [event.number for event in log.events] == [made.number, activated.number]


@parametrised(BACKENDS)
async def test_a_step_that_was_refused_is_not_in_the_journal(harness: KeyStoreHarness, clock: FakeClock) -> None:
    (ring, *_) = await _workers(harness, clock)
    key = await ring.create("oidc.es256", _ES256)
    for refused in (ring.rotate("oidc.es256"), ring.retire(key.key_id), ring.destroy(key.key_id)):
        with pytest.raises(KeyStateConflict):
            await refused
    steps = [event.step for event in await _journal(harness).of_key(key.key_id)]
    assert steps == [KeyStep.MADE, KeyStep.ACTIVATED]
