"""Seals in words: their kinds and states, the steps of their lives, who took them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.web.views.common import Mark, TimelineEntry
from api.web.words import minute
from core.principal import Principal
from core.text import Text
from keys.profile import Profile
from signing.appearance.official_seal import SealShape
from signing.levels import Level
from signing.lifecycle import EVENT_NAMES, STATUS_NAMES, SealEvent
from signing.model import GranteeKind, GrantForm, RequestState, SealGrant, SealKind, SealStatus, SealStep, UseRequest
from signing.profiles import OFD, PdfProfile

PROFILES: Mapping[Profile, Text] = {
    Profile.INTERNATIONAL: Text("国际形式", "International form"),
    Profile.BOTH: Text("国际形式和国密形式", "International and national form"),
    Profile.NATIONAL: Text("两种都有，默认按国密盖", "Both, and the national one first"),
}
KINDS: Mapping[SealKind, Text] = {
    SealKind.OFFICIAL: Text("公章", "Official seal"),
    SealKind.FINANCE: Text("财务专用章", "Finance seal"),
    SealKind.CONTRACT: Text("合同专用章", "Contract seal"),
    SealKind.LICENCE: Text("证照专用章", "Licence seal"),
    SealKind.SPECIAL: Text("其他专用章", "Special seal"),
    SealKind.REPRESENTATIVE: Text("法定代表人名章", "Legal representative's seal"),
    SealKind.PERSONAL: Text("个人签名章", "Personal seal"),
}

SHAPES: Mapping[SealShape, Text] = {
    SealShape.ROUND: Text("圆章", "round"),
    SealShape.OVAL: Text("椭圆章", "oval"),
    SealShape.NAME: Text("名章", "name seal"),
    SealShape.SCAN: Text("扫描件", "as scanned"),
}

_LOOKS = {
    SealStatus.APPLIED: ("info", "clock"),
    SealStatus.APPROVED: ("info", "clock"),
    SealStatus.REFUSED: ("bad", "no"),
    SealStatus.WITHDRAWN: ("", "x"),
    SealStatus.MADE: ("info", "clock"),
    SealStatus.ACTIVE: ("good", "check"),
    SealStatus.SUSPENDED: ("warn", "clock"),
    SealStatus.REVOKED: ("bad", "no"),
    SealStatus.REPLACED: ("", "refresh"),
    SealStatus.DESTROYED: ("", "x"),
}
MARKS: Mapping[SealStatus, Mark] = {
    status: Mark(tone, icon, STATUS_NAMES[status])  # type: ignore[arg-type]  # a tone, as listed above
    for status, (tone, icon) in _LOOKS.items()
}

REQUEST_MARKS: Mapping[RequestState, Mark] = {
    RequestState.OPEN: Mark("info", "clock", Text("待审批", "waits")),
    RequestState.APPROVED: Mark("good", "check", Text("已同意，待盖章", "approved, to be sealed")),
    RequestState.SEALED: Mark("good", "stamp", Text("已盖章", "sealed")),
    RequestState.REFUSED: Mark("bad", "no", Text("不同意", "refused")),
    RequestState.WITHDRAWN: Mark("", "x", Text("已撤回", "withdrawn")),
    RequestState.LAPSED: Mark("warn", "clock", Text("已过期", "lapsed")),
}

GRANTEES: Mapping[GranteeKind, Text] = {
    GranteeKind.ROLE: Text("岗位", "role"),
    GranteeKind.ACCOUNT: Text("个人", "person"),
    GranteeKind.CLIENT: Text("系统", "system"),
    GranteeKind.SERVICE: Text("本服务", "this service"),
}

_ICONS = {
    SealEvent.APPLY: "file",
    SealEvent.MAKE: "stamp",
    SealEvent.REFUSE: "no",
    SealEvent.SUSPEND: "clock",
    SealEvent.REVOKE: "no",
    SealEvent.REPLACE: "refresh",
    SealEvent.DESTROY: "x",
    SealEvent.WITHDRAW: "x",
}
_TONES = {SealEvent.REVOKE: "bad", SealEvent.REFUSE: "bad", SealEvent.SUSPEND: "warn", SealEvent.MAKE: "red"}

EFFECTS: Mapping[SealEvent, Text] = {
    SealEvent.APPROVE: Text("同意后由印章保管人制作。", "Then a custodian makes it."),
    SealEvent.REFUSE: Text("申请到此为止，请写明理由。", "The application ends here; give the reason."),
    SealEvent.WITHDRAW: Text("申请作废，可以重新申请。", "The application ends; another one can be made."),
    SealEvent.MAKE: Text(
        "生成密钥、证书和印模；要另一个人启用后才能用。",
        "Makes key, certificate and picture; another person activates it.",
    ),
    SealEvent.ACTIVATE: Text(
        "启用后即可按授权用印；它要更换的旧章同时停用。",
        "It can be used from now on; the seal it replaces ends at once.",
    ),
    SealEvent.SUSPEND: Text(
        "立即停用，已排队的也不会再盖；可由另一个人恢复。",
        "Stops at once, also what waits; another person may resume it.",
    ),
    SealEvent.RESUME: Text("恢复后即可按授权用印。", "It can be used again."),
    SealEvent.REVOKE: Text(
        "立即、永久停用。以前盖的仍然有效。", "Stops at once and for good. What was sealed before stays genuine."
    ),
    SealEvent.DESTROY: Text("销毁密钥，记录保留。", "Destroys the key; the records stay."),
}
BINDING = frozenset({SealEvent.ACTIVATE, SealEvent.REVOKE, SealEvent.DESTROY})
"""Steps of legal effect that cannot be undone, or let a seal bind."""

ONWARDS = frozenset({SealEvent.APPROVE, SealEvent.MAKE, SealEvent.ACTIVATE, SealEvent.RESUME})
"""Steps that bring a seal further."""


SEAL_LEVELS: Mapping[Level, tuple[Text, Text]] = {
    Level.B_B: (
        Text("基本（B-B）", "Basic (B-B)"),
        Text(
            "证书在有效期内能验；过期以后证明不了是什么时候盖的。最快，不向别处要什么。",
            "Can be verified while the certificate is good; later nothing proves when it was made. Quickest.",
        ),
    ),
    Level.B_T: (
        Text("带时间戳（B-T）", "With a time-stamp (B-T)"),
        Text(
            "时间戳证明盖章的时间，证书过期后还能验，但要查得到当时的证书状态。",
            "A time-stamp proves when; verified also after the certificate ended, if its state can be asked.",
        ),
    ),
    Level.B_LT: (
        Text("自带验证材料（B-LT）", "With its evidence (B-LT)"),
        Text(
            "证书状态一并存进文件，不联网也能验；文件大几万字节。",
            "The state of the certificates lies in the file: verified offline. The file grows by tens of kilobytes.",
        ),
    ),
    Level.B_LTA: (
        Text("长期保存（B-LTA）", "For the archive (B-LTA)"),
        Text(
            "再盖一个存档时间戳，到期前由本服务续上，适合保存几十年。",
            "With an archive time-stamp that this service renews before it ends: for decades. Takes the longest.",
        ),
    ),
}
"""What each level is called, and what it gives and costs."""


SEAL_PROFILES: Mapping[str, tuple[Text, Text]] = {
    "": (
        Text("随印章", "As the seal is set up"),
        Text(
            "印章定为国密的盖国密印章，其他的按国际格式盖。",
            "A national seal as such; others in the international form.",
        ),
    ),
    PdfProfile.PADES: (
        Text("国际格式（PAdES）", "International (PAdES)"),
        Text("各国的 PDF 阅读器都能验，可以选保存多久。", "Every PDF viewer can verify it; it can be made to last."),
    ),
    PdfProfile.SM2_SEAL: (
        Text("国密电子印章（SM2）", "National e-seal (SM2)"),
        Text(
            "按国标 GB/T 38540；支持国密的阅读器和平台能验，其他阅读器会说认不出。不能选保存多久。",
            "By GB/T 38540: readers that know SM2 verify it, others say that they cannot. It has no levels.",
        ),
    ),
    PdfProfile.DUAL: (
        Text("两种都盖", "Both"),
        Text(
            "先盖国密印章，外面再加国际格式的签名；两边的阅读器都能验，文件大一些。",
            "The national seal, and an international signature around it: both kinds of readers verify it.",
        ),
    ),
}
"""Forms that are offered by hand, by their name in the form; what is left out is for programs (`docs/national.md`)."""


SEALED_AS: Mapping[str, Text] = {
    PdfProfile.SM2_SEAL: Text("国密电子印章", "national e-seal"),
    PdfProfile.SM2_CMS: Text("国密签名", "SM2 signature"),
    PdfProfile.SM2_CMS_DIGEST: Text("国密签名，内含摘要", "SM2 signature with its digest"),
    PdfProfile.DUAL: Text("国密和国际两种", "national and international"),
    OFD: Text("OFD 国密签章", "OFD, national stamp"),
}
"""In the ledger, of uses that have SM2 in them; the others are told by their level alone."""


def level_words(level: str) -> str:
    """A level as the ledger has it; of SM2 signatures, which have none, the form."""
    if level.startswith("SES-"):  # of an OFD
        return f"国密电子签章 {level}"
    return {"SM2-SES": "国密电子印章 SM2-SES", "SM2-CMS": "国密签名 SM2-CMS"}.get(level, level)


Names = Mapping[str, str]
"""Of colleagues, by account; whoever is not in it is told by the end of their account's id."""


