"""Keys of our own MACs, derived from the one secret that never changes (as HKDF-Expand does, RFC 5869 §2.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from keys.ports import SecretProvider

PURPOSE = "oidc.pairwise"


class DerivedMac:
    """HMAC-SHA-256 under a key of its own for each use, so values of one use never pass for those of another.

    The secret is asked for at the first use, because a service may be composed before its keys are made.

    Args:
        use: what is named or protected, e.g. `subject`.
    """

    def __init__(self, provider: SecretProvider, use: str) -> None:
        self._provider = provider
        self._use = use
        self._key: bytes | None = None

    def over(self, *parts: str) -> str:
        """43 characters, base64url; no two different sequences of parts are one message."""
        if self._key is None:
            secret = self._provider.secrets(PURPOSE)[0].value
            self._key = hmac.digest(secret, b"yizheng.idp." + self._use.encode(), hashlib.sha256)
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return base64.urlsafe_b64encode(hmac.digest(self._key, message, hashlib.sha256)).rstrip(b"=").decode()
