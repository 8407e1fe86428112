"""The audit chain, pure: an honest one passes, and any one change to it is found at or before its place (L-14)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.audit.chain import GENESIS, ChainedRow, fault_of, row_hash

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)
CONTENTS = st.lists(st.dictionaries(st.text(max_size=8), SCALARS, max_size=4), min_size=1, max_size=12)


def chained(contents: list[dict[str, object]]) -> list[ChainedRow]:
    rows, previous = [], GENESIS
    for number, content in enumerate(contents, 1):
        digest = row_hash(number, previous, content)
        rows.append(ChainedRow(number, content, previous, digest))
        previous = digest
    return rows


def first_bad(rows: list[ChainedRow]) -> int | None:
    """Place, from 1, of the first row that does not fit."""
    previous = GENESIS
    for place, row in enumerate(rows, 1):
        if fault_of(row, expected_number=place, expected_previous=previous):
            return place
        previous = row.hash
    return None


@given(CONTENTS)
def test_an_honest_chain_passes(contents: list[dict[str, object]]) -> None:
    assert first_bad(chained(contents)) is None


@given(CONTENTS, st.data(), st.text(max_size=8), SCALARS)
def test_a_changed_row_is_the_first_bad_one(
    contents: list[dict[str, object]], data: st.DataObject, name: str, value: object
) -> None:
    rows = chained(contents)
    at = data.draw(st.integers(0, len(rows) - 1))
    changed = {**rows[at].content, name: value}
    if row_hash(1, GENESIS, changed) == row_hash(1, GENESIS, rows[at].content):
        return
    assert first_bad([*rows[:at], replace(rows[at], content=changed), *rows[at + 1 :]]) == at + 1


@given(CONTENTS, st.data())
def test_a_deleted_row_is_found_where_it_was(contents: list[dict[str, object]], data: st.DataObject) -> None:
    rows = chained(contents)
    at = data.draw(st.integers(0, len(rows) - 1))
    left = [*rows[:at], *rows[at + 1 :]]
    assert first_bad(left) == (at + 1 if at < len(left) else None)  # a cut tail is for the head to tell


@given(CONTENTS, st.data())
def test_rows_that_changed_places_are_found_even_when_renumbered(
    contents: list[dict[str, object]], data: st.DataObject
) -> None:
    rows = chained(contents)
    one, other = sorted(data.draw(st.tuples(*[st.integers(0, len(rows) - 1)] * 2)))
    if one == other:
        return
    moved = list(rows)
    moved[one], moved[other] = replace(rows[other], number=one + 1), replace(rows[one], number=other + 1)
    assert first_bad(moved) == one + 1


@given(CONTENTS, st.data())
def test_a_row_put_in_is_found(contents: list[dict[str, object]], data: st.DataObject) -> None:
    rows = chained(contents)
    at = data.draw(st.integers(0, len(rows)))
    previous = rows[at - 1].hash if at else GENESIS
    forged = ChainedRow(at + 1, {"forged": True}, previous, row_hash(at + 1, previous, {"forged": True}))
    after = [replace(row, number=row.number + 1) for row in rows[at:]]
    assert first_bad([*rows[:at], forged, *after]) == (at + 2 if after else None)


@given(CONTENTS)
def test_the_order_of_names_does_not_matter_to_the_hash(contents: list[dict[str, object]]) -> None:
    for content in contents:
        assert row_hash(1, GENESIS, content) == row_hash(1, GENESIS, dict(reversed(content.items())))
