"""What time-stamps prove: when each signature certainly existed (ETSI EN 319 102-1 §5.4, §5.6.2.3).

Document time-stamps are judged from the outside in: the last one as of now, each inner one as of the time that the next
outer good one proves. So a signature stays good after its certificate, its authority and even its algorithm have ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from core.errors import Unavailable
from core.files.scratch import FileBytes
from core.text import Text
from keys.trust.kept import KeptEvidence
from keys.tsa.errors import Fault as TokenFault
from keys.tsa.errors import TimestampRefused
from keys.tsa.imprint import Content
from keys.tsa.token import TimestampToken, read_token
from keys.tsa.trust import JudgedTrust
from keys.tsa.verify import ProvenTime, verify_token
from signing.pades.security_store import ValidationData
from signing.ports import CertificateJudge
from signing.verification.cms_reader import document_digest
from signing.verification.findings import FileFindings, SignatureFinding, TimestampFinding
from signing.verification.report import TimestampReport

# these say that the token is not what an authority made, not merely that nobody here relies on that authority
_FORGED = frozenset({TokenFault.MALFORMED, TokenFault.IMPRINT, TokenFault.BINDING, TokenFault.SIGNATURE})
_SEALING = dt.timedelta(minutes=15)  # at most, from the moment that the ledger names to the end of sealing
_UNTOLD = Text("现在查不到时间戳机构的证书状态。", "The state of the time-stamping authority cannot be found out now.")
_STAMP_FORGED = Text("时间戳是伪造的，或被改过。", "The time-stamp is forged, or was changed.")


@dataclass(frozen=True, slots=True)
class JudgedStamp:
    """A token and what it proves.

    Attributes:
        proven: None when it proves nothing; `report` says why.
        known_at: as of when it was judged: a time at which the token certainly existed.
        forged: nobody made this token over these bytes.
    """

    report: TimestampReport
    proven: ProvenTime | None
    known_at: dt.datetime
    forged: bool = False


@dataclass(frozen=True, slots=True)
class SignatureTimes:
    """When a signature certainly existed.

    Attributes:
        stamps: the tokens beside the signature.
        proven_at: the earliest time that counts; now when nothing proves another.
        by_stamp: True when a time-stamp proves it, not a record of ours or the present alone.
    """

    stamps: tuple[JudgedStamp, ...]
    proven_at: dt.datetime
    by_stamp: bool


@dataclass(frozen=True, slots=True)
class FileTimes:
    """All times of a file.

    Attributes:
        documents: document time-stamps, as in the findings.
        signatures: as in the findings.
        kept: the file's revocation data, each as of when it certainly existed.
    """

    documents: tuple[JudgedStamp, ...]
    signatures: tuple[SignatureTimes, ...]
    kept: KeptEvidence


async def prove_times(
    content: FileBytes,
    found: FileFindings,
    recorded: Sequence[dt.datetime | None],
    judge: CertificateJudge,
    *,
    now: dt.datetime,
) -> FileTimes:
    """
    Args:
        recorded: for each signature, when our own ledger has it on record, if it has.

    Raises:
        core.errors.Unavailable: the trust lists cannot be read.
    """
    existed = _Existence(found.store, now)
    documents: list[JudgedStamp] = []
    at, reached = now, []
    for stamp in reversed(found.timestamps):
        judged = await _judge_document_stamp(content, stamp, judge, existed, found.store, at)
        documents.append(judged)
        if judged.proven is not None and stamp.covered is not None:
            at = min(at, judged.proven.latest)
            reached.append((stamp.covered.until, at))
            existed.prove(stamp.store, at)
    signatures = []
    for one, on_record in zip(found.signatures, recorded, strict=True):
        signatures.append(await _times(one, reached, on_record, judge, existed, found.store, now))
    return FileTimes(tuple(reversed(documents)), tuple(signatures), existed.kept())


class _Existence:
    """Since when each value of the file's store certainly exists."""

    def __init__(self, store: ValidationData, now: dt.datetime) -> None:
        self._answers = dict.fromkeys(store.answers, now)
        self._lists = dict.fromkeys(store.lists, now)

    def prove(self, store: ValidationData, at: dt.datetime) -> None:
        for since, values in ((self._answers, store.answers), (self._lists, store.lists)):
            for value in values:
                if value in since:
                    since[value] = min(since[value], at)

    def kept(self) -> KeptEvidence:
        return KeptEvidence(dict(self._answers), dict(self._lists))


