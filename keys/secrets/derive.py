"""Keys for one use each out of one secret (HKDF-Expand, RFC 5869 §2.3)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from keys.spec import SecretKind

DIGESTS: Mapping[SecretKind, str] = {SecretKind.USUAL: "sha256", SecretKind.NATIONAL: "sm3"}
"""`hashlib` name of the digest under each kind of secret; all have 32 bytes."""


def derived_key(secret: bytes, use: bytes, kind: SecretKind = SecretKind.USUAL) -> bytes:
    """32 bytes. `secret` must be random already, so that the extract step is not needed (RFC 5869 §3.3)."""
    return hmac.digest(secret, use + b"\x01", DIGESTS[kind])
