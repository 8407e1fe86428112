"""Private keys at rest: AES-256-GCM (NIST SP 800-38D) under keys derived from the master key (HKDF, RFC 5869).

What is sealed is bound to its row: key id, purpose, algorithm and URI are authenticated, and the key id of a
signature key is the thumbprint of its public key. Whoever can write to the store but does not know the master
key can neither put in a key of their own nor move one to another purpose.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.errors import KeyStoreDamaged

_VERSION = b"\x01"
_NONCE = 12


class KeyWrap:
    """Seals and opens private parts under one master key.

    Args:
        master_key: 32 bytes.
    """

    def __init__(self, master_key: bytes) -> None:
        self._cipher = AESGCM(_derive(master_key, b"yizheng key store v1 wrap"))
        self.check = _derive(master_key, b"yizheng key store v1 check")[:16]
        """Tells whether a store belongs to this master key; says nothing about the key itself."""

    def seal(self, private: bytes, *, key_id: str, purpose: str, algorithm: str, uri: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        place = _place(key_id, purpose, algorithm, uri)
        return _VERSION + nonce + self._cipher.encrypt(nonce, private, place)

    def open(self, sealed: bytes, *, key_id: str, purpose: str, algorithm: str, uri: str) -> bytes:
        """
        Raises:
            KeyStoreDamaged: a byte of the sealed part or of its row was changed.
        """
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if sealed[:1] != _VERSION or len(body) < 16:
                raise InvalidTag
            return self._cipher.decrypt(nonce, body, _place(key_id, purpose, algorithm, uri))
        except InvalidTag:
            raise KeyStoreDamaged(f"key {key_id} ({purpose}) was changed in the store") from None


def _derive(master_key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master_key)


def _place(*parts: str) -> bytes:
    """The parts with their lengths, so that no two rows have the same form."""
    encoded = [part.encode() for part in parts]
    return _VERSION + b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
