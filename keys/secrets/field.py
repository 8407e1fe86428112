"""Encryption of single database values: AES-256-GCM (NIST SP 800-38D) under a data key of the key ring.

Envelope: the master key seals the data key in the key store, the data key seals the values. Form of a sealed value:
version (1 byte), id of the data key (16 ASCII bytes), nonce (12 random bytes), cipher text, tag (16 bytes).
The version, the key id and the caller's context are authenticated. A data key serves 2^32 values at most
(SP 800-38D §8.3, random nonces); after a rotation old values still open under their own key.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.errors import FieldDamaged
from keys.ports import FieldCipher, SecretProvider

_VERSION = b"\x01"
_KEY_ID = 16
_NONCE = 12
_HEAD = 1 + _KEY_ID
_SHORTEST = _HEAD + _NONCE + 16


class EnvelopeCipher:
    """Implements `keys.ports.FieldCipher`.

    Args:
        provider: the key ring.
        purpose: whose secrets are the data keys.
    """

    def __init__(self, provider: SecretProvider, purpose: str = "field.data") -> None:
        self._provider = provider
        self._purpose = purpose
        self._ciphers: dict[bytes, AESGCM] = {}

    def encrypt(self, value: str, *, context: str) -> bytes:
        return self.encrypt_bytes(value.encode("utf-8"), context=context)

    def decrypt(self, sealed: bytes, *, context: str) -> str:
        return self.decrypt_bytes(sealed, context=context).decode("utf-8")

    def encrypt_bytes(self, value: bytes, *, context: str) -> bytes:
        """As `encrypt`, for what is no text: whole documents."""
        active = self._provider.secrets(self._purpose)[0]
        head = _VERSION + active.key_id.encode("ascii")
        nonce = secrets.token_bytes(_NONCE)
        return head + nonce + self._cipher(head[1:]).encrypt(nonce, value, head + context.encode("utf-8"))

    def decrypt_bytes(self, sealed: bytes, *, context: str) -> bytes:
        """
        Raises:
            FieldDamaged: the value or its context was changed, or its key is unknown.
        """
        head, nonce, body = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        if len(sealed) < _SHORTEST or head[:1] != _VERSION:
            raise FieldDamaged("not a sealed value")
        cipher = self._cipher(head[1:])
        try:
            return cipher.decrypt(nonce, body, head + context.encode("utf-8"))
        except InvalidTag:
            raise FieldDamaged("the value or its context was changed") from None

    def _cipher(self, key_id: bytes) -> AESGCM:
        """The cipher of a key that is accepted now; a key that was retired since is unknown again."""
        for key in self._provider.secrets(self._purpose):
            if key.key_id.encode("ascii") == key_id:
                return self._ciphers.get(key_id) or self._ciphers.setdefault(key_id, AESGCM(key.value))
        raise FieldDamaged("the data key is unknown")


_: type[FieldCipher] = EnvelopeCipher
