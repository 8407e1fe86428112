"""The verdict on a file in words for people: four characters, a sentence, three answers, the story, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from api.web.code_words import CodeWords
from api.web.views.common import Fact, TimelineEntry
from api.web.views.common import Tone as ToneOfEntry
from api.web.views.verification import Answer, ChangedPage, LaterRevision, SignatureRow, VerifyResultView
from api.web.words import minute, second, thousands
from certstore.facts import CopyFacts, LicenceFacts
from certstore.status import STATUS_NAMES, Status
from certstore.verify_file import COPY_EXPIRED, NOT_A_LICENCE, UNKNOWN_LICENCE, LicenceFileVerdict, Question
from certstore.verify_file import Answer as Said
from core.text import Text
from signing.verification.change_words import object_words, revision_title, revision_verdict
from signing.verification.report import NOBODY, SignatureReport, Step, TimestampReport, VerificationReport

Tone = Literal["", "bad", "old"]
PICTURES = ("before", "now", "difference")
_MOST_OBJECTS = 12


class Headline(NamedTuple):
    """The verdict itself."""

    tone: Tone
    icon: str
    words: Text


_STATES: Mapping[str, Headline] = {
    Status.VALID.value: Headline("", "check", Text("真实有效", "Genuine and valid")),
    NOT_A_LICENCE: Headline("", "check", Text("真实，未改动", "Genuine, unchanged")),
    UNKNOWN_LICENCE: Headline("old", "warn", Text("证照库没有这一份", "Not in the repository")),
    COPY_EXPIRED: Headline("old", "clock", Text("是真的，但副本已到期", "Genuine, but the copy has run out")),
    Status.NOT_YET_VALID.value: Headline("old", "clock", Text("是真的，但尚未生效", "Genuine, but not valid yet")),
    Status.SUSPENDED.value: Headline("old", "no", Text("是真的，但被暂扣", "Genuine, but suspended")),
    Status.EXPIRED.value: Headline("old", "clock", Text("是真的，但已过期", "Genuine, but expired")),
    Status.CANCELLED.value: Headline("old", "no", Text("是真的，但已注销", "Genuine, but cancelled")),
    Status.WITHDRAWN.value: Headline("old", "no", Text("是真的，但已撤销", "Genuine, but withdrawn")),
    Status.REVOKED.value: Headline("old", "no", Text("是真的，但已吊销", "Genuine, but revoked")),
    Status.ANNULLED.value: Headline("old", "no", Text("是真的，但已作废", "Genuine, but annulled")),
    Status.TRANSFERRED_OUT.value: Headline("old", "no", Text("是真的，但已转出", "Genuine, but transferred out")),
    Status.SUPERSEDED.value: Headline("old", "clock", Text("是真的，但有新版本", "Genuine, but superseded")),
}
_CONCLUSIONS: Mapping[str, Headline] = {
    "annotated": Headline("old", "warn", Text("真实，有批注", "Genuine, annotated")),
    "changed": Headline("bad", "x", Text("盖章后被改动", "Changed after sealing")),
    "unknown-signer": Headline("old", "warn", Text("认不出盖章人", "Unknown signer")),
    "not-signed": Headline("old", "warn", Text("没有电子签名", "Not signed")),
    "not-a-pdf": Headline("old", "warn", Text("不是完整的 PDF", "Not a complete PDF")),
    "not-an-ofd": Headline("old", "warn", Text("不是可核验的 OFD", "Not an OFD to be checked")),
    "empty": Headline("old", "warn", Text("文件是空的", "The file is empty")),
}
_ENDED_SEAL = Headline("old", "no", Text("印章或证书已失效", "Seal or certificate no longer good"))
_BROKEN = Headline("bad", "x", Text("签名不成立", "The signature does not hold"))
_UNDECIDED = Headline("old", "warn", Text("现在判断不了", "Cannot be judged now"))

_ADVICE: Mapping[str, Text] = {
    "changed": Text(
        "请持证人重新下载原件出示，或向盖章单位索取原件。窗口人员可按办件编号直接调取。",
        "Ask the holder to download the original anew, or ask the office that sealed it.",
    ),
    "annotated": Text(
        "正文可以采信；批注是谁加的，签名不能证明。可下载盖章时的原文。",
        "The content can be relied on; who made the annotations is not proved. The file as sealed can be downloaded.",
    ),
    "unknown-signer": Text(
        "请向文件所称的单位核实。自己画的印章、自己签发的证书，谁都做得出来。",
        "Ask the office that it claims to come from. Anybody can draw a seal and issue a certificate to themselves.",
    ),
    "not-signed": Text(
        "请向出具单位索取带电子签名的原文件；打印、拍照、另存都会丢掉签名。",
        "Ask the issuing office for the signed file. Printing, photographing or saving anew loses the signature.",
    ),
}
_ENDED = Text(
    "请勿据此办理。此前已办结的事项是否受影响，由原办理部门认定；持证人不服的，可依法申请行政复议。",
    "Do not act on it. Whether cases closed earlier are affected, their offices decide; the holder may appeal.",
)
_QUESTIONS = (
    Text("是真的吗", "Is it genuine?"),
    Text("改过吗", "Was it changed?"),
    Text("现在还有效吗", "Is it still valid?"),
)
_NOT_THIS_ONE = Question(Said.UNKNOWN, Text("原件有效，这一份不算", "The original is; this file is not"))
_SEAL_ONLY = Question(Said.UNKNOWN, Text("印章真，内容已不是原文", "The seal is; the content is not what was sealed"))
_NO_SIGNATURE_LEFT = Question(Said.NO, Text("没有站得住的签名", "No signature holds"))


def headline(verdict: LicenceFileVerdict, report: VerificationReport) -> Headline:
    """The state first. Genuine, unchanged and valid stay three questions: see `answers`."""
    conclusion = verdict.judgement.conclusion
    if conclusion == "genuine":
        return _STATES.get(verdict.state, _STATES[UNKNOWN_LICENCE])
    restored = verdict.judgement.signed_revision is not None
    if conclusion == "changed" and not restored and not report.altered:
        return _BROKEN
    if conclusion == "unknown-signer" and report.sub_indication:
        if report.sub_indication.startswith("REVOKED"):
            return _ENDED_SEAL
        if report.sub_indication == "TRY_LATER":
            return _UNDECIDED
    return _CONCLUSIONS.get(conclusion, _UNDECIDED)


def sentence(verdict: LicenceFileVerdict, report: VerificationReport) -> Text:
    """Why, in a sentence or two; the headline's words are not said twice."""
    told = Text(_after(report.text.zh, "："), _after(report.text.en, ": "))
    if verdict.judgement.conclusion == "genuine" and verdict.state not in (Status.VALID.value, NOT_A_LICENCE):
        more = verdict.valid_now.text
        return Text(f"{told.zh}{more.zh}", f"{told.en} {more.en}")
    return told


