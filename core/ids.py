"""Identifiers of our own: sortable by time of making, not guessable, free of meaning."""

from __future__ import annotations

import base64
import datetime as dt
import re
import secrets

from core.clock import Clock

_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_ID = re.compile(r"[a-z]{2,8}_[0-9a-hjkmnp-tv-z]{26}", re.ASCII)
_OURS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET)


def new_id(clock: Clock, prefix: str) -> str:
    """`prefix_` and 26 characters: 48 bits of milliseconds, then 80 random bits (a ULID).

    Args:
        prefix: what is named, e.g. `lic`, `acc`; part of the identifier for ever.
    """
    milliseconds = int(clock.now().timestamp() * 1000)
    # 20 octets are 32 characters of base 32; the number fills the last 26
    text = base64.b32encode(bytes(4) + milliseconds.to_bytes(6) + secrets.token_bytes(10))
    return f"{prefix}_{text[6:].translate(_OURS).decode('ascii')}"


def first_id(moment: dt.datetime, prefix: str) -> str:
    """What sorts before every identifier made at `moment` or later, and after every earlier one."""
    milliseconds = int(moment.timestamp() * 1000)
    text = base64.b32encode(bytes(4) + milliseconds.to_bytes(6) + bytes(10))
    return f"{prefix}_{text[6:].translate(_OURS).decode('ascii')}"


def is_id(text: str) -> bool:
    """Whether it has the form of an identifier of ours: what somebody sent instead may hold anything."""
    return _ID.fullmatch(text) is not None


def new_secret(size: int = 32) -> str:
    """A random bearer value of `size` bytes, base64url without padding."""
    return secrets.token_urlsafe(size)


def new_code(alphabet: str, length: int) -> str:
    """A random code for people to type, each place drawn from `alphabet` with equal chances."""
    if 256 % len(alphabet) == 0:  # then a byte's remainder has equal chances too, and one call is enough
        return "".join([alphabet[byte % len(alphabet)] for byte in secrets.token_bytes(length)])
    return "".join(secrets.choice(alphabet) for _ in range(length))
