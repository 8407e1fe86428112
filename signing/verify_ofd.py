"""Judges an OFD: is it genuine, who sealed it, was it changed. Each stamp by the ten steps of GB/T 38540-2020.

It answers with a report for whatever bytes it is given and never raises for their sake. The package is read in a
process apart (`signing.ofd.facts`); stamps are judged here, and what a good one protects is checked here once more.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Sequence

from core.clock import Clock
from core.db.database import Database
from core.files.reading import hashed
from core.files.scratch import FileBytes
from core.text import Text
from signing.eseal.judge import StampJudge, StampVerdict
from signing.eseal.read import StructureRefused, read_stamp
from signing.isolation.port import CellEnded, Isolation
from signing.ofd.facts import PACKAGE_FACTS, FactsDoNotFit, PackageFacts, SignatureFact, check_again
from signing.ofd.judge import binding_faults
from signing.ofd.signatures import ROOT
from signing.ports import CertificateJudge, SealStore
from signing.settings import SigningSettings
from signing.verification.conclude import file_steps, summary, words
from signing.verification.ofd_report import JudgedStamp, signed_data_report, stamp_report
from signing.verification.ofd_signed_data import JudgedSignedData, judge_signed_data
from signing.verification.ofd_words import (
    GOOD,
    NOT_SIGNED,
    TOO_MUCH,
    cannot_be_relied_on,
    changed_since,
    refusal_words,
)
from signing.verification.report import Check, KnownSeal, SignatureReport, VerificationReport
from signing.verification.stamp_times import proven_time
from signing.work_pool import WorkPool

_log = logging.getLogger(__name__)
_NOT_AN_OFD = "not-an-ofd"
_TOLD_ALIKE = frozenset({"NO_CERTIFICATE_CHAIN_FOUND", "REVOKED", "REVOKED_NO_POE", "REVOKED_CA_NO_POE", "TRY_LATER"})
"""Doubts for which PDFs have words already."""


class VerifyOfd:
    """Verifies the signatures of one package."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        judge: CertificateJudge,
        stamps: StampJudge,
        clock: Clock,
        pool: WorkPool,
        isolation: Isolation,
        settings: SigningSettings,
    ) -> None:
        self._database = database
        self._store = store
        self._certificates = judge
        self._stamps = stamps
        self._clock = clock
        self._pool = pool
        self._isolation = isolation
        self._settings = settings

    async def __call__(self, content: FileBytes) -> VerificationReport:
        """
        Raises:
            core.errors.LimitExceeded: `busy`; the file was not looked at.
            core.errors.Unavailable: register or trust lists do not answer; nothing is said about the file.
        """
        pool = self._pool.lane(len(content))
        digest = (await pool.run(hashed, content)).hexdigest()
        now = self._clock.now()
        if len(content) > self._settings.max_pdf_bytes:
            return _stopped(digest, len(content), now)
        facts = await pool.run(self._read, content)
        if facts is None:
            return _stopped(digest, len(content), now)
        if facts.refused:
            return _refused(facts.refused, digest, len(content), now)
        if not facts.signatures:
            return _unsigned(digest, len(content), now)
        judged = [await self._judge(fact, digest, len(content), now) for fact in facts.signatures]
        for one in judged:
            if one.good and not await pool.run(_fits, content, one.fact):
                return _stopped(digest, len(content), now)
        return _report(content, facts, judged, digest, now)

    def _read(self, content: FileBytes) -> PackageFacts | None:
        try:
            return self._isolation.ask(PACKAGE_FACTS, content)
        except CellEnded:
            return None

    async def _judge(
        self, fact: SignatureFact, digest: str, size: int, now: dt.datetime
    ) -> JudgedStamp | JudgedSignedData:
        if fact.kind != "Seal":
            return await judge_signed_data(fact, self._certificates, now=now, end=size)
        tokens, over = _time_stamp(fact.value)
        proven, stamps = await proven_time(tokens, over, self._certificates, now=now, field=fact.path[:200], end=size)
        digest_of = hashlib.new("sm3", fact.described).digest()
        verdict = await self._stamps.judge(fact.value, digest=digest_of, now=now, proven=proven)
        seal = await self._known_seal(verdict, digest)
        bindings = tuple(binding_faults(verdict, fact.path, fact.seal))
        return JudgedStamp(fact, verdict, bindings, seal, proven, stamps)

    async def _known_seal(self, verdict: StampVerdict, digest: str) -> KnownSeal | None:
        """The seal whose very certificate signed, if it is one of ours; a copy of its names is not enough."""
        stamp = verdict.stamp
        if stamp is None or not verdict.signed:
            return None
        async with self._database.read() as tx:
            seal = await self._store.seal_of_certificate(tx, hashlib.sha256(stamp.signer).hexdigest())
            record = await self._store.signature_of_file(tx, digest) if seal else None
        if seal is None:
            return None
        recorded_at = record.signed_at if record is not None and record.seal_id == seal.id else None
        return KnownSeal(seal.id, seal.status.value, seal.organisation, seal.code, seal.revoked_at, recorded_at)


