"""What sealing and judging are measured with: an authority, keys of each kind, files, and the verifier."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from asn1crypto import x509

import core.audit.tables
import core.idempotency
import signing.stores.tables
from api.wiring.signing import build_cells
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.tables import metadata
from core.text import Text
from keys.backends.software import SoftwareBackend
from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.trust.anchors import Anchor, AnchorSet, anchors_of
from keys.trust.certificate import Certificate
from keys.trust.judge import Judge
from keys.trust.judgement import Evidence
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry
from keys.trust.own_register import OwnRegister
from keys.trust.ports import RegisteredStatus
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.names import authority_name, seal_name
from keys.x509.profiles import AUTHORITIES, ROOT, SEAL, CertificateProfile
from signing.appearance.official_seal import SealDesign, draw
from signing.appearance.pdf_content import to_pdf_content
from signing.model import SealImage
from signing.pades.append import SignatureText, append_signature
from signing.pades.cms_writer import CmsWriter, cms_writer
from signing.pades.intake import open_for_sealing
from signing.pades.page_geometry import spot
from signing.places import Placement
from signing.settings import SigningSettings
from signing.stores.sql import SqlSealStore
from signing.verification.look import LookAtFile
from signing.verify_pdf import VerifyPdf
from signing.work_pool import WorkPool

OFFICE = "示例市住房保障局"
PLACE = Placement(1, 120, 200)
KEYS = {
    "rsa2048": (SignatureAlgorithm.RS256, 2048),
    "rsa3072": (SignatureAlgorithm.RS256, 3072),
    "p256": (SignatureAlgorithm.ES256, 256),
}
_TABLES = (core.audit.tables, core.idempotency, signing.stores.tables)


@dataclass(frozen=True)
class BenchKey:
    """One key with its certificate.

    Attributes:
        private: PKCS #8, for peers that load it themselves.
        chain: DER; the signer's own first, then its issuer.
    """

    name: str
    signer: Signer
    private: bytes
    chain: tuple[bytes, ...]
    writer: CmsWriter

    def seal(self, content: bytes, *, visible: bool) -> bytes:
        """At B-B, bytes in and bytes out."""
        reader = open_for_sealing(content, limit=100_000_000)
        words = SignatureText("Signature1", OFFICE, SystemClock().now(), "基准")
        spots = (spot(reader, PLACE, seal_image()),) if visible else ()
        prepared = append_signature(content, reader, words, octets=self.writer.size, spots=spots, image=seal_image())
        return prepared.fill(self.writer.sign(prepared.digest(self.writer.digest)))


@cache
def seal_image() -> SealImage:
    return SealImage(42.0, "", to_pdf_content(draw(SealDesign(OFFICE, "4101990000017", "演示专用"))))


def bench_key(authority: Authority, name: str) -> BenchKey:
    signer, public_key, private = new_key(*KEYS[name])
    chain = (authority.seal(public_key), authority.issuing)
    return BenchKey(name, signer, private, chain, cms_writer(signer, chain))


class Authority:
    """A root and an issuing authority in memory."""

    def __init__(self, algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256) -> None:
        self._issuing_signer, issuing_key = new_key(algorithm, 256)[:2]
        root_signer, root_key = new_key(algorithm, 256)[:2]
        root_name, issuing_name = (authority_name(OFFICE, common) for common in ("基准根", "基准 CA"))
        self.root = asyncio.run(_certificate(root_name, root_key, ROOT, root_name, root_signer))
        self.issuing = asyncio.run(
            _certificate(issuing_name, issuing_key, AUTHORITIES["seals"].profile, root_name, root_signer)
        )
        self._issuing_name = issuing_name

    def seal(self, public_key: bytes) -> bytes:
        subject = seal_name(
            organisation_name=OFFICE,
            organisation_code="11410199DEMA00025B",
            seal_name=OFFICE,
            seal_code="4101990000017",
        )
        return asyncio.run(_certificate(subject, public_key, SEAL, self._issuing_name, self._issuing_signer))


def new_key(algorithm: SignatureAlgorithm, bits: int) -> tuple[Signer, bytes, bytes]:
    """A signer, its public key and its private one."""
    backend = SoftwareBackend()
    made = backend.generate(algorithm, bits=bits, label="bench")
    assert made.private is not None
    return backend.open(made.uri, algorithm, made.public_key, made.private), made.public_key, made.private


async def _certificate(
    subject: x509.Name, public_key: bytes, profile: CertificateProfile, issuer: x509.Name, signer: Signer
) -> bytes:
    now = SystemClock().now().replace(microsecond=0)
    request = CertificateRequest(
        subject=subject,
        public_key=public_key,
        not_before=now - dt.timedelta(hours=1),
        not_after=now + dt.timedelta(days=30),
        profile=profile,
    )
    encoded: bytes = (await build_certificate(request, issuer=issuer, signer=signer)).dump()
    return encoded


class _List:
    """Authorities on the trust list."""

    def __init__(self, *authorities: bytes) -> None:
        always = (Period(Standing.GRANTED, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),)
        name, services = Text("基准", "Bench"), frozenset(Service)
        entries = [TrustEntry(one, name, services, Assurance.HIGH, always) for one in authorities]
        self._set = AnchorSet(anchors_of(entries))

    def current(self) -> AnchorSet:
        return self._set


class _Register:
    """Our authority's register, in memory: nothing is revoked."""

    def answers_for(self, issuer: Certificate) -> bool:
        return True

    async def status_of(self, sha256: str) -> RegisteredStatus:
        return RegisteredStatus(None, None)


class _Revocation:
    """Asks our own register, as the service does for certificates of ours."""

    def __init__(self, clock: SystemClock) -> None:
        self._register = OwnRegister(_Register(), clock)

    async def check(
        self, certificate: Certificate, issuer: Certificate, anchor: Anchor, *, now: dt.datetime
    ) -> Evidence | None:
        return await self._register.look_up(certificate, issuer)


class OurJudge:
    """The whole use case with its register in SQLite, on a loop of its own.

    Args:
        listed: authorities on the trust list; the root alone, where files bring their issuers along.
    """

    def __init__(self, authority: Authority, *listed: bytes) -> None:
        self._listed = listed or (authority.root,)
        self._folder = tempfile.TemporaryDirectory()
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> OurJudge:
        clock, settings = SystemClock(), SigningSettings()
        url = f"sqlite:///{Path(self._folder.name) / 'bench.db'}"
        self._database = Database(create_engine(url), clock)
        self._pool = WorkPool(1, 4)
        self._run(self._create_tables())
        judge = Judge(_List(*self._listed), _Revocation(clock), clock)
        self._cells = build_cells(settings)
        look = LookAtFile(self._pool, self._cells)
        self._verify = VerifyPdf(self._database, SqlSealStore(), judge, clock, self._pool, look, settings)
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._database.close())
        self._pool.close()
        self._cells.close()
        self._loop.close()
        self._folder.cleanup()

    async def _create_tables(self) -> None:
        async with self._database.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)

    def _run(self, work: Awaitable[object]) -> object:
        return self._loop.run_until_complete(asyncio.ensure_future(work, loop=self._loop))

    def accepts(self, content: bytes) -> bool:
        report = self._loop.run_until_complete(self._verify(content))
        return report.conclusion == "genuine"


def document(pages: int) -> bytes:
    """A plain PDF with a line of text on each page."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * page) for page in range(pages))
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, pages),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for page in range(pages):
        text = b"BT /F1 14 Tf 72 760 Td (Page %d of a document to be sealed) Tj ET" % (page + 1)
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * page)
        )
        bodies.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(text), text))
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    startxref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, startxref)
    return bytes(out)
