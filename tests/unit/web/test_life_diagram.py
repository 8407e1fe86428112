"""The drawing of the life cycle says what the table says: no way is missing, none is invented."""

from __future__ import annotations

from typing import Any

import pytest

from api.web.life_diagram import HEIGHT, WIDTH, diagram
from api.web.step_words import NAMES, STEPS
from certstore.lifecycle import TRANSITIONS, Event, State, events_from


@pytest.mark.parametrize("here", list(State))
def test_every_way_of_the_table_is_drawn_once_and_those_from_here_stand_out(here: State) -> None:
    drawn = diagram(here)
    ways = [way for arrow in drawn.arrows for way in arrow.ways]
    assert sorted(map(str, ways)) == sorted(map(str, TRANSITIONS))
    assert {event for arrow in drawn.arrows if arrow.open for state, event in arrow.ways if state is here} == set(
        events_from(here)
    )
    assert not any(arrow.open for arrow in drawn.arrows if here not in {state for state, _ in arrow.ways})
    assert [node.here for node in drawn.nodes].count(True) == 1
    assert len(drawn.rows) == len(TRANSITIONS)


def test_boxes_are_inside_the_picture_and_apart() -> None:
    nodes = diagram(State.VALID).nodes
    for node in nodes:
        assert 0 <= node.x <= WIDTH - node.width
        assert 0 <= node.y <= HEIGHT - node.height
    for number, one in enumerate(nodes):
        for other in nodes[number + 1 :]:
            assert abs(one.x - other.x) >= one.width or abs(one.y - other.y) >= one.height


def test_a_types_profile_leaves_ways_out() -> None:
    allowed = frozenset(Event) - {Event.SUSPEND, Event.ANNUAL_FAIL}
    drawn = diagram(State.VALID, allowed)
    assert not any(arrow.lines and _says(arrow, "暂扣") for arrow in drawn.arrows)
    assert _says_any(diagram(State.VALID), "暂扣")


def test_every_event_has_its_words_and_every_step_is_an_event_that_somebody_takes() -> None:
    assert set(NAMES) == set(Event)
    by_itself = {Event.CREATE, Event.RECORD, Event.ISSUE, Event.EXPIRE, Event.TRANSFER_IN}
    assert set(STEPS) == set(Event) - by_itself


def _says(arrow: Any, word: str) -> bool:
    return any(word in line.words.zh for line in arrow.lines)


def _says_any(drawn: Any, word: str) -> bool:
    return any(_says(arrow, word) for arrow in drawn.arrows)
