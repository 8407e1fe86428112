"""When a national stamp certainly existed: by the time-stamp over its signature value (GB/T 38540-2020 §7.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from core.errors import Unavailable
from core.text import Text
from keys.trust.kept import KeptEvidence
from keys.tsa.errors import TimestampRefused
from keys.tsa.token import read_token
from keys.tsa.trust import JudgedTrust
from keys.tsa.verify import verify_token
from signing.ports import CertificateJudge
from signing.verification.report import TimestampReport

_UNTOLD = Text("现在查不到时间戳机构的证书状态。", "The state of the time-stamping authority cannot be found out now.")


async def proven_time(
    tokens: Sequence[bytes], over: bytes, judge: CertificateJudge, *, now: dt.datetime, field: str, end: int
) -> tuple[dt.datetime | None, tuple[TimestampReport, ...]]:
    """The moment by which a signature existed, if a time-stamp proves one, and what is to be said of each.

    Args:
        tokens: DER; nothing of them has been looked at.
        over: the signature value.
        field, end: where the signature stands.

    Raises:
        core.errors.Unavailable: the trust lists cannot be read.
    """
    found = [await _judged(token, over, judge, now) for token in tokens]
    proven = [moment for moment, _ in found if moment is not None]
    return min(proven, default=None), tuple(report.placed("signature", field, end) for _, report in found)


async def _judged(
    encoded: bytes, over: bytes, judge: CertificateJudge, now: dt.datetime
) -> tuple[dt.datetime | None, TimestampReport]:
    try:
        token = read_token(encoded)
    except TimestampRefused as refused:
        return None, TimestampReport("signature", None, None, False, refused.text)
    said, whole = token.info.time, token.encoded
    try:
        proven = await verify_token(token, over, trust=JudgedTrust(judge, (), KeptEvidence({}, {})), at=now)
    except TimestampRefused as refused:
        return None, TimestampReport("signature", said, None, False, refused.text, token=whole)
    except Unavailable as away:
        if away.code != "revocation-unknown":
            raise
        return None, TimestampReport("signature", said, None, False, _UNTOLD, token=whole)
    ends = proven.certificate_ends
    good = TimestampReport("signature", said, proven.authority, True, None, certificate_ends=ends, token=whole)
    return proven.latest, replace(good, path=proven.path)
