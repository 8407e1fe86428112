"""GB/T 36904-2018, electronic licence identifiers: vectors from the field, mutations, and the vendor's routine."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certstore.identifier import (
    ROOT,
    Check,
    check_character,
    make_identifier,
    parse_identifier,
    parse_type_code,
    vendor_check_character,
)
from core.errors import InvalidInput

SAFETY = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
SPECIAL = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F"
VENDOR = "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def body(text: str) -> str:
    return "".join(text.removeprefix(f"{ROOT}.").split(".")[:-1])


def mod_37_36(text: str) -> str:
    """A second, independent calculation of ISO 7064 MOD 37,36."""
    product = 36
    for character in text:
        product = (product + ALPHABET.index(character)) % 36 or 36
        product = product * 2 % 37
    return ALPHABET[(37 - product) % 36]


@pytest.mark.parametrize(
    ("text", "judgement"), [(SAFETY, Check.STANDARD), (SPECIAL, Check.STANDARD), (VENDOR, Check.VENDOR_VARIANT)]
)
def test_identifiers_from_the_field_are_judged(text: str, judgement: Check) -> None:
    identifier = parse_identifier(text)
    assert identifier.judgement is judgement
    assert identifier.text == text


def test_the_vendors_routine_gives_what_was_calculated_for_the_good_vectors() -> None:
    assert [vendor_check_character(body(text)) for text in (SAFETY, SPECIAL, VENDOR)] == ["T", "E", "M"]
    assert check_character(body(VENDOR)) == "D"


@pytest.mark.parametrize("text", [SAFETY, SPECIAL])
def test_every_single_wrong_character_is_noticed(text: str) -> None:
    parts = text.removeprefix(f"{ROOT}.").split(".")
    for place in (2, 3):  # serial and version: any character of their class is well formed there
        for index, right in enumerate(parts[place]):
            for wrong in "0123456789" if place == 3 else ALPHABET:
                if wrong != right:
                    changed = [*parts]
                    changed[place] = parts[place][:index] + wrong + parts[place][index + 1 :]
                    judged = parse_identifier(".".join((ROOT, *changed))).judgement
                    assert judged is not Check.STANDARD


def test_swapped_neighbours_are_noticed() -> None:
    parts = SAFETY.removeprefix(f"{ROOT}.").split(".")
    serial = parts[2]
    swaps = [
        serial[:index] + serial[index + 1] + serial[index] + serial[index + 2 :]
        for index in range(len(serial) - 1)
        if serial[index] != serial[index + 1]
    ]
    for swapped in swaps:
        text = ".".join((ROOT, *parts[:2], swapped, *parts[3:]))
        assert parse_identifier(text).judgement is not Check.STANDARD


def test_pasted_forms_are_one_identifier() -> None:
    full_width = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in SAFETY)
    for typed in (SAFETY.lower(), f"  {SAFETY}\n", full_width):
        assert parse_identifier(typed).text == SAFETY


@pytest.mark.parametrize(
    "text",
    [
        "",
        SAFETY.replace("3005.2", "3005.3"),
        SAFETY[:-2],
        SAFETY + ".0",
        SAFETY.replace(".001.", ".01."),
        SAFETY.replace("W011", "W01A"),
        SAFETY.replace("11430000006122244L", "1143000000612224"),
        SAFETY.replace("20230000403", ""),
        SAFETY.replace("20230000403", "2023-0000403；DROP"),
        "1.2.156.3005.2." + "9" * 5000,
    ],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_identifier(text)
    assert raised.value.code == "identifier-invalid"


def test_issuing_is_strict_where_judging_is_not() -> None:
    good = make_identifier(
        type_code="11100000000013338W011", issuer="11430000006122244L", serial="20230000403", version=1
    )
    assert good.text == SAFETY
    old = parse_identifier(VENDOR.replace("113700000045046442", "370000"))  # a division code for an issuer
    assert old.issuer == "370000"
    for changes in (
        {"issuer": "370000"},
        {"issuer": "11430000006122244M"},
        {"type_code": "11100000000013338W01"},
        {"type_code": "11100000000013338V011"},
        {"serial": "abc"},
        {"serial": ""},
        {"version": 0},
        {"version": 1000},
    ):
        parts = {
            "type_code": "11100000000013338W011",
            "issuer": "11430000006122244L",
            "serial": "20230000403",
            "version": 1,
        }
        with pytest.raises(InvalidInput):
            make_identifier(**(parts | changes))  # type: ignore[arg-type]


def test_a_type_code_is_an_authority_and_an_ordinal() -> None:
    assert parse_type_code(" 11100000000013338w011") == "11100000000013338W011"


@given(st.text(alphabet=ALPHABET, min_size=1, max_size=80))
def test_both_calculations_of_the_check_character_agree(text: str) -> None:
    assert check_character(text) == mod_37_36(text)


def test_the_two_routines_agree_by_chance_about_once_in_36() -> None:
    dice = random.Random(36904)
    tries = 20_000
    bodies = ("".join(dice.choices(ALPHABET, k=40)) for _ in range(tries))
    agree = sum(check_character(text) == vendor_check_character(text) for text in bodies)
    assert 1 / 50 < agree / tries < 1 / 25
