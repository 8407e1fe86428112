"""Sealing at B-T, B-LT and B-LTA, beside pyHanko with the same authorities; all of it in process, nobody is waited for.

Rows `sign.KEY.1p.visible.LEVEL`. Time-stamps come from our own authority with an RSA-2048 key, theirs from
pyHanko's DummyTimeStamper with the same key and certificate. What responders say was made before, and both
are handed the same.
"""

from __future__ import annotations

import datetime as dt
from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import ocsp, x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from bench.processor import done, interleaved, repeated
from bench.report import Row, Told, rate
from bench.signing_peers import PYHANKO
from bench.signing_world import document
from core.clock import SystemClock
from keys.spec import SignatureAlgorithm
from keys.trust.anchors import Anchor
from keys.trust.certificate import Certificate
from keys.trust.judgement import Evidence
from signing.levels import Level
from tests.support.clock import FakeClock
from tests.support.lasting_world import YEAR, LastingWorld, LiveAuthorities
from tests.support.signing_fakes import PlainSigner

SECONDS = 1.0
_KEYS = {
    "rsa2048": lambda: PlainSigner(rsa.generate_private_key(65537, 2048)),
    "p256": lambda: PlainSigner(ec.generate_private_key(ec.SECP256R1())),
}


class _Kept:
    """What responders said when they were first asked: making an answer is not what is measured."""

    def __init__(self, live: LiveAuthorities) -> None:
        self._live = live
        self._said: dict[str, Evidence | None] = {}

    async def check(
        self, certificate: Certificate, issuer: Certificate, anchor: Anchor, *, now: dt.datetime
    ) -> Evidence | None:
        if certificate.fingerprint not in self._said:
            self._said[certificate.fingerprint] = await self._live.check(certificate, issuer, anchor, now=now)
        return self._said[certificate.fingerprint]


def measure(told: Told) -> None:
    """Files per second of one core at each level beyond B-B."""
    for name, make_signer in _KEYS.items():
        signer = make_signer()
        world = LastingWorld(signer, clock=FakeClock(SystemClock().now()))
        unit = rsa.generate_private_key(65537, 2048)  # the peer's authority knows RSA alone
        world.new_unit("乙", ends=world.clock.now() + 3 * YEAR, private=unit, algorithm=SignatureAlgorithm.RS256)
        world.judge._revocation = _Kept(world.live)
        content = document(1)
        archived = done(world.seal(content, Level.B_LTA)).content
        peer = _Peer(world, signer.key, archived)
        for level in (Level.B_T, Level.B_LT, Level.B_LTA):
            told(_row(f"sign.{name}.1p.visible.{level.removeprefix('PAdES-')}", world, peer, content, level))


def _row(id: str, world: LastingWorld, peer: _Peer, content: bytes, level: Level) -> Row:
    for made in (_sealed(world, content, level), peer.seal(content, level)):
        _check(world, made, level, id)
    ours, theirs = interleaved(
        repeated(lambda: _sealed(world, content, level), SECONDS),
        repeated(lambda: peer.seal(content, level), SECONDS),
    )
    return rate(id, ours, "files/s", PYHANKO, theirs)


def _sealed(world: LastingWorld, content: bytes, level: Level) -> bytes:
    return done(world.seal(content, level)).content


def _check(world: LastingWorld, content: bytes, level: Level, id: str) -> None:
    report = done(world.verifier()(content))
    if report.conclusion != "genuine" or report.signatures[0].level != level.value:
        raise SystemExit(f"{id}: a sealed file has not the level: {report.signatures[0].level}")


class _Peer:
    """pyHanko with the world's keys and what its responders said, as an archived file of ours has it."""

    def __init__(self, world: LastingWorld, key: object, archived: bytes) -> None:
        store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(archived)))
        self._answers = [ocsp.OCSPResponse.load(one.get_object().data) for one in store.ocsps]
        self._roots = [_asn1(one.der) for one in (world.root, world.stamp_root)]
        own, stamp = (_asn1(one.der) for one in (world.issuing, world.stamp_issuing))
        self._issuers = [own, stamp]
        self._signer = signers.SimpleSigner(_asn1(world.certificate.der), _private(key), _registry(own))
        unit = (_asn1(world.unit.der), _private(world.unit.private))
        self._stamper = DummyTimeStamper(*unit, certs_to_embed=_registry(stamp))

    def seal(self, content: bytes, level: Level) -> bytes:
        return done(self._seal(content, level))

    async def _seal(self, content: bytes, level: Level) -> bytes:
        settings = signers.PdfSignatureMetadata(
            field_name="Signature1",
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            reason="bench",
            embed_validation_info=level is not Level.B_T,
            use_pades_lta=level is Level.B_LTA,
            validation_context=self._context(),
        )
        where = fields.SigFieldSpec("Signature1", on_page=0, box=(280, 220, 400, 340))
        out = BytesIO()
        await signers.PdfSigner(settings, self._signer, timestamper=self._stamper, new_field_spec=where).async_sign_pdf(
            IncrementalPdfFileWriter(BytesIO(content)), output=out
        )
        return out.getvalue()

    def _context(self) -> ValidationContext:
        return ValidationContext(
            trust_roots=self._roots, other_certs=self._issuers, ocsps=self._answers, allow_fetching=False
        )


def _registry(issuer: x509.Certificate) -> SimpleCertificateStore:
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # not annotated
    registry.register(issuer)
    return registry


def _asn1(certificate: bytes) -> x509.Certificate:
    return x509.Certificate.load(certificate)


def _private(key: object) -> asn1_keys.PrivateKeyInfo:
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return asn1_keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
