"""Has the stamps of a file judged by the ten steps (`signing.eseal.judge`), with what the file and our register add."""

from __future__ import annotations

import datetime as dt

from core.files.scratch import FileBytes
from signing.eseal.judge import SealStates, StampJudge, StampVerdict
from signing.eseal.model import Seal as NationalSeal
from signing.ports import CertificateJudge
from signing.profiles import LEVEL_NAMES, SM2_SEAL_SUB_FILTER
from signing.verification.cms_reader import document_digest
from signing.verification.findings import FileFindings, SignatureFinding
from signing.verification.judged import register_fault
from signing.verification.national_reader import NationalContainer
from signing.verification.proven_times import FileTimes, SignatureTimes
from signing.verification.report import KnownSeal
from signing.work_pool import WorkPool


async def judge_stamp(
    content: FileBytes,
    finding: SignatureFinding,
    seal: KnownSeal | None,
    own: SignatureTimes,
    found: FileFindings,
    times: FileTimes,
    certificates: CertificateJudge,
    pool: WorkPool,
    *,
    register: SealStates | None,
    now: dt.datetime,
) -> StampVerdict | None:
    """What the steps say of a signature that is a stamp, or should be one; None for others, and where it covers
    nothing that could be told.

    Raises:
        core.errors.LimitExceeded: `busy`.
        core.errors.Unavailable: trust lists or register cannot be read.
    """
    covered, container = finding.covered, finding.container
    if finding.profile != LEVEL_NAMES[SM2_SEAL_SUB_FILTER] or covered is None:
        return None
    if isinstance(container, NationalContainer) and container.stamp and container.digest and finding.intact:
        encoded, digest = container.stamp, container.digest  # compared already
    else:
        stamp = container.stamp if isinstance(container, NationalContainer) else None
        encoded = stamp or covered.value
        digest = await pool.run(document_digest, content, covered.start, covered.end, covered.until, "sm3")

    async def state(stamped_with: NationalSeal, at: dt.datetime) -> str | None:
        """By the very seal, and by the certificate that made the stamp; what a seal calls itself anybody may copy."""
        said = await register(stamped_with, at) if register else None
        fault = register_fault(seal, own.proven_at if own.by_stamp else None)
        if said or fault is None:
            return said
        return "seal-suspended" if fault.sub_indication == "TRY_LATER" else "seal-revoked"

    return await StampJudge(certificates, state).judge(
        encoded,
        digest=digest,
        now=now,
        proven=own.proven_at if finding.intact else None,
        others=found.store.certificates,
        kept=times.kept,
    )
