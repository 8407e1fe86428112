"""The level that a signature has by what is in the file, never by what its maker says (ETSI EN 319 142-1 §6.3).

| Level | What it takes here |
|---|---|
| B-B | a signature container of the profile, its certificate bound in it |
| B-T | a time-stamp that proves: beside the signature, or over the document |
| B-LT | every certificate of the paths below their anchors, and what their authorities said about each of them |
| B-LTA | a document time-stamp that proves, over a revision that has all of that |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cryptography.hazmat.primitives.serialization import Encoding

from keys.trust.certificate import Certificate, CertificateUnreadable, read_certificate
from keys.trust.kept import KeptEvidence
from keys.tsa.errors import TimestampRefused
from keys.tsa.token import read_token
from signing.levels import Level
from signing.pades.security_store import ValidationData
from signing.verification.findings import FileFindings, SignatureFinding
from signing.verification.proven_times import FileTimes, SignatureTimes


@dataclass(frozen=True, slots=True)
class Need:
    """A path whose certificates and their states must be in the file: DER, its anchor last.

    Attributes:
        moment: at which the first of them was used.
    """

    path: tuple[bytes, ...]
    moment: dt.datetime


def level_of(
    found: FileFindings,
    finding: SignatureFinding,
    times: FileTimes,
    own: SignatureTimes,
    signer_path: tuple[bytes, ...],
) -> Level:
    """The level of a PAdES signature that is intact.

    Args:
        signer_path: of the signer's certificate; empty when no trusted authority stands behind it.
    """
    if not own.by_stamp:
        return Level.B_B
    needs, outer = _needs(found, finding, times, own, signer_path)
    carried = _carried(found, finding)
    if not needs or not _has(found.store, needs, times.kept, carried):
        return Level.B_T
    return Level.B_LTA if any(_has(store, needs, times.kept, carried) for store in outer) else Level.B_LT


def _needs(
    found: FileFindings,
    finding: SignatureFinding,
    times: FileTimes,
    own: SignatureTimes,
    signer_path: tuple[bytes, ...],
) -> tuple[list[Need], list[ValidationData]]:
    """What B-LT takes, and what the document time-stamps outside of that protect."""
    if not signer_path or finding.covered is None:
        return [], []
    until = finding.covered.until
    outer = [
        (stamp.store, judged.proven)
        for stamp, judged in zip(found.timestamps, times.documents, strict=True)
        if stamp.covered is not None and stamp.covered.until > until and judged.proven is not None
    ]
    beside = [one.proven for one in own.stamps if one.proven is not None]
    if not beside:  # the first document time-stamp is what proves the time
        beside, outer = [proven for _, proven in outer[:1] if proven is not None], outer[1:]
    needs = [Need(signer_path, own.proven_at), *(Need(one.path, one.latest) for one in beside)]
    return needs, [store for store, _ in outer]


def _has(store: ValidationData, needs: Sequence[Need], kept: KeptEvidence, carried: Collection[bytes]) -> bool:
    at_hand = {*store.certificates, *carried}
    values = {*store.answers, *store.lists}
    return all(_has_path(need, at_hand, values, kept) for need in needs)


def _has_path(need: Need, at_hand: Collection[bytes], values: Collection[bytes], kept: KeptEvidence) -> bool:
    if any(one not in at_hand for one in need.path[:-1]):
        return False
    try:
        path = [read_certificate(one) for one in need.path]
    except CertificateUnreadable:
        return False
    return all(is_told(kept, values, one, issuer, need.moment) for one, issuer in pairwise(path))


def is_told(
    kept: KeptEvidence, values: Collection[bytes] | None, one: Certificate, issuer: Certificate, moment: dt.datetime
) -> bool:
    """Whether these values say of the certificate what a judge would want to know for this moment."""
    return kept.look_among(values, one, issuer, moment=moment) is not None


def _carried(found: FileFindings, finding: SignatureFinding) -> set[bytes]:
    """Certificates in the signature's container and in time-stamps."""
    if finding.container is None:
        return set()
    own = {one.public_bytes(Encoding.DER) for one in finding.container.certificates}
    stamps = (stamp.token.certificates for stamp in found.timestamps if stamp.token is not None)
    return own.union(*stamps, *(_brought(one) for one in finding.container.timestamps))


def _brought(token: bytes) -> tuple[bytes, ...]:
    """Certificates that a token brings along."""
    try:
        return read_token(token).certificates
    except TimestampRefused:
        return ()
