"""Evidence and documents in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.text import Text
from idp.evidence.model import EvidenceKind
from idp.proofing.window_model import WindowDocument, WindowState

EVIDENCE: Final[Mapping[EvidenceKind, Text]] = {
    EvidenceKind.NUMBER_AND_NAME: Text("与人口库核对一致", "agrees with the population register"),
    EvidenceKind.PHONE: Text("短信验证码", "code sent to the phone"),
    EvidenceKind.BANK: Text("银行卡核对一致", "agrees with a bank"),
    EvidenceKind.IN_PERSON: Text("窗口两人核验", "seen by two clerks at a window"),
    EvidenceKind.REMOTE: Text("视频或刷脸", "by video or comparison of faces"),
    EvidenceKind.BOUND_KEY: Text("绑定的密钥", "bound key"),
    EvidenceKind.VOUCHED: Text("由可信的一方证明", "vouched for by a trusted party"),
    EvidenceKind.CARRIED: Text("以前核实的", "proved before"),
}

DOCUMENTS: Final[Mapping[WindowDocument, Text]] = {
    WindowDocument.ID_CARD: Text("居民身份证", "Resident ID card"),
    WindowDocument.TEMPORARY_ID_CARD: Text("临时居民身份证", "Temporary ID card"),
    WindowDocument.PASSPORT: Text("护照", "Passport"),
    WindowDocument.RESIDENCE_PERMIT: Text("港澳台居民居住证", "Hong Kong, Macao or Taiwan residence permit"),
    WindowDocument.PERMANENT_RESIDENCE_CARD: Text("外国人永久居留身份证", "Foreign permanent resident ID card"),
}

DECIDED: Final[Mapping[WindowState, Text]] = {
    WindowState.CONFIRMED: Text("已确认，此人现在是实名三级。", "Confirmed: the person is at level 3 now."),
    WindowState.REFUSED: Text("已退回，没有改变级别。", "Sent back; no level has changed."),
}
