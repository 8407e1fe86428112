"""What runs out when: the order, the alarm and the figures."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from core.text import Text
from keys.horizon.model import Kind, Level, Lifeline, Renewal, Span, SpanState
from keys.horizon.outlook import outlook

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)


def line(
    name: str,
    ends: int | None,
    act_by: int | None = None,
    renewal: Renewal = Renewal.TWO_PEOPLE,
    kind: Kind = Kind.SEAL,
) -> Lifeline:
    """A life line that ends and has to be renewed so many days from now."""
    end = NOW + ends * _DAY if ends is not None else None
    span = Span(SpanState.ACTIVE, NOW - 400 * _DAY, end)
    return Lifeline(
        name,
        kind,
        Text(name, name),
        Text("", ""),
        (span,),
        end,
        NOW + act_by * _DAY if act_by is not None else None,
        renewal,
        Text("", ""),
    )


def test_levels() -> None:
    assert line("a", 10, 5).level(NOW) is Level.FINE
    assert line("a", 10, 0).level(NOW) is Level.SOON
    assert line("a", 0, -30).level(NOW) is Level.ENDED
    assert line("a", None).level(NOW) is Level.FINE


def test_what_needs_somebody_comes_first_then_what_ends_first() -> None:
    found = outlook([line("far", 900, 870), line("none", None), line("near", 40, 10), line("alarm", 60, -1)], NOW)
    assert [one.id for one in found.lines] == ["alarm", "near", "far", "none"]
    assert found.alarm is found.lines[0]
    assert outlook([line("far", 900, 870)], NOW).alarm is None


def test_figures_count_what_people_renew_and_what_renews_itself() -> None:
    own = [line("t", 5, 2, Renewal.AUTOMATIC), line("late", 5, -1, Renewal.AUTOMATIC)]
    found = outlook([*own, line("seal", 20, -10), line("root", 4000, 3900, Renewal.CEREMONY)], NOW)
    assert [one.id for one in found.ending_within(30 * _DAY)] == ["seal"]
    assert found.renewing_themselves() == (2, 1)
    assert {one.id for one in found.at(Level.SOON)} == {"late", "seal"}


@given(st.lists(st.tuples(st.integers(-50, 900), st.integers(-50, 900)), max_size=40), st.integers(1, 9))
def test_pages_show_every_line_once_and_in_order(ends: list[tuple[int, int]], size: int) -> None:
    found = outlook([line(f"l{number}", end, act) for number, (end, act) in enumerate(ends)], NOW)
    seen, cursor = [], None
    while True:
        part, cursor = found.after(cursor, size)
        seen += part
        assert len(part) <= size
        if cursor is None:
            break
    assert seen == list(found.lines)
