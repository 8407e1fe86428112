"""Rows of a form and schemas of faces are the same thing told twice, and nothing that rows do not say is lost."""

from __future__ import annotations

from typing import Any

import pytest

from api.demo import catalogue as demo_catalogue
from api.web.schema_table import MORE, rows_of, schema_of, values_of_schema, with_more
from certstore.definition import TypeDefinition
from certstore.schema import MAX_FIELDS, face_fields
from core.errors import InvalidInput
from tests.support.certstore_world import PERMIT_TYPE, PROPERTY_TYPE, STATEMENT_TYPE, face, schema

_DEMO = [one for one in vars(demo_catalogue).values() if isinstance(one, TypeDefinition)]
BOUNDED = schema(
    {
        "grade": {**face("等级", "Grade", "KZ_DJ"), "type": "integer", "minimum": 1, "maximum": 5, "enum": [1, 3, 5]},
        "plate": face("号牌", "Plate", "KZ_HP", "code", minLength=7, maxLength=8),
        "heated": face("供暖", "Heated", "KZ_GN", type="boolean"),
    },
    "heated",
)


@pytest.mark.parametrize("before", [one.schema for one in (PROPERTY_TYPE, PERMIT_TYPE, STATEMENT_TYPE, *_DEMO)])
def test_rows_that_nobody_touched_make_the_same_schema(before: Any) -> None:
    made = schema_of(values_of_schema(before), before)
    assert list(made["properties"]) == list(before["properties"]), "the order of the face"
    assert face_fields(made) == face_fields(before)
    assert made["properties"] == with_masks(before)
    assert sorted(made["required"]) == sorted(before["required"])
    assert made.get("x-holder") == before.get("x-holder")


def with_masks(before: Any) -> dict[str, Any]:
    """What is not masked says so."""
    rules = before["properties"].items()
    return {name: rule | {"x-face": {"mask": "none", **rule["x-face"]}} for name, rule in rules}


def test_what_rows_do_not_say_stays_while_the_kind_stays() -> None:
    values = values_of_schema(BOUNDED)
    made = schema_of(values | {"f1.zh": "级别"}, BOUNDED)
    grade = made["properties"]["grade"]
    assert (grade["minimum"], grade["maximum"], grade["enum"], grade["x-face"]["zh"]) == (1, 5, [1, 3, 5], "级别")
    assert made["properties"]["plate"] | {"x-face": 0} == {
        "type": "string",
        "minLength": 7,
        "maxLength": 8,
        "x-face": 0,
    }
    changed = schema_of(values | {"f1.kind": "text", "f1.longest": ""}, BOUNDED)["properties"]["grade"]
    assert set(changed) == {"type", "x-face"}, "what bounds a number means nothing for a text"


def test_rows_are_added_moved_and_left_out() -> None:
    values = with_more(values_of_schema(BOUNDED))
    assert len(rows_of(values)) == 3 + 2 + MORE
    added = {"name": "colour", "zh": "颜色", "code": "KZ_YS", "kind": "choice", "choices": "红\n 蓝 \n红", "at": "1"}
    values |= {f"f6.{member}": value for member, value in added.items()}
    values |= {"f1.at": "2", "f3.drop": "1", "holder_zh": "车主"}
    made = schema_of(values, BOUNDED)
    assert list(made["properties"]) == ["colour", "grade", "plate"], "of two that want one place the earlier row"
    assert made["properties"]["colour"]["enum"] == ["红", "蓝"]
    assert made["properties"]["colour"]["x-face"]["en"] == "颜色"
    assert made["required"] == ["grade", "plate"]
    assert made["x-holder"] == {"zh": "车主", "en": "车主"}
    assert face_fields(made)
    assert len(rows_of({"rows": "999"})) == MAX_FIELDS


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"f2.name": "holder_name"}, "Element 2: its name"),
        ({"f2.name": "号牌"}, "Element 2: its name"),
        ({"f2.zh": ""}, "Element 2: its title"),
        ({"f2.code": "PLATE"}, "Element 2: its standard code"),
        ({"f2.code": "KZ_DJ"}, "Element 2: its standard code is that"),
        ({"f2.name": "grade"}, "Element 2: its name is that"),
        ({"f2.longest": "9999"}, "Element 2: its length"),
        ({"f2.kind": "choice"}, "Element 2: write"),
        ({f"f{number}.drop": "1" for number in (1, 2, 3)}, "Name at least one"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(changes: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        schema_of(values_of_schema(BOUNDED) | changes, BOUNDED)
    assert caught.value.text.en.startswith(told)
    assert caught.value.field == "schema"
