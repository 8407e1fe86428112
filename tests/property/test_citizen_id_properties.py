"""Citizen identity numbers (GB 11643): what people type is read right or refused, whatever it is."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id

TODAY = dt.date(2026, 11, 23)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, table of weights
FULL_WIDTH = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")
TYPED = "0123456789Xx０１９Ｘ -"


def with_check(first_17: str) -> str:
    """Our own reading of the standard, apart from the library that the code uses."""
    return first_17 + "10X98765432"[sum(int(c) * w for c, w in zip(first_17, WEIGHTS, strict=True)) % 11]


@st.composite
def numbers(draw: st.DrawFn, *, born_from: int = 1900) -> str:
    place = draw(st.sampled_from(["110105", "410105", "530102", "810000", "999999", "000000"]))
    born = draw(st.dates(dt.date(born_from, 1, 1), TODAY))
    return with_check(f"{place}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}")


@given(numbers())
def test_every_right_number_is_read_as_it_is(number: str) -> None:
    read = parse_citizen_id(number, today=TODAY)
    assert read.number == number
    assert read.birth_date.strftime("%Y%m%d") == number[6:14]
    assert read.sex == ("male" if int(number[16]) % 2 else "female")


@given(numbers(), st.data())
def test_every_way_of_typing_gives_the_one_form(number: str, data: st.DataObject) -> None:
    typed = number.lower() if data.draw(st.booleans()) else number
    typed = typed.translate(FULL_WIDTH) if data.draw(st.booleans()) else typed
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(typed)))
        typed = (
            typed[:at] + data.draw(st.sampled_from([" ", "\u3000", "\t", "-", "—", "\u200b", "\u00a0"])) + typed[at:]
        )
    assert parse_citizen_id(typed, today=TODAY).number == number


@given(numbers(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_every_single_wrong_character_is_refused(number: str, at: int, wrong: str) -> None:
    """MOD 11-2 finds each single error (ISO 7064)."""
    if number[at] == wrong:
        return
    with pytest.raises(InvalidInput):
        parse_citizen_id(number[:at] + wrong + number[at + 1 :], today=TODAY)


@given(numbers(), st.integers(0, 16))
def test_two_neighbours_that_changed_places_are_refused(number: str, at: int) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    if swapped == number:
        return
    with pytest.raises(InvalidInput):
        parse_citizen_id(swapped, today=TODAY)


@given(numbers(), st.integers(0, 17))
def test_a_character_too_few_or_too_many_is_refused(number: str, at: int) -> None:
    for wrong in (number[:at] + number[at + 1 :], number[:at] + "1" + number[at:]):
        with pytest.raises(InvalidInput):
            parse_citizen_id(wrong, today=TODAY)


@given(st.dates(dt.date(1900, 1, 1), dt.date(1999, 12, 31)), st.integers(0, 999))
def test_a_number_of_15_digits_becomes_the_same_persons_of_18(born: dt.date, sequence: int) -> None:
    upgraded = parse_citizen_id(f"410105{born:%y%m%d}{sequence:03d}", today=TODAY)
    assert upgraded.number == with_check(f"410105{born:%Y%m%d}{sequence:03d}")
    assert upgraded.birth_date == born


@given(numbers())
def test_masking_hides_the_birth_date(number: str) -> None:
    read = parse_citizen_id(number, today=TODAY)
    assert number[6:14] not in read.masked.replace(" ", "")
    assert number not in repr(read)


@given(st.text(max_size=40) | st.text(TYPED, max_size=24))
def test_anything_else_is_refused_without_being_repeated(typed: str) -> None:
    refusal = refusal_of(typed)
    if refusal is None:
        read = parse_citizen_id(typed, today=TODAY)
        assert with_check(read.number[:17]) == read.number
    else:
        assert refusal.field == "id_number"
        assert len(typed) <= 6 or typed not in f"{refusal} {refusal.text} {refusal.private}"


def refusal_of(typed: str) -> InvalidInput | None:
    try:
        parse_citizen_id(typed, today=TODAY)
    except InvalidInput as refusal:
        return refusal
    return None