async def _judge_document_stamp(
    content: FileBytes,
    stamp: TimestampFinding,
    judge: CertificateJudge,
    existed: _Existence,
    store: ValidationData,
    at: dt.datetime,
) -> JudgedStamp:
    covered = stamp.covered
    if stamp.token is None or covered is None:
        text = stamp.faults[0].text if stamp.faults else _STAMP_FORGED
        until = covered.until if covered else 0
        return JudgedStamp(
            TimestampReport("document", None, None, False, text, field=stamp.field, end=until), None, at, True
        )
    over = partial(document_digest, content, covered.start, covered.end, covered.until)
    judged = await _judge_token(stamp.token, over, judge, existed, store, at)
    return _placed(judged, "document", stamp.field, covered.until)


async def _times(
    finding: SignatureFinding,
    reached: Sequence[tuple[int, dt.datetime]],
    recorded: dt.datetime | None,
    judge: CertificateJudge,
    existed: _Existence,
    store: ValidationData,
    now: dt.datetime,
) -> SignatureTimes:
    if not finding.intact or finding.container is None or finding.covered is None:
        return SignatureTimes((), now, False)
    outer = [moment for until, moment in reached if until > finding.covered.until]
    exists_at = min([now, *outer, *([recorded] if recorded else [])])
    # the ledger names the moment at which sealing began; the stamp was asked for later, while it went on
    stamped_by = min([now, *outer, *([recorded + _SEALING] if recorded else [])])
    stamps, proven = [], []
    for encoded in finding.container.timestamps:
        try:
            token = read_token(encoded)
        except TimestampRefused as refused:
            stamps.append(
                JudgedStamp(TimestampReport("signature", None, None, False, refused.text), None, exists_at, True)
            )
            continue
        judged = await _judge_token(token, finding.container.signature, judge, existed, store, stamped_by)
        stamps.append(_placed(judged, "signature", finding.field, finding.covered.until))
        if judged.proven is not None:
            proven.append(judged.proven.latest)
    return SignatureTimes(tuple(stamps), min([exists_at, *proven]), bool(outer or proven))


async def _judge_token(
    token: TimestampToken,
    over: Content,
    judge: CertificateJudge,
    existed: _Existence,
    store: ValidationData,
    at: dt.datetime,
) -> JudgedStamp:
    trust = JudgedTrust(judge, store.certificates, existed.kept())
    said, whole = token.info.time, token.encoded
    try:
        proven = await verify_token(token, over, trust=trust, at=at, certificates=store.certificates)
    except TimestampRefused as refused:
        report = TimestampReport("document", said, None, False, refused.text, token=whole)
        return JudgedStamp(report, None, at, refused.fault in _FORGED)
    except Unavailable as away:
        if away.code != "revocation-unknown":
            raise
        return JudgedStamp(TimestampReport("document", said, None, False, _UNTOLD, token=whole), None, at)
    report = TimestampReport(
        "document",
        said,
        proven.authority,
        True,
        None,
        certificate_ends=proven.certificate_ends,
        token=whole,
        path=proven.path,
    )
    return JudgedStamp(report, proven, at)


def _placed(judged: JudgedStamp, kind: Literal["signature", "document"], field: str, end: int) -> JudgedStamp:
    return replace(judged, report=judged.report.placed(kind, field[:200], end))
