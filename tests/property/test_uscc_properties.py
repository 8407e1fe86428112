"""Unified social credit codes (GB 32100): what people type is read right or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.identifiers.uscc import check_character, grouped, parse_uscc

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015, table 3: no I, O, S, V, Z
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def with_check(first_17: str) -> str:
    """Our own reading of the standard, apart from the library that the code uses."""
    total = sum(ALPHABET.index(c) * w for c, w in zip(first_17, WEIGHTS, strict=True))
    return first_17 + ALPHABET[(31 - total % 31) % 31]


@st.composite
def codes(draw: st.DrawFn) -> str:
    department = draw(st.sampled_from(["11", "12", "51", "91", "92", "93"]))
    organisation = draw(st.text(ALPHABET, min_size=9, max_size=9))
    return with_check(f"{department}410100{organisation}")


@given(codes())
def test_every_right_code_is_read_as_it_is(code: str) -> None:
    assert parse_uscc(code) == code
    assert check_character(code[:17]) == code[17]
    assert grouped(code).replace(" ", "") == code


@given(codes())
def test_every_way_of_typing_gives_the_one_form(code: str) -> None:
    full_width = "".join(chr(ord(c) + 0xFEE0) for c in code)
    for typed in (code.lower(), grouped(code), f" {code}\n", full_width, "-".join(code)):
        assert parse_uscc(typed) == code


@given(codes(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_refused(code: str, at: int, wrong: str) -> None:
    """MOD 31-3 finds each single error: 31 is a prime, and no weight is a multiple of it."""
    if code[at] == wrong:
        return
    with pytest.raises(InvalidInput):
        parse_uscc(code[:at] + wrong + code[at + 1 :])


@given(codes(), st.integers(0, 17), st.sampled_from("IOSVZ*中"))
def test_characters_outside_the_alphabet_are_refused(code: str, at: int, wrong: str) -> None:
    with pytest.raises(InvalidInput):
        parse_uscc(code[:at] + wrong + code[at + 1 :])


@given(st.text(max_size=40))
def test_anything_else_is_refused_without_being_repeated(typed: str) -> None:
    refusal = refusal_of(typed)
    if refusal is None:
        code = parse_uscc(typed)
        assert with_check(code[:17]) == code
    else:
        assert refusal.code == "uscc-invalid"
        assert len(typed) <= 6 or typed not in f"{refusal} {refusal.text} {refusal.private}"


def refusal_of(typed: str) -> InvalidInput | None:
    try:
        parse_uscc(typed)
    except InvalidInput as refusal:
        return refusal
    return None