def who_words(kind: str, actor: str, visitor: Principal, names: Names) -> Text:
    """Who it was: oneself, a colleague, a system, the service."""
    if (kind, actor) == (visitor.kind.value, visitor.id):
        return Text("您", "you")
    if kind == "system":
        return Text("本服务", "this service")
    if kind == "client":
        return Text(f"系统 {actor}", f"system {actor}")
    if name := names.get(actor):
        return Text(name, name)
    return Text(f"同事（尾号 {actor[-6:]}）", f"a colleague ({actor[-6:]})")


def story_of(steps: Sequence[SealStep], visitor: Principal, names: Names) -> tuple[TimelineEntry, ...]:
    """Oldest first, as a story is told."""
    return tuple(_entry(step, visitor, names) for step in steps)


def _entry(step: SealStep, visitor: Principal, names: Names) -> TimelineEntry:
    event = SealEvent(step.event)
    who = who_words(step.actor_kind, step.actor, visitor, names)
    founded = step.reason == "founded"
    said = Text("首次建立", "founded") if founded else Text(step.reason, step.reason)
    text = Text(f"{who.zh}：{said.zh}", f"{who.en}: {said.en}") if said.zh else who
    name = EVENT_NAMES[event]
    return TimelineEntry(
        _ICONS.get(event, "check"),
        Text(name.zh, name.en.capitalize()),
        text,
        Text(minute(step.at), minute(step.at)),
        _TONES.get(event, ""),  # type: ignore[arg-type]  # a tone, as listed above
    )


