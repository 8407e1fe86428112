"""The blind index: find an encrypted value by equality without decrypting (HMAC-SHA-256, RFC 2104).

ID numbers are few enough to try them all, so a plain digest would hide nothing; without the key this one tells
nothing but which rows are equal. Its key is never rotated: every stored digest would have to be made anew.
"""

from __future__ import annotations

import hmac

from keys.ports import BlindIndex, SecretProvider


class HmacIndex:
    """Implements `keys.ports.BlindIndex`."""

    def __init__(self, provider: SecretProvider, purpose: str = "field.index") -> None:
        self._provider = provider
        self._purpose = purpose

    def digest(self, kind: str, value: str) -> bytes:
        key = self._provider.secrets(self._purpose)[0].value
        name = kind.encode("utf-8")
        return hmac.digest(key, len(name).to_bytes(2, "big") + name + value.encode("utf-8"), "sha256")


_: type[BlindIndex] = HmacIndex
