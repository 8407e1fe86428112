"""The e-seal service over real authorities of both kinds: seals in two forms, made with keys of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from api.bridges import RingNationalKeys, RingSealKeys
from api.wiring.pki import PkiServices
from api.wiring.trust import OwnAuthorities, OwnCertificates
from core.db.database import Database
from keys.keyring import KeyRing
from keys.profile import Profile
from keys.trust.anchors import Anchor
from keys.trust.certificate import Certificate
from keys.trust.judge import Judge
from keys.trust.judgement import Evidence
from keys.trust.own_register import OwnRegister
from signing.eseal.judge import StampJudge, StampVerdict
from signing.eseal.write import write_stamp
from signing.model import Seal
from signing.ports import NationalSigner
from tests.support.clock import FakeClock
from tests.support.pki_world import CITY, development_pki
from tests.support.signing_world import SealOffice
from tests.support.trust_pki import FixedAnchors
from tests.unit.keys.rings import software_ring

DIGEST = bytes(range(32))
SUBJECT = "/Doc_0/Signs/Sign_0/Signature.xml"


class _Register:
    """Implements `keys.trust.ports.RevocationChecker`: our own register, and nobody else."""

    def __init__(self, register: OwnRegister) -> None:
        self._register = register

    async def check(
        self, certificate: Certificate, issuer: Certificate, anchor: Anchor, *, now: dt.datetime
    ) -> Evidence | None:
        return await self._register.look_up(certificate, issuer)


@dataclass
class NationalOffice:
    """A service with the profile `both`, unless said otherwise, and a judge of stamps over its own lists."""

    office: SealOffice
    pki: PkiServices
    ring: KeyRing
    stamps: StampJudge
    clock: FakeClock

    async def stamp(self, seal: Seal, *, digest: bytes = DIGEST, subject: str = SUBJECT) -> bytes:
        """Stamped now, by whatever is the seal's national form now."""
        return self.stamped_by(await self.office.signers.of(seal), digest=digest, subject=subject)

    def stamped_by(
        self, signer: NationalSigner, *, digest: bytes = DIGEST, subject: str = SUBJECT, at: dt.datetime | None = None
    ) -> bytes:
        return write_stamp(
            signer.seal,
            version=signer.version,
            at=at or self.clock.now(),
            digest=digest,
            subject=subject,
            signer=signer.certificates[0],
            sign=signer.sign,
        )

    async def judged(self, stamp: bytes, *, proven: dt.datetime | None = None) -> StampVerdict:
        return await self.stamps.judge(stamp, digest=DIGEST, now=self.clock.now(), proven=proven)


@asynccontextmanager
async def national_office(
    database: Database, clock: FakeClock, folder: Path, profile: Profile = Profile.BOTH
) -> AsyncIterator[NationalOffice]:
    async with software_ring(folder, clock) as (ring, store):
        pki = await development_pki(ring, store, clock, national=True)
        register = OwnRegister(OwnCertificates(pki.authorities, pki.certificates), clock, seconds=0)
        judge = Judge(FixedAnchors(*OwnAuthorities(pki.authorities, CITY)()), _Register(register), clock)
        office = SealOffice(
            database,
            clock,
            ring,
            pki.seals,
            pki.seal_certificates,
            endings=RingSealKeys(ring),
            judge=judge,
            national_keys=RingNationalKeys(ring),
            national_authority=pki.national_seals,
            profile=profile,
        )
        yield NationalOffice(office, pki, ring, StampJudge(judge, office.register), clock)
