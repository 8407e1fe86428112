"""Content encryption of JWE (RFC 7518 §5): AES-GCM, and AES-CBC with HMAC for partners that have nothing better."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

_BLOCK = 16
_TAG = 16
_GCM_NONCE = 12


class ContentEncryption(StrEnum):
    """`enc` (RFC 7518 §5.1)."""

    A128GCM = "A128GCM"
    A256GCM = "A256GCM"
    A128CBC_HS256 = "A128CBC-HS256"

    @property
    def key_size(self) -> int:
        """Octets of the content encryption key."""
        return 16 if self is ContentEncryption.A128GCM else 32


class ContentRefused(ValueError):
    """It does not decrypt: something was changed, or it was made with another key. Which of both is not told."""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What stands in the last three parts of a JWE."""

    nonce: bytes
    body: bytes
    tag: bytes


def encrypt(encryption: ContentEncryption, key: bytes, plain: bytes, associated: bytes) -> Encrypted:
    """Encrypt under a key of `encryption.key_size` octets and a nonce of chance."""
    if encryption is ContentEncryption.A128CBC_HS256:
        return _encrypt_cbc(key, plain, associated)
    nonce = secrets.token_bytes(_GCM_NONCE)  # RFC 7518 §5.3: 96 bits
    sealed = AESGCM(key).encrypt(nonce, plain, associated)
    return Encrypted(nonce, sealed[:-_TAG], sealed[-_TAG:])


def decrypt(encryption: ContentEncryption, key: bytes, content: Encrypted, associated: bytes) -> bytes:
    """
    Raises:
        ContentRefused
    """
    if len(key) != encryption.key_size or len(content.tag) != _TAG:
        raise ContentRefused("length")
    if encryption is ContentEncryption.A128CBC_HS256:
        return _decrypt_cbc(key, content, associated)
    if len(content.nonce) != _GCM_NONCE:
        raise ContentRefused("length")
    try:
        return AESGCM(key).decrypt(content.nonce, content.body + content.tag, associated)
    except InvalidTag:
        raise ContentRefused("tag") from None


def _encrypt_cbc(key: bytes, plain: bytes, associated: bytes) -> Encrypted:
    nonce = secrets.token_bytes(_BLOCK)
    padder = PKCS7(8 * _BLOCK).padder()
    encryptor = Cipher(algorithms.AES(key[16:]), modes.CBC(nonce)).encryptor()
    body = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return Encrypted(nonce, body, _mac(key, nonce, body, associated))


def _decrypt_cbc(key: bytes, content: Encrypted, associated: bytes) -> bytes:
    # RFC 7518 §5.2.2.2: the tag first; padding is looked at only where it is known to be ours
    expected = _mac(key, content.nonce, content.body, associated)
    if not hmac.compare_digest(expected, content.tag) or len(content.nonce) != _BLOCK:
        raise ContentRefused("tag")
    decryptor = Cipher(algorithms.AES(key[16:]), modes.CBC(content.nonce)).decryptor()
    unpadder = PKCS7(8 * _BLOCK).unpadder()
    try:
        padded = decryptor.update(content.body) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise ContentRefused("padding") from None


def _mac(key: bytes, nonce: bytes, body: bytes, associated: bytes) -> bytes:
    """RFC 7518 §5.2.2.1: the first half of the key, the first half of the HMAC."""
    length = (8 * len(associated)).to_bytes(8, "big")
    return hmac.digest(key[:16], associated + nonce + body + length, "sha256")[:_TAG]
