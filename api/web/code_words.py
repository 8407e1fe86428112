"""What a QR code turned out to be, in words: what it says of the licence, and what a picture can never say."""

from __future__ import annotations

from typing import Literal, NamedTuple

from api.web.views.common import Fact
from api.web.words import minute
from certstore.facts import LicenceFacts
from certstore.identifier import Check
from certstore.presentation.offline import OfflineFace, OfflineState, OfflineVerdict
from certstore.status import STATUS_NAMES, Status
from certstore.uploads.model import CodeAnswer, CodeKind
from certstore.verify import LicenceVerdict
from core.text import Text


class CodeWords(NamedTuple):
    """The answer to one code; `signed` where the code itself is signed, so that it cannot stand on another's paper."""

    tone: Literal["", "bad", "old"]
    icon: str
    headline: Text
    sentence: Text
    facts: tuple[Fact, ...] = ()
    signed: bool = False


_FOREIGN = CodeWords(
    "old",
    "warn",
    Text("不是我们的码", "Not our code"),
    Text(
        "上面的二维码不是证照库的。请不要照它的指引去做，向颁发机构核实。",
        "The QR code is not the repository's. Do not follow it; ask the issuing authority.",
    ),
)
_ONE_TIME = CodeWords(
    "old",
    "clock",
    Text("这是亮证的一次性码", "A one-time code"),
    Text(
        "这个码只给当面的工作人员扫，照片上的没有用。工作人员请在“看亮证”里扫对方的手机。",
        "Only the clerk in front of the holder reads it; in a picture it is worth nothing. Clerks scan the phone "
        "itself under Read a code.",
    ),
)
_NOT_KNOWN = CodeWords(
    "bad",
    "x",
    Text("证照库里没有", "The repository does not know it"),
    Text(
        "样子像证照库的，证照库里却没有。请不要采信，向颁发机构核实。",
        "It looks like one of ours, but the repository has none such. Do not rely on it; ask the issuing authority.",
    ),
)
_SLIP = CodeWords(
    "old",
    "warn",
    Text("标识抄错了", "The identifier has a slip"),
    Text(
        "校验位对不上，证照库里也没有。请对着证照再核一遍。",
        "Its check character does not fit, and the repository has none such. Compare it with the paper once more.",
    ),
)
_VARIANT = Text(
    "校验位是老系统的算法，不影响效力。", "Its check character is by an older system's routine; that changes nothing."
)
_FACES = {
    OfflineState.GOOD: CodeWords(
        "",
        "check",
        Text("签名真实，有效", "Genuine and valid"),
        Text("几分钟内签出的亮证码，签名真实。", "Signed within the last minutes, and the signature is genuine."),
    ),
    OfflineState.EXPIRED: CodeWords(
        "old",
        "clock",
        Text("码已过时", "The code is too old"),
        Text(
            "签名是真的，但不是刚才签的，可能是以前的照片。请对方重新出示。",
            "The signature is genuine but not of now: perhaps an old picture. Ask the holder to show it anew.",
        ),
    ),
    OfflineState.LAPSED: CodeWords(
        "old",
        "clock",
        Text("证照已过期", "The licence has expired"),
        Text("签名是真的，但证照的有效期已过。", "The signature is genuine, but the licence's last day is over."),
    ),
    OfflineState.FORGED: CodeWords(
        "bad",
        "x",
        Text("签名不成立", "The signature does not hold"),
        Text(
            "这个码不是证照库签的，或被改过。请不要采信。",
            "Not signed by the repository, or changed. Do not rely on it.",
        ),
    ),
}


def code_words(one: CodeAnswer) -> CodeWords:
    """The answer to one QR code."""
    if one.kind is CodeKind.LICENCE and one.licence is not None:
        return licence_words(one.licence)
    if one.kind is CodeKind.SIGNED_FACE and one.face is not None:
        return face_words(one.face)
    return _ONE_TIME if one.kind is CodeKind.ONE_TIME else _FOREIGN


def face_words(verdict: OfflineVerdict) -> CodeWords:
    """The answer to a face that was shown offline."""
    words = _FACES.get(verdict.state, _FOREIGN)
    return words._replace(facts=_face_facts(verdict.face), signed=True) if verdict.face else words


def licence_words(verdict: LicenceVerdict) -> CodeWords:
    """The answer to an identifier, a number or the code on a face."""
    facts, copy = verdict.facts, verdict.copy
    if facts is None:
        return _SLIP if verdict.check is Check.WRONG else _NOT_KNOWN
    state = STATUS_NAMES[facts.status]
    told = Text(
        f"这是{facts.issuer_name.zh}颁发的{facts.type_name.zh}，现在是“{state.zh}”状态。",
        f"A {facts.type_name.en} issued by {facts.issuer_name.en}; it is {state.en} now.",
    )
    if facts.superseded_by_version:
        more = Text(
            f"已由第 {facts.superseded_by_version} 版取代。", f"Version {facts.superseded_by_version} replaced it."
        )
        told = Text(told.zh + more.zh, f"{told.en} {more.en}")
    if verdict.check is Check.VENDOR_VARIANT:
        told = Text(told.zh + _VARIANT.zh, f"{told.en} {_VARIANT.en}")
    if copy is not None:
        more = Text(
            f"这是给{copy.requester_name.zh}的加注件，用到 {copy.expires_on}。",
            f"It is an annotated copy for {copy.requester_name.en}, until {copy.expires_on}.",
        )
        told = Text(told.zh + more.zh, f"{told.en} {more.en}")
    valid = facts.status is Status.VALID and not (copy and copy.expired)
    headline = Text("在库有效", "Held and valid") if valid else Text(f"在库，{state.zh}", f"Held, {state.en}")
    return CodeWords("" if valid else "old", "check" if valid else "no", headline, told, _licence_facts(facts))


def _licence_facts(facts: LicenceFacts) -> tuple[Fact, ...]:
    until = facts.valid_until.isoformat() if facts.valid_until else Text("长期", "no end date")
    return (
        Fact(Text("证照类型", "Type"), facts.type_name),
        Fact(Text("颁发机构", "Issued by"), facts.issuer_name),
        Fact(Text("证照标识", "Identifier"), facts.identifier, True),
        Fact(Text("有效至", "Valid until"), until),
    )


def _face_facts(face: OfflineFace) -> tuple[Fact, ...]:
    until = face.valid_until.isoformat() if face.valid_until else Text("长期", "no end date")
    return (
        Fact(Text("姓名", "Name"), face.name),
        Fact(Text("证照类型", "Type"), face.type_name),
        Fact(Text("颁发机构", "Issued by"), face.issuer_name),
        Fact(Text("有效至", "Valid until"), until),
        Fact(Text("签出时间", "Signed at"), minute(face.made_at)),
    )
