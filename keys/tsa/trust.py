"""Whose time-stamps are accepted: what the trust lists say, or roots that are at hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.clock import Clock
from core.errors import Unavailable
from core.text import Text
from keys.errors import CertificateRefused, ChainRefused
from keys.trust import faults
from keys.trust.anchors import AnchorSet, anchors_of
from keys.trust.judge import Judge
from keys.trust.judgement import Judgement
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry
from keys.trust.ports import KeptRevocation

_EVER = (Period(Standing.GRANTED, dt.datetime.min.replace(tzinfo=dt.UTC)),)
_NAME = Text("时间戳根证书", "A root for time-stamps")


class CertificateJudge(Protocol):
    """As `keys.trust.judge.Judge`."""

    async def judge(
        self,
        certificate: bytes,
        others: Sequence[bytes] = (),
        *,
        service: Service,
        at: dt.datetime | None = None,
        kept: KeptRevocation | None = None,
    ) -> Judgement: ...


class JudgedTrust:
    """Implements `keys.tsa.ports.TimestampTrust` over a judge of certificates.

    Args:
        intermediates: further certificates that may help to build a path, DER.
        kept: revocation data for where nobody can be asked any more.
    """

    def __init__(
        self, judge: CertificateJudge, intermediates: Sequence[bytes] = (), kept: KeptRevocation | None = None
    ) -> None:
        self._judge = judge
        self._intermediates = tuple(intermediates)
        self._kept = kept

    async def judge(self, certificate: bytes, others: Sequence[bytes], *, at: dt.datetime) -> tuple[bytes, ...]:
        judgement = await self._judge.judge(
            certificate, (*self._intermediates, *others), service=Service.TIMESTAMPS, at=at, kept=self._kept
        )
        if judgement.fault is faults.UNCERTAIN:
            raise Unavailable("revocation-unknown", faults.UNCERTAIN.text, private="revocation of a time-stamp unit")
        if judgement.fault is not None:
            raise ChainRefused(judgement.fault.reason)
        return judgement.path


class _Fixed:
    """Implements `keys.trust.ports.AnchorSource`: the same authorities for ever."""

    def __init__(self, roots: Sequence[bytes]) -> None:
        entries = [
            TrustEntry(root, _NAME, frozenset({Service.TIMESTAMPS}), Assurance.LOW, periods=_EVER) for root in roots
        ]
        self._anchors = AnchorSet(anchors_of(entries))

    def current(self) -> AnchorSet:
        return self._anchors


def root_trust(roots: Sequence[bytes], clock: Clock, intermediates: Sequence[bytes] = ()) -> JudgedTrust:
    """Trust in these roots (DER), whatever the lists say; revocation is not looked at."""
    return JudgedTrust(Judge(_Fixed(roots), None, clock), intermediates)


def pem_trust(pem: bytes, clock: Clock) -> JudgedTrust:
    """Trust in the roots of a PEM file; the other certificates in it may help to build a path.

    Raises:
        CertificateRefused: no root in it, or something that is no certificate.
    """
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        roots = [one.public_bytes(Encoding.DER) for one in certificates if one.subject == one.issuer]
        others = [one.public_bytes(Encoding.DER) for one in certificates if one.subject != one.issuer]
    except ValueError:
        roots, others = [], []
    if not roots:
        text = Text("文件中没有可用的根证书（PEM）。", "The file holds no root certificate in PEM.")
        raise CertificateRefused(text, field="trust_file")
    return root_trust(roots, clock, others)
