"""The life of a licence as a time line: 撤销, 吊销 and 注销 keep their own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.web.views.common import TimelineEntry, Tone
from api.web.words import day_in_words, minute
from certstore.lifecycle import Event
from certstore.model import LicenceChange
from certstore.read import LicenceView
from certstore.status import STATUS_NAMES, Status
from core.clock import calendar_day
from core.text import Text

EVENTS: Mapping[Event, tuple[str, Tone, Text]] = {
    Event.CREATE: ("file", "info", Text("起草", "Drafted")),
    Event.RECORD: ("down", "", Text("由登记簿入库", "Taken over from a register")),
    Event.ISSUE: ("stamp", "red", Text("颁发并盖章", "Issued and sealed")),
    Event.RENEW: ("stamp", "red", Text("延续", "Renewed")),
    Event.CHANGE: ("stamp", "red", Text("变更", "Changed")),
    Event.ANNUAL_PASS: ("check", "", Text("年检通过", "Annual inspection passed")),
    Event.ANNUAL_FAIL: ("warn", "warn", Text("年检未通过", "Annual inspection failed")),
    Event.SUSPEND: ("no", "warn", Text("暂扣", "Suspended")),
    Event.RESUME: ("check", "", Text("恢复", "Resumed")),
    Event.EXPIRE: ("clock", "warn", Text("到期", "Expired")),
    Event.CANCEL: ("no", "warn", Text("注销", "Cancelled")),
    Event.WITHDRAW: ("no", "warn", Text("撤销", "Withdrawn")),
    Event.REVOKE: ("no", "warn", Text("吊销", "Revoked")),
    Event.ANNUL: ("no", "warn", Text("作废（误发）", "Annulled (issued in error)")),
    Event.TRANSFER_OUT: ("right", "info", Text("转出", "Transferred out")),
    Event.TRANSFER_IN: ("right", "info", Text("转入", "Transferred in")),
    Event.TRANSFER_UNDO: ("left", "info", Text("撤回转出", "Transfer undone")),
    Event.REISSUE: ("stamp", "red", Text("补办", "Issued again")),
    Event.CORRECT: ("file", "info", Text("更正", "Corrected")),
    Event.CONFIRM: ("check", "", Text("核对过原件", "Original seen")),
}


def story_of(history: Sequence[LicenceChange]) -> tuple[TimelineEntry, ...]:
    """Newest first."""
    return tuple(_entry(change) for change in reversed(history))


def turning_point(found: LicenceView) -> Text:
    """Since when a licence is not what it was, and why."""
    word, last = STATUS_NAMES[found.status], found.history[-1]
    if found.status is Status.EXPIRED and found.licence.current.valid_until:
        day = found.licence.current.valid_until
        return Text(
            f"已于 {day_in_words(day, 'zh')} 到期，现在不能用来办事。请向颁发机构办理延续。",
            f"It expired on {day_in_words(day, 'en')} and cannot be used now. Ask the issuing office to renew it.",
        )
    day = calendar_day(last.at)
    why = Text(f"原因：{last.reason}", f"Reason: {last.reason}") if last.reason else Text("", "")
    return Text(
        f"{day_in_words(day, 'zh')} 起“{word.zh}”，现在不能用来办事。{why.zh}",
        f"{word.en.capitalize()} since {day_in_words(day, 'en')}; it cannot be used now. {why.en}".strip(),
    )


def _entry(change: LicenceChange) -> TimelineEntry:
    icon, tone, title = EVENTS[change.event]
    reason = Text(change.reason, change.reason) if change.reason else None
    return TimelineEntry(icon, title, reason, Text(minute(change.at), minute(change.at)), tone)
