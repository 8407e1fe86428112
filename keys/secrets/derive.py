"""Keys for one use each out of one secret (HKDF-Expand with SHA-256, RFC 5869 §2.3)."""

from __future__ import annotations

import hmac


def derived_key(secret: bytes, use: bytes) -> bytes:
    """32 bytes. `secret` must be random already, so that the extract step is not needed (RFC 5869 §3.3)."""
    return hmac.digest(secret, use + b"\x01", "sha256")
