"""Verifies time-stamp tokens: what a token proves, or why it proves nothing (RFC 3161 §2.4.2, ETSI EN 319 102-1 §5.4).

Usage::

    token = read_token(der)
    proven = await verify_token(token, signature_value, trust=trust, at=clock.now())
    proven.latest  # the content existed at this moment

A chain of archive time-stamps is verified from the outside in: the outermost token `at` the present, each inner one
`at` the time that the next outer one proves. So an inner token stays good after its certificate has ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.errors import AppError, Unavailable
from keys.der import SEQUENCE, Element, integer, tlv
from keys.errors import SignatureRefused
from keys.spec import Use
from keys.trust.certificate import Certificate, CertificateUnreadable, read_certificate
from keys.trust.model import Service
from keys.trust.usage import usage_fault
from keys.tsa.errors import Fault, TimestampRefused
from keys.tsa.imprint import Content, Imprint
from keys.tsa.ports import TimestampTrust
from keys.tsa.token import TimestampToken
from keys.verification import check_signature

TOLERANCE = dt.timedelta(minutes=1)
"""How far an authority's clock may be ahead of ours."""

_DIRECTORY_NAME = 0xA4


@dataclass(frozen=True, slots=True)
class ProvenTime:
    """The content existed at `time`, give or take the authority's accuracy.

    Attributes:
        accuracy: zero when the token does not say.
        policy: dotted object identifier under which the token was issued.
        authority: subject of the certificate (RFC 4514).
        path: the validated path, the signer's certificate first, the trust anchor last; DER.
        certificate_ends: when the signer's certificate ends; by then a newer time-stamp must protect this one.
    """

    time: dt.datetime
    accuracy: dt.timedelta
    policy: str
    serial: int
    imprint: Imprint
    authority: str
    path: tuple[bytes, ...]
    certificate_ends: dt.datetime

    @property
    def earliest(self) -> dt.datetime:
        """The earliest moment at which the token may have been made."""
        return self.time - self.accuracy

    @property
    def latest(self) -> dt.datetime:
        """The content existed at this moment at the latest: what a proof of existence may rely on."""
        return self.time + self.accuracy


async def verify_token(
    token: TimestampToken,
    content: Content,
    *,
    trust: TimestampTrust,
    at: dt.datetime,
    certificates: Sequence[bytes] = (),
    nonce: int | None = None,
    policies: Collection[str] | None = None,
    tolerance: dt.timedelta = TOLERANCE,
) -> ProvenTime:
    """
    Args:
        content: what the token is to cover.
        at: the moment at which the token is known to exist: now, or the time that an outer time-stamp proves.
        certificates: further ones that may help, DER: the signer's own when the token carries none.
        nonce: of the request that it must answer; None when there is none to compare.
        policies: those under which it must be issued; None for any.

    Raises:
        TimestampRefused: the token proves nothing; `fault` says why.
        core.errors.Unavailable: it cannot be told now whether the authority is accepted.
    """
    info = token.info
    _require(info.imprint.covers(content), Fault.IMPRINT)
    _require(nonce is None or info.nonce == nonce, Fault.NONCE)
    _require(policies is None or info.policy in policies, Fault.POLICY, info.policy)
    others = (*token.certificates, *certificates)
    certificate = _signer_certificate(token, others)
    _check_binding(token, certificate)
    _check_signature(token, certificate, at)
    _check_usage(certificate)
    _check_time(token, certificate, at, tolerance)
    return ProvenTime(
        time=info.time,
        accuracy=info.accuracy or dt.timedelta(0),
        policy=info.policy,
        serial=info.serial,
        imprint=info.imprint,
        authority=certificate.parsed.subject.rfc4514_string(),
        path=await _path(trust, certificate.der, others, at),
        certificate_ends=certificate.not_after,
    )


async def _path(
    trust: TimestampTrust, certificate: bytes, others: Sequence[bytes], at: dt.datetime
) -> tuple[bytes, ...]:
    try:
        return await trust.judge(certificate, [one for one in others if one != certificate], at=at)
    except Unavailable:
        raise
    except AppError as error:
        raise TimestampRefused(Fault.TRUST, error.private or error.code) from error


def _signer_certificate(token: TimestampToken, candidates: Sequence[bytes]) -> Certificate:
    """The one certificate that the signer names (RFC 5652 §5.3)."""
    found: dict[bytes, Certificate] = {}
    for encoded in candidates:
        try:
            certificate = read_certificate(encoded)
        except CertificateUnreadable:  # is nobody's: others along with it may still be the signer's
            continue
        if _identifies(token.signer, certificate):
            found[encoded] = certificate
    if len(found) != 1:
        raise TimestampRefused(Fault.TRUST, "the signer's certificate is missing, or two go by its name")
    return next(iter(found.values()))


def _identifies(name: Element, certificate: Certificate) -> bool:
    if name.tag == SEQUENCE:
        return name.encoded == tlv(SEQUENCE, certificate.parsed.issuer.public_bytes(), integer(certificate.serial))
    return certificate.subject_key == name.content


def _check_binding(token: TimestampToken, certificate: Certificate) -> None:
    name = tlv(_DIRECTORY_NAME, certificate.parsed.issuer.public_bytes())
    issuer_serial = tlv(SEQUENCE, tlv(SEQUENCE, name), integer(certificate.serial))
    for binding in token.bindings:
        _require(binding.names(certificate.der), Fault.BINDING, "signed for another certificate")
        _require(binding.issuer_serial in (None, issuer_serial), Fault.BINDING, "another issuer or serial number")
    # RFC 3161 §2.4.2: the `tsa` field corresponds to one of the certificate's subject names
    if token.info.authority is not None and token.info.authority[0] == _DIRECTORY_NAME:
        subject = tlv(_DIRECTORY_NAME, certificate.parsed.subject.public_bytes())
        _require(token.info.authority == subject, Fault.BINDING, "the token names another authority")


def _check_signature(token: TimestampToken, certificate: Certificate, at: dt.datetime) -> None:
    """An algorithm counts as of when the token certainly existed: whoever breaks it later dates back as he likes."""
    try:
        check_signature(
            certificate.public_key,
            token.algorithm,
            token.signature,
            token.signed,
            use=Use.TIMESTAMP,
            at=max(token.info.time, at),
        )
    except SignatureRefused as error:
        raise TimestampRefused(Fault.SIGNATURE, error.private) from None


def _check_usage(certificate: Certificate) -> None:
    """RFC 3161 §2.3: extended key usage is critical and names time-stamping alone."""
    _require(usage_fault(certificate, Service.TIMESTAMPS) is None, Fault.USAGE)


def _check_time(token: TimestampToken, certificate: Certificate, at: dt.datetime, tolerance: dt.timedelta) -> None:
    time, accuracy = token.info.time, token.info.accuracy or dt.timedelta(0)
    _require(certificate.valid_at(time), Fault.TIME, "outside the certificate's life")
    _require(time <= at + accuracy + tolerance, Fault.TIME, "in the future")
    _require(at <= certificate.not_after, Fault.EXPIRED, "the certificate has ended")


def _require(holds: bool, fault: Fault, private: str = "") -> None:
    if not holds:
        raise TimestampRefused(fault, private)
