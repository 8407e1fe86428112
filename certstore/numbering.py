"""Licence numbers (证照编号, ZZBH of GB/T 36903) by a type's own pattern, each drawn once.

A pattern is fixed text with `{year}`, `{month}`, `{region}` (the issuer's six-digit division), `{issuer}` (its whole
code) and exactly one `{serial:N}`. What is fixed once the serial is left out is a series, and every series counts for
itself: numbers of different years or offices differ because their texts do. A number is drawn before the face is set,
in a unit of its own: an issue that fails leaves a gap, and no number of a series is drawn twice.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Protocol

from core.db.database import Database, WriteTx
from core.errors import Conflict, InvalidInput
from core.text import Text

MAX_PATTERN = 60
_PART = re.compile(r"\{([^{}]*)\}")
_SERIAL = re.compile(r"serial:([1-9])")
_PLACES = frozenset({"year", "month", "region", "issuer"})


class NumberStore(Protocol):
    """Counters, one per type and series."""

    async def next_number(self, tx: WriteTx, type_code: str, series: str) -> int:
        """One more than was ever drawn from the series, counted in one statement; the first is 1."""


@dataclass(frozen=True, slots=True)
class Series:
    """A pattern with everything filled in but the serial.

    Attributes:
        text: keeps the serial's place and width, so that series with different numbers have different texts.
    """

    text: str
    width: int

    def number(self, serial: int) -> str:
        """
        Raises:
            Conflict: `numbers-exhausted`; a longer serial could meet a number of another series.
        """
        digits = str(serial).rjust(self.width, "0")
        if len(digits) > self.width:
            raise Conflict(
                "numbers-exhausted",
                Text(
                    "这一号段已经用完。请目录管理员把编号规则的位数加长。",
                    "This series of numbers is used up. Ask the catalogue's administrator for a longer serial.",
                ),
            )
        return self.text.replace(f"{{serial:{self.width}}}", digits)


def check_pattern(typed: str) -> str:
    """A pattern as it is kept; empty stays empty: then the identifier's serial is the number.

    Raises:
        InvalidInput: `numbering-invalid`.
    """
    pattern = typed.strip()
    if not pattern:
        return ""
    places = _PART.findall(pattern)
    serials = [one for one in places if _SERIAL.fullmatch(one)]
    fixed = _PART.sub("", pattern)
    known = all(one in _PLACES for one in places if one not in serials)
    dated = "year" in places or "month" not in places  # a month alone would come again next year
    if not known or len(serials) != 1 or not dated or set("{}") & set(fixed):
        raise _invalid()
    if len(pattern) > MAX_PATTERN or not pattern.isprintable() or "  " in pattern:
        raise _invalid()
    return pattern


def series_of(pattern: str, issuer: str, day: dt.date) -> Series:
    """
    Args:
        pattern: passed `check_pattern`.
        issuer: USCC; its characters 3 to 8 are the division (GB 32100).
    """
    width = 0
    filled = pattern
    values = {"year": f"{day.year}", "month": f"{day.month:02d}", "region": issuer[2:8], "issuer": issuer}
    for place in _PART.findall(pattern):
        serial = _SERIAL.fullmatch(place)
        if serial:
            width = int(serial.group(1))
        else:
            filled = filled.replace(f"{{{place}}}", values[place])
    return Series(filled, width)


class LicenceNumbers:
    """Draws numbers."""

    def __init__(self, database: Database, store: NumberStore) -> None:
        self._database = database
        self._store = store

    async def draw(self, type_code: str, pattern: str, issuer: str, day: dt.date) -> str:
        """The next number of the series that counts for this issuer on this calendar day (Asia/Shanghai).

        Raises:
            Conflict: `numbers-exhausted`.
        """
        series = series_of(pattern, issuer, day)
        async with self._database.write() as tx:
            number = series.number(await self._store.next_number(tx, type_code, series.text))
            await tx.commit()
        return number


def number_is_drawn() -> InvalidInput:
    """`number-is-drawn`: a number was stated for a type that gives its own."""
    return InvalidInput(
        "number-is-drawn",
        Text(
            "这类证照自动编号，不要填写证照编号。",
            "Licences of this type are numbered by the repository: leave the number out.",
        ),
        field="number",
    )


def _invalid() -> InvalidInput:
    return InvalidInput(
        "numbering-invalid",
        Text(
            f"编号规则最长 {MAX_PATTERN} 个字符，只用 {{year}}、{{month}}、{{region}}、{{issuer}}，并且正好有一个"
            " {serial:N}（N 为 1 到 9 位）；用了月份就要写年份。",
            f"A numbering pattern has at most {MAX_PATTERN} characters, with {{year}}, {{month}}, {{region}}, "
            "{issuer} and exactly one {serial:N} (N from 1 to 9); a month needs the year.",
        ),
        field="numbering",
    )
