"""CMaps: from the octets of a string to codes, glyph numbers or signs (ISO 32000-1 §9.7.5, §9.10.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from signing.ofd.from_pdf.tokens import Unreadable, operators
from signing.ofd.write.values import is_writable

_MOST = 200_000  # entries of one CMap
_BREAKS = frozenset("\t\n\r\x85\u2028\u2029")  # a glyph is no end of a line


@dataclass(slots=True)
class CMap:
    """
    Attributes:
        spaces: first code, last code and octets of each range of codes.
        numbers: CID by code, where it is a CMap to CIDs.
        texts: signs by code, where it is one to Unicode.
    """

    spaces: list[tuple[int, int, int]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    vertical: bool = False
    _written: int = 0

    def spend(self, entries: int) -> None:
        """Count what is written, also over what stands there already.

        Raises:
            Unreadable: more than any font has.
        """
        self._written += entries
        if self._written > _MOST:
            raise Unreadable("size")

    def codes(self, string: bytes) -> list[int]:
        """
        Raises:
            Unreadable: octets that are in no range.
        """
        out, at = [], 0
        while at < len(string):
            for length in (1, 2, 3, 4):
                code = int.from_bytes(string[at : at + length], "big")
                if any(n == length and first <= code <= last for first, last, n in self.spaces):
                    break
            else:
                raise Unreadable("code")
            if at + length > len(string):
                raise Unreadable("code")
            out.append(code)
            at += length
        return out


def read_cmap(content: bytes) -> CMap:
    """
    Raises:
        Unreadable: it is not one, has too much, or builds on another that is not in the file.
    """
    found = CMap()
    for operator, operands in operators(content):
        if operator == "usecmap":
            raise Unreadable("usecmap")
        if operator == "def" and operands[:1] == ["WMode"]:
            found.vertical = operands[-1] == 1
        elif operator in _READERS:
            _READERS[operator](found, operands)
    return found


def _spaces(found: CMap, operands: list[Any]) -> None:
    for first, last in _rows(operands, 2):
        if not (isinstance(first, bytes) and isinstance(last, bytes) and 0 < len(first) <= 4):
            raise Unreadable("code space")
        found.spend(1)
        found.spaces.append((_code(first), _code(last), len(first)))


def _number(found: CMap, operands: list[Any]) -> None:
    for code, number in _rows(operands, 2):
        found.spend(1)
        found.numbers[_code(code)] = int(number)


def _numbers(found: CMap, operands: list[Any]) -> None:
    for first, last, number in _rows(operands, 3):
        steps = _range(first, last)
        found.spend(len(steps))
        for step in steps:
            found.numbers[_code(first) + step] = int(number) + step


def _text(found: CMap, operands: list[Any]) -> None:
    for code, text in _rows(operands, 2):
        found.spend(1)
        _put(found, _code(code), text)


def _texts(found: CMap, operands: list[Any]) -> None:
    for first, last, to in _rows(operands, 3):
        begin, steps = _code(first), _range(first, last)
        found.spend(len(steps))
        if isinstance(to, list):
            for step, text in zip(steps, to, strict=False):
                _put(found, begin + step, text)
            continue
        if not isinstance(to, bytes) or len(to) < 1:
            raise Unreadable("bfrange")
        for step in steps:
            low = int.from_bytes(to[-2:], "big") + step
            _put(found, begin + step, to[:-2] + (low & 0xFFFF).to_bytes(2, "big"))


_READERS = {
    "endcodespacerange": _spaces,
    "endcidchar": _number,
    "endcidrange": _numbers,
    "endbfchar": _text,
    "endbfrange": _texts,
}


def _put(found: CMap, code: int, text: object) -> None:
    if not isinstance(text, bytes):
        raise Unreadable("bfchar")
    signs = (text if len(text) > 1 else b"\0" + text).decode("utf-16-be", "ignore")
    if signs and is_writable(signs) and not _BREAKS & set(signs):
        found.texts[code] = signs


def _rows(operands: list[Any], width: int) -> list[list[Any]]:
    if len(operands) % width:
        raise Unreadable("rows")
    return [operands[at : at + width] for at in range(0, len(operands), width)]


def _range(first: object, last: object) -> range:
    size = _code(last) - _code(first)
    if not 0 <= size <= 0xFFFF:
        raise Unreadable("range")
    return range(size + 1)


def _code(value: object) -> int:
    if not isinstance(value, bytes) or len(value) > 4:
        raise Unreadable("code")
    return int.from_bytes(value, "big")
