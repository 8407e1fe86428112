"""What a material asks of a licence is said in the words of its face, in both languages."""

from __future__ import annotations

from typing import cast

import pytest

from api.demo.catalogue import INSURANCE, PROPERTY
from api.web.condition_words import condition_words
from certstore.conditions import Comparison, Condition
from certstore.model import LicenceType
from core.text import Text

TYPES = {made.code: cast(LicenceType, made) for made in (PROPERTY, INSURANCE)}


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (Condition("area", Comparison.AT_LEAST, 50), Text("面积 不低于 50 m²", "Floor area must be at least 50 m²")),
        (
            Condition("area", Comparison.ONE_OF, (50.0, 60.5)),
            Text("面积 须为 50 m²、60.5 m² 之一", "Floor area must be one of 50 m², 60.5 m²"),
        ),
        (
            Condition("months", Comparison.AT_LEAST, 12),
            Text("连续缴费 不低于 12 个月", "Paid without a gap must be at least 12 months"),
        ),
        (Condition("gone", Comparison.IS, True), Text("gone 须为 True", "gone must be True")),
    ],
)
def test_a_field_has_its_title_and_its_unit(condition: Condition, told: Text) -> None:
    assert condition_words(condition, tuple(TYPES), TYPES) == told


def test_where_several_types_stand_in_a_condition_says_whose_it_is() -> None:
    condition = Condition("area", Comparison.AT_MOST, 90, PROPERTY.code)
    told = condition_words(condition, (PROPERTY.code, "another"), TYPES)
    assert told.zh == f"{PROPERTY.name.zh}：面积 不高于 90 m²"
    assert told.en == f"{PROPERTY.name.en}: Floor area must be at most 90 m²"
