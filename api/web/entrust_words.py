"""States, ends and deeds of entrustments in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from api.web.views.common import Mark, TimelineEntry, Tone
from api.web.views.entrusting import EntrustmentRow
from api.web.words import near
from certstore.codes import mask_code
from certstore.entrust.model import DoneLine, EndReason, EntrustmentLine, EntrustmentState, Side
from certstore.ports import Deed
from core.text import Text

_STATES: Final[Mapping[EntrustmentState, Mark]] = {
    EntrustmentState.OFFERED: Mark("info", "clock", Text("等对方接受", "waits for acceptance")),
    EntrustmentState.ACTIVE: Mark("good", "check", Text("有效", "in force")),
    EntrustmentState.DECLINED: Mark("", "x", Text("对方没有接受", "declined")),
    EntrustmentState.ENDED: Mark("", "x", Text("已结束", "ended")),
    EntrustmentState.LAPSED: Mark("", "clock", Text("对方没有在期限内接受", "not accepted in time")),
    EntrustmentState.LATER: Mark("info", "clock", Text("还没到开始日", "begins later")),
    EntrustmentState.OVER: Mark("", "clock", Text("已到期", "ran out")),
    EntrustmentState.USED_UP: Mark("info", "check", Text("件数已用完", "no further case")),
}
LIVING = frozenset(
    {EntrustmentState.OFFERED, EntrustmentState.ACTIVE, EntrustmentState.LATER, EntrustmentState.USED_UP}
)
REASONS: Final[Mapping[EndReason, Text]] = {
    EndReason.TAKEN_BACK: Text("委托人收回了", "taken back by the principal"),
    EndReason.LAID_DOWN: Text("受托人不再代办", "laid down by the agent"),
    EndReason.DEATH: Text("委托人或受托人已去世", "the principal or the agent has died"),
}
_DEEDS: Final[Mapping[Deed, tuple[str, Tone, Text]]] = {
    Deed.CONSENT: ("check", "", Text("同意提供", "Agreed to give")),
    Deed.REFUSE: ("no", "info", Text("没有同意提供", "Refused to give")),
    Deed.WITHDRAW: ("no", "info", Text("撤回同意", "Took the consent back for")),
    Deed.CODES: ("key", "", Text("取用证码", "Had use codes made for")),
}


def row_of_entrustment(line: EntrustmentLine, href: str) -> EntrustmentRow:
    one = line.entrustment
    other = one.agent if line.side is Side.PRINCIPAL else one.principal
    return EntrustmentRow(
        href=href,
        name=other.name,
        masked_number=mask_code(other.code),
        purpose=one.purpose,
        types=tuple(line.type_names),
        items=tuple(line.item_names),
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        used=Text(f"已办 {one.uses} 件，最多 {one.max_uses} 件", f"{one.uses} of {one.max_uses} cases"),
        mark=_STATES[line.state],
    )


def story_of_deeds(done: Sequence[DoneLine], now: dt.datetime) -> tuple[TimelineEntry, ...]:
    """What was done, newest first."""
    return tuple(_deed(one, now) for one in done)


def _deed(one: DoneLine, now: dt.datetime) -> TimelineEntry:
    icon, tone, words = _DEEDS[one.done.deed]
    zh, en = "、".join(name.zh for name in one.type_names), ", ".join(name.en for name in one.type_names)
    office, item, case = one.organisation_name, one.item_name, one.done.case_number
    return TimelineEntry(
        icon,
        Text(f"{words.zh}{zh}", f"{words.en} {en}"),
        Text(f"给{office.zh}，办{item.zh}（办件 {case}）", f"{office.en}, for {item.en} (case {case})"),
        Text(near(one.done.at, now, "zh"), near(one.done.at, now, "en")),
        tone,
    )
