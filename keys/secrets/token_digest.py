"""Opaque tokens at rest: a leaked table must not hold anything that can be used (SHA-256, FIPS 180-4).

A fast digest is right here because the tokens are random with at least 128 bits; a password never goes this way.
"""

from __future__ import annotations

import hashlib


def digest_token(value: str) -> str:
    """SHA-256 of an opaque token, in lower-case hexadecimal (64 characters)."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
