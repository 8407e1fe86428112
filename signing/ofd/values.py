"""Simple types of OFD (GB/T 33190-2016 §7.3), read within bounds: no NaN, no endless number, no list without an end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from signing.ofd.geometry import UNMOVED, Box, Matrix
from signing.ofd.package import PackageRefused

LARGEST_NUMBER = 1e6
MOST_NUMBERS = 200_000
_LARGEST_ID = 1 << 32
_NUMBER = re.compile(r"[+-]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_Value = TypeVar("_Value")


class Budget:
    """How many things one file may hold; spent as they are read.

    Args:
        left: objects, glyphs and steps of paths.
    """

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, things: int = 1) -> None:
        """
        Raises:
            PackageRefused: `too-complex`
        """
        self._left -= things
        if self._left < 0:
            raise PackageRefused("too-complex", "objects")


def number(text: str, what: str) -> float:
    """
    Raises:
        PackageRefused: `number`: none, NaN, infinite, or beyond a million.
    """
    if not _NUMBER.fullmatch(text) or abs(found := float(text)) > LARGEST_NUMBER:
        raise PackageRefused("number", what)
    return found


def numbers(text: str, what: str, count: int | None = None) -> tuple[float, ...]:
    """ST_Array of numbers, `count` of them where it is given.

    Raises:
        PackageRefused: `number`
    """
    parts = text.split(None, MOST_NUMBERS)
    if len(parts) > MOST_NUMBERS or (count is not None and len(parts) != count):
        raise PackageRefused("number", f"{what}: how many")
    return tuple(number(part, what) for part in parts)


def box(text: str, what: str) -> Box:
    """ST_Box with no side below zero.

    Raises:
        PackageRefused: `number`
    """
    found = Box(*numbers(text, what, 4))
    if found.width < 0 or found.height < 0:
        raise PackageRefused("number", f"{what}: a side below zero")
    return found


def matrix(text: str | None, what: str = "CTM") -> Matrix:
    """
    Raises:
        PackageRefused: `number`
    """
    return UNMOVED if text is None else Matrix(*numbers(text, what, 6))


def identifier(text: str | None, what: str) -> int:
    """ST_ID or ST_RefID.

    Raises:
        PackageRefused: `reference`
    """
    digits = (text or "").strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10 or int(digits) > _LARGEST_ID:
        raise PackageRefused("reference", f"{what} is no identifier")
    return int(digits)


def truth(text: str | None, what: str, otherwise: bool) -> bool:
    """
    Raises:
        PackageRefused: `xml`
    """
    if text is None:
        return otherwise
    found = _TRUTHS.get(text.strip().lower())
    if found is None:
        raise PackageRefused("xml", f"{what} is neither true nor false")
    return found


def maybe(text: str | None, what: str, read: Callable[[str, str], _Value]) -> _Value | None:
    """What an attribute says; None where it is not there.

    Raises:
        PackageRefused: as `read`.
    """
    return None if text is None else read(text, what)
