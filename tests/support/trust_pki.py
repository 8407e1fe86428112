"""A public key infrastructure for tests: every certificate good unless a test asks for a flaw."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from core.text import Text
from keys.trust.anchors import AnchorSet, anchors_of
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry

NOW = dt.datetime(2026, 11, 25, 4, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@functools.cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """The same key for the same name, within a test run."""
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def rsa_key(bits: int = 2048, name: str = "") -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def name_of(common: str, organisation: str = "测试机构") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


AUTHORITY_USAGE = ("key_cert_sign", "crl_sign")
SEAL_USAGE = ("digital_signature", "content_commitment")


def usage(*names: str) -> x509.KeyUsage:
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
    return x509.KeyUsage(**{one: one in names for one in every})


@dataclass
class Made:
    """A certificate and the key that goes with it."""

    certificate: x509.Certificate
    private: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


@dataclass
class Plan:
    """What a certificate is to say; the defaults are those of a good one."""

    subject: x509.Name
    private: Key
    issuer: Made | None = None  # None: by itself
    authority: bool = False
    path_length: int | None = None
    key_usage: Sequence[str] | None = None
    extended: Sequence[ObjectIdentifier] | None = None
    extended_critical: bool = False
    not_before: dt.datetime = NOW - 100 * DAY
    not_after: dt.datetime = NOW + 900 * DAY
    more: Sequence[tuple[x509.ExtensionType, bool]] = field(default_factory=list)
    issuer_name: x509.Name | None = None
    signing_key: Key | None = None
    digest: hashes.HashAlgorithm | None = field(default_factory=hashes.SHA256)
    constraints: bool = True
    serial: int | None = None


def make(plan: Plan) -> Made:
    signer = plan.signing_key or (plan.issuer.private if plan.issuer else plan.private)
    issuer_name = plan.issuer_name or (plan.issuer.certificate.subject if plan.issuer else plan.subject)
    builder = x509.CertificateBuilder(
        issuer_name,
        plan.subject,
        plan.private.public_key(),
        plan.serial or x509.random_serial_number(),
        plan.not_before,
        plan.not_after,
    )
    if plan.constraints:
        builder = builder.add_extension(x509.BasicConstraints(plan.authority, plan.path_length), critical=True)
    wanted = AUTHORITY_USAGE if plan.authority else SEAL_USAGE
    usages = wanted if plan.key_usage is None else plan.key_usage
    if usages:
        builder = builder.add_extension(usage(*usages), critical=True)
    own, above = plan.private.public_key(), signer.public_key()
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
    extended = ([] if plan.authority else [DOCUMENT_SIGNING]) if plan.extended is None else plan.extended
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=plan.extended_critical)
    for extension, critical in plan.more:
        builder = builder.add_extension(extension, critical=critical)
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else plan.digest
    return Made(builder.sign(signer, digest), plan.private)


def root(name: str = "省级根", **changes: object) -> Made:
    return make(Plan(name_of(name), key(name), authority=True, **changes))  # type: ignore[arg-type]


def issuing(issuer: Made, name: str = "签发机构", **changes: object) -> Made:
    return make(Plan(name_of(name), key(name), issuer, authority=True, **changes))  # type: ignore[arg-type]


def seal(issuer: Made, name: str = "某局", **changes: object) -> Made:
    return make(Plan(name_of(name), changes.pop("private", None) or key(name), issuer, **changes))  # type: ignore[arg-type]


def person(issuer: Made, name: str = "张三", **changes: object) -> Made:
    planned = {"extended": [ExtendedKeyUsageOID.CLIENT_AUTH], "key_usage": ("digital_signature",)} | changes
    return seal(issuer, name, **planned)


GRANTED = (Period(Standing.GRANTED, NOW - 1000 * DAY),)


def entry(
    made: Made | bytes, *services: Service, periods: tuple[Period, ...] = GRANTED, **changes: object
) -> TrustEntry:
    return TrustEntry(
        certificate=made if isinstance(made, bytes) else made.der,
        name=Text("某省电子认证中心", "A province's authority"),
        services=frozenset(services or (Service.DOCUMENTS,)),
        assurance=changes.pop("assurance", Assurance.HIGH),  # type: ignore[arg-type]
        periods=periods,
        **changes,  # type: ignore[arg-type]
    )


class FixedAnchors:
    """Implements `keys.trust.ports.AnchorSource`."""

    def __init__(self, *entries: TrustEntry, until: dt.datetime | None = None) -> None:
        self.set = AnchorSet(anchors_of(entries, until=until))

    def current(self) -> AnchorSet:
        return self.set
