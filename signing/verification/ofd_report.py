"""From what was found of an OFD's signatures to reports (pure): the same checks and indications as of a PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from signing.eseal.judge import StampVerdict
from signing.ofd.facts import SignatureFact
from signing.verification.chain import subject_of
from signing.verification.conclude import NOT_OURS, NOT_REACHED, NOT_RECORDED, verdict_of
from signing.verification.judged import register_fault
from signing.verification.ofd_words import BINDINGS, FOLLOWED, GOOD, NOT_JUDGED, WEAK_DIGEST, changed, unprotected
from signing.verification.report import (
    CHECK_NAMES,
    Check,
    Fault,
    KnownSeal,
    ProtectedFiles,
    RevocationReport,
    SignatureReport,
    Step,
    TimestampReport,
)
from signing.verification.stamp_words import stamp_faults, told_stamp

_NOT_JUDGED = Fault(Check.CONTAINER, "SIGNATURE_POLICY_NOT_AVAILABLE", NOT_JUDGED)


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
    timestamp: TimestampReport | None


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
        coverage="unclear" if fact.unprotected else "signed-revision" if followed else "whole-file",
        end=size,
        indication=indication,
        sub_indication=sub_indication,
        conclusion=conclusion,
        steps=steps_of(faults, judged.seal, followed=followed),
        vouched_by=signer.vouches if signer else None,
        assurance=signer.assurance if signer else None,
        certificate=stamp.signer if stamp else None,
        proven_at=judged.proven_at,
        timestamps=(judged.timestamp,) if judged.timestamp else (),
        path=signer.path if signer else (),
        revocation=tuple(RevocationReport(one, now) for one in (signer.evidence if signer else ())),
        algorithm="SGD_SM3_SM2" if stamp else None,
        algorithm_counts=stamp is not None,
        value=stamp.signature if stamp else b"",
        national=told_stamp(verdict),
        files=protected(fact, pages),
    )


def unjudged_report(fact: SignatureFact, *, pages: Sequence[str], followed: bool, size: int) -> SignatureReport:
    """A signature of a kind that is not judged: nothing can be said for it, but files may speak against it."""
    faults = tuple(sorted([*file_faults(fact), _NOT_JUDGED], key=lambda fault: fault.check))
    indication, sub_indication, conclusion = verdict_of(faults)
    return SignatureReport(
        field=fact.path[:200],
        organisation=None,
        seal_name=None,
        organisation_code=None,
        seal_code=None,
        known_seal=None,
        signed_at=None,
        reason=None,
        level=None,
        coverage="unclear" if fact.unprotected else "signed-revision" if followed else "whole-file",
        end=size,
        indication=indication,
        sub_indication=sub_indication,
        conclusion=conclusion,
        steps=steps_of(faults, None, followed=followed),
        value=fact.value,
        files=protected(fact, pages),
    )


def protected(fact: SignatureFact, pages: Sequence[str]) -> ProtectedFiles:
    touched = {*fact.changed, *fact.unprotected}
    numbers = tuple(number for number, path in enumerate(pages, 1) if path in touched)
    return ProtectedFiles(fact.path, fact.references, fact.changed, fact.unprotected, numbers, fact.seen_on)


def faults_of(judged: JudgedStamp) -> tuple[Fault, ...]:
    """In the order of the checks."""
    register = register_fault(judged.seal, judged.proven_at)
    found = [*file_faults(judged.fact), *(BINDINGS[word] for word in judged.bindings), *stamp_faults(judged.verdict)]
    if register is not None and all(fault.check is not Check.REGISTER for fault in found):
        found.append(register)
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
