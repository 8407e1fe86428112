"""A share as people write it down and type it again: five lines of sixteen characters.

The letters are Crockford's base 32 (no I, L, O, U); small letters, full-width ones, spaces and hyphens are taken, and
I, L, O are read as 1, 1, 0. Each line ends with two check characters: a Reed-Solomon code over GF(32), which finds
every one or two wrong characters of a line, so every swap of two and every line in the wrong place. The whole ends
with 32 bits of SHA-256.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

from core.text import Text
from keys.errors import ShareRefused
from keys.secrets.split import SET_ID, Share

LINES = 5
SECRET = 32  # bytes of the secrets whose shares have this form

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: number for number, letter in enumerate(_ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_DATA, _CHECK, _GROUP = 14, 2, 4  # characters of a line
_VERSION = 1
_DIGEST = 4
_SIZE = 2 + SET_ID + SECRET + _DIGEST
_GENERATOR = (6, 8)  # (x - a)(x - a^2) = x^2 + 6x + 8 over GF(32), a = 2
_FOLD = 5  # x^5 = x^2 + 1


def write_share(share: Share) -> list[str]:
    """Five lines in groups of four characters.

    Raises:
        ShareRefused: a share of something else than 32 bytes.
    """
    if len(share.value) != SECRET:
        raise ShareRefused(Text("只有 32 字节的密钥分片可以抄写。", "Only shares of 32 bytes have a written form."))
    body = _packed(share)
    number = int.from_bytes(body + _digest(body), "big")
    symbols = [number >> 5 * position & 31 for position in reversed(range(LINES * _DATA))]
    lines = [symbols[start : start + _DATA] for start in range(0, len(symbols), _DATA)]
    return [_spelled([*line, *_checks(place, line)]) for place, line in enumerate(lines)]


def read_share(lines: Sequence[str]) -> Share:
    """The share, if it was typed rightly.

    Raises:
        ShareRefused: names the lines with a mistake.
    """
    if len(lines) != LINES:
        raise ShareRefused(Text(f"一个分片有 {LINES} 行。", f"A share has {LINES} lines."))
    wrong = [place + 1 for place, line in enumerate(lines) if not line_is_right(place + 1, line)]
    if wrong:
        named = ", ".join(map(str, wrong))
        raise ShareRefused(
            Text(f"第 {named} 行有录入错误，请核对。", f"There is a mistake in line {named}: compare it.")
        )
    number = 0
    for line in lines:
        for symbol in _symbols(line)[:_DATA]:
            number = number << 5 | symbol
    return _unpacked(number)


def line_is_right(number: int, line: str) -> bool:
    """Whether line `number` (from 1) is free of typing errors, as far as its check characters tell."""
    symbols = _symbols(line)
    return len(symbols) == _DATA + _CHECK and tuple(symbols[_DATA:]) == _checks(number - 1, symbols[:_DATA])


def _symbols(line: str) -> list[int]:
    """The numbers of the characters; empty where one is none of ours."""
    plain = "".join(unicodedata.normalize("NFKC", line).upper().replace("-", " ").split())
    return [_VALUES[letter] for letter in plain] if _VALUES.keys() >= set(plain) else []


def _spelled(symbols: Sequence[int]) -> str:
    letters = "".join(_ALPHABET[symbol] for symbol in symbols)
    return " ".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def _checks(place: int, data: Sequence[int]) -> tuple[int, int]:
    """The rest of the line, its place before it, divided by the generator."""
    first = second = 0
    for symbol in (place, *data):
        lead = first ^ symbol
        first, second = second ^ _product(lead, _GENERATOR[0]), _product(lead, _GENERATOR[1])
    return first, second


def _product(left: int, right: int) -> int:
    """In GF(32); `right` is a constant."""
    product = 0
    for bit in range(5):
        product ^= left * (right >> bit & 1)
        left = (left & 15) << 1 ^ (left >> 4) * _FOLD
    return product


def _packed(share: Share) -> bytes:
    numbers = _VERSION << 12 | share.threshold - 1 << 8 | share.total - 1 << 4 | share.index - 1
    return numbers.to_bytes(2, "big") + share.set_id + share.value


def _unpacked(number: int) -> Share:
    spoiled = ShareRefused(
        Text("分片整体校验不符，请逐行核对。", "The share as a whole does not fit: compare each line.")
    )
    if number >> 8 * _SIZE:
        raise spoiled
    data = number.to_bytes(_SIZE, "big")
    body, digest = data[:-_DIGEST], data[-_DIGEST:]
    numbers = int.from_bytes(body[:2], "big")
    if digest != _digest(body) or numbers >> 12 != _VERSION:
        raise spoiled
    threshold, total, index = (1 + (numbers >> shift & 15) for shift in (8, 4, 0))
    return Share(body[2 : 2 + SET_ID], threshold, total, index, body[2 + SET_ID :])


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(b"yizheng share text v1" + body).digest()[:_DIGEST]
