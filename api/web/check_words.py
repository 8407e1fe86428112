"""How the result of an exemption check looks to the clerk: rows, groups, the one next action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from api.web.qr import qr_svg
from api.web.views.common import Mark, Tone
from api.web.views.desk import CheckView, MaterialGroup, MaterialRow, Part, QuestionView
from certstore.exemption import AgentStanding, ExemptionAnswer, ExemptionQuery, MaterialAnswer
from certstore.exemption_words import STEP_WORDS, Exemption
from certstore.model import ConsentState
from certstore.use.model import Delivered
from core.text import Text

WORDS: Mapping[Exemption, tuple[Tone, str, Text, str]] = {
    # tone, icon, word, part of the bar
    Exemption.EXEMPT: ("good", "check", Text("免交", "not needed"), "g"),
    Exemption.NEEDS_CONSENT: ("warn", "clock", Text("待同意", "needs consent"), "w"),
    Exemption.LOW_TRUST: ("warn", "eye", Text("待看原件", "see original"), "w"),
    Exemption.CONDITION_NOT_MET: ("bad", "no", Text("不合条件", "not as asked"), "b"),
    Exemption.NOT_YET_VALID: ("info", "clock", Text("未生效", "not valid yet"), "b"),
    Exemption.SUSPENDED: ("bad", "no", Text("暂扣", "suspended"), "b"),
    Exemption.EXPIRED: ("bad", "x", Text("已过期", "expired"), "b"),
    Exemption.WITHDRAWN: ("bad", "x", Text("已撤销", "withdrawn"), "b"),
    Exemption.REVOKED: ("bad", "x", Text("已吊销", "revoked"), "b"),
    Exemption.CANCELLED: ("bad", "x", Text("已注销", "cancelled"), "b"),
    Exemption.NOT_VALID: ("bad", "x", Text("不在有效状态", "not valid"), "b"),
    Exemption.QUOTA_USED_UP: ("warn", "clock", Text("次数已满", "ceiling reached"), "n"),
    Exemption.NOT_FOUND: ("", "", Text("没查到", "not found"), "n"),
    Exemption.NOT_GRANTED: ("", "", Text("未授权", "no grant"), "n"),
    Exemption.UNKNOWN_TYPE: ("", "", Text("类型未知", "unknown type"), "n"),
    Exemption.NOT_IN_STORE: ("", "", Text("未入库", "not kept here"), "n"),
}
_PARTS = {
    "g": Text("免交", "not needed"),
    "w": Text("待处理", "to settle"),
    "b": Text("不能用", "not usable"),
    "n": Text("没有", "not held"),
}
_STATES: Mapping[ConsentState, Mark] = {
    ConsentState.PENDING: Mark("warn", "clock", Text("等对方决定", "open")),
    ConsentState.GRANTED: Mark("good", "check", Text("已同意", "agreed")),
    ConsentState.REFUSED: Mark("", "no", Text("不同意", "refused")),
    ConsentState.WITHDRAWN: Mark("", "no", Text("已撤回", "withdrawn")),
    ConsentState.EXPIRED: Mark("", "clock", Text("已到期", "ended")),
}
_ASKED = {
    ConsentState.PENDING: Text("已请申请人同意，等对方决定", "asked; the applicant has not decided yet"),
    ConsentState.GRANTED: Text("申请人已同意，可以取了", "the applicant agreed: take the copies"),
    ConsentState.REFUSED: Text("申请人不同意，收纸质件", "the applicant refused: take the paper"),
    ConsentState.WITHDRAWN: Text("申请人已撤回，收纸质件", "the applicant withdrew: take the paper"),
    ConsentState.EXPIRED: Text("请求已过期，可以再请一次", "the request ran out: ask again"),
}
_AGENTS: Mapping[AgentStanding, Mark] = {
    AgentStanding.AUTHORISED: Mark("good", "check", Text("授权有效，可以代办这个事项", "authorised for this item")),
    AgentStanding.IN_PART: Mark(
        "warn", "warn", Text("只能代办其中部分证照，其余请本人来", "authorised for some of the licences only")
    ),
    AgentStanding.NOT_AUTHORISED: Mark(
        "bad", "no", Text("没有代办这个事项的授权，请核对委托书", "not authorised for this item: see the mandate")
    ),
}


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """A check that was made, kept so that its page can be reloaded without asking the repository again.

    Attributes:
        id: of the check, under which the case goes on.
    """

    id: str
    query: ExemptionQuery = field(repr=False)
    answer: ExemptionAnswer
    masked_number: str
    masked_agent: str | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """What has happened in the case since: consents by type, with their names, and copies.

    Attributes:
        address: where the applicant decides.
    """

    states: Mapping[str, ConsentState]
    names: Mapping[str, Text]
    address: str | None
    delivered: Sequence[Delivered]


def check_view(kept: KeptCheck, base: str, progress: Progress) -> CheckView:
    """The page of a check."""
    answer, states = kept.answer, progress.states
    there = {one.material for one in progress.delivered}
    rows = [(one, _row(one, base, states, one.number in there)) for one in answer.materials]
    open_rows = tuple(row for one, row in rows if not _settled(one, there))
    done_rows = tuple(row for one, row in rows if _settled(one, there))
    groups = (
        MaterialGroup(Text(f"还差 {len(open_rows)} 份", f"{len(open_rows)} to go"), open_rows),
        MaterialGroup(Text(f"不用交 {len(done_rows)} 份", f"{len(done_rows)} not needed"), done_rows),
    )
    counts = {cls: sum(WORDS[one.outcome][3] == cls for one in answer.materials) for cls in _PARTS}
    ask, takes = _to_ask(answer, states), _to_take(answer, states, there)
    return CheckView(
        item_name=answer.item.name,
        item_code=answer.item.code,
        masked_number=kept.masked_number,
        case_number=kept.query.case_number,
        basis=kept.query.basis,
        checked_at=kept.at,
        total=answer.total,
        exempt=len(done_rows),
        missing=len(open_rows),
        parts=tuple(Part(cls, _PARTS[cls], count) for cls, count in counts.items() if count),
        groups=tuple(group for group in groups if group.rows),
        ask_action=f"{base}/ask" if ask else None,
        again_action=f"{base}/again",
        deliver_action=f"{base}/deliver" if takes else None,
        delivered=len(there),
        first="ask" if ask else ("deliver" if takes and not _waiting(states) else "again"),
        agent=(kept.masked_agent, _AGENTS[answer.agent]) if kept.masked_agent and answer.agent else None,
        question=_question(progress),
        next_href=f"/clerk?item={answer.item.code}",
    )


def _settled(one: MaterialAnswer, there: set[int]) -> bool:
    return one.outcome is Exemption.EXEMPT or one.number in there


def _waiting(states: Mapping[str, ConsentState]) -> bool:
    return ConsentState.PENDING in states.values()


def _to_ask(answer: ExemptionAnswer, states: Mapping[str, ConsentState]) -> bool:
    """Whether there is something to ask that is neither open nor agreed to."""
    needed = {one.type_code for one in answer.materials if one.outcome is Exemption.NEEDS_CONSENT}
    alive = {ConsentState.PENDING, ConsentState.GRANTED}
    return bool(needed) and not alive & set(states.values())


def _to_take(answer: ExemptionAnswer, states: Mapping[str, ConsentState], there: set[int]) -> bool:
    for one in answer.materials:
        agreed = one.outcome is Exemption.NEEDS_CONSENT and states.get(one.type_code or "") is ConsentState.GRANTED
        if one.number not in there and (one.outcome is Exemption.EXEMPT or agreed):
            return True
    return False


def _question(progress: Progress) -> QuestionView | None:
    if progress.address is None or not progress.states:
        return None
    rows = tuple((progress.names[code], _STATES[state]) for code, state in progress.states.items())
    return QuestionView(Markup(qr_svg(progress.address)), progress.address, rows, _waiting(progress.states))  # noqa: S704


def _row(one: MaterialAnswer, base: str, states: Mapping[str, ConsentState], there: bool) -> MaterialRow:
    tone, icon, word, _ = WORDS[one.outcome]
    if there and one.outcome is not Exemption.EXEMPT:
        tone, icon, word, _ = WORDS[Exemption.EXEMPT]
    source = Text(f"规则 {one.rule}", f"Rule {one.rule}")
    if one.condition:
        source = Text(f"{one.condition.zh} · {source.zh}", f"{one.condition.en} · {source.en}")
    then: Text | None = STEP_WORDS[one.next_step]
    if one.outcome is Exemption.NEEDS_CONSENT and one.type_code in states:
        then = _ASKED[states[one.type_code or ""]]
    take = f"{base}/copies/{one.number}" if there or one.outcome is Exemption.EXEMPT else None
    return MaterialRow(one.number, one.name, one.explanation, source, tone, icon, word, take, then)
