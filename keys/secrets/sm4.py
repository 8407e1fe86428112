"""SM4 with 128-bit keys in Galois/Counter Mode (GB/T 32907, NIST SP 800-38D, RFC 8998 §2), shaped like `AESGCM`."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

KEY = 16
_TAG = 16


class SM4GCM:
    """
    Args:
        key: 16 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._algorithm = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Cipher text and tag."""
        worker = Cipher(self._algorithm, GCM(nonce)).encryptor()
        worker.authenticate_additional_data(associated_data)
        return worker.update(data) + worker.finalize() + worker.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """
        Raises:
            cryptography.exceptions.InvalidTag: something was changed, or the key is another.
        """
        worker = Cipher(self._algorithm, GCM(nonce, data[-_TAG:])).decryptor()
        worker.authenticate_additional_data(associated_data)
        return worker.update(data[:-_TAG]) + worker.finalize()
