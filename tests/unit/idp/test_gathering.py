"""What is gathered: equal ones as one with a count and the last moment, within bounds, taken once."""

from __future__ import annotations

import datetime as dt

from idp.gathering import Gathered

NOON = dt.datetime(2026, 11, 26, 4, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(seconds=1)


def test_equal_ones_are_one_with_a_count_and_are_taken_once() -> None:
    gathered: Gathered[str] = Gathered()
    gathered.note("a", NOON)
    gathered.note("b", NOON)
    gathered.note("a", LATER)
    assert gathered.take() == [("a", LATER, 2), ("b", NOON, 1)]
    assert gathered.take() == []


def test_a_full_room_takes_no_new_sort_and_still_counts_known_ones() -> None:
    gathered: Gathered[int] = Gathered()
    assert gathered.note(1, NOON, room=1)
    assert not gathered.note(2, NOON, room=1)
    assert gathered.note(1, LATER, room=1)
    assert gathered.note(2, LATER, room=2), "whoever has more room finds some"
    assert gathered.take() == [(1, LATER, 2), (2, LATER, 1)]
