"""A signer and a certificate authority made from plain pyca objects, and PDFs to sign, for tests of signing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID, ObjectIdentifier

from keys.ports import Signer, VerificationKey
from keys.spec import KeyState, SignatureAlgorithm

DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
SERIAL_NUMBER = NameOID.SERIAL_NUMBER
NOT_BEFORE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NOT_AFTER = dt.datetime(2046, 1, 1, tzinfo=dt.UTC)
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Made once a session: making them is slow."""
    return rsa.generate_private_key(65537, bits)


def key_for(algorithm: SignatureAlgorithm) -> PrivateKey:
    """A private key that fits an algorithm for documents."""
    if algorithm.startswith("ES"):
        return ec.generate_private_key(ec.SECP384R1() if algorithm is SignatureAlgorithm.ES384 else ec.SECP256R1())
    return rsa_key()


_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}


@dataclass
class PlainSigner:
    """Implements `keys.ports.Signer` in memory; counts its uses."""

    key: PrivateKey
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
    uses: int = 0
    blocking: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.key, rsa.RSAPrivateKey) and self.algorithm is SignatureAlgorithm.ES256:
            self.algorithm = SignatureAlgorithm.RS256

    @property
    def key_id(self) -> str:
        return hashlib.sha256(self.public_key).hexdigest()

    @property
    def public_key(self) -> bytes:
        public = self.key.public_key()
        return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        self.uses += 1
        digest = _DIGESTS[self.algorithm[2:]]
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(message, ec.ECDSA(digest))
        if self.algorithm is SignatureAlgorithm.PS256:
            return self.key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return self.key.sign(message, padding.PKCS1v15(), digest)

    def sign_digest(self, digest: bytes) -> bytes:
        self.uses += 1
        hashed = utils.Prehashed(_DIGESTS[self.algorithm[2:]])
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(digest, ec.ECDSA(hashed))
        if self.algorithm is SignatureAlgorithm.PS256:
            return self.key.sign(digest, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashed)
        return self.key.sign(digest, padding.PKCS1v15(), hashed)


@dataclass
class PlainKeys:
    """Implements `keys.ports.KeyProvider` in memory."""

    signers: dict[str, PlainSigner] = field(default_factory=dict)

    def signer(self, purpose: str) -> Signer:
        return self.signers[purpose]

    def verification_keys(self, purpose: str) -> Sequence[VerificationKey]:
        found = self.signers[purpose]
        return [VerificationKey(found.key_id, found.algorithm, KeyState.ACTIVE, found.public_key)]

    async def create(self, purpose: str, algorithm: SignatureAlgorithm, *, backend: str | None = None) -> Signer:
        key: PrivateKey = (
            rsa_key(len(self.signers) % 3)
            if algorithm is SignatureAlgorithm.RS256
            else ec.generate_private_key(ec.SECP256R1())
        )
        self.signers[purpose] = PlainSigner(key)
        return self.signers[purpose]


def name(organisation: str, common: str, serial: str = "") -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ]
    if serial:
        parts.append(x509.NameAttribute(SERIAL_NUMBER, serial))
    return x509.Name(parts)


@dataclass
class Issuer:
    """A certificate authority's key and certificate; `issue` makes what is below it, well-formed unless told."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def issue(
        self,
        subject: x509.Name,
        public_key: Any,
        *,
        is_ca: bool = False,
        path_length: int | None = None,
        usages: Sequence[str] = ("content_commitment", "digital_signature"),
        extended: Sequence[ObjectIdentifier] | None = (DOCUMENT_SIGNING,),
        not_before: dt.datetime = NOT_BEFORE,
        not_after: dt.datetime = NOT_AFTER,
        issuer: x509.Name | None = None,
        digest: hashes.HashAlgorithm | None = None,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self.certificate.subject)
            .public_key(public_key)
            .serial_number(int.from_bytes(hashlib.sha256(subject.public_bytes() + _spki(public_key)).digest()[:16]))
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(is_ca, path_length), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .add_extension(_key_usage(("key_cert_sign", "crl_sign") if is_ca else usages), critical=True)
        )
        if extended is not None and not is_ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
        return builder.sign(self.key, digest or hashes.SHA256())

    def authority(self, subject: x509.Name, **options: Any) -> Issuer:
        key = ec.generate_private_key(ec.SECP256R1())
        return Issuer(key, self.issue(subject, key.public_key(), is_ca=True, **options))


def root(subject: x509.Name | None = None, **options: Any) -> Issuer:
    """A self-signed root."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = subject or name("示例市政务数据局", "示例政务根")
    stub = Issuer(key, None)  # type: ignore[arg-type]  # its own issuer, named below
    return Issuer(key, stub.issue(subject, key.public_key(), is_ca=True, issuer=subject, **options))


@dataclass
class PlainAuthority:
    """Implements `signing.ports.CertificateAuthority`: a root and an issuing authority in memory."""

    root: Issuer
    issuing: Issuer

    @staticmethod
    def make() -> PlainAuthority:
        top = root()
        return PlainAuthority(top, top.authority(name("示例市政务数据局", "示例政务印章 CA"), path_length=0))

    async def issue_seal_certificate(
        self,
        *,
        organisation_name: str,
        organisation_code: str,
        seal_name: str,
        seal_code: str,
        public_key: bytes,
        purpose: str,
    ) -> bytes:
        certificate = self.issuing.issue(
            name(organisation_name, seal_name, seal_code), serialization.load_der_public_key(public_key)
        )
        return certificate.public_bytes(serialization.Encoding.DER)

    async def renew_seal_certificate(self, certificate: bytes) -> bytes:
        former = x509.load_der_x509_certificate(certificate)
        renewed = self.issuing.issue(former.subject, former.public_key())
        return renewed.public_bytes(serialization.Encoding.DER)

    def issuing_chain(self) -> Sequence[bytes]:
        return [self.issuing.der, self.root.der]

    def trust_anchors(self) -> Sequence[bytes]:
        return [self.root.der]


def pdf(pages: int = 1, *, text: str = "Proof of housing entitlement", streams: bool = False) -> bytes:
    """A small PDF with a line of text on each page; `streams` for cross-reference and object streams."""
    made = pikepdf.new()
    font = made.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for number in range(1, pages + 1):
        content = f"BT /F1 14 Tf 72 760 Td ({text}, page {number}) Tj ET".encode()
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, 595, 842],
            Resources=pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font)),
            Contents=made.make_stream(content),
        )
        made.pages.append(pikepdf.Page(made.make_indirect(page)))
    out = BytesIO()
    mode = pikepdf.ObjectStreamMode.generate if streams else pikepdf.ObjectStreamMode.disable
    made.save(out, object_stream_mode=mode, deterministic_id=True, compress_streams=streams)
    return out.getvalue()


def _spki(public_key: Any) -> bytes:
    encoded: bytes = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _key_usage(named: Sequence[str]) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{usage: usage in named for usage in every})
