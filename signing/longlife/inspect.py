"""Looks at a sealed file before it is made to last: only what is whole and genuine is worth it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import count

from core.files.scratch import FileBytes
from keys.spec import ALGORITHMS, Use
from keys.trust.certificate import read_certificate
from keys.trust.judgement import Judgement
from keys.verification import load_verification_key
from signing.errors import not_extendable
from signing.levels import Level
from signing.ports import CertificateJudge
from signing.profiles import LEVEL_NAMES
from signing.verification.chain import certificate_fault, judge_signer
from signing.verification.findings import FileFindings, SignatureFinding
from signing.verification.level import level_of
from signing.verification.look import LookAtFile
from signing.verification.proven_times import FileTimes, JudgedStamp, SignatureTimes, prove_times


@dataclass(frozen=True, slots=True)
class Inspection:
    """A sealed file, and those of its signatures that are to last.

    Attributes:
        signatures: each with its signer and its times.
        level: the lowest of theirs.
    """

    found: FileFindings
    times: FileTimes
    signatures: tuple[tuple[Judgement, SignatureTimes], ...]
    level: Level

    def free_name(self, stem: str) -> str:
        """A name that no field has yet."""
        taken = {one.field for one in self.found.signatures} | {one.field for one in self.found.timestamps}
        return next(name for number in count(1) if (name := f"{stem}{number}") not in taken)

    def renew_by(self) -> dt.datetime | None:
        """When the outermost good document time-stamp stops counting; None when there is none."""
        for stamp, judged in zip(reversed(self.found.timestamps), reversed(self.times.documents), strict=True):
            if judged.proven is not None and stamp.token is not None:
                return min(_ends(judged), _algorithm_ends(judged, stamp.token.algorithm))
        return None


class Inspect:
    """Finds out what a sealed file is worth now."""

    def __init__(self, judge: CertificateJudge, look: LookAtFile) -> None:
        self._judge = judge
        self._look = look

    async def __call__(self, content: FileBytes, *, now: dt.datetime, field: str | None = None) -> Inspection:
        """
        Args:
            field: of the one signature that counts; None for all.

        Raises:
            PdfRefused: `pdf-not-extendable`: not sealed, not whole, or sealed by somebody whom nobody vouches for.
            core.errors.LimitExceeded: `busy`.
            core.errors.Unavailable: the lists cannot be read.
        """
        seen = await self._look(content)
        found = seen.found if seen is not None else FileFindings("damaged")
        # what others may know of a signature does not help whoever has nothing but the file
        times = await prove_times(content, found, [None] * len(found.signatures), self._judge, now=now)
        signatures, levels = [], []
        for finding, own in zip(found.signatures, times.signatures, strict=True):
            if finding.profile in LEVEL_NAMES.values():  # has no levels; in a dual file the one around it has
                continue
            if field is None or finding.field == field:
                signer = await self._signer(finding, own, found, times)
                signatures.append((signer, own))
                levels.append(level_of(found, finding, times, own, signer.path))
        if not levels:
            raise not_extendable("no such signature")
        return Inspection(found, times, tuple(signatures), min(levels, key=lambda one: one.rank))

    async def _signer(
        self, finding: SignatureFinding, own: SignatureTimes, found: FileFindings, times: FileTimes
    ) -> Judgement:
        if not finding.intact or finding.container is None or finding.covered is None:
            raise not_extendable("not intact")
        until = finding.covered.until
        for stamp, judged in zip(found.timestamps, times.documents, strict=True):
            if judged.forged and (stamp.covered is None or stamp.covered.until > until):
                raise not_extendable("a forged time-stamp")
        judgement = await judge_signer(
            self._judge,
            finding.container.signer,
            finding.container.certificates,
            signed_at=finding.claimed_time,
            proven_at=own.proven_at,
            store=found.store.certificates,
            kept=times.kept,
        )
        fault = certificate_fault(
            judgement,
            finding.container.signer,
            finding.container.certificates,
            signed_at=finding.claimed_time,
            proven_at=own.proven_at,
            store=found.store.certificates,
        )
        if fault is not None:
            raise not_extendable(fault.sub_indication)
        return judgement


def _ends(judged: JudgedStamp) -> dt.datetime:
    """When the first certificate of the path below its anchor ends."""
    assert judged.proven is not None
    below = judged.proven.path[:-1] or judged.proven.path
    return min(read_certificate(one).not_after for one in below)


def _algorithm_ends(judged: JudgedStamp, algorithm: str) -> dt.datetime:
    """When the algorithm table ends the time-stamp's own algorithm for its size of key."""
    assert judged.proven is not None
    row = next(row for name, row in ALGORITHMS.items() if name == algorithm)
    key = load_verification_key(read_certificate(judged.proven.path[0]).public_key, row.algorithm)
    until = row.until(key.bits, frozenset({Use.TIMESTAMP}))
    if until is None:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    return dt.datetime.combine(until, dt.time(), dt.UTC)
