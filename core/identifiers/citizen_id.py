"""Citizen identity numbers, 公民身份号码 (GB 11643-1999).

Hard rules are length, date of birth and the check character; the place code is only a warning, because
division codes change and people keep the number they were born with.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from stdnum.iso7064 import mod_11_2

from core.errors import InvalidInput
from core.identifiers.normal import canonical
from core.text import Text

_CENTURY_OF_15_DIGITS = "19"  # the 15-digit form was given out until 1999, to people born in the 1900s
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()  # noqa: SIM905 - a table reads better so
)


@dataclass(frozen=True, slots=True)
class CitizenId:
    """A citizen identity number in its one canonical form: 18 characters, the last 0-9 or X."""

    number: str = field(repr=False)

    @property
    def birth_date(self) -> dt.date:
        return dt.date(int(self.number[6:10]), int(self.number[10:12]), int(self.number[12:14]))

    @property
    def sex(self) -> Literal["male", "female"]:
        return "male" if int(self.number[16]) % 2 else "female"

    @property
    def place_code(self) -> str:
        """The six digits of the county in which the number was given (GB/T 2260)."""
        return self.number[:6]

    @property
    def place_is_known(self) -> bool:
        """False is a warning, never a refusal."""
        return self.number[:2] in _PROVINCES

    @property
    def masked(self) -> str:
        """As shown wherever it is not being typed: `410199 ******** 1031`."""
        return f"{self.number[:6]} ******** {self.number[14:]}"


def parse_citizen_id(typed: str, *, today: dt.date) -> CitizenId:
    """Read a citizen identity number in any form people type it; 15-digit forms are upgraded.

    Raises:
        InvalidInput: `citizen-id-length`, `citizen-id-date` or `citizen-id-check`; the message never echoes
            the number.
    """
    number = canonical(typed)
    if len(number) == 15 and number.isascii() and number.isdigit():
        number = number[:6] + _CENTURY_OF_15_DIGITS + number[6:]
        number += mod_11_2.calc_check_digit(number)
    if len(number) != 18 or not number.isascii() or not number[:17].isdigit() or number[17] not in "0123456789X":
        raise InvalidInput(
            "citizen-id-length",
            Text(
                "身份证号应为 18 位，请对着身份证再核一遍。",
                "An ID number has 18 characters. Check it against your ID card.",
            ),
            field="id_number",
        )
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        born = None
    if born is None or born > today or born.year < 1850:
        raise InvalidInput(
            "citizen-id-date",
            Text(
                "身份证号里的出生日期不对，请再核一遍。",
                "The date of birth in the ID number is not a real date. Check it again.",
            ),
            field="id_number",
        )
    if not mod_11_2.is_valid(number):
        raise InvalidInput(
            "citizen-id-check",
            Text(
                "最后一位对不上，请对着身份证再核一遍。",
                "The last character doesn't match. Check it against your ID card.",
            ),
            field="id_number",
        )
    return CitizenId(number)