def answers(verdict: LicenceFileVerdict, report: VerificationReport) -> tuple[Answer, ...]:
    """The three questions, each with its own answer."""
    genuine, valid = verdict.genuine, verdict.valid_now
    if headline(verdict, report) is _BROKEN:
        genuine = _NO_SIGNATURE_LEFT
    elif verdict.judgement.conclusion == "changed":
        genuine = _SEAL_ONLY
    if verdict.judgement.conclusion in ("changed", "annotated") and valid.answer is Said.YES:
        valid = _NOT_THIS_ONE
    said = (genuine, verdict.unchanged, valid)
    return tuple(_answer(words, one, last=words is _QUESTIONS[2]) for words, one in zip(_QUESTIONS, said, strict=True))


def warning(report: VerificationReport) -> Text | None:
    """What to mind about the file, whatever its signatures are worth."""
    if not report.notices:
        return None
    return Text("".join(one.zh for one in report.notices), " ".join(one.en for one in report.notices))


def story(verdict: LicenceFileVerdict, report: VerificationReport) -> tuple[TimelineEntry, ...]:
    """How it came to this: who sealed it, what the checks found, what the repository says."""
    entries = [_sealed(one) for one in report.signatures]
    entries += [_stamped(one) for signature in report.signatures for one in signature.timestamps]
    entries += [_stamped(one) for one in report.timestamps if report.signatures]
    if report.signatures:
        entries += [_step(step) for step in report.steps if step.passed is not None]
    if verdict.licence is not None:
        entries.append(
            _in_repository(verdict.licence, same=verdict.same_file and verdict.judgement.conclusion == "genuine")
        )
    if verdict.copy is not None:
        entries.append(_copy(verdict.copy))
    return tuple(entries)


def advice(verdict: LicenceFileVerdict) -> Text | None:
    """What to do now; nothing where all is well."""
    if verdict.judgement.conclusion != "genuine":
        return _ADVICE.get(verdict.judgement.conclusion)
    if verdict.state in (Status.VALID.value, NOT_A_LICENCE):
        return None
    if verdict.state == UNKNOWN_LICENCE:
        return Text("请向颁发机构核实。", "Ask the issuing authority.")
    return _ENDED


def facts(verdict: LicenceFileVerdict, report: VerificationReport) -> tuple[Fact, ...]:
    """For those who want to know exactly."""
    rows = []
    levels = ", ".join(dict.fromkeys(one.level for one in report.signatures if one.level))
    if levels:
        rows.append(Fact(Text("签名等级", "Level"), levels))
    if report.sub_indication:
        rows.append(Fact(Text("细分结论", "Sub-indication"), report.sub_indication, True))
    if report.refusal:
        rows.append(Fact(Text("拒绝原因", "Refused for"), report.refusal, True))
    rows.append(Fact(Text("文件大小", "Size"), f"{thousands(report.size)} B"))
    rows.append(Fact(Text("文件摘要", "SHA-256"), report.digest, True))
    if verdict.licence is not None:
        rows.append(Fact(Text("证照标识", "Identifier"), verdict.licence.identifier, True))
    return tuple(rows)


