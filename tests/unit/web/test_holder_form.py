"""Blocks of holders in a form: added, removed, read, shown again, all of it without a script."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from api.web.holder_form import ADD, MOST, REMOVE, blocks, blocks_changed, holder_names, holder_values, may_add
from certstore.making import HolderInput
from certstore.model import HolderKind, LicenceType
from tests.support.certstore_world import CHEN_NUMBER, LIN_NAME, LIN_NUMBER, PROPERTY_TYPE, ZHAO_NUMBER

TODAY = dt.date(2026, 11, 26)
LIN, ZHAO, CHEN = (
    HolderInput("111", number, name)
    for number, name in ((LIN_NUMBER, LIN_NAME), (ZHAO_NUMBER, "赵映雪"), (CHEN_NUMBER, "陈素"))
)
holders = st.lists(
    st.builds(
        HolderInput,
        st.sampled_from(["111", "001"]),
        st.sampled_from([LIN_NUMBER, ZHAO_NUMBER]),
        st.sampled_from(["甲", "乙"]),
        st.sampled_from(["holder", "spouse"]),
    ),
    min_size=1,
    max_size=MOST,
)


def _type(**changes: Any) -> LicenceType:
    """A definition has all that the form asks a type for."""
    return cast(LicenceType, replace(PROPERTY_TYPE, **changes))


@given(holders)
def test_what_is_shown_is_read_again_as_it_was(typed: list[HolderInput]) -> None:
    assert holder_names(holder_values(typed)) == typed


@given(holders, st.integers(1, MOST))
def test_a_block_is_removed_and_no_other(typed: list[HolderInput], number: int) -> None:
    left = blocks_changed(holder_values(typed) | {REMOVE: str(number), "data.area": "5"})
    assert left is not None
    assert left["data.area"] == "5", "what else was typed stays"
    expected = [one for place, one in enumerate(typed, 1) if place != number] if len(typed) > 1 else typed
    assert holder_names(left) == expected


def test_a_block_is_added_until_there_are_enough() -> None:
    values = holder_values([LIN])
    for count in range(2, MOST + 2):
        assert may_add(values, _type()) is (count <= MOST)
        changed = blocks_changed(values | {ADD: "yes"})
        assert changed is not None
        values = changed
        assert len(blocks(values, _type(), TODAY, None)) == min(count, MOST)
    assert holder_names(values) == [LIN], "blocks that were left empty are nobody"
    assert not may_add(holder_values([LIN]), _type(several_holders=False))
    assert blocks_changed(values) is None


def test_a_fault_is_told_beside_the_holder_whose_it_is() -> None:
    wrong = replace(ZHAO, code=ZHAO_NUMBER[:-1] + "0")
    shown = blocks(holder_values([LIN, wrong, CHEN]), _type(), TODAY, "holder_code")
    assert [one.fault for one in shown] == [None, "holder_code", None]
    shown = blocks(holder_values([LIN, replace(ZHAO, name="")]), _type(), TODAY, "holder_name")
    assert [one.fault for one in shown] == [None, "holder_name"]
    assert [one.fault for one in blocks({}, _type(), TODAY, "holder_code")] == ["holder_code"]


def test_the_kind_of_number_follows_the_type_or_is_chosen() -> None:
    for kind, number_kind, chosen in (
        (HolderKind.PERSON, "111", []),
        (HolderKind.ORGANISATION, "001", []),
        (HolderKind.EITHER, "111", ["111", "001"]),
        (HolderKind.THING, "thing", ["vin", "estate", "thing", "111", "001"]),
    ):
        (block,) = blocks({}, _type(holder_kind=kind), TODAY, None)
        assert (block.kind, [code for code, _ in block.kinds]) == (number_kind, chosen)


def test_after_a_thing_its_owner_is_asked_for() -> None:
    values = blocks_changed(holder_values([HolderInput("vin", "LSVAM4187C2184847", "小型轿车")]) | {ADD: "yes"})
    assert values is not None
    shown = blocks(values, _type(holder_kind=HolderKind.THING), TODAY, None)
    assert [one.kind for one in shown] == ["vin", "111"]
