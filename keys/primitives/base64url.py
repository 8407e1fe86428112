"""base64url without padding (RFC 7515 §2, Appendix C); only the one canonical spelling of a value is read."""

from __future__ import annotations

import base64
import binascii


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """
    Raises:
        ValueError: it has other characters, padding, or bits that say nothing.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64url") from None
    if encode(data) != text:
        raise ValueError("base64url not canonical")
    return data


def encode_number(number: int, octets: int | None = None) -> str:
    """Big-endian with so many octets; None: as few as it takes (RFC 7518 §2 Base64urlUInt)."""
    return encode(number.to_bytes(octets or (number.bit_length() + 7) // 8 or 1, "big"))