def _time_stamp(value: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The time-stamp of a stamp, and the signature value that it ought to be over."""
    try:
        stamp = read_stamp(value)
    except StructureRefused:
        return (), b""
    return () if stamp.time_stamp is None else (stamp.time_stamp,), stamp.signature


def _fits(content: FileBytes, fact: SignatureFact) -> bool:
    try:
        check_again(content, fact)
    except FactsDoNotFit:  # whoever answered so has been taken over: nothing is said about the file
        _log.error("what was read of a package is not true of it")
        return False
    return True


def _report(
    content: FileBytes,
    facts: PackageFacts,
    judged: Sequence[JudgedStamp | JudgedSignedData],
    digest: str,
    now: dt.datetime,
) -> VerificationReport:
    size, reports = len(content), []
    for place, one in enumerate(judged):
        followed = place < len(judged) - 1
        if isinstance(one, JudgedStamp):
            reports.append(stamp_report(one, pages=facts.pages, followed=followed, size=size, now=now))
        else:
            reports.append(signed_data_report(one, pages=facts.pages, followed=followed, size=size, now=now))
    indication, sub_indication, conclusion, steps = summary(reports)
    named = any(_names_hold(one) for one in judged)
    worst = next(one for one in reports if one.conclusion == conclusion)
    return VerificationReport(
        indication,
        sub_indication,
        conclusion,
        _words(worst, reports[-1]),
        steps,
        tuple(reports),
        digest,
        size,
        now,
        signed_revision=content if conclusion == "genuine" else None,
        format="ofd",
        names=facts.names if named else {},
    )


def _names_hold(one: JudgedStamp | JudgedSignedData) -> bool:
    """Whether somebody we trust signed what the package says of itself, and it is still that."""
    return one.good and one.fact.counts and ROOT not in (*one.fact.changed, *one.fact.unprotected)


def _words(worst: SignatureReport, last: SignatureReport) -> Text:
    if worst.conclusion == "unknown-signer" and worst.sub_indication not in _TOLD_ALIKE:
        failed = next((step for step in worst.steps if step.passed is False), None)
        if failed is not None:
            return cannot_be_relied_on(failed.text)
    if worst.conclusion == "changed" and worst.files is not None and (worst.files.changed or worst.files.unprotected):
        return changed_since(worst.files)
    return words(worst.conclusion, sealed_by=last, sub_indication=worst.sub_indication)


def _refused(word: str, digest: str, size: int, now: dt.datetime) -> VerificationReport:
    """A package that cannot be read in one way only: whatever signatures it may have hold for nothing."""
    text = refusal_words(word)
    foreign = word == _NOT_AN_OFD
    return VerificationReport(
        "INDETERMINATE" if foreign else "TOTAL-FAILED",
        "NO_SIGNATURE" if foreign else "FORMAT_FAILURE",
        "not-an-ofd",
        text,
        file_steps(False, text),
        (),
        digest,
        size,
        now,
        format="ofd",
        refusal=word,
    )


def _unsigned(digest: str, size: int, now: dt.datetime) -> VerificationReport:
    steps = file_steps(True, GOOD[Check.FILE])
    told = (NOT_SIGNED, steps, (), digest, size, now)
    return VerificationReport("INDETERMINATE", "NO_SIGNATURE", "not-signed", *told, format="ofd")


def _stopped(digest: str, size: int, now: dt.datetime) -> VerificationReport:
    """The report on a file that costs too much to judge."""
    told = (words("undecided", sealed_by=None, sub_indication=None), file_steps(False, TOO_MUCH), (), digest, size, now)
    return VerificationReport("INDETERMINATE", "PROCESSING_LIMIT", "undecided", *told, format="ofd")
