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
from signing.eseal.judge import StampJudge
from signing.eseal.model import Stamp
from signing.eseal.read import StructureRefused, read_stamp
from signing.isolation.port import CellEnded, Isolation
from signing.national.register import SealRegister
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
        register: SealRegister,
        clock: Clock,
        pool: WorkPool,
        isolation: Isolation,
        settings: SigningSettings,
    ) -> None:
        self._database = database
        self._store = store
        self._certificates = judge
        self._stamps = stamps
        self._register = register
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
        judged = await self._judge_all(facts.signatures, digest, len(content), now)
        for one in judged:
            if one.good and not await pool.run(_fits, content, one.fact):
                return _stopped(digest, len(content), now)
        return _report(content, facts, judged, digest, now)

    def _read(self, content: FileBytes) -> PackageFacts | None:
        try:
            return self._isolation.ask(PACKAGE_FACTS, content)
        except CellEnded:
            return None

    async def _judge_all(
        self, facts: Sequence[SignatureFact], digest: str, size: int, now: dt.datetime
    ) -> list[JudgedStamp | JudgedSignedData]:
        """From the last to the first: what a good signature covers existed when it was made."""
        found: list[JudgedStamp | JudgedSignedData] = []
        existed: dt.datetime | None = None
        for fact in reversed(facts):
            judged = await self._judge(fact, digest, size, now, existed)
            if judged.good and judged.proven_at is not None and not (fact.changed or fact.unprotected):
                existed = judged.proven_at
            found.insert(0, judged)
        return found

    async def _judge(
        self, fact: SignatureFact, digest: str, size: int, now: dt.datetime, existed: dt.datetime | None
    ) -> JudgedStamp | JudgedSignedData:
        if fact.kind != "Seal":
            return await judge_signed_data(fact, self._certificates, now=now, end=size, existed=existed)
        stamp = _read(fact.value)
        tokens = (stamp.time_stamp,) if stamp and stamp.time_stamp else ()
        over, seal = stamp.signature if stamp else b"", await self._known_seal(stamp, digest)
        proven, stamps = await proven_time(tokens, over, self._certificates, now=now, field=fact.path[:200], end=size)
        moments = [one for one in (proven, existed, seal.recorded_at if seal else None) if one is not None]
        verdict = await self._stamps.judge(
            fact.value,
            digest=hashlib.new("sm3", fact.described).digest(),
            now=now,
            proven=min(moments, default=None),
        )
        bindings = tuple(binding_faults(verdict, fact.path, fact.seal))
        by_stamp = [one for one in (proven, existed) if one is not None]
        own = seal if verdict.signed else None  # a copy of its names and its certificate is not enough
        return JudgedStamp(fact, verdict, bindings, own, min(by_stamp, default=None), stamps)

    async def _known_seal(self, stamp: Stamp | None, digest: str) -> KnownSeal | None:
        """The seal whose very certificate the stamp names, if it is one of ours."""
        found = await self._register.of_certificate(hashlib.sha256(stamp.signer).hexdigest()) if stamp else None
        if found is None:
            return None
        seal, _ = found
        async with self._database.read() as tx:
            record = await self._store.signature_of_file(tx, digest)
        recorded_at = record.signed_at if record is not None and record.seal_id == seal.id else None
        return KnownSeal(seal.id, seal.status.value, seal.organisation, seal.code, seal.revoked_at, recorded_at)


def _read(value: bytes) -> Stamp | None:
    try:
        return read_stamp(value)
    except StructureRefused:  # said by the first of its steps
        return None


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
    if worst.altered and worst.files is not None:
        return changed_since(worst.files)
    if worst.conclusion == "changed":
        return words("changed", sealed_by=None, sub_indication=None)
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
