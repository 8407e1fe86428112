"""A transition table as a drawing: what the lives of licences and of seals have in common.

Every state is a box, every event stands on an arrow; where they run is laid down by whoever draws. Beside the drawing
stands the same as a table.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.text import Text

State = TypeVar("State")
Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class Node:
    """A state's box; `here` is the state that it is in."""

    name: Text
    x: int
    y: int
    here: bool
    final: bool
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an arrow's words."""

    words: Text
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow(Generic[State, Event]):
    """One way between two states, or out of the frame.

    Attributes:
        path: `d` of an SVG path.
        open: it leads away from the state that it is in.
        ways: the rows of the table that it stands for.
    """

    path: str
    lines: tuple[Line, ...]
    anchor: str
    open: bool
    ways: tuple[tuple[State | None, Event], ...]


@dataclass(frozen=True, slots=True)
class WayRow:
    """One row of the same as a table."""

    state: Text
    event: Text
    leads_to: Text
    open: bool


@dataclass(frozen=True, slots=True)
class Drawing(Generic[State, Event]):
    """The whole drawing, and the table that says the same.

    Attributes:
        start: the centre of the dot from which it begins.
        frame: x, y, width, height of a frame around several states, if there is one.
    """

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow[State, Event], ...]
    rows: tuple[WayRow, ...]
    start: tuple[int, int]
    width: int
    height: int
    frame: tuple[int, int, int, int] | None = None


def box_around(centre: tuple[int, int], size: tuple[int, int], name: Text, *, here: bool, final: bool) -> Node:
    (x, y), (width, height) = centre, size
    return Node(name, x - width // 2, y - height // 2, here, final, width, height)


def rows_of(
    transitions: Mapping[tuple[State | None, Event], State],
    states: Mapping[State, Text],
    events: Mapping[Event, Text],
    here: State | None,
    allowed: Container[Event],
) -> tuple[WayRow, ...]:
    """The rows whose event is allowed; those that lead on from `here` are open."""
    nowhere = Text("还没有", "not there yet")
    return tuple(
        WayRow(
            nowhere if before is None else states[before],
            events[event],
            states[after],
            here is not None and before is here,
        )
        for (before, event), after in transitions.items()
        if event in allowed
    )
