"""Reads certificate revocation lists (RFC 5280 §5, §6.3.3): complete lists by the issuer's own key, nothing else.

Delta lists, indirect lists, lists of some reasons only and lists signed by another key of the issuer are refused: who
publishes only these gets "cannot be told", never "good".
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from keys.der import BIT_STRING, SEQUENCE, NotDer, first, only
from keys.errors import KeyRefused, SignatureRefused
from keys.spec import Use
from keys.trust.certificate import Certificate
from keys.trust.names import name_key
from keys.verification import algorithm_of_identifier, check_signature

SKEW = dt.timedelta(minutes=5)
"""How far another clock may be ahead of ours."""

_BOOLEAN_TRUE = b"\x01\x01\xff"
_KNOWN_ENTRY = frozenset({CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE})


class RevocationRefused(Exception):
    """What came back says nothing that may be believed; the argument is a short stable word."""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A list whose signature and times were checked; its scope is judged for each certificate.

    Attributes:
        number: None when the issuer does not number its lists.
        scope: digest of the issuing distribution point: lists of different parts have numbers of their own.
    """

    encoded: bytes = field(repr=False)
    this_update: dt.datetime
    next_update: dt.datetime
    number: int | None
    scope: str
    parsed: x509.CertificateRevocationList = field(repr=False)
    point: x509.IssuingDistributionPoint | None = field(repr=False)

    def entry_of(self, certificate: Certificate) -> tuple[dt.datetime, str] | None:
        """When and why the certificate was revoked; None when the list does not have it.

        Raises:
            RevocationRefused: `scope`: the list does not cover this certificate; `expired-before`: it may have left
                the list when it ended.
        """
        self._check_scope(certificate)
        found = self.parsed.get_revoked_certificate_by_serial_number(certificate.serial)
        if found is None:
            if certificate.not_after < self.this_update and not self._keeps_expired(certificate):
                raise RevocationRefused("expired-before")
            return None
        return found.revocation_date_utc, _reason(found)

    def _keeps_expired(self, certificate: Certificate) -> bool:
        """X.509 (2019) §9.5.2.8 expiredCertsOnCRL: kept if they ended at that moment or later."""
        for extension in self.parsed.extensions:
            if extension.oid.dotted_string == "2.5.29.60" and isinstance(extension.value, x509.UnrecognizedExtension):
                content = only(extension.value.value).content
                since = dt.datetime.strptime(content.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC)
                return certificate.not_after >= since
        return False

    def _check_scope(self, certificate: Certificate) -> None:
        """RFC 5280 §6.3.3 (b)(2)."""
        point = self.point
        if point is None:
            return
        if (point.only_contains_user_certs and certificate.authority) or (
            point.only_contains_ca_certs and not certificate.authority
        ):
            raise RevocationRefused("scope")
        if point.full_name is None:
            return
        points = certificate.extensions.get(ExtensionOID.CRL_DISTRIBUTION_POINTS.dotted_string, ())
        named = [name for one in points if one.full_name and one.crl_issuer is None for name in one.full_name]
        if not any(name in named for name in point.full_name):
            raise RevocationRefused("scope")


def read_list(
    der: bytes, issuer: Certificate, *, now: dt.datetime, existed: dt.datetime | None = None
) -> RevocationList:
    """
    Args:
        issuer: whose certificates it is about; its own path is known to hold.
        existed: when the list certainly existed, for one that was kept: its signature is judged as of then.

    Raises:
        RevocationRefused: `malformed`, `issuer`, `signature`, `future`, `outdated`, `critical`, `delta`, `indirect`,
            `partial`.
    """
    try:
        parsed = x509.load_der_x509_crl(der)
        extensions = {one.oid: one for one in parsed.extensions}
        if name_key(parsed.issuer) != issuer.subject:
            raise RevocationRefused("issuer")
        if issuer.key_usage is not None and "crl_sign" not in issuer.key_usage:  # §6.3.3 (f)
            raise RevocationRefused("issuer")
        _check_signature(der, issuer, existed or now)
        _check_critical(parsed, extensions)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion):
        raise RevocationRefused("malformed") from None
    ends = parsed.next_update_utc
    if parsed.last_update_utc > now + SKEW:
        raise RevocationRefused("future")
    if ends is None or ends < now:  # §5.1.2.5: nextUpdate is required
        raise RevocationRefused("outdated")
    number = extensions.get(ExtensionOID.CRL_NUMBER)
    point = extensions.get(ExtensionOID.ISSUING_DISTRIBUTION_POINT)
    return RevocationList(
        encoded=der,
        this_update=parsed.last_update_utc,
        next_update=ends,
        number=number.value.crl_number if number and isinstance(number.value, x509.CRLNumber) else None,
        scope=hashlib.sha256(repr(point.value if point else None).encode()).hexdigest(),
        parsed=parsed,
        point=point.value if point and isinstance(point.value, x509.IssuingDistributionPoint) else None,
    )


def _check_signature(der: bytes, issuer: Certificate, now: dt.datetime) -> None:
    tbs, identifier, bits = only(der).of(SEQUENCE).items()
    content = bits.of(BIT_STRING).content
    if not content.startswith(b"\x00"):
        raise NotDer("a signature that is not whole octets")
    inner = next((one for one in _head(tbs.content) if one == identifier.encoded), None)
    if inner is None:  # §5.1.1.2: the same algorithm inside
        raise NotDer("two signature algorithms")
    try:
        algorithm = algorithm_of_identifier(identifier.encoded)
        check_signature(issuer.public_key, algorithm, content[1:], tbs.encoded, use=Use.REVOCATION, at=now)
    except (KeyRefused, SignatureRefused):
        raise RevocationRefused("signature") from None


def _head(tbs: bytes) -> list[bytes]:
    """The first two values of the signed part: the version, if there is one, and the algorithm."""
    one = first(tbs)
    return [one.encoded, first(tbs, len(one.encoded)).encoded]


def _check_critical(
    parsed: x509.CertificateRevocationList, extensions: dict[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]]
) -> None:
    """§5.2, §5.3: nothing critical that we do not know, in the list or in any entry; only complete, direct lists."""
    if ExtensionOID.DELTA_CRL_INDICATOR in extensions:
        raise RevocationRefused("delta")
    if any(one.critical and oid != ExtensionOID.ISSUING_DISTRIBUTION_POINT for oid, one in extensions.items()):
        raise RevocationRefused("critical")
    point = extensions.get(ExtensionOID.ISSUING_DISTRIBUTION_POINT)
    if point is not None and isinstance(point.value, x509.IssuingDistributionPoint):
        if point.value.indirect_crl:
            raise RevocationRefused("indirect")
        if point.value.only_some_reasons or point.value.only_contains_attribute_certs or point.value.relative_name:
            raise RevocationRefused("partial")
    # one look at the bytes: without TRUE in them no entry has a critical extension, and none need be read by itself
    if parsed.tbs_certlist_bytes.count(_BOOLEAN_TRUE) > sum(one.critical for one in extensions.values()):
        for entry in parsed:
            if any(one.critical and one.oid not in _KNOWN_ENTRY for one in entry.extensions):
                raise RevocationRefused("critical")


def _reason(entry: x509.RevokedCertificate) -> str:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except x509.ExtensionNotFound:
        return x509.ReasonFlags.unspecified.value
