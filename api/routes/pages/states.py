"""How a licence's state is shown: icon, tone and the state's own word (ui.md §4: no shared "失效")."""

from __future__ import annotations

import datetime as dt

from api.web.views.common import Mark, Tone
from certstore.status import STATUS_NAMES, Status
from core.text import Text

SOON = dt.timedelta(days=30)
_MARKS: dict[Status, tuple[Tone, str]] = {
    Status.VALID: ("good", "check"),
    Status.NOT_YET_VALID: ("info", "clock"),
    Status.SUSPENDED: ("warn", "no"),
    Status.EXPIRED: ("warn", "clock"),
}


def mark_of(status: Status, valid_until: dt.date | None = None, today: dt.date | None = None) -> Mark:
    """The mark of a state; a valid licence that ends within 30 days says so."""
    if status is Status.VALID and valid_until and today and valid_until - today <= SOON:
        return Mark("warn", "clock", Text("快到期", "ends soon"))
    tone, icon = _MARKS.get(status, ("bad", "no"))
    return Mark(tone, icon, STATUS_NAMES[status])


def until_words(valid_until: dt.date | None) -> Text:
    """`长期`, or the last day."""
    return Text("长期", "no end date") if valid_until is None else Text(f"{valid_until}", f"{valid_until}")
