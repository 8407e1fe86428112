"""Judges a PDF: is it genuine, who sealed it, was it changed. The steps are those of `verification.report.Check`.

It answers with a report for whatever bytes it is given and never raises for their sake. The file is read in a process
apart (`verification.facts`), and its pages are compared in one more; whom to trust is decided here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives import hashes

from core.clock import Clock
from core.db.database import Database
from core.files.reading import LARGE, hashed, head_of
from core.files.scratch import FileBytes
from core.text import Text
from keys.trust.judgement import Judgement
from signing.eseal.judge import SealStates, StampVerdict
from signing.levels import Level
from signing.ports import CertificateJudge, SealStore
from signing.settings import SigningSettings
from signing.verification.chain import certificate_fault, judge_signer
from signing.verification.conclude import (
    file_steps,
    signature_report,
    summary,
    without_signatures,
    words,
)
from signing.verification.findings import FileFindings, SignatureFinding
from signing.verification.judged import (
    Judged,
    good_until,
    register_fault,
    with_forged_stamps,
    with_inner_uses,
)
from signing.verification.level import level_of
from signing.verification.look import LookAtFile, Seen
from signing.verification.national_stamps import judge_stamp
from signing.verification.page_changes import page_changes
from signing.verification.proven_times import FileTimes, SignatureTimes, prove_times
from signing.verification.report import Check, Fault, KnownSeal, VerificationReport
from signing.verification.stamp_words import stamp_faults
from signing.verification.traits import TRAIT_WORDS
from signing.work_pool import WorkPool

_TOO_MUCH = Text("文件太大或太复杂，核验中止。", "The file is too large or too complex; checking was stopped.")


class VerifyPdf:
    """Verifies the signatures of one file.

    Args:
        register: what we know of national seals; None for a service that has none.
    """

    def __init__(
        self,
        database: Database,
        store: SealStore,
        judge: CertificateJudge,
        clock: Clock,
        pool: WorkPool,
        look: LookAtFile,
        settings: SigningSettings,
        register: SealStates | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._certificates = judge
        self._clock = clock
        self._pool = pool
        self._look = look
        self._settings = settings
        self._register = register

    async def __call__(self, content: FileBytes) -> VerificationReport:
        """
        Raises:
            core.errors.LimitExceeded: `busy`; the file was not looked at.
            core.errors.Unavailable: the register does not answer; nothing is said about the file.
        """
        pool = self._pool.lane(len(content))
        if len(content) > LARGE:
            await pool.run(hashed, content)  # once, and in a thread; what asks for it later does not wait
        if len(content) > self._settings.max_pdf_bytes:
            return self._stopped(content)
        # 1 to 5, and 8. What the file itself says
        seen = await self._look(content)
        if seen is None:
            return self._stopped(content)
        found = seen.found
        if not found.signatures:
            return self._unsigned(content, found)
        # 7. What the register says
        seals = with_inner_uses(found, [await self._known_seal(content, one) for one in found.signatures])
        # 6. When it was signed, and whom our trust lists vouch for
        now = self._clock.now()
        recorded = [seal.recorded_at if seal else None for seal in seals]
        times = await prove_times(content, found, recorded, self._certificates, now=now)
        stamps, signers = [], []
        for one, seal, own in zip(found.signatures, seals, times.signatures, strict=True):
            facts = (content, one, seal, own, found, times, self._certificates, pool)
            stamp = await judge_stamp(*facts, register=self._register, now=now)
            stamps.append(stamp)
            signers.append(stamp.signer if stamp and one.intact else await self._signer(one, own, found, times))
        report = await pool.run(self._judge, content, seen, seals, signers, stamps, times, now)
        if report.conclusion in ("changed", "annotated") and report.signed_revision is not None:
            changes = await pool.run(page_changes, report.signed_revision, content)
            report = replace(report, changes=changes)
        return report

    async def _known_seal(self, content: FileBytes, finding: SignatureFinding) -> KnownSeal | None:
        """The seal whose very certificate signed, if it is one of ours; a copy of its names is not enough."""
        if finding.signer is None or finding.covered is None or not finding.intact:
            return None
        digest = hashed(content, end=finding.covered.until).hexdigest()
        async with self._database.read() as tx:
            seal = await self._store.seal_of_certificate(tx, finding.signer.fingerprint(hashes.SHA256()).hex())
            record = await self._store.signature_of_file(tx, digest) if seal else None
            if seal is not None and record is None and finding.container is not None:  # sealed by its digest alone
                value = hashed(finding.container.signature).hexdigest()
                record = await self._store.signature_of_file(tx, value)
        if seal is None:
            return None
        recorded_at = record.signed_at if record is not None and record.seal_id == seal.id else None
        return KnownSeal(seal.id, seal.status.value, seal.organisation, seal.code, seal.revoked_at, recorded_at)

    async def _signer(
        self, finding: SignatureFinding, own: SignatureTimes, found: FileFindings, times: FileTimes
    ) -> Judgement | None:
        """What can be said of the certificate of a signature that is intact."""
        if not finding.intact or finding.container is None:
            return None
        return await judge_signer(
            self._certificates,
            finding.container.signer,
            finding.container.certificates,
            signed_at=finding.claimed_time,
            proven_at=own.proven_at,
            store=found.store.certificates,
            kept=times.kept,
        )

    def _judge(
        self,
        content: FileBytes,
        seen: Seen,
        seals: Sequence[KnownSeal | None],
        signers: Sequence[Judgement | None],
        stamps: Sequence[StampVerdict | None],
        times: FileTimes,
        now: dt.datetime,
    ) -> VerificationReport:
        found = seen.found
        judged = [
            _judged(found, times, *one)
            for one in zip(found.signatures, seals, signers, stamps, times.signatures, strict=True)
        ]
        judged = with_forged_stamps(judged, times, found)
        reports = tuple(signature_report(one, size=len(content), kept=times.kept, now=now) for one in judged)
        indication, sub_indication, conclusion, steps = summary(reports)
        last_good = good_until(judged, seen.revisions)
        sealed_by = reports[last_good] if last_good is not None else None
        original = head_of(content, sealed_by.end) if sealed_by else None
        return VerificationReport(
            indication,
            sub_indication,
            conclusion,
            words(conclusion, sealed_by=sealed_by, sub_indication=sub_indication),
            steps,
            reports,
            hashed(content).hexdigest(),
            len(content),
            now,
            later_revisions=found.revisions - 1 - judged[last_good].finding.revision if last_good is not None else 0,
            embedded_files=self._attachments(original, seen, len(content)),
            signed_revision=original,
            timestamps=tuple(one.report for one in times.documents),
            revisions=seen.revisions,
            notices=tuple(TRAIT_WORDS[one] for one in seen.traits),
        )

    def _attachments(self, original: FileBytes | None, seen: Seen, size: int) -> Mapping[str, bytes]:
        if original is None:
            return {}
        if len(original) == size and seen.attached is not None:
            return seen.attached
        return self._look.attachments(original)

    def _unsigned(self, content: FileBytes, found: FileFindings) -> VerificationReport:
        indication, sub_indication, conclusion = without_signatures(found)
        text = words(conclusion, sealed_by=None, sub_indication=sub_indication)
        steps = file_steps(conclusion == "not-signed", text)
        digest, now = hashed(content).hexdigest(), self._clock.now()
        return VerificationReport(indication, sub_indication, conclusion, text, steps, (), digest, len(content), now)

    def _stopped(self, content: FileBytes) -> VerificationReport:
        """The report on a file that costs too much to judge."""
        return VerificationReport(
            "INDETERMINATE",
            "PROCESSING_LIMIT",
            "undecided",
            words("undecided", sealed_by=None, sub_indication=None),
            file_steps(False, _TOO_MUCH),
            (),
            hashed(content).hexdigest(),
            len(content),
            self._clock.now(),
        )


def _judged(
    found: FileFindings,
    times: FileTimes,
    finding: SignatureFinding,
    seal: KnownSeal | None,
    signer: Judgement | None,
    stamp: StampVerdict | None,
    own: SignatureTimes,
) -> Judged:
    faults = _faults(found, finding, seal, signer, stamp, own)
    return Judged(finding, seal, faults, signer, own, _level(found, finding, times, own, signer), stamp)


def _level(
    found: FileFindings, finding: SignatureFinding, times: FileTimes, own: SignatureTimes, signer: Judgement | None
) -> Level | None:
    if not finding.intact or finding.profile != Level.B_B:
        return None
    return level_of(found, finding, times, own, signer.path if signer else ())


def _faults(
    found: FileFindings,
    finding: SignatureFinding,
    seal: KnownSeal | None,
    signer: Judgement | None,
    stamp: StampVerdict | None,
    own: SignatureTimes,
) -> tuple[Fault, ...]:
    """All faults in the order of what they rest on: of steps 6 and 7 for a signature that is intact, of step 8 last."""
    if finding.container is None or signer is None:
        return finding.faults
    before = [fault for fault in finding.faults if fault.check is not Check.LATER]
    later = [fault for fault in finding.faults if fault.check is Check.LATER]
    if stamp is not None:  # its ten steps are those, and more
        return (*before, *stamp_faults(stamp), *later)
    certificate = certificate_fault(
        signer,
        finding.container.signer,
        finding.container.certificates,
        signed_at=finding.claimed_time,
        proven_at=own.proven_at,
        store=found.store.certificates,
    )
    more = (certificate, register_fault(seal, own.proven_at if own.by_stamp else None))
    return (*before, *(fault for fault in more if fault), *later)
