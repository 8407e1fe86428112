"""The one-time code: ten characters that nobody confuses, in a QR code or said aloud; it holds nothing of a person."""

from __future__ import annotations

from core.ids import new_code

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U
_LENGTH = 10  # 50 bits for less than a minute
_PREFIX = "YIZHENG:"  # capitals and a colon fit the alphanumeric mode (ISO/IEC 18004 §7.4.4): a small code
_MISREAD = str.maketrans("OIL", "011")
_NOISE = str.maketrans("", "", " -‐‑–—·.")


def new_presentation_code() -> str:
    """A random code, without its dashes."""
    return new_code(_ALPHABET, _LENGTH)


def grouped(code: str) -> str:
    """The code as it is shown to be read aloud.

    >>> grouped("8F3K2M7QX9")
    '8F3K-2M7Q-X9'
    """
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def qr_text(code: str) -> str:
    """What the QR code says."""
    return _PREFIX + code


def parse_presentation_code(typed: str) -> str | None:
    """The code in what somebody typed or a scanner sent; None if it cannot be one.

    >>> parse_presentation_code("yizheng:8f3k 2m7q-x9")
    '8F3K2M7QX9'
    >>> parse_presentation_code("8F3K-2M7Q-XL")
    '8F3K2M7QX1'
    """
    text = typed.strip().upper()
    text = text.removeprefix(_PREFIX).translate(_NOISE).translate(_MISREAD)
    return text if len(text) == _LENGTH and set(text) <= set(_ALPHABET) else None


def is_presentation_qr(text: str) -> bool:
    """Whether the text of a QR code is a one-time code of ours."""
    return text.upper().startswith(_PREFIX) and parse_presentation_code(text) is not None
