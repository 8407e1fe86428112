"""Keys of units over a real key ring: made, replaced in good time, whoever else does it at the same moment."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from core.errors import Unavailable
from core.text import Text
from keys.keyring import KeyRing
from keys.spec import KeyState, SignatureAlgorithm
from keys.tsa.renewal import RENEW_BEFORE, UnitRenewal
from keys.tsa.trust import root_trust
from keys.tsa.units import LAST_YEAR, TimestampUnits
from keys.x509.identifiers import TIMESTAMP_POLICY
from tests.support.clock import FakeClock
from tests.support.timestamp_pki import DAY, StampingAuthority
from tests.support.timestamp_world import ACCURACY
from tests.unit.keys.rings import software_ring

LIFE = 3 * 365 * DAY


class Issued:
    """`TimestampCertificates` over an authority of the tests; shared by the workers."""

    def __init__(self, clock: FakeClock) -> None:
        self.authority = StampingAuthority()
        self.clock = clock
        self.chains: dict[str, tuple[bytes, ...]] = {}
        self.away = False

    async def chain(self, purpose: str, key_id: str) -> tuple[bytes, ...]:
        return self.chains.get(key_id, ())

    async def certify(self, purpose: str, key_id: str, public_key: bytes) -> None:
        if self.away:
            raise Unavailable("no-issuer", Text("无", "none"))
        now = self.clock.now()
        key = load_der_public_key(public_key)
        made = self.authority.certificate(key, f"Unit {purpose}", now, now + LIFE)
        self.chains.setdefault(key_id, (made, self.authority.chain_certificate))


def units_of(ring: KeyRing, issued: Issued, clock: FakeClock, count: int = 1) -> TimestampUnits:
    purposes = [f"tsa/{number + 1}" for number in range(count)]
    return TimestampUnits(ring, issued, clock, policy=TIMESTAMP_POLICY, accuracy=ACCURACY, purposes=purposes)


async def key_ids(units: TimestampUnits) -> list[str]:
    return [unit.key_id for unit in await units.usable()]


def states(ring: KeyRing, purpose: str = "tsa/1") -> list[KeyState]:
    return [key.state for key in ring.verification_keys(purpose)]


async def test_units_are_made_once(clock: FakeClock, tmp_path: Path) -> None:
    issued = Issued(clock)
    async with software_ring(tmp_path, clock) as (first, _), software_ring(tmp_path, clock) as (second, _):
        workers = [UnitRenewal(ring, issued, units_of(ring, issued, clock, 2), clock) for ring in (first, second)]
        await asyncio.gather(*(worker.ensure() for worker in workers * 2))
        made = await key_ids(units_of(first, issued, clock, 2))
        assert len(set(made)) == 2
        await second.refresh()
        assert await key_ids(units_of(second, issued, clock, 2)) == made
        assert len(issued.chains) == 2
        assert first.signer("tsa/1").algorithm is SignatureAlgorithm.ES256


async def test_a_key_is_replaced_before_it_must_stop(clock: FakeClock, tmp_path: Path) -> None:
    issued = Issued(clock)
    async with software_ring(tmp_path, clock) as (ring, _):
        units = units_of(ring, issued, clock)
        renewal = UnitRenewal(ring, issued, units, clock)
        await renewal.ensure()
        (before,) = await key_ids(units)
        clock.advance((LIFE - LAST_YEAR - RENEW_BEFORE).total_seconds() - 1)
        assert await renewal.renew_due() == []
        clock.advance(1)
        assert await renewal.renew_due() == ["tsa/1"]
        (after,) = await key_ids(units)
        assert after != before
        assert states(ring) == [KeyState.ACTIVE, KeyState.VERIFY_ONLY]
        assert await renewal.renew_due() == []
        # what the former key stamped still verifies: the certificate travels, the key ring is not asked
        trust = root_trust([issued.authority.anchor], FakeClock())
        assert await trust.judge(issued.chains[before][0], issued.chains[before][1:], at=clock.now())


async def test_workers_that_renew_at_once_make_one_new_key(clock: FakeClock, tmp_path: Path) -> None:
    issued = Issued(clock)
    async with software_ring(tmp_path, clock) as (first, _), software_ring(tmp_path, clock) as (second, _):
        rings = (first, second)
        workers = [UnitRenewal(ring, issued, units_of(ring, issued, clock), clock) for ring in rings]
        await workers[0].ensure()
        await second.refresh()
        clock.advance((LIFE - LAST_YEAR).total_seconds())
        await asyncio.gather(*(worker.renew_due() for worker in workers), return_exceptions=True)
        for ring, worker in zip(rings, workers, strict=True):
            await ring.refresh()
            assert await worker.renew_due() == []
            assert [state for state in states(ring) if state is not KeyState.NEXT] == [
                KeyState.ACTIVE,
                KeyState.VERIFY_ONLY,
            ]
        assert first.signer("tsa/1").key_id == second.signer("tsa/1").key_id


async def test_a_renewal_that_was_cut_off_is_finished(clock: FakeClock, tmp_path: Path) -> None:
    """The next key is there and has no certificate: the old one signs on until the certificate is."""
    issued = Issued(clock)
    async with software_ring(tmp_path, clock) as (ring, _):
        units = units_of(ring, issued, clock)
        renewal = UnitRenewal(ring, issued, units, clock)
        await renewal.ensure()
        (before,) = await key_ids(units)
        issued.away = True
        clock.advance((LIFE - LAST_YEAR - RENEW_BEFORE).total_seconds())
        with pytest.raises(Unavailable):
            await renewal.renew_due()
        assert await key_ids(units) == [before]
        issued.away = False
        assert await renewal.renew_due() == ["tsa/1"]
        assert states(ring) == [KeyState.ACTIVE, KeyState.VERIFY_ONLY]
        assert await key_ids(units) != [before]


async def test_development_makes_what_is_missing_at_the_first_request(clock: FakeClock, tmp_path: Path) -> None:
    issued = Issued(clock)
    async with software_ring(tmp_path, clock) as (ring, _):
        made: list[dt.datetime] = []

        async def prepare() -> None:
            made.append(clock.now())
            await UnitRenewal(ring, issued, units_of(ring, issued, clock), clock).ensure()

        units = TimestampUnits(ring, issued, clock, policy=TIMESTAMP_POLICY, accuracy=ACCURACY, prepare=prepare)
        assert len(await key_ids(units)) == 1
        assert len(await key_ids(units)) == 1
        assert len(made) == 1
