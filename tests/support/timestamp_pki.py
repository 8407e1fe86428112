"""Somebody's authorities for time-stamps, made with another library than ours, right or wrong in any one point."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from keys.ports import Signer
from keys.spec import ALGORITHMS, SignatureAlgorithm
from tests.support.clock import START

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = dt.timedelta(days=1)
STAMPING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
_CURVES = {SignatureAlgorithm.ES256: ec.SECP256R1(), SignatureAlgorithm.ES384: ec.SECP384R1()}
_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


@functools.cache
def private_key(algorithm: SignatureAlgorithm, name: str, bits: int = 2048) -> Key:
    """The same key whenever asked for by the same name."""
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    return rsa.generate_private_key(65537, bits)


def pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class PlainSigner:
    """A `Signer` over a bare key object."""

    def __init__(self, key: Key, algorithm: SignatureAlgorithm) -> None:
        self._key = key
        self.algorithm = algorithm
        self.public_key = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.key_id = hashlib.sha256(self.public_key).hexdigest()
        self.blocking = False

    def sign(self, message: bytes) -> bytes:
        digest = _HASHES[ALGORITHMS[self.algorithm].digest]
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(message, padding.PKCS1v15(), digest)
        return self._key.sign(message, ec.ECDSA(digest))


@dataclass(frozen=True)
class StampingCertificate:
    """A key with its certificate, as its unit uses it."""

    key: Key
    certificate: x509.Certificate
    signer: Signer
    issuer: x509.Certificate

    @property
    def chain(self) -> tuple[bytes, ...]:
        return (self.certificate.public_bytes(Encoding.DER), self.issuer.public_bytes(Encoding.DER))

    @property
    def pem_chain(self) -> bytes:
        return b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, self.issuer))


class StampingAuthority:
    """A root and an issuing authority below it.

    Args:
        keys: authorities with the same name and other keys differ in this.
        issued_by_itself: the issuing authority is a root as well.
    """

    def __init__(self, name: str = "Example", *, keys: str = "", issued_by_itself: bool = False) -> None:
        root_key = private_key(SignatureAlgorithm.ES256, f"{name} {keys} root")
        self._key = private_key(SignatureAlgorithm.ES256, f"{name} {keys} issuing")
        self.root = _authority(f"{name} Root", root_key, f"{name} Root", root_key)
        issuer = (f"{name} Issuing", self._key) if issued_by_itself else (f"{name} Root", root_key)
        self.issuing = _authority(f"{name} Issuing", self._key, *issuer)

    @property
    def chain_certificate(self) -> bytes:
        """The issuing authority's certificate."""
        return self.issuing.public_bytes(Encoding.DER)

    @property
    def anchor(self) -> bytes:
        return self.root.public_bytes(Encoding.DER)

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def unit(
        self,
        algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256,
        *,
        common_name: str = "Example Time-stamping Unit",
        not_before: dt.datetime = START - 30 * DAY,
        not_after: dt.datetime = START + 5 * 365 * DAY,
        usage: x509.ExtendedKeyUsage | None = STAMPING,
        critical: bool = True,
        key_usage: tuple[str, ...] = ("digital_signature",),
        more: tuple[x509.ExtensionType, ...] = (),
        bits: int = 2048,
    ) -> StampingCertificate:
        """A unit's key and certificate; the arguments make it wrong."""
        key = private_key(algorithm, common_name, bits)
        builder = self._unit(key.public_key(), common_name, not_before, not_after)
        if key_usage:
            builder = builder.add_extension(_key_usage(*key_usage), critical=True)
        if usage is not None:
            builder = builder.add_extension(usage, critical=critical)
        for extension in more:
            builder = builder.add_extension(extension, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return StampingCertificate(key, certificate, PlainSigner(key, algorithm), self.issuing)

    def certificate(self, key: Any, common_name: str, not_before: dt.datetime, not_after: dt.datetime) -> bytes:
        """A right certificate for somebody's public key, DER."""
        builder = self._unit(key, common_name, not_before, not_after).add_extension(STAMPING, critical=True)
        builder = builder.add_extension(_key_usage("digital_signature"), critical=True)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _unit(
        self, key: Any, common_name: str, not_before: dt.datetime, not_after: dt.datetime
    ) -> x509.CertificateBuilder:
        builder = _builder(common_name, key, self.issuing.subject, not_before, not_after)
        return builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)


def _authority(name: str, key: Key, issuer: str, issuer_key: Key) -> x509.Certificate:
    builder = _builder(name, key.public_key(), _name(issuer), START - 365 * DAY, START + 20 * 365 * DAY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _builder(
    name: str, key: Any, issuer: x509.Name, not_before: dt.datetime, not_after: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )


def _key_usage(*names: str) -> x509.KeyUsage:
    every: dict[str, Any] = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**every | dict.fromkeys(names, True))
