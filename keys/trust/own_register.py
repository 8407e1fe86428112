"""Revocation of our own certificates, from the authority's register itself: no network, no lists, no delay but one."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict

from core.clock import Clock
from keys.trust.certificate import Certificate
from keys.trust.judgement import Evidence
from keys.trust.ports import CertificateRegister, RevocationSource

_KEPT = 4096


class OwnRegister:
    """Implements `keys.trust.ports.RevocationSource`.

    Args:
        seconds: for how long an answer is used again: a revocation is known to every worker after this time.
    """

    def __init__(self, register: CertificateRegister, clock: Clock, *, seconds: float = 5.0) -> None:
        self._register = register
        self._clock = clock
        self._life = dt.timedelta(seconds=seconds)
        self._kept: OrderedDict[str, Evidence] = OrderedDict()

    async def look_up(self, certificate: Certificate, issuer: Certificate) -> Evidence | None:
        if not self._register.answers_for(issuer):
            return None
        now = self._clock.now()
        kept = self._kept.get(certificate.fingerprint)
        if kept is not None and kept.produced_at <= now < kept.produced_at + self._life:
            return kept
        status = await self._register.status_of(certificate.fingerprint)
        if status is None:  # our key signed it, and nobody on duty issued it
            revoked_at: dt.datetime | None = certificate.not_before
            reason: str | None = "unspecified"
        else:
            revoked_at, reason = status.revoked_at, status.reason
        evidence = Evidence(certificate.fingerprint, "own-register", now, revoked_at, reason)
        self._kept[certificate.fingerprint] = evidence
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return evidence


_: type[RevocationSource] = OwnRegister
