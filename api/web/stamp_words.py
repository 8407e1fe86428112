"""The ten steps of national stamps, as the page of a verification shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from api.web.views.common import Fact
from api.web.views.verification import FileRow, StampRow, StampView
from api.web.words import day_in_words, local, second
from core.text import Language, Text
from signing.verification.report import VerificationReport
from signing.verification.stamp_report import NationalStamp, StampState, StampStep


class _State(NamedTuple):
    tone: Literal["good", "bad", "warn", ""]
    icon: str
    word: Text


_STATES: Mapping[StampState, _State] = {
    "good": _State("good", "check", Text("通过", "Good")),
    "bad": _State("bad", "x", Text("不通过", "Failed")),
    "unknown": _State("warn", "warn", Text("判断不了", "Cannot be told")),
    "skipped": _State("", "no", Text("没有核", "Not reached")),
}


_LANGUAGES: tuple[Language, Language] = ("zh", "en")


def stamps(report: VerificationReport) -> tuple[StampView, ...]:
    """Each national stamp of a file, in the order of its signatures."""
    found = [one for one in report.signatures if one.national is not None]
    return tuple(
        _view(one.national, number if len(found) > 1 else None) for number, one in enumerate(found, 1) if one.national
    )


_MOST_FILES = 20
_CHANGED = Text("和盖章时不一样", "not what was sealed")
_UNPROTECTED = Text("没有签名保护", "protected by no signature")


def files(report: VerificationReport) -> tuple[tuple[FileRow, ...], int]:
    """Files of an OFD that are not what was sealed, each once, and how many more there are."""
    found: dict[str, FileRow] = {}
    for signature in report.signatures:
        if signature.files is None:
            continue
        pages = signature.files.page_of
        for word, paths in ((_CHANGED, signature.files.changed), (_UNPROTECTED, signature.files.unprotected)):
            for path in paths:
                found.setdefault(path, FileRow(path[:200], pages.get(path), word))
    rows = tuple(found.values())
    return rows[:_MOST_FILES], max(0, len(rows) - _MOST_FILES)


def _view(stamp: NationalStamp, number: int | None) -> StampView:
    title = Text(
        f"第 {number} 枚电子签章的十步核验" if number else "电子签章的十步核验",
        f"Stamp {number}: the ten steps" if number else "The ten steps of the stamp",
    )
    good = sum(step.state == "good" for step in stamp.steps)
    words = Text(f"{good}/{len(stamp.steps)} 步通过", f"{good} of {len(stamp.steps)} good")
    tone: Literal["good", "bad", "warn"] = "good" if stamp.good else "bad" if stamp.bad else "warn"
    icon = {"good": "check", "bad": "x", "warn": "warn"}[tone]
    return StampView(title, tone, icon, words, tuple(_facts(stamp)), tuple(_row(step) for step in stamp.steps))


def _facts(stamp: NationalStamp) -> Iterator[Fact]:
    if stamp.seal_name:
        yield Fact(Text("印章", "Seal"), stamp.seal_name)
    if stamp.seal_id:
        yield Fact(Text("印章标识", "Seal id"), stamp.seal_id, True)
    if stamp.maker:
        yield Fact(Text("制章人", "Maker"), stamp.maker)
    if stamp.valid_from and stamp.valid_until:
        since, until = local(stamp.valid_from), local(stamp.valid_until)
        zh, en = (f"{day_in_words(since, to)} – {day_in_words(until, to)}" for to in _LANGUAGES)
        yield Fact(Text("印章有效期", "Seal valid"), Text(zh, en))
    if stamp.made_at:
        yield Fact(Text("签章时间", "Stamped"), second(stamp.made_at))
    if stamp.edition:
        yield Fact(Text("依据", "Structure by"), stamp.edition)


def _row(step: StampStep) -> StampRow:
    return StampRow(step.number, step.name, *_STATES[step.state], step.text)
