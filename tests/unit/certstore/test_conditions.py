"""Conditions on data: what meets them, what never does, and what cannot be written down at all."""

from __future__ import annotations

import datetime as dt

import pytest

from certstore.conditions import Comparison, parse_condition, unmet
from core.errors import InvalidInput

TODAY = dt.date(2026, 11, 26)
FACE = {"months": 24, "area": 56.4, "ownership": "单独所有", "registered_on": "2026-09-01", "sole": True}


@pytest.mark.parametrize(
    ("field", "comparison", "value", "met"),
    [
        ("ownership", "is", "单独所有", True),
        ("ownership", "is", "共同共有", False),
        ("ownership", "is-not", "共同共有", True),
        ("ownership", "one-of", ["共同共有", "单独所有"], True),
        ("ownership", "one-of", ["共同共有"], False),
        ("months", "at-least", 24, True),
        ("months", "at-least", 25, False),
        ("area", "at-most", 60, True),
        ("area", "at-most", 56.3, False),
        ("registered_on", "at-least", "2026-09-01", True),
        ("registered_on", "at-most", "2026-08-31", False),
        ("registered_on", "within-days", 86, True),
        ("registered_on", "within-days", 85, False),
        ("sole", "is", True, True),
        ("sole", "is", 1, False),  # a number is no yes
        ("months", "at-least", "2026-01-01", False),  # what cannot be compared is not met
        ("ownership", "at-least", 1, False),
        ("nothing", "is-not", "x", False),  # nor is what is not there
    ],
)
def test_what_meets_a_condition(field: str, comparison: str, value: object, met: bool) -> None:
    assert parse_condition(field, comparison, value).met_by(FACE, TODAY) is met


def test_a_date_in_the_future_is_not_within_the_last_days() -> None:
    condition = parse_condition("registered_on", "within-days", 30)
    assert not condition.met_by({"registered_on": "2026-11-27"}, TODAY)
    assert condition.met_by({"registered_on": "2026-11-26"}, TODAY)


def test_a_condition_for_another_type_does_not_count() -> None:
    strict = parse_condition("months", "at-least", 100, "TYPE-A")
    assert unmet([strict], "TYPE-A", FACE, TODAY) is strict
    assert unmet([strict], "TYPE-B", FACE, TODAY) is None


@pytest.mark.parametrize(
    ("field", "comparison", "value"),
    [
        ("", "is", "x"),
        ("months", "like", "x"),
        ("months", "is", None),
        ("months", "is", ""),
        ("months", "is", {"$gt": 1}),
        ("months", "one-of", []),
        ("months", "one-of", "24"),
        ("months", "one-of", [1] * 51),
        ("months", "at-least", "many"),
        ("months", "at-least", True),
        ("registered_on", "within-days", -1),
        ("registered_on", "within-days", 2.5),
    ],
)
def test_what_cannot_be_a_condition(field: str, comparison: str, value: object) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_condition(field, comparison, value)
    assert raised.value.code == "condition-invalid"


def test_every_comparison_has_words_in_both_languages() -> None:
    for one in Comparison:
        value: object = ["x"] if one is Comparison.ONE_OF else 1
        said = parse_condition("f", one.value, value).says()
        assert said.zh
        assert said.en