FORMS: Mapping[GrantForm, Text] = {
    GrantForm.DOCUMENT: Text("文件", "documents"),
    GrantForm.DIGEST: Text("只送摘要，文件不来", "digests only, documents stay outside"),
    GrantForm.HASH: Text("任意哈希值，给签名软件用", "any hash, for signing software"),
}


def grant_terms(grant: SealGrant) -> Text:
    """How often, in which form, and whether somebody has to approve."""
    if grant.max_uses is None:
        often = Text(f"不限次，已用 {grant.uses} 次", f"any number of uses, {grant.uses} so far")
    else:
        often = Text(f"限 {grant.max_uses} 次，已用 {grant.uses} 次", f"{grant.uses} of {grant.max_uses} uses")
    if grant.form is not GrantForm.DOCUMENT:
        often = Text(f"{FORMS[grant.form].zh}；{often.zh}", f"{FORMS[grant.form].en}; {often.en}")
    return Text(f"{often.zh}；每次要审批", f"{often.en}; each approved") if grant.approval else often


def classes_words(classes: Sequence[str]) -> Text:
    if "*" in classes:
        return Text("所有文件", "all documents")
    return Text("、".join(classes), ", ".join(classes))


def waiting_words(request: UseRequest, visitor: Principal, names: Names) -> Text:
    """Who asked."""
    return who_words(request.requester_kind, request.requester, visitor, names)
