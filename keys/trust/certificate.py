"""What a certificate says, read strictly and once (RFC 5280 §4). Whether it is true is judged elsewhere."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

from core.text import Text
from keys.der import BIT_STRING, INTEGER, SEQUENCE, NotDer, dotted, integer_of, only
from keys.errors import CertificateRefused, KeyRefused
from keys.public_key import public_key_of
from keys.spec import SignatureAlgorithm
from keys.trust.names import NameKey, name_key
from keys.verification import algorithm_of_identifier

ANY_POLICY = "2.5.29.32.0"
_LARGEST = 64 * 1024
_MOST_URLS = 8

_PROCESSED = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
    }
)
"""Extensions that path validation looks at: they may be critical."""


_UNREADABLE = (
    ValueError,
    TypeError,
    StopIteration,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)


class CertificateUnreadable(ValueError):
    """Not a certificate, or one that could be read in two ways."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Facts of one certificate; times are aware.

    Attributes:
        algorithm: None when the algorithm table does not have it.
        extensions: values by OID; critical ones that are unknown to us are named in `unknown_critical`.
        path_length: of an authority; None for no limit.
        key_usage: names of `cryptography`'s attributes that are set; None without the extension.
        extended: OIDs of extended key usage; None without the extension.
        policies: OIDs of certificate policies; None without the extension.
        mappings: policy of the issuer's domain, policy of the subject's domain.
        ocsp, crls: http(s) addresses that it names, a few at most; never believed before its path is.
    """

    der: bytes = field(repr=False)
    fingerprint: str
    parsed: x509.Certificate = field(repr=False, compare=False)
    subject: NameKey = field(repr=False)
    issuer: NameKey = field(repr=False)
    serial: int
    not_before: dt.datetime
    not_after: dt.datetime
    public_key: bytes = field(repr=False)
    algorithm: SignatureAlgorithm | None
    tbs: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    extensions: Mapping[str, Any] = field(repr=False, compare=False)
    unknown_critical: bool
    authority: bool
    path_length: int | None
    key_usage: frozenset[str] | None
    extended: frozenset[str] | None
    policies: tuple[str, ...] | None
    mappings: tuple[tuple[str, str], ...]
    subject_key: bytes | None
    authority_key: bytes | None
    ocsp: tuple[str, ...]
    crls: tuple[str, ...]

    @property
    def self_issued(self) -> bool:
        """RFC 5280 §3.2: the same name issues to itself, with whatever key."""
        return self.subject == self.issuer

    def valid_at(self, moment: dt.datetime) -> bool:
        return self.not_before <= moment <= self.not_after


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


@functools.lru_cache(maxsize=512)
def read_certificate(der: bytes) -> Certificate:
    """
    Raises:
        CertificateUnreadable: not one DER certificate of version 3 or 1, or malformed extensions.
    """
    if len(der) > _LARGEST:
        raise CertificateUnreadable("too large")
    try:
        return _read(der)
    except _UNREADABLE as error:
        raise CertificateUnreadable(type(error).__name__) from None


def read_any_form(content: bytes) -> bytes:
    """DER of one certificate that a person brings as a file, PEM or DER.

    Raises:
        CertificateRefused: it is no certificate, or more than one.
    """
    try:
        if content.lstrip().startswith(b"-----BEGIN"):
            (single,) = x509.load_pem_x509_certificates(content)
            content = single.public_bytes(Encoding.DER)
        return read_certificate(content).der
    except ValueError:
        text = Text("文件里不是恰好一张证书（PEM 或 DER）。", "The file does not hold just one certificate.")
        raise CertificateRefused(text, field="certificate") from None


def _read(der: bytes) -> Certificate:
    tbs, identifier, bits = only(der).of(SEQUENCE).items()
    serial = next(part for part in tbs.of(SEQUENCE).items() if part.tag == INTEGER)
    if integer_of(serial) <= 0:  # RFC 5280 §4.1.2.2
        raise NotDer("a serial number that is not positive")
    if not bits.of(BIT_STRING).content.startswith(b"\x00"):  # a signature is whole octets
        raise NotDer("a signature that is not whole octets")
    inner = [part for part in tbs.of(SEQUENCE).items() if part.tag == SEQUENCE]
    if not inner or inner[0].encoded != identifier.encoded:  # RFC 5280 §4.1.1.2
        raise NotDer("two signature algorithms")
    parsed = x509.load_der_x509_certificate(der)
    extensions = {one.oid.dotted_string: one.value for one in parsed.extensions}
    unknown = any(one.critical and one.oid not in _PROCESSED for one in parsed.extensions)
    constraints = extensions.get(ExtensionOID.BASIC_CONSTRAINTS.dotted_string)
    subject_key = extensions.get(ExtensionOID.SUBJECT_KEY_IDENTIFIER.dotted_string)
    authority_key = extensions.get(ExtensionOID.AUTHORITY_KEY_IDENTIFIER.dotted_string)
    extended = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE.dotted_string)
    policies = extensions.get(ExtensionOID.CERTIFICATE_POLICIES.dotted_string)
    return Certificate(
        der=der,
        fingerprint=hashlib.sha256(der).hexdigest(),
        parsed=parsed,
        subject=name_key(parsed.subject),
        issuer=name_key(parsed.issuer),
        serial=parsed.serial_number,
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        public_key=public_key_of(parsed),
        algorithm=_algorithm(identifier.encoded),
        tbs=tbs.encoded,
        signature=bits.content[1:],
        extensions=extensions,
        unknown_critical=unknown,
        authority=bool(constraints and constraints.ca),
        path_length=constraints.path_length if constraints else None,
        key_usage=_key_usage(extensions.get(ExtensionOID.KEY_USAGE.dotted_string)),
        extended=frozenset(one.dotted_string for one in extended) if extended is not None else None,
        policies=_policies(policies),
        mappings=_mappings(extensions.get(ExtensionOID.POLICY_MAPPINGS.dotted_string)),
        subject_key=subject_key.digest if subject_key else None,
        authority_key=authority_key.key_identifier if authority_key else None,
        ocsp=_ocsp(extensions),
        crls=_crls(extensions),
    )


def _algorithm(identifier: bytes) -> SignatureAlgorithm | None:
    try:
        return algorithm_of_identifier(identifier)
    except KeyRefused:
        return None


def _key_usage(value: x509.KeyUsage | None) -> frozenset[str] | None:
    return None if value is None else frozenset(name for name in _USAGES if getattr(value, name))


def _policies(value: x509.CertificatePolicies | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    found = tuple(one.policy_identifier.dotted_string for one in value)
    if len(set(found)) != len(found):  # RFC 5280 §4.2.1.4: not more than once
        raise NotDer("a policy twice")
    return found


def _mappings(value: x509.UnrecognizedExtension | None) -> tuple[tuple[str, str], ...]:
    """RFC 5280 §4.2.1.5; `cryptography` leaves this extension to us."""
    if value is None:
        return ()
    pairs = [pair.of(SEQUENCE).items() for pair in only(value.value).of(SEQUENCE).items()]
    return tuple((dotted(issuer), dotted(subject)) for issuer, subject in pairs)


def _urls(names: list[x509.GeneralName]) -> list[str]:
    found = [one.value for one in names if isinstance(one, x509.UniformResourceIdentifier)]
    return [url for url in found if url.lower().startswith(("http://", "https://"))]


def _ocsp(extensions: Mapping[str, Any]) -> tuple[str, ...]:
    access = extensions.get(ExtensionOID.AUTHORITY_INFORMATION_ACCESS.dotted_string, ())
    names = [one.access_location for one in access if one.access_method == AuthorityInformationAccessOID.OCSP]
    return tuple(_urls(names)[:_MOST_URLS])


def _crls(extensions: Mapping[str, Any]) -> tuple[str, ...]:
    """Distribution points that give the complete list of the issuer itself (RFC 5280 §4.2.1.13)."""
    points = extensions.get(ExtensionOID.CRL_DISTRIBUTION_POINTS.dotted_string, ())
    whole = [one for one in points if one.crl_issuer is None and one.reasons is None and one.full_name]
    return tuple(url for one in whole for url in _urls(one.full_name))[:_MOST_URLS]
