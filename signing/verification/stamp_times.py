"""When a national stamp certainly existed: by the time-stamp over its signature value (GB/T 38540-2020 §7.2)."""

from __future__ import annotations

import datetime as dt

from core.errors import Unavailable
from core.text import Text
from keys.trust.kept import KeptEvidence
from keys.tsa.errors import TimestampRefused
from keys.tsa.token import read_token
from keys.tsa.trust import JudgedTrust
from keys.tsa.verify import verify_token
from signing.eseal.model import Stamp
from signing.ports import CertificateJudge
from signing.verification.report import TimestampReport

_UNTOLD = Text("现在查不到时间戳机构的证书状态。", "The state of the time-stamping authority cannot be found out now.")


async def proven_time(
    stamp: Stamp, judge: CertificateJudge, *, now: dt.datetime, field: str, end: int
) -> tuple[dt.datetime | None, TimestampReport | None]:
    """The moment by which the stamp existed, if its time-stamp proves one, and what is to be said of that time-stamp.

    Args:
        field, end: where the signature stands.

    Raises:
        core.errors.Unavailable: the trust lists cannot be read.
    """
    if stamp.time_stamp is None:
        return None, None
    try:
        token = read_token(stamp.time_stamp)
    except TimestampRefused as refused:
        return None, TimestampReport("signature", None, None, False, refused.text, field, end)
    said, whole = token.info.time, token.encoded
    try:
        proven = await verify_token(token, stamp.signature, trust=JudgedTrust(judge, (), KeptEvidence({}, {})), at=now)
    except TimestampRefused as refused:
        return None, TimestampReport("signature", said, None, False, refused.text, field, end, token=whole)
    except Unavailable as away:
        if away.code != "revocation-unknown":
            raise
        return None, TimestampReport("signature", said, None, False, _UNTOLD, field, end, token=whole)
    return proven.latest, TimestampReport(
        "signature",
        said,
        proven.authority,
        True,
        None,
        field,
        end,
        certificate_ends=proven.certificate_ends,
        token=whole,
        path=proven.path,
    )
