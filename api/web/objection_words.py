"""What states and steps of objections are called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from api.web.views.common import Mark, TimelineEntry, Tone
from api.web.views.holders import ObjectionRow
from api.web.words import day_in_words, minute
from certstore.objections.model import LIVING, Act, Objection, ObjectionState, ObjectionStep, ObjectionView
from core.text import Text

_STATES: Final[Mapping[ObjectionState, Mark]] = {
    ObjectionState.OPEN: Mark("info", "clock", Text("等答复", "waiting for an answer")),
    ObjectionState.ACCEPTED: Mark("info", "clock", Text("属实，待更正", "agreed, to be corrected")),
    ObjectionState.CORRECTED: Mark("good", "check", Text("已更正", "corrected")),
    ObjectionState.REFUSED: Mark("", "no", Text("不予更正", "refused")),
    ObjectionState.WITHDRAWN: Mark("", "no", Text("已撤回", "taken back")),
}
_OVERDUE = Mark("warn", "warn", Text("已超期", "overdue"))
_ACTS: Final[Mapping[Act, tuple[str, Tone, Text]]] = {
    Act.RAISE: ("warn", "warn", Text("持证人提出异议", "The holder objected")),
    Act.ACCEPT: ("check", "", Text("颁发机构认为属实，将更正", "The authority agrees and is to correct it")),
    Act.REFUSE: ("no", "info", Text("颁发机构不予更正", "The authority refused")),
    Act.CORRECT: ("stamp", "red", Text("证照已更正，异议了结", "The licence was corrected")),
    Act.WITHDRAW: ("no", "info", Text("持证人撤回", "The holder took it back")),
}


def mark_of_objection(view: ObjectionView) -> Mark:
    return _OVERDUE if view.overdue else _STATES[view.objection.state]


def due_words(objection: Objection) -> Text | None:
    """Until when the next step must be taken; None once it is closed."""
    if objection.state not in LIVING:
        return None
    zh, en = day_in_words(objection.due_on, "zh"), day_in_words(objection.due_on, "en")
    if objection.state is ObjectionState.OPEN:
        return Text(f"颁发机构应在 {zh}前答复。", f"The issuing authority is to answer by {en}.")
    return Text(f"颁发机构应在 {zh}前更正。", f"The issuing authority is to correct it by {en}.")


def story_of_objection(steps: Sequence[ObjectionStep]) -> tuple[TimelineEntry, ...]:
    """Oldest first, as a story is told."""
    return tuple(_entry(one) for one in steps)


def row_of(view: ObjectionView, href: str) -> ObjectionRow:
    objection = view.objection
    due = objection.due_on.isoformat() if objection.state in LIVING else "—"
    return ObjectionRow(href, view.type_name, view.field_title, objection.created_at, due, mark_of_objection(view))


def _entry(step: ObjectionStep) -> TimelineEntry:
    icon, tone, title = _ACTS[step.act]
    said = Text(step.text, step.text) if step.text else None
    return TimelineEntry(icon, title, said, _when(step.at), tone)


def _when(at: dt.datetime) -> Text:
    return Text(minute(at), minute(at))
