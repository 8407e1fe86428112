"""Judges a seal's certificate: path to a root we trust (RFC 5280 §6), and use (RFC 9336, RFC 5280 §4.2.1.3).

Only the roots handed in count; what the file or the machine brings along never does, and nothing is fetched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID, ObjectIdentifier
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from core.text import Text
from signing.verification.report import Check, Fault

DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336 §3
_MOST_ISSUERS = 6
_SKEW = dt.timedelta(minutes=5)

_UNKNOWN = Fault(
    Check.CERTIFICATE,
    "NO_CERTIFICATE_CHAIN_FOUND",
    Text(
        "证书不是可信机构签发的，印章上的名字不能作数。",
        "No trusted authority issued the certificate; the name on the seal proves nothing.",
    ),
)
_OUT_OF_TIME = Fault(
    Check.CERTIFICATE,
    "OUT_OF_BOUNDS_NO_POE",
    Text(
        "证书在签名时不在有效期内，或已过期而签名时间没有证明。",
        "The certificate was not valid when signing, or has expired and nothing proves the time of signing.",
    ),
)
_WRONG_USE = Fault(
    Check.CERTIFICATE,
    "CHAIN_CONSTRAINTS_FAILURE",
    Text("这张证书不是用来给文件盖章的。", "This certificate is not for sealing documents."),
)
_BAG_DAMAGED = Fault(
    Check.CONTAINER,
    "FORMAT_FAILURE",
    Text("签名里附带的证书被改过。", "A certificate that the signature carries was changed."),
)


class TrustAnchors:
    """The roots we trust; made once from their DER."""

    def __init__(self, anchors: Sequence[bytes]) -> None:
        self.certificates = tuple(x509.load_der_x509_certificate(anchor) for anchor in anchors)
        self._store = Store(list(self.certificates))

    def path(
        self, leaf: x509.Certificate, others: Sequence[x509.Certificate], moment: dt.datetime
    ) -> list[x509.Certificate] | None:
        """A valid path from `leaf` to a root at `moment`, or None."""
        verifier = (
            PolicyBuilder()
            .store(self._store)
            .time(moment.astimezone(dt.UTC).replace(tzinfo=None))
            .max_chain_depth(_MOST_ISSUERS)
            .extension_policies(
                ca_policy=ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=ExtensionPolicy.permit_all(),  # the use is judged by `use_fault`
            )
            .build_client_verifier()
        )
        try:
            return list(verifier.verify(leaf, list(others)).chain)
        except (VerificationError, ValueError, UnsupportedAlgorithm):
            return None


def certificate_fault(
    anchors: TrustAnchors,
    leaf: x509.Certificate,
    bag: Sequence[x509.Certificate],
    *,
    signed_at: dt.datetime | None,
    proven_at: dt.datetime,
) -> Fault | None:
    """What is wrong with the certificate, or None.

    Args:
        signed_at: the time that the signer claims.
        proven_at: when the signature certainly existed: a time on record, or now.
    """
    others = [one for one in bag if one != leaf]
    path = anchors.path(leaf, others, proven_at)
    if path is None:
        return _why_no_path(anchors, leaf, others)
    if not _bag_is_whole(bag, path, anchors):
        return _BAG_DAMAGED
    if signed_at is None or not leaf.not_valid_before_utc <= signed_at <= leaf.not_valid_after_utc:
        return _OUT_OF_TIME
    if signed_at > proven_at + _SKEW:
        return _OUT_OF_TIME
    return use_fault(leaf)


def _why_no_path(anchors: TrustAnchors, leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> Fault:
    """Tell an expired certificate of ours from one that never was: would there be a path in its own days?"""
    for moment in (leaf.not_valid_before_utc, leaf.not_valid_after_utc):
        if anchors.path(leaf, others, moment) is not None:
            return _OUT_OF_TIME
    return _UNKNOWN


def use_fault(leaf: x509.Certificate) -> Fault | None:
    """The certificate must be for signing, and for documents; a certificate for a web site is not."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return _WRONG_USE
    signs = usage.digital_signature or usage.content_commitment
    if not signs or DOCUMENT_SIGNING not in extended or constraints.ca:
        return _WRONG_USE
    return None


def _bag_is_whole(bag: Sequence[x509.Certificate], path: Sequence[x509.Certificate], anchors: TrustAnchors) -> bool:
    """True if every certificate the container carries is in the path or was issued by one at hand, unchanged."""
    at_hand = (*path, *bag, *anchors.certificates)
    return all(one in path or any(_issued(one, by) for by in at_hand) for one in bag)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


@dataclass(frozen=True, slots=True)
class SealSubject:
    """Whom a seal's certificate names."""

    organisation: str | None
    seal_name: str | None
    organisation_code: str | None
    seal_code: str | None


def subject_of(certificate: x509.Certificate) -> SealSubject:
    """Whom the certificate names; claims, unless the certificate is trusted."""

    def first(kind: ObjectIdentifier) -> str | None:
        for attribute in certificate.subject.get_attributes_for_oid(kind):
            if isinstance(attribute.value, str):
                return attribute.value[:200]
        return None

    code = first(NameOID.ORGANIZATION_IDENTIFIER)
    return SealSubject(
        first(NameOID.ORGANIZATION_NAME),
        first(NameOID.COMMON_NAME),
        code.removeprefix("NTRCN-") if code else None,  # EN 319 412-1 §5.1.4
        first(NameOID.SERIAL_NUMBER),
    )
