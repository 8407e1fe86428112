"""Units over the real certificate authority and key ring: certified once, replaced, stopped when revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from keys.keyring import KeyRing
from keys.tsa.own_certificates import OwnCertificates
from keys.tsa.renewal import UnitRenewal
from keys.tsa.trust import root_trust
from keys.tsa.units import TimestampUnits
from keys.x509.authorities import Authorities
from keys.x509.identifiers import TIMESTAMP_POLICY
from keys.x509.model import CertificateStatus, RevocationReason
from keys.x509.ports import CertificateStore
from tests.support.clock import FakeClock
from tests.support.pki_world import CITY, pki_of
from tests.support.timestamp_world import ACCURACY
from tests.unit.keys.rings import software_ring


@dataclass
class Worker:
    ring: KeyRing
    register: CertificateStore
    authorities: Authorities
    units: TimestampUnits
    renewal: UnitRenewal

    async def key_ids(self) -> list[str]:
        return [unit.key_id for unit in await self.units.usable()]


@asynccontextmanager
async def worker(folder: Path, clock: FakeClock) -> AsyncIterator[Worker]:
    """A worker in development: what is missing is made at the first request."""
    async with software_ring(folder, clock) as (ring, store):
        pki = await pki_of(ring, store, clock)
        certificates = OwnCertificates(
            pki.authorities, pki.certificates, pki.issue, clock, city=CITY, prepare=pki.ensure_development
        )
        made: list[UnitRenewal] = []

        async def prepare() -> None:
            await made[0].ensure()

        units = TimestampUnits(ring, certificates, clock, policy=TIMESTAMP_POLICY, accuracy=ACCURACY, prepare=prepare)
        made.append(UnitRenewal(ring, certificates, units, clock))
        yield Worker(ring, pki.certificates, pki.authorities, units, made[0])


async def test_many_first_requests_make_one_unit(clock: FakeClock, tmp_path: Path) -> None:
    async with worker(tmp_path, clock) as only:
        found = await asyncio.gather(*(only.key_ids() for _ in range(8)))
        assert {tuple(one) for one in found} == {(only.ring.signer("tsa/1").key_id,)}
        assert len(await only.register.of_key(found[0][0])) == 1


async def test_workers_that_start_at_once_share_one_unit(clock: FakeClock, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(worker(tmp_path, clock)) for _ in range(3)]
        await asyncio.gather(*(one.renewal.ensure() for one in workers))
        found = [await one.key_ids() for one in workers]
        assert found[0] == found[1] == found[2]
        assert len(await workers[0].register.of_key(found[0][0])) == 1


async def test_the_certificate_leads_to_our_root(clock: FakeClock, tmp_path: Path) -> None:
    async with worker(tmp_path, clock) as only:
        (unit,) = await only.units.usable()
        trust = root_trust(only.authorities.roots(), clock)
        path = await trust.judge(unit.writer.chain[0], unit.writer.chain[1:], at=clock.now())
        assert path == (*unit.writer.chain, *only.authorities.roots())


async def test_a_revoked_unit_stops_and_is_replaced_by_people(clock: FakeClock, tmp_path: Path) -> None:
    async with worker(tmp_path, clock) as only:
        (before,) = await only.key_ids()
        (record,) = await only.register.of_key(before)
        assert await only.register.change_status(
            record.sha256,
            expected=[CertificateStatus.GOOD],
            new=CertificateStatus.REVOKED,
            at=clock.now(),
            reason=RevocationReason.KEY_COMPROMISE,
        )
        assert await only.key_ids() == [before]  # until the next look
        clock.advance(30)
        assert await only.key_ids() == []  # and a revoked key is not certified anew by itself
        await only.renewal.renew("tsa/1", replacing=before)
        (after,) = await only.key_ids()
        assert after != before


async def test_a_unit_that_is_held_rests(clock: FakeClock, tmp_path: Path) -> None:
    async with worker(tmp_path, clock) as only:
        (before,) = await only.key_ids()
        (record,) = await only.register.of_key(before)
        good, held = CertificateStatus.GOOD, CertificateStatus.HELD
        for expected, new, signs in ((good, held, []), (held, good, [before])):
            reason = RevocationReason.CERTIFICATE_HOLD if new is held else None
            await only.register.change_status(
                record.sha256, expected=[expected], new=new, at=clock.now(), reason=reason
            )
            clock.advance(30)
            assert await only.key_ids() == signs
