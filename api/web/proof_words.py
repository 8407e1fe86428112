"""Evidence and documents in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.identifiers.documents import NAMES, DocumentKind
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
    WindowDocument.PASSPORT: NAMES[DocumentKind.PASSPORT],
    WindowDocument.RESIDENCE_PERMIT: NAMES[DocumentKind.RESIDENCE_PERMIT],
    WindowDocument.PERMANENT_RESIDENCE_CARD: NAMES[DocumentKind.FOREIGN_RESIDENT],
    WindowDocument.HK_MACAO_PERMIT: NAMES[DocumentKind.HK_MACAO_PERMIT],
    WindowDocument.TAIWAN_PERMIT: NAMES[DocumentKind.TAIWAN_PERMIT],
}

DECIDED: Final[Mapping[WindowState, Text]] = {
    WindowState.CONFIRMED: Text("已确认，此人现在是实名三级。", "Confirmed: the person is at level 3 now."),
    WindowState.REFUSED: Text("已退回，没有改变级别。", "Sent back; no level has changed."),
}
