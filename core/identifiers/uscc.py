"""Unified social credit codes, 统一社会信用代码 (GB 32100-2015)."""

from __future__ import annotations

from functools import lru_cache

from stdnum.cn import uscc as _uscc

from core.errors import InvalidInput
from core.identifiers.normal import canonical
from core.text import Text


def parse_uscc(typed: str) -> str:
    """Read a unified social credit code; answers its canonical 18 characters.

    Raises:
        InvalidInput: `uscc-invalid`, when length, alphabet or the check character (MOD 31-3) is wrong.
    """
    code = canonical(typed)
    if not _is_valid(code):
        raise InvalidInput(
            "uscc-invalid",
            Text(
                "统一社会信用代码不对：应为 18 位，最后一位是校验位。",
                "Not a unified social credit code: it has 18 characters, the last one checks the rest.",
            ),
            field="organisation",
        )
    return code


def is_uscc(text: str) -> bool:
    """Whether it is a code in its canonical form."""
    return text == canonical(text) and _is_valid(text)


@lru_cache(maxsize=1024)  # a register names its issuer a million times; the codes are public
def _is_valid(code: str) -> bool:
    return code.isascii() and bool(_uscc.is_valid(code))


def check_character(first_17: str) -> str:
    """The 18th character for `first_17` (GB 32100-2015 §5.5)."""
    return str(_uscc.calc_check_digit(first_17))


def grouped(code: str) -> str:
    """As shown to people: groups of 2, 6, 9 and 1."""
    return f"{code[:2]} {code[2:8]} {code[8:17]} {code[17:]}"
