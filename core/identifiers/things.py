"""Numbers that belong to things: a vehicle's (GB 16735-2019), a real estate unit's (GB/T 37346-2019)."""

from __future__ import annotations

import re

from core.errors import InvalidInput
from core.identifiers.normal import canonical
from core.text import Text

_VIN = re.compile(r"[0-9A-HJ-NPR-Z]{17}")
_VIN_VALUES = {
    letter: value
    for value, letters in enumerate(("", "AJ", "BKS", "CLT", "DMU", "ENV", "FW", "GPX", "HY", "RZ"))
    for letter in letters
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_CHECK = 8
# division 6, cadastral zones 3 + 3, kind of parcel 2, its number 5, kind of fixture 1, its number 8
_ESTATE_UNIT = re.compile(r"[0-9]{12}[GJZ][A-Z][0-9]{5}[FLQW][0-9]{8}")


def parse_vin(typed: str) -> str:
    """A vehicle identification number, 17 characters, the ninth of which checks the others.

    Raises:
        InvalidInput: `vin-invalid`; the number is not echoed.
    """
    number = canonical(typed)
    if not _VIN.fullmatch(number) or vin_check(number) != number[_CHECK]:
        raise InvalidInput(
            "vin-invalid",
            Text(
                "车辆识别代号应为 17 位（没有 I、O、Q），第 9 位是校验位。请对着车辆再核一遍。",
                "A vehicle identification number has 17 characters (no I, O, Q); the ninth checks the others. "
                "Compare it with the vehicle.",
            ),
            field="code",
        )
    return number


def vin_check(number: str) -> str:
    """The check character that belongs in the ninth place (GB 16735-2019 Annex A)."""
    total = sum(
        (int(letter) if letter.isdigit() else _VIN_VALUES[letter]) * weight
        for letter, weight in zip(number, _VIN_WEIGHTS, strict=True)
    )
    return "X" if total % 11 == 10 else str(total % 11)


def parse_estate_unit(typed: str) -> str:
    """A real estate unit's code, 28 characters.

    Raises:
        InvalidInput: `estate-unit-invalid`; the code is not echoed.
    """
    number = canonical(typed)
    if not _ESTATE_UNIT.fullmatch(number):
        raise InvalidInput(
            "estate-unit-invalid",
            Text(
                "不动产单元代码应为 28 位：12 位数字、2 位宗地特征码、5 位数字、F、L、Q、W 之一和 8 位数字。",
                "A real estate unit's code has 28 characters: 12 digits, 2 letters for the parcel, 5 digits, one of "
                "F, L, Q, W, and 8 digits.",
            ),
            field="code",
        )
    return number
