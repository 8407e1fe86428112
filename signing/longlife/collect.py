"""Collects what it takes to judge a file without asking anybody: certificates, and what was said about each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise

from keys.trust.certificate import Certificate, read_certificate
from keys.trust.judgement import Evidence, Judgement
from keys.trust.kept import KeptEvidence
from keys.trust.model import Service
from signing.errors import EvidenceMissing
from signing.longlife.inspect import Inspection
from signing.longlife.ports import OwnAnswers
from signing.pades.security_store import ValidationData
from signing.ports import CertificateJudge


class CollectEvidence:
    """For every signature that is to last and every time-stamp that counts (ETSI EN 319 142-1 §5.4.1, §6.3).

    Responders' certificates come along in their answers and are exempt from revocation themselves.
    """

    def __init__(self, judge: CertificateJudge, own: OwnAnswers) -> None:
        self._judge = judge
        self._own = own

    async def __call__(self, inspected: Inspection, *, now: dt.datetime) -> ValidationData:
        """
        Raises:
            EvidenceMissing: an authority does not answer, or what it says will not do.
            core.errors.Unavailable: the lists cannot be read.
        """
        found, times = inspected.found, inspected.times
        data = ValidationData()
        for judgement, own in inspected.signatures:
            data = data.joined(await self._of_path(judgement, times.kept, own.proven_at, now))
        beside = [stamp for _, own in inspected.signatures for stamp in own.stamps]
        for judged in (*beside, *times.documents):
            if judged.proven is None:
                continue
            # what is known now of the token's authority is what the next time-stamp will protect
            path, moment = judged.proven.path, judged.known_at
            judgement = await self._judge.judge(
                path[0],
                [*path[1:], *found.store.certificates],
                service=Service.TIMESTAMPS,
                at=moment,
                kept=times.kept,
            )
            data = data.joined(await self._of_path(judgement, times.kept, moment, now))
        return data

    async def _of_path(
        self, judgement: Judgement, kept: KeptEvidence, moment: dt.datetime, now: dt.datetime
    ) -> ValidationData:
        path = [read_certificate(one) for one in judgement.path]
        if not path or not judgement.good:
            raise EvidenceMissing(judgement.fault.reason if judgement.fault else "no path")
        data = ValidationData(certificates=judgement.path)
        said = {one.certificate: one for one in judgement.evidence}
        for certificate, issuer in pairwise(path):
            if kept.look_up(certificate, issuer, moment=moment) is not None:
                continue
            fresh = _encoded(said.get(certificate.fingerprint)) or await self._own.about(certificate.der, issuer.der)
            if not _does(fresh, certificate, issuer, moment, now):
                raise EvidenceMissing("no answer that can be kept")
            data = data.joined(fresh)
        return data


def _encoded(evidence: Evidence | None) -> ValidationData:
    if evidence is None or not evidence.encoded:
        return ValidationData()
    if evidence.source == "crl":
        return ValidationData(lists=(evidence.encoded,))
    return ValidationData(answers=(evidence.encoded,))


def _does(
    data: ValidationData, certificate: Certificate, issuer: Certificate, moment: dt.datetime, now: dt.datetime
) -> bool:
    """Whether a judge who has nothing else would find out from it."""
    kept = KeptEvidence(_as_of(data.answers, now), _as_of(data.lists, now))
    return kept.look_up(certificate, issuer, moment=moment) is not None


def _as_of(values: Iterable[bytes], now: dt.datetime) -> dict[bytes, dt.datetime]:
    return dict.fromkeys(values, now)
