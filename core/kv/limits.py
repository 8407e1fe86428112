"""What every key-value store refuses before it does anything: misuse by our own code, never a caller's fault."""

from __future__ import annotations

MAX_KEY = 512


def checked_key(key: str) -> str:
    """
    Raises:
        ValueError: not 1 to 512 printable ASCII characters.
    """
    if not 0 < len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise ValueError("a key is 1 to 512 printable ASCII characters")  # the key itself may be a secret
    return key


def checked_ttl(ttl: float) -> float:
    """
    Raises:
        ValueError: not greater than zero; a value that never lives is a mistake of the caller.
    """
    if not ttl > 0:
        raise ValueError("a time to live is greater than zero seconds")
    return ttl
