"""The drawing of a seal's life says what the table says, and every status, kind and event has words."""

from __future__ import annotations

import pytest

from api.web.seal_diagram import HEIGHT, WIDTH, seal_diagram
from api.web.seal_words import EFFECTS, GRANTEES, KINDS, MARKS, REQUEST_MARKS
from signing.lifecycle import TRANSITIONS, SealEvent
from signing.model import GranteeKind, RequestState, SealKind, SealStatus


@pytest.mark.parametrize("here", list(SealStatus))
def test_every_way_of_the_table_is_drawn_once_and_those_from_here_stand_out(here: SealStatus) -> None:
    drawn = seal_diagram(here)
    ways = [way for arrow in drawn.arrows for way in arrow.ways]
    assert sorted(map(str, ways)) == sorted(map(str, TRANSITIONS))
    assert [arrow.open for arrow in drawn.arrows] == [before is here for before, _ in TRANSITIONS]
    assert [node.here for node in drawn.nodes].count(True) == 1
    assert len(drawn.rows) == len(TRANSITIONS)


def test_boxes_are_inside_the_picture_and_apart() -> None:
    nodes = seal_diagram(SealStatus.ACTIVE).nodes
    for number, node in enumerate(nodes):
        assert 0 <= node.x <= WIDTH - node.width
        assert 0 <= node.y <= HEIGHT - node.height
        for other in nodes[number + 1 :]:
            assert abs(node.x - other.x) >= node.width or abs(node.y - other.y) >= node.height


def test_everything_has_words() -> None:
    assert set(KINDS) == set(SealKind)
    assert set(MARKS) == set(SealStatus)
    assert set(REQUEST_MARKS) == set(RequestState)
    assert set(GRANTEES) == set(GranteeKind)
    assert set(EFFECTS) == set(SealEvent) - {SealEvent.APPLY, SealEvent.REPLACE}