def changes(report: VerificationReport, base: str) -> tuple[ChangedPage, ...]:
    """What differs, page by page.

    Args:
        base: address of the result; its pictures are kept below it.
    """
    return tuple(
        ChangedPage(
            one.page,
            one.before,
            one.now,
            tuple(f"{base}/changes/{one.page}/{name}.png" for name in PICTURES) if one.pictures else (),
        )
        for one in report.changes
    )


def pictures_of(report: VerificationReport) -> Iterator[tuple[str, bytes]]:
    """The pictures of pages that differ, by the last parts of their addresses."""
    for one in report.changes:
        if one.pictures is not None:
            for name, content in zip(
                PICTURES, (one.pictures.before, one.pictures.now, one.pictures.difference), strict=True
            ):
                yield f"{one.page}/{name}", content


def signatures(report: VerificationReport) -> tuple[SignatureRow, ...]:
    """Each with its own verdict, where there are several: the worst of them is not the others' fault."""
    if len(report.signatures) < 2:
        return ()
    return tuple(_signature_row(one) for one in report.signatures)


def _signature_row(one: SignatureReport) -> SignatureRow:
    head = _CONCLUSIONS.get(one.conclusion, _UNDECIDED) if one.conclusion != "genuine" else _STATES[NOT_A_LICENCE]
    tone: Literal["good", "bad", "warn"] = "good" if not head.tone else "bad" if head.tone == "bad" else "warn"
    at = one.proven_at or one.signed_at
    when = second(at) if at else ""
    parts = [part for part in (one.seal_name, one.level, when) if part]
    below, name = " · ".join(parts), one.organisation or one.seal_name
    who = Text(name, name) if name else NOBODY
    return SignatureRow(who, head.words, tone, head.icon, Text(below, below))


def revisions(report: VerificationReport) -> tuple[LaterRevision, ...]:
    """Every revision after the first signature; nothing where none follows."""
    return tuple(
        LaterRevision(
            revision_title(one),
            revision_verdict(one),
            "bad" if not one.allowed else "warn" if one.visible else "good",
            "x" if not one.allowed else "warn" if one.visible else "check",
            tuple(object_words(change) for change in one.objects[:_MOST_OBJECTS]),
        )
        for one in report.revisions
    )


def as_data(verdict: LicenceFileVerdict, report: VerificationReport) -> dict[str, object]:
    """The report as it is downloaded: the machine's words, free of the file's contents."""
    licence = verdict.licence
    return {
        "format": report.format,
        "refusal": report.refusal,
        "indication": report.indication,
        "sub_indication": report.sub_indication,
        "conclusion": report.conclusion,
        "text": {"zh": report.text.zh, "en": report.text.en},
        "verified_at": report.verified_at,
        "file": {"sha256": report.digest, "size": report.size},
        "steps": [
            {"number": one.number, "name": one.name.en, "passed": one.passed, "text": one.text.en}
            for one in report.steps
        ],
        "signatures": [
            {
                "organisation": one.organisation,
                "organisation_code": one.organisation_code,
                "seal_code": one.seal_code,
                "signed_at": one.signed_at,
                "level": one.level,
                "proven_at": one.proven_at,
                "coverage": one.coverage,
                "indication": one.indication,
                "sub_indication": one.sub_indication,
                "files": one.files
                and {"changed": one.files.changed, "unprotected": one.files.unprotected, "pages": one.files.pages},
                "national_stamp": one.national
                and [
                    {"number": s.number, "id": s.id, "state": s.state, "reason": s.reason} for s in one.national.steps
                ],
            }
            for one in report.signatures
        ],
        "licence": None
        if licence is None
        else {"identifier": licence.identifier, "issuer": licence.issuer, "state": verdict.state},
    }


_PAPER_UNTOLD = Text("码有效，纸看不出", "The code is good; the paper is untold")
_BY_CODE = Text("按二维码查", "by its QR code")
_AGAIN = Text("请把二维码拍清楚、拍完整，再传一次。", "Take the picture again with the whole code, sharp.")
_NO_CODE = Text("照片上没读到二维码", "No QR code in the picture")
_PICTURE = Text(
    "照片证明不了纸上的内容没有改过。请把纸上的姓名、编号和证照库的对一对，或请持证人亮证、上传原件。",
    "A picture cannot prove that the paper is unaltered. Compare its name and number with the repository, or ask the "
    "holder to show the licence or upload the original.",
)


