"""Sealing and judging PDFs beside plain pyHanko, and beside the raw key operation; interleaved, one thread, one core.

Sealing: a visible seal or stamp, PAdES B-B, bytes in and bytes out, keys loaded once (pyHanko's SimpleSigner reads
its key again for every signature: that is how it is used plainly). Judging: ours is the whole use case with its
register in SQLite; pyHanko's is its validator under the same root. Every file that counts was judged valid by both.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pyhanko.version
from asn1crypto import keys as asn1_keys
from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

import core.audit.tables
import core.idempotency
import signing.stores.tables
from bench.report import Row, rate
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.tables import metadata
from core.text import Text
from keys.backends.software import SoftwareBackend
from keys.ports import Signer
from keys.spec import ALGORITHMS, SignatureAlgorithm
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
from signing.verify_pdf import VerifyPdf
from signing.work_pool import WorkPool

ROUNDS, SECONDS = 3, 1.2
PEER = f"pyHanko {pyhanko.version.__version__}"
OFFICE = "示例市住房保障局"
_TABLES = (core.audit.tables, core.idempotency, signing.stores.tables)
_NAMES = {SignatureAlgorithm.ES256: "p256", SignatureAlgorithm.RS256: "rsa3072"}


@dataclass(frozen=True)
class Bench:
    """One key with its certificate, ready to sign both ways."""

    name: str
    signer: Signer
    writer: CmsWriter
    plain: signers.SimpleSigner
    image: SealImage


class _Authority:
    """A root and an issuing authority in memory."""

    def __init__(self) -> None:
        self._issuing_signer, issuing_key = _new_key(SignatureAlgorithm.ES256)[:2]
        root_signer, root_key = _new_key(SignatureAlgorithm.ES256)[:2]
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

    def issuing_chain(self) -> list[bytes]:
        return [self.issuing, self.root]

    async def issue_seal_certificate(self, **_: object) -> bytes:
        raise NotImplementedError("seals are not made while measuring")

    async def renew_seal_certificate(self, certificate: bytes) -> bytes:
        raise NotImplementedError("seals are not renewed while measuring")


def _new_key(algorithm: SignatureAlgorithm) -> tuple[Signer, bytes, bytes]:
    backend = SoftwareBackend()
    made = backend.generate(algorithm, bits=ALGORITHMS[algorithm].bits, label="bench")
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


def measure() -> list[Row]:
    """Files per second, ours and the peer's; the median of interleaved rounds."""
    authority = _Authority()
    image = SealImage(42.0, "", to_pdf_content(draw(SealDesign(OFFICE, "4101990000017", "演示专用"))))
    rows = []
    for algorithm in _NAMES:
        bench = _bench(authority, algorithm, image)
        for pages in (1, 100):
            rows += _measure_file(authority, bench, document(pages), f"{bench.name}.{pages}p", pages)
    return rows


def _bench(authority: _Authority, algorithm: SignatureAlgorithm, image: SealImage) -> Bench:
    signer, public_key, private = _new_key(algorithm)
    chain = (authority.seal(public_key), authority.issuing)
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # not annotated
    registry.register(x509.Certificate.load(authority.issuing))
    plain = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(chain[0]),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=registry,
    )
    return Bench(_NAMES[algorithm], signer, cms_writer(signer, chain), plain, image)


def _measure_file(authority: _Authority, bench: Bench, content: bytes, name: str, pages: int) -> list[Row]:
    ours, theirs = _seal(bench, content), asyncio.run(_seal_plainly(bench, content))
    with _Judge(authority) as judge:
        for made in (ours, theirs):  # a figure counts only if both sides accept both files
            if not (judge.ours(made) and judge.theirs(made)):
                raise SystemExit(f"{name}: a sealed file was not accepted by both sides")
        seal, seal_plainly, raw = _interleaved(
            lambda: _seal(bench, content),
            lambda: asyncio.run(_seal_plainly(bench, content)),
            lambda: bench.signer.sign(content[:200]),
        )
        verify, verify_plainly = _interleaved(lambda: judge.ours(ours), lambda: judge.theirs(ours))
    rows = [
        rate(f"signing.seal.{name}", seal, "files/s", PEER, seal_plainly),
        rate(f"signing.verify.{name}", verify, "files/s", PEER, verify_plainly),
    ]
    if pages == 1:
        rows.insert(1, rate(f"signing.seal.{name}.raw", seal, "files/s", f"raw {bench.name} signature", raw))
    return rows


