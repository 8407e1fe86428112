"""The life of a seal as a drawing: every status a box, every step an arrow.

Which arrows there are comes from `signing.lifecycle.TRANSITIONS`; only where they run is laid down here. A way in the
table that has no place in the drawing is an error, and a test draws them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.web.state_drawing import Arrow, Drawing, Line, box_around, rows_of
from signing.lifecycle import EVENT_NAMES, STATUS_NAMES, TRANSITIONS, SealEvent
from signing.model import SealStatus

WIDTH, HEIGHT = 1000, 400
_BOX, _TALL = 118, 46
_CENTRES: Mapping[SealStatus, tuple[int, int]] = {
    SealStatus.APPLIED: (150, 90),
    SealStatus.APPROVED: (340, 90),
    SealStatus.MADE: (530, 90),
    SealStatus.ACTIVE: (720, 90),
    SealStatus.SUSPENDED: (720, 210),
    SealStatus.REFUSED: (150, 210),
    SealStatus.WITHDRAWN: (340, 210),
    SealStatus.REVOKED: (530, 330),
    SealStatus.REPLACED: (912, 150),
    SealStatus.DESTROYED: (912, 330),
}
_START = (40, 90)
_FINAL = frozenset({SealStatus.REFUSED, SealStatus.WITHDRAWN, SealStatus.DESTROYED})


@dataclass(frozen=True, slots=True)
class _Route:
    path: str
    x: int
    y: int
    anchor: str = "middle"


_ROUTES: Mapping[tuple[SealStatus | None, SealStatus], _Route] = {
    (None, SealStatus.APPLIED): _Route("M48 90H83", 64, 78),
    (SealStatus.APPLIED, SealStatus.APPROVED): _Route("M209 90H273", 240, 78),
    (SealStatus.APPLIED, SealStatus.REFUSED): _Route("M150 113V179", 142, 152, "end"),
    (SealStatus.APPLIED, SealStatus.WITHDRAWN): _Route("M190 113V150H310V179", 232, 143),
    (SealStatus.APPROVED, SealStatus.WITHDRAWN): _Route("M340 113V179", 348, 152, "start"),
    (SealStatus.APPROVED, SealStatus.MADE): _Route("M399 90H463", 430, 78),
    (SealStatus.MADE, SealStatus.ACTIVE): _Route("M589 90H653", 620, 78),
    (SealStatus.MADE, SealStatus.REVOKED): _Route("M530 113V299", 522, 218, "end"),
    (SealStatus.ACTIVE, SealStatus.SUSPENDED): _Route("M700 113V179", 692, 168, "end"),
    (SealStatus.SUSPENDED, SealStatus.ACTIVE): _Route("M740 187V121", 748, 158, "start"),
    (SealStatus.ACTIVE, SealStatus.REVOKED): _Route("M680 113V130H570V299", 578, 262, "start"),
    (SealStatus.SUSPENDED, SealStatus.REVOKED): _Route("M720 233V330H597", 660, 322),
    (SealStatus.ACTIVE, SealStatus.REPLACED): _Route("M779 90H912V119", 846, 78),
    (SealStatus.SUSPENDED, SealStatus.REPLACED): _Route("M779 210H912V181", 846, 230),
    (SealStatus.REVOKED, SealStatus.DESTROYED): _Route("M530 353V378H912V361", 720, 370),
    (SealStatus.REPLACED, SealStatus.DESTROYED): _Route("M960 173V299", 952, 262, "end"),
}


SealDrawing = Drawing[SealStatus, SealEvent]


def seal_diagram(here: SealStatus) -> SealDrawing:
    """
    Args:
        here: where the seal, or its application, is now.
    """
    nodes = tuple(
        box_around(centre, (_BOX, _TALL), STATUS_NAMES[status], here=status is here, final=status in _FINAL)
        for status, centre in _CENTRES.items()
    )
    arrows = tuple(_arrow(before, event, after, here) for (before, event), after in TRANSITIONS.items())
    rows = rows_of(TRANSITIONS, STATUS_NAMES, EVENT_NAMES, here, frozenset(SealEvent))
    return Drawing(nodes, arrows, rows, _START, WIDTH, HEIGHT)


def _arrow(
    before: SealStatus | None, event: SealEvent, after: SealStatus, here: SealStatus
) -> Arrow[SealStatus, SealEvent]:
    route = _ROUTES[before, after]
    line = Line(EVENT_NAMES[event], route.x, route.y)
    return Arrow(route.path, (line,), route.anchor, before is here, ((before, event),))
