"""Judges a seal's certificate: what the trust list makes of it, and whether its times fit the signature's.

Only authorities on our lists count, our own among them; what the file or the machine brings along never does.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from core.text import Text
from keys.errors import SignatureRefused
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from keys.trust.ports import KeptRevocation
from keys.x509.signed_by import check_issued
from signing.ports import CertificateJudge
from signing.verification.report import Check, Fault

_SKEW = dt.timedelta(minutes=5)

_OUT_OF_TIME = Fault(
    Check.CERTIFICATE,
    "OUT_OF_BOUNDS_NO_POE",
    Text(
        "证书在签名时不在有效期内，或已过期而签名时间没有证明。",
        "The certificate was not valid when signing, or has expired and nothing proves the time of signing.",
    ),
)
_BAG_DAMAGED = Fault(
    Check.CONTAINER,
    "FORMAT_FAILURE",
    Text("签名里附带的证书被改过。", "A certificate that the signature carries was changed."),
)


async def judge_signer(
    judge: CertificateJudge,
    leaf: x509.Certificate,
    bag: Sequence[x509.Certificate],
    *,
    signed_at: dt.datetime | None,
    proven_at: dt.datetime,
    store: Sequence[bytes] = (),
    kept: KeptRevocation | None = None,
) -> Judgement:
    """What our trust lists, and the revocation data of the authorities on them, say of the signer's certificate.

    Args:
        signed_at: the time that the signer claims.
        proven_at: when the signature certainly existed: a time on record or proved by a time-stamp, or now.
        store, kept: certificates (DER) and revocation data that the file has.

    Raises:
        core.errors.Unavailable: the lists cannot be read.
    """
    others = list(dict.fromkeys([*(one.public_bytes(Encoding.DER) for one in bag if one != leaf), *store]))
    certificate = leaf.public_bytes(Encoding.DER)
    return await judge.judge(certificate, others, service=Service.DOCUMENTS, at=proven_at, claimed=signed_at, kept=kept)


def certificate_fault(
    judgement: Judgement,
    leaf: x509.Certificate,
    bag: Sequence[x509.Certificate],
    *,
    signed_at: dt.datetime | None,
    proven_at: dt.datetime,
    store: Sequence[bytes] = (),
) -> Fault | None:
    """What is wrong with the certificate, or None.

    Args:
        store: certificates (DER) that the file has besides: some programs put an issuer there and what it issued here.
    """
    if judgement.path and not _bag_is_whole(bag, judgement.path, store):
        return _BAG_DAMAGED
    if judgement.fault is not None:
        return Fault(Check.CERTIFICATE, judgement.fault.sub_indication, judgement.fault.text)
    if signed_at is None or not leaf.not_valid_before_utc <= signed_at <= leaf.not_valid_after_utc:
        return _OUT_OF_TIME
    return _OUT_OF_TIME if signed_at > proven_at + _SKEW else None


def _bag_is_whole(bag: Sequence[x509.Certificate], path: Sequence[bytes], store: Sequence[bytes]) -> bool:
    """True if every certificate the container carries is in the path or was issued by one at hand, unchanged."""
    rest = [one for one in bag if one.public_bytes(Encoding.DER) not in path]
    if not rest:
        return True
    at_hand = (*bag, *_readable([*path, *store]))
    return all(any(_issued(one, by) for by in at_hand) for one in rest)


def _readable(certificates: Sequence[bytes]) -> Iterator[x509.Certificate]:
    for der in certificates:
        with contextlib.suppress(ValueError):  # what a file brings along may be anything
            yield x509.load_der_x509_certificate(der)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except UnsupportedAlgorithm:  # of a family that the library does not have, such as SM2
        return _issued_by_our_table(certificate, issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _issued_by_our_table(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        check_issued(certificate, issuer, at=certificate.not_valid_before_utc)
    except SignatureRefused:
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