def of_picture(view: VerifyResultView, codes: Sequence[CodeWords]) -> VerifyResultView:
    """The verdict on a photo or a scan: the state of what its code leads to, and that the paper stays unjudged."""
    untold = Answer(_QUESTIONS[0], Text("照片看不出", "A picture cannot tell"), "warn", "idk")
    view = replace(view, indication=None, code_note=_BY_CODE, story=(), picture=True, machine_href=None)
    view = replace(view, report_href=view.data_href or view.report_href, data_href=None)
    if not codes:
        answers = tuple(replace(untold, question=question) for question in _QUESTIONS)
        return replace(view, tone="old", icon="warn", verdict=_NO_CODE, sentence=_AGAIN, answers=answers)
    best = codes[0]
    valid = Answer(_QUESTIONS[2], best.headline, best.icon, "" if best.tone == "" else "idk")
    paper_untold = best.tone == "" and not best.signed  # a real code can be copied onto any paper
    return replace(
        view,
        tone="old" if paper_untold else best.tone,
        icon="warn" if paper_untold else best.icon,
        verdict=_PAPER_UNTOLD if paper_untold else best.headline,
        sentence=best.sentence,
        answers=(untold, replace(untold, question=_QUESTIONS[1]), valid),
        advice=_PICTURE,
    )


def _answer(question: Text, said: Question, *, last: bool) -> Answer:
    words = Text(said.text.zh.rstrip("。"), said.text.en.rstrip("."))
    if said.answer is Said.YES:
        return Answer(question, words, "check")
    if said.answer is Said.NO and not last:
        return Answer(question, words, "x", "no")
    return Answer(question, words, "no" if said.answer is Said.NO else "warn", "idk")


def _sealed(one: SignatureReport) -> TimelineEntry:
    name = one.organisation or one.seal_name
    title = Text(f"{name} 盖章并签名", f"Sealed and signed: {name}") if name else NOBODY
    if name and one.conclusion == "unknown-signer":
        title = Text(f"自称“{name}”的印章", f'A seal that calls itself "{name}"')
    code = Text(f"印章编码 {one.seal_code}", f"Seal code {one.seal_code}") if one.seal_code else None
    when = Text(second(one.signed_at), second(one.signed_at)) if one.signed_at else None
    return TimelineEntry("stamp", title, code, when, "red")


def _stamped(one: TimestampReport) -> TimelineEntry:
    when = Text(second(one.time), second(one.time)) if one.time else None
    if one.good and one.kind == "signature":
        return TimelineEntry(
            "clock", Text("时间戳证明：这时已经盖章", "A time-stamp proves: sealed by then"), None, when
        )
    if one.good:
        title = Text("时间戳保护：这时已是这份文件", "A time-stamp protects the file: it was this one by then")
        return TimelineEntry("clock", title, None, when)
    return TimelineEntry("clock", Text("时间戳不作数", "A time-stamp that counts for nothing"), one.reason, when)


def _step(step: Step) -> TimelineEntry:
    found = Text(step.text.zh.rstrip("。"), step.text.en.rstrip("."))
    name = Text(f"第 {step.number} 步 {step.name.zh}", f"Step {step.number}: {step.name.en}")
    if step.passed:
        return TimelineEntry("check", found, None, name)
    return TimelineEntry("x", found, None, name, "bad")


def _in_repository(licence: LicenceFacts, *, same: bool) -> TimelineEntry:
    word = STATUS_NAMES[licence.status]
    title = (
        Text("证照库里查到同一份", "The repository holds this very file")
        if same
        else Text("证照库里有这张证照的原件", "The repository holds the original of this licence")
    )
    text = Text(
        f"{licence.type_name.zh}，{licence.issuer_name.zh}颁发，版本 {licence.version:03d}，状态“{word.zh}”",
        f"{licence.type_name.en}, issued by {licence.issuer_name.en}, version {licence.version:03d}, {word.en}",
    )
    tone: ToneOfEntry = "" if licence.status is Status.VALID else "warn"
    since = minute(licence.status_since)
    return TimelineEntry("card", title, text, Text(f"{since} 起", f"since {since}"), tone)


def _copy(copy: CopyFacts) -> TimelineEntry:
    return TimelineEntry(
        "file",
        Text("这是一份加注件，不是原件", "An annotated copy, not the original"),
        Text(
            f"只供{copy.requester_name.zh}办理 {copy.item}", f"For {copy.requester_name.en} and item {copy.item} only"
        ),
        Text(f"用到 {copy.expires_on}", f"until {copy.expires_on}"),
        "warn" if copy.expired else "info",
    )


def _after(text: str, colon: str) -> str:
    _, found, rest = text.partition(colon)
    rest = rest if found and len(rest) > 8 else text
    return rest[:1].upper() + rest[1:]
