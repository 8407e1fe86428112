"""Identifiers of our own: sortable by time of making, not guessable, free of meaning."""

from __future__ import annotations

import secrets

from core.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u


def new_id(clock: Clock, prefix: str) -> str:
    """`prefix_` and 26 characters: 48 bits of milliseconds, then 80 random bits (a ULID).

    Args:
        prefix: what is named, e.g. `lic`, `acc`; part of the identifier for ever.
    """
    milliseconds = int(clock.now().timestamp() * 1000)
    number = (milliseconds << 80) | secrets.randbits(80)
    characters = []
    for _ in range(26):
        number, rest = divmod(number, 32)
        characters.append(_ALPHABET[rest])
    return f"{prefix}_{''.join(reversed(characters))}"


def new_secret(size: int = 32) -> str:
    """A random bearer value of `size` bytes, base64url without padding."""
    return secrets.token_urlsafe(size)


def new_code(alphabet: str, length: int) -> str:
    """A random code for people to type, each place drawn from `alphabet` with equal chances."""
    return "".join(secrets.choice(alphabet) for _ in range(length))