def _interleaved(*works: Callable[[], object]) -> list[float]:
    """Calls per second of each, taking turns so that a busy moment hits all alike."""
    for work in works:
        work()
    rates: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for mine, work in zip(rates, works, strict=True):
            mine.append(_rate(work))
    return [statistics.median(mine) for mine in rates]


def _rate(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    count = 0
    while time.perf_counter() - begun < SECONDS:
        work()
        count += 1
    return count / (time.perf_counter() - begun)


def _seal(bench: Bench, content: bytes) -> bytes:
    reader = open_for_sealing(content, limit=100_000_000)
    words = SignatureText("Signature1", OFFICE, SystemClock().now(), "基准")
    place = spot(reader, Placement(1, 120, 200), bench.image)
    prepared = append_signature(content, reader, words, octets=bench.writer.size, spots=(place,), image=bench.image)
    return prepared.fill(bench.writer.sign(prepared.digest(bench.writer.digest)))


async def _seal_plainly(bench: Bench, content: bytes) -> bytes:
    settings = signers.PdfSignatureMetadata(
        field_name="Signature1", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, reason="bench"
    )
    where = fields.SigFieldSpec("Signature1", on_page=0, box=(280, 220, 400, 340))
    out = BytesIO()
    await signers.PdfSigner(settings, bench.plain, new_field_spec=where).async_sign_pdf(
        IncrementalPdfFileWriter(BytesIO(content)), output=out
    )
    return out.getvalue()


class _List:
    """Our root, on the trust list."""

    def __init__(self, root: bytes) -> None:
        always = (Period(Standing.GRANTED, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),)
        entry = TrustEntry(root, Text("基准", "Bench"), frozenset(Service), Assurance.HIGH, always)
        self._set = AnchorSet(anchors_of([entry]))

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


class _Judge:
    """Both verifiers; ours runs on a loop and a database of its own."""

    def __init__(self, authority: _Authority) -> None:
        self._authority = authority
        self._folder = tempfile.TemporaryDirectory()
        self._anchors = [x509.Certificate.load(authority.root)]
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> _Judge:
        clock, settings = SystemClock(), SigningSettings()
        url = f"sqlite:///{Path(self._folder.name) / 'bench.db'}"
        self._database = Database(create_engine(url), clock)
        self._pool = WorkPool(1, 4)
        self._run(self._create_tables())
        judge = Judge(_List(self._authority.root), _Revocation(clock), clock)
        self._verify = VerifyPdf(self._database, SqlSealStore(), judge, clock, self._pool, settings)
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._database.close())
        self._pool.close()
        self._loop.close()
        self._folder.cleanup()

    async def _create_tables(self) -> None:
        async with self._database.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)

    def _run(self, work: Awaitable[object]) -> object:
        return self._loop.run_until_complete(asyncio.ensure_future(work, loop=self._loop))

    def ours(self, content: bytes) -> bool:
        report = self._loop.run_until_complete(self._verify(content))
        return report.conclusion == "genuine"

    def theirs(self, content: bytes) -> bool:
        async def validate() -> bool:
            (found,) = PdfFileReader(BytesIO(content)).embedded_signatures
            context = ValidationContext(trust_roots=self._anchors, allow_fetching=False)
            usage = KeyUsageConstraints(key_usage={"digital_signature"})
            status = await async_validate_pdf_signature(found, context, key_usage_settings=usage)
            return bool(status.bottom_line)

        return self._loop.run_until_complete(validate())


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
