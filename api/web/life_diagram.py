"""The transition table as a drawing: every state a box, every event on an arrow.

Which arrows there are comes from `certstore.lifecycle.TRANSITIONS`; only where they run is laid down here. A way in the
table that has no place in the drawing is an error, and a test draws them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.web.state_drawing import Arrow, Drawing, Line, box_around, rows_of
from api.web.step_words import NAMES
from certstore.lifecycle import FINAL, STATE_NAMES, TRANSITIONS, Event, State
from core.text import Text

WIDTH, HEIGHT = 1000, 470
_BOX, _TALL = 124, 46
_CENTRES: Mapping[State, tuple[int, int]] = {
    State.DRAFT: (92, 150),
    State.TRANSFERRED_OUT: (92, 330),
    State.VALID: (392, 150),
    State.SUSPENDED: (392, 330),
    State.EXPIRED: (664, 240),
    State.WITHDRAWN: (922, 82),
    State.REVOKED: (922, 172),
    State.ANNULLED: (922, 262),
    State.CANCELLED: (922, 352),
}
_START = (92, 44)
_FRAME = (258, 48, 486, 344)  # x, y, width, height: around what is still held, and may be ended from any of it
_HELD = (State.VALID, State.SUSPENDED, State.EXPIRED)


@dataclass(frozen=True, slots=True)
class _Route:
    """An arrow's path, and the place, anchor and number of events a line of its words."""

    path: str
    x: int
    y: int
    anchor: str
    a_line: int = 9


_ROUTES: Mapping[tuple[State | None, State], _Route] = {
    (None, State.DRAFT): _Route("M92 52V119", 84, 92, "end"),
    (None, State.VALID): _Route("M100 44H378V119", 108, 35, "start"),
    (State.DRAFT, State.VALID): _Route("M154 150H322", 206, 142, "middle"),
    (State.DRAFT, State.CANCELLED): _Route("M30 150H14V452H948V383", 500, 444, "middle"),
    (State.VALID, State.VALID): _Route("M404 127V98H436V119", 448, 84, "start", 3),
    (State.VALID, State.SUSPENDED): _Route("M370 173V299", 362, 262, "end", 1),
    (State.SUSPENDED, State.VALID): _Route("M418 307V181", 428, 234, "start", 1),
    (State.SUSPENDED, State.SUSPENDED): _Route("M376 353V374H412V361", 424, 378, "start"),
    (State.VALID, State.EXPIRED): _Route("M454 142L594 228", 545, 186, "start"),
    (State.EXPIRED, State.VALID): _Route("M602 248L462 164", 576, 250, "end"),
    (State.SUSPENDED, State.EXPIRED): _Route("M454 326L594 262", 534, 312, "start"),
    (State.EXPIRED, State.EXPIRED): _Route("M650 263V284H684V271", 694, 288, "start"),
    (State.VALID, State.TRANSFERRED_OUT): _Route("M330 160L152 299", 226, 230, "end"),
    (State.TRANSFERRED_OUT, State.VALID): _Route("M154 326L340 181", 250, 336, "end"),
    (State.TRANSFERRED_OUT, State.CANCELLED): _Route("M92 353V424H896V383", 500, 416, "middle"),
}


Diagram = Drawing[State, Event]
_Arrow = Arrow[State, Event]


def diagram(here: State | None, allowed: frozenset[Event] = frozenset(Event)) -> Diagram:
    """
    Args:
        here: where the licence is today; None draws a type's life, in which no licence is anywhere.
        allowed: the events that its type's profile leaves open.
    """
    ways: dict[tuple[State | None, State], list[Event]] = {}
    for (before, event), after in TRANSITIONS.items():
        if event in allowed:
            ways.setdefault((before, after), []).append(event)
    single = {way: events for way, events in ways.items() if not _ends_what_is_held(*way)}
    arrows = [_arrow(before, after, events, here) for (before, after), events in single.items()]
    for final in (state for state in State if state in FINAL):
        sources: dict[State | None, Sequence[Event]] = {
            before: events for (before, after), events in ways.items() if after is final and before in _HELD
        }
        if sources:
            arrows.append(_out_of_the_frame(final, sources, here))
    nodes = tuple(
        box_around(_CENTRES[state], (_BOX, _TALL), _short(STATE_NAMES[state]), here=state is here, final=state in FINAL)
        for state in State
    )
    rows = rows_of(TRANSITIONS, STATE_NAMES, NAMES, here, allowed)
    return Drawing(nodes, tuple(arrows), rows, _START, WIDTH, HEIGHT, _FRAME)


def _ends_what_is_held(before: State | None, after: State) -> bool:
    return before in _HELD and after in FINAL


def _arrow(before: State | None, after: State, events: Sequence[Event], here: State | None) -> _Arrow:
    route = _ROUTES[before, after]
    parts = [events[start : start + route.a_line] for start in range(0, len(events), route.a_line)]
    lines = tuple(
        Line(_list([NAMES[event] for event in part]), route.x, route.y + 18 * number)
        for number, part in enumerate(parts)
    )
    return Arrow(route.path, lines, route.anchor, _is(before, here), tuple((before, event) for event in events))


def _out_of_the_frame(after: State, sources: Mapping[State | None, Sequence[Event]], here: State | None) -> _Arrow:
    left, (centre, y) = _FRAME[0] + _FRAME[2], _CENTRES[after]
    right = centre - _BOX // 2 - 8
    middle = (left + right) // 2
    events = tuple(dict.fromkeys(event for some in sources.values() for event in some))
    lines = [Line(_list([NAMES[event] for event in events]), middle, y - 8)]
    if len(sources) < len(_HELD):
        names = [STATE_NAMES[state] for state in sources if state is not None]
        only = Text("限" + "、".join(one.zh for one in names), "if " + " or ".join(one.en for one in names))
        lines.append(Line(only, middle, y + 20))
    ways = tuple((before, event) for before, some in sources.items() for event in some)
    return Arrow(f"M{left} {y}H{right}", tuple(lines), "middle", here in sources, ways)


def _is(before: State | None, here: State | None) -> bool:
    return here is not None and before is here


def _list(parts: Sequence[Text]) -> Text:
    return Text(" · ".join(one.zh for one in parts), " · ".join(one.en for one in parts))


def _short(name: Text) -> Text:
    return Text(name.zh.partition("（")[0], name.en.partition(" (")[0])
