"""What is computed quickly for registers of millions comes to what the libraries compute."""

from __future__ import annotations

import string
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from stdnum.iso7064 import mod_37_36

from certstore.bulk.checking import _typed
from certstore.errors import DataInvalid
from certstore.identifier import check_character
from certstore.schema import check_data
from certstore.schema_quick import acceptor
from core.identifiers.normal import canonical
from core.ids import new_code

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "place": {"type": "string", "minLength": 2, "maxLength": 6},
        "area": {"type": "number", "minimum": 0, "maximum": 99.5},
        "rooms": {"type": "integer", "minimum": 1},
        "mortgaged": {"type": "boolean"},
        "kind": {"type": "string", "enum": ["单独所有", "共同共有"]},
        "land": {"const": "国有"},
        "on": {"type": "string", "format": "date"},
    },
    "required": ["place"],
    "additionalProperties": False,
}
SCHEMA["properties"]["land"]["type"] = "string"
GOOD: dict[str, object] = {
    "place": "青石区",
    "area": 88.6,
    "rooms": 3,
    "mortgaged": False,
    "kind": "共同共有",
    "land": "国有",
    "on": "2026-11-20",
}
values = st.one_of(
    st.sampled_from([*GOOD.values(), "2026-13-01", "20261120", "2026-W01-1", "单独", "", True, 1.0, 0, -1, 100, 99.5]),
    st.none(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=1),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]), values))
def test_what_is_accepted_quickly_the_validator_accepts(change: dict[str, object]) -> None:
    data = GOOD | change
    if acceptor(SCHEMA)(data):
        assert not list(Draft202012Validator(SCHEMA, format_checker=FormatChecker(["date"])).iter_errors(data))


@pytest.mark.parametrize("name", GOOD)
def test_what_fits_is_accepted_quickly_and_what_does_not_is_refused(name: str) -> None:
    assert acceptor(SCHEMA)(GOOD)
    wrong = GOOD | {name: [1]}
    assert not acceptor(SCHEMA)(wrong)
    with pytest.raises(DataInvalid):
        check_data(SCHEMA, wrong)


@given(st.text(alphabet=string.digits + string.ascii_uppercase, min_size=1, max_size=80))
def test_check_characters_are_those_of_iso_7064(body: str) -> None:
    assert check_character(body) == mod_37_36.calc_check_digit(body)


@given(st.text(alphabet=string.printable + "Ａ１－ß", max_size=20))
def test_plain_text_is_brought_to_the_form_that_the_long_way_gives(typed: str) -> None:
    assert canonical(typed) == canonical("\u3000" + typed)  # a wide space takes the long way and falls out of it


@pytest.mark.parametrize("typed", ["nan", "inf", "1e400", "1_000", "٣", "0x10", ""])
def test_a_numeral_is_what_people_write(typed: str) -> None:
    assert _typed(typed, "number") is None
    assert _typed(typed, "integer") is None
    assert (_typed("1,200.50", "number"), _typed("-3", "integer"), _typed("3.0", "integer")) == (1200.5, -3, None)


@pytest.mark.parametrize("alphabet", ["0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789"])
def test_each_letter_of_a_code_has_its_chance(alphabet: str) -> None:
    found = Counter(new_code(alphabet, 6400))
    assert found.total() == 6400
    assert set(found) == set(alphabet)
    expected = 6400 / len(alphabet)
    assert all(expected / 2 < count < expected * 2 for count in found.values())
