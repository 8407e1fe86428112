"""Seals that last: a seal's authority, a time-stamping authority and their responders, live until a test stops them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.trust.anchors import Anchor
from keys.trust.certificate import Certificate
from keys.trust.judge import Judge
from keys.trust.judgement import Evidence
from keys.trust.model import Period, Service, Standing
from keys.trust.ports import RevocationChecker
from keys.tsa.client import TimestampClient, TimestampService
from keys.tsa.sources import LocalSource
from keys.tsa.trust import JudgedTrust
from signing.levels import Level, LevelPolicy
from signing.longlife.seal_at import SealedAt, Wanted
from signing.pades.append import SignatureText, append_signature
from signing.pades.cms_writer import cms_writer
from signing.pades.intake import open_for_sealing
from signing.pades.page_geometry import spot
from signing.pades.update import Prepared
from signing.settings import SigningSettings
from signing.work_pool import WorkPool
from tests.support import signing_fakes
from tests.support.clock import START, FakeClock
from tests.support.signing_fakes import PlainAuthority, PlainSigner
from tests.support.signing_world import OFFICE, PLACE, FileJudge, Lasting, SealPress, SilentAuthority, seal_image
from tests.support.timestamp_pki import PlainSigner as StampingSigner
from tests.support.timestamp_pki import StampingCertificate
from tests.support.timestamp_world import stamping_world
from tests.support.trust_pki import DAY, FixedAnchors, Key, Made, Plan, entry, issuing, key, make, name_of, root
from tests.support.trust_revocation import answer, points_to_ocsp, responder

EVER = (Period(Standing.GRANTED, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)),)
YEAR = 365 * DAY
FIELD = "Signature1"


@dataclass
class LiveAuthorities:
    """Implements `keys.trust.ports.RevocationChecker`: responders of authorities that a test holds the keys of.

    Attributes:
        revoked: since when, by fingerprint.
        away: authorities that answer no more (DER).
    """

    clock: FakeClock
    issuers: tuple[Made, ...]
    revoked: dict[str, dt.datetime] = field(default_factory=dict)
    away: set[bytes] = field(default_factory=set)

    async def check(
        self, certificate: Certificate, issuer: Certificate, anchor: Anchor, *, now: dt.datetime
    ) -> Evidence | None:
        if issuer.der in self.away or certificate.not_after < now:  # who has ended is forgotten
            return None
        by = next((one for one in self.issuers if one.der == issuer.der), None)
        return None if by is None else self.say(certificate, by)

    def say(self, certificate: Certificate, issuer: Made) -> Evidence:
        """What the issuer's responder says now; its own certificate is good for a fortnight."""
        now = self.clock.now()
        revoked_at = self.revoked.get(certificate.fingerprint)
        made = Made(certificate.parsed, key("nobody"))
        name = f"应答器 {issuer.certificate.subject.rfc4514_string()}"
        by = responder(issuer, name[:60], not_before=now - DAY, not_after=now + 14 * DAY)
        status = ocsp.OCSPCertStatus.GOOD if revoked_at is None else ocsp.OCSPCertStatus.REVOKED
        begins, ends = now - dt.timedelta(minutes=10), now + DAY
        said = answer(made, issuer, by, status=status, this_update=begins, next_update=ends, revoked_at=revoked_at)
        return Evidence(certificate.fingerprint, "ocsp", begins, revoked_at, None, said)


@dataclass(frozen=True)
class _PublicHalf:
    """All that a certificate needs of a key, wherever its private half is."""

    encoded: bytes

    def public_key(self) -> object:
        return load_der_public_key(self.encoded)


