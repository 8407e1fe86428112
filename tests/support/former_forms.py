"""Values in the forms of earlier releases, written out here once more so that today's code is not its own witness."""

from __future__ import annotations

import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.ports import SecretKey


def sealed_in_version_1(key: SecretKey, value: bytes, context: str) -> bytes:
    """Under the data key itself."""
    head, nonce = b"\x01" + key.key_id.encode(), secrets.token_bytes(12)
    return head + nonce + AESGCM(key.value).encrypt(nonce, value, head + context.encode())


def named_in_version_1(key: SecretKey, kind: str, value: str) -> bytes:
    """A blind index without the name of its key."""
    name = kind.encode()
    return hmac.digest(key.value, len(name).to_bytes(2, "big") + name + value.encode(), "sha256")
