"""User codes: short, typed by people, of letters that cannot be taken for one another (RFC 8628 §6.1)."""

from __future__ import annotations

from core.identifiers.normal import canonical
from core.ids import new_code

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so no words; no digits, so no 0 and O, 1 and I."""

LENGTH = 8
"""20^8 codes are 34.5 bits (RFC 8628 §5.1): with the limits of `idp.device.guessing` that is enough for minutes."""

_MAX_TYPED = 64


def new_user_code() -> str:
    """A code in its canonical form, e.g. `WDJBMJHT`."""
    return new_code(ALPHABET, LENGTH)


def shown(code: str) -> str:
    """As people see and type it: `WDJB-MJHT`."""
    half = LENGTH // 2
    return f"{code[:half]}-{code[half:]}"


def read_user_code(typed: str) -> str | None:
    """The canonical form of what was typed: any case, width, space and dash; None if no code can look like that."""
    code = canonical(typed[:_MAX_TYPED])
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None