class LastingWorld:
    """One seal press, and everything that makes what it seals last.

    Args:
        signer: the seal's key; one of the world's own when None.
        unit_ends: when the time-stamping unit's certificate ends.
    """

    def __init__(
        self,
        signer: Signer | None = None,
        *,
        clock: FakeClock | None = None,
        seal_ends: dt.datetime = START + 2 * YEAR,
        unit_ends: dt.datetime = START + 3 * YEAR,
    ) -> None:
        self.clock = clock or FakeClock()
        begins = START - 400 * DAY
        long = {"not_before": begins, "not_after": START + 30 * YEAR}
        self.root, self.stamp_root = root("印章根", **long), root("时间戳根", **long)
        self.issuing = issuing(self.root, "印章签发", more=[points_to_ocsp()], **long)
        self.stamp_issuing = issuing(self.stamp_root, "时间戳签发", more=[points_to_ocsp()], **long)
        self.live = LiveAuthorities(self.clock, (self.root, self.issuing, self.stamp_root, self.stamp_issuing))
        listed = (entry(one, *Service, periods=EVER) for one in (self.root, self.stamp_root))
        self.judge = Judge(FixedAnchors(*listed), self.live, self.clock)
        self.settings, self.pool = SigningSettings(), WorkPool(2, 64)
        self.new_unit("甲", ends=unit_ends)
        signer = signer or PlainSigner(ec.generate_private_key(ec.SECP256R1()))
        subject, its_key = signing_fakes.name(OFFICE, OFFICE), _PublicHalf(signer.public_key)
        plan = Plan(subject, its_key, self.issuing, not_before=begins, not_after=seal_ends)  # type: ignore[arg-type]
        made = make(replace(plan, more=[points_to_ocsp()]))
        self.certificate = made
        chain = (made.der, self.issuing.der)
        self.press = SealPress(signer, chain, cms_writer(signer, chain))

    def end_of_seal_authority(self) -> None:
        """Nobody can be asked about the seal's certificate any more."""
        self.live.away |= {self.root.der, self.issuing.der}

    def new_unit(
        self,
        name: str,
        *,
        ends: dt.datetime,
        private: Key | None = None,
        algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256,
    ) -> None:
        """Let another unit make the time-stamps from now on."""
        usage = [ExtendedKeyUsageOID.TIME_STAMPING]
        plan = Plan(
            name_of(f"时间戳单元{name}"),
            private or key(f"unit {name}"),
            self.stamp_issuing,
            extended=usage,
            extended_critical=True,
            key_usage=("digital_signature",),
            not_before=self.clock.now() - DAY,
            not_after=ends,
            more=[points_to_ocsp()],
        )
        self.unit = make(plan)
        assert isinstance(self.unit.private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
        signer = StampingSigner(self.unit.private, algorithm)
        stamping = StampingCertificate(self.unit.private, self.unit.certificate, signer, self.stamp_issuing.certificate)
        authority = stamping_world(self.clock, {"tsa/1": stamping}).authority
        self.source = LocalSource(authority)
        self.use(TimestampClient([TimestampService("local", self.source, JudgedTrust(self.judge))], self.clock))

    def use(self, timestamps: TimestampClient) -> None:
        """Have time-stamps from elsewhere."""
        self.timestamps = timestamps
        self.lasting = Lasting(self.judge, timestamps, SilentAuthority(), self.clock, self.pool, self.settings)

    def verifier(self) -> FileJudge:
        """A verifier that knows the file and the lists, and no register."""
        return FileJudge(PlainAuthority.make(), self.clock, judge=self.judge)

    async def seal(
        self, content: bytes, level: Level, policy: LevelPolicy = LevelPolicy.EXACTLY, *, field_name: str = FIELD
    ) -> SealedAt:
        prepare = partial(self.prepare, content, field_name)
        return await self.lasting.seal_at(prepare, self.press.writer, field_name, Wanted(level, policy))

    def prepare(self, content: bytes, field_name: str, octets: int) -> Prepared:
        reader = open_for_sealing(content, limit=100_000_000)
        words = SignatureText(field_name, OFFICE, self.clock.now(), "")
        where = (spot(reader, PLACE, seal_image()),)
        return append_signature(content, reader, words, octets=octets, spots=where, image=seal_image())

    def roots_pem(self) -> bytes:
        return b"".join(one.certificate.public_bytes(Encoding.PEM) for one in (self.root, self.stamp_root))


_: type[RevocationChecker] = LiveAuthorities
