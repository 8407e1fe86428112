"""Examples for the identifiers of persons and organisations that their properties do not spell out."""

from __future__ import annotations

import datetime as dt

import pytest

from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.normal import canonical
from core.identifiers.uscc import grouped, parse_uscc

TODAY = dt.date(2026, 11, 23)


def test_the_example_of_the_standard() -> None:
    """GB 11643-1999, the worked example."""
    read = parse_citizen_id("11010519491231002X", today=TODAY)
    assert (read.birth_date, read.sex, read.place_code) == (dt.date(1949, 12, 31), "female", "110105")
    assert read.masked == "110105 ******** 002X"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "citizen-id-length"),
        ("1101051949123100", "citizen-id-length"),
        ("1101051949123100XX", "citizen-id-length"),
        ("X1010519491231002X", "citizen-id-length"),
        ("11010519491331002X", "citizen-id-date"),
        ("110105190002290021", "citizen-id-date"),  # 1900 was no leap year
        ("110105202611240029", "citizen-id-date"),  # tomorrow
        ("110105184912310020", "citizen-id-date"),
        ("110105194912310021", "citizen-id-check"),
        ("110105491331002", "citizen-id-date"),  # 15 digits with a month 13
    ],
)
def test_refusals_say_what_is_wrong_and_point_at_the_field(typed: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_citizen_id(typed, today=TODAY)
    assert refused.value.code == code
    assert refused.value.field == "id_number"
    assert refused.value.text.zh
    assert refused.value.text.en


def test_an_unknown_place_is_a_warning_only() -> None:
    assert parse_citizen_id("11010519491231002X", today=TODAY).place_is_known
    assert not parse_citizen_id("990105194912310023", today=TODAY).place_is_known


@pytest.mark.parametrize("typed", ["٤١٠١٠٥١٩٨٨٠٢٢٩١٠٣", "४१०१०५१९८८०२२९१०३", "²²²²²²²²²²²²²²²"])
def test_digits_of_other_scripts_are_no_number(typed: str) -> None:
    with pytest.raises(InvalidInput):
        parse_citizen_id(typed, today=TODAY)


def test_canonical_joins_what_people_type() -> None:
    assert canonical("４１０１９９ 1988—0229\u3000103x\n") == "41019919880229103X"


def test_a_real_code_and_one_with_a_wrong_check_character() -> None:
    assert parse_uscc("91350100m000100y43") == "91350100M000100Y43"
    assert grouped("91350100M000100Y43") == "91 350100 M000100Y4 3"
    with pytest.raises(InvalidInput):
        parse_uscc("91350100M000100Y44")
