"""From what was found of an OFD's signatures to reports (pure): the same checks and indications as of a PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from keys.trust.judgement import Judgement
from signing.eseal.judge import StampVerdict
from signing.ofd.facts import SignatureFact
from signing.verification.chain import subject_of
from signing.verification.conclude import NOT_OURS, NOT_REACHED, NOT_RECORDED, verdict_of
from signing.verification.ofd_signed_data import JudgedSignedData, certificate_of
from signing.verification.ofd_words import BINDINGS, FOLLOWED, GOOD, WEAK_DIGEST, changed, unprotected
from signing.verification.report import (
    CHECK_NAMES,
    Check,
    Coverage,
    Fault,
    KnownSeal,
    ProtectedFiles,
    RevocationReport,
    SignatureReport,
    Step,
    TimestampReport,
)
from signing.verification.stamp_words import stamp_faults, told_stamp


@dataclass(frozen=True, slots=True)
class JudgedStamp:
    """A signature with a seal, as its parts were judged.

    Attributes:
        bindings: words of what does not bind the stamp to its place.
        proven_at: when it existed by a time-stamp that counts.
    """

    fact: SignatureFact
    verdict: StampVerdict
    bindings: tuple[str, ...]
    seal: KnownSeal | None
    proven_at: dt.datetime | None
    timestamps: tuple[TimestampReport, ...]

    @property
    def good(self) -> bool:
        """All but the files that it covers."""
        return self.verdict.good and not self.bindings


def stamp_report(
    judged: JudgedStamp, *, pages: Sequence[str], followed: bool, size: int, now: dt.datetime
) -> SignatureReport:
    """
    Args:
        pages: files of the pages, in their order.
        followed: whether other signatures come after it.
    """
    fact, verdict = judged.fact, judged.verdict
    faults = faults_of(judged)
    indication, sub_indication, conclusion = verdict_of(faults)
    stamp, signer = verdict.stamp, verdict.signer
    subject = subject_of(x509.load_der_x509_certificate(stamp.signer)) if stamp and signer and signer.path else None
    info = stamp.seal.info if stamp else None
    return SignatureReport(
        field=fact.path[:200],
        organisation=(subject.organisation if subject else None) or (info.name[:200] if info else None),
        seal_name=info.name[:200] if info else None,
        organisation_code=subject.organisation_code if subject else None,
        seal_code=info.seal_id[:200] if info else None,
        known_seal=judged.seal,
        signed_at=stamp.made_at if stamp else None,
        reason=None,
        level=stamp.edition.value if stamp else None,
        coverage=_coverage(fact, followed=followed),
        end=size,
        indication=indication,
        sub_indication=sub_indication,
        conclusion=conclusion,
        steps=steps_of(faults, judged.seal, followed=followed),
        vouched_by=signer.vouches if signer else None,
        assurance=signer.assurance if signer else None,
        certificate=stamp.signer if stamp else None,
        proven_at=judged.proven_at,
        timestamps=judged.timestamps,
        path=signer.path if signer else (),
        revocation=_revocation(signer, now),
        algorithm="SGD_SM3_SM2" if stamp else None,
        algorithm_counts=stamp is not None,
        value=stamp.signature if stamp else b"",
        national=told_stamp(verdict),
        files=protected(fact, pages),
    )


def signed_data_report(
    judged: JudgedSignedData, *, pages: Sequence[str], followed: bool, size: int, now: dt.datetime
) -> SignatureReport:
    """A signature without a seal."""
    fact, container, signer = judged.fact, judged.container, judged.signer
    faults = tuple(sorted([*file_faults(fact), *judged.faults], key=lambda fault: fault.check))
    indication, sub_indication, conclusion = verdict_of(faults)
    subject = subject_of(container.signer) if container else None
    return SignatureReport(
        field=fact.path[:200],
        organisation=subject.organisation if subject else None,
        seal_name=None,
        organisation_code=subject.organisation_code if subject else None,
        seal_code=None,
        known_seal=None,
        signed_at=container.signing_time if container else None,
        reason=None,
        level="GM/T 0010" if container else None,
        coverage=_coverage(fact, followed=followed),
        end=size,
        indication=indication,
        sub_indication=sub_indication,
        conclusion=conclusion,
        steps=steps_of(faults, None, followed=followed),
        vouched_by=signer.vouches if signer else None,
        assurance=signer.assurance if signer else None,
        certificate=certificate_of(container) if container else None,
        proven_at=judged.proven_at,
        timestamps=tuple(judged.timestamps),
        path=signer.path if signer else (),
        revocation=_revocation(signer, now),
        algorithm=container.algorithm_name if container else None,
        algorithm_counts=container is not None and container.counts_at(judged.proven_at or now),
        value=container.signature if container else fact.value,
        files=protected(fact, pages),
    )


def _coverage(fact: SignatureFact, *, followed: bool) -> Coverage:
    return "unclear" if fact.unprotected else "signed-revision" if followed else "whole-file"


def _revocation(signer: Judgement | None, now: dt.datetime) -> tuple[RevocationReport, ...]:
    return tuple(RevocationReport(one, now) for one in (signer.evidence if signer else ()))


def protected(fact: SignatureFact, pages: Sequence[str]) -> ProtectedFiles:
    touched = {*fact.changed, *fact.unprotected}
    numbers = {path: number for number, path in enumerate(pages, 1) if path in touched}
    return ProtectedFiles(fact.path, fact.references, fact.changed, fact.unprotected, numbers, fact.seen_on)


def faults_of(judged: JudgedStamp) -> tuple[Fault, ...]:
    """In the order of the checks."""
    found = [*file_faults(judged.fact), *(BINDINGS[word] for word in judged.bindings), *stamp_faults(judged.verdict)]
    return tuple(sorted(found, key=lambda fault: fault.check))


def file_faults(fact: SignatureFact) -> list[Fault]:
    """What the files of the package say against a signature."""
    found = [unprotected(fact.unprotected)] if fact.unprotected else []
    if not fact.counts:
        found.append(WEAK_DIGEST)
    return found + ([changed(fact.changed)] if fact.changed else [])


def steps_of(faults: Sequence[Fault], seal: KnownSeal | None, *, followed: bool) -> tuple[Step, ...]:
    """Every check; of several faults in one the first is told, for the others there are the ten steps."""
    by_check = {fault.check: fault for fault in reversed(faults)}
    unread = any(fault.check is Check.CONTAINER for fault in faults)
    out = []
    for check in Check:
        if check in by_check:
            out.append(Step(check, CHECK_NAMES[check], False, by_check[check].text))
        elif unread and check > Check.CONTAINER:
            out.append(Step(check, CHECK_NAMES[check], None, NOT_REACHED))
        elif check is Check.REGISTER and (seal is None or seal.recorded_at is None):
            out.append(Step(check, CHECK_NAMES[check], *((True, NOT_RECORDED) if seal else (None, NOT_OURS))))
        else:
            text = FOLLOWED if check is Check.LATER and followed else GOOD[check]
            out.append(Step(check, CHECK_NAMES[check], True, text))
    return tuple(out)
