"""SM2 signatures and encryption over libcrypto's EVP interface (GB/T 32918.2, GB/T 32918.4; GM/T 0009 §7, §9, §10).

A key is parsed once and then only used; contexts are made for each call, so keys are safe to share between threads.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Self

from keys.errors import KeyRefused
from keys.libcrypto.library import libcrypto, reason, sm3

DEFAULT_USER_ID = b"1234567812345678"
"""The signer's ID where nothing else is agreed (GM/T 0009 §10)."""

LONGEST_USER_ID = 8190
"""Octets: its length in bits must fit two octets (GB/T 32918.2 §5.5); libcrypto stops one short of that."""

_LONGEST_SIGNATURE = 72  # two INTEGER of up to 33 octets in a SEQUENCE


class Sm2Key:
    """An SM2 key in libcrypto's memory; freed with this object.

    Make one by `generated`, `of_pkcs8` or `of_spki`.
    """

    __slots__ = ("_key", "_library")

    def __init__(self, key: int) -> None:
        self._library = libcrypto()
        self._key = key

    def __del__(self) -> None:
        self._library.EVP_PKEY_free(self._key)

    @classmethod
    def generated(cls) -> Self:
        """A new key pair.

        Raises:
            LibraryMissing
        """
        library, made = libcrypto(), ctypes.c_void_p()
        context = library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
        try:
            done = library.EVP_PKEY_keygen_init(context) == 1 and library.EVP_PKEY_generate(context, made) == 1
        finally:
            library.EVP_PKEY_CTX_free(context)
        if not done or made.value is None:
            raise KeyRefused(f"libcrypto makes no SM2 key: {reason()}")
        return cls(made.value)

    @classmethod
    def of_pkcs8(cls, private: bytes) -> Self:
        """The key of a PrivateKeyInfo in DER (RFC 5958).

        Raises:
            KeyRefused: it is no SM2 key.
            LibraryMissing
        """
        return cls._read(libcrypto().d2i_AutoPrivateKey, private)

    @classmethod
    def of_spki(cls, public: bytes) -> Self:
        """The key of a SubjectPublicKeyInfo in DER.

        Raises:
            KeyRefused: it is no SM2 key, or its point is not on the curve.
            LibraryMissing
        """
        return cls._read(libcrypto().d2i_PUBKEY, public)

    @classmethod
    def _read(cls, function: ctypes._NamedFuncPointer, encoded: bytes) -> Self:
        library = libcrypto()
        key = function(None, ctypes.byref(ctypes.c_char_p(encoded)), len(encoded))
        library.ERR_clear_error()
        if not key:
            raise KeyRefused("libcrypto reads no key from it")
        found = cls(key)
        if library.EVP_PKEY_is_a(key, b"SM2") != 1:
            raise KeyRefused("not an SM2 key")
        return found

    def spki(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        return self._written(self._library.i2d_PUBKEY, self._key)

    def pkcs8(self) -> bytes:
        """PrivateKeyInfo, DER (RFC 5958)."""
        info = self._library.EVP_PKEY2PKCS8(self._key)
        try:
            return self._written(self._library.i2d_PKCS8_PRIV_KEY_INFO, info)
        finally:
            self._library.PKCS8_PRIV_KEY_INFO_free(info)

    def _written(self, function: ctypes._NamedFuncPointer, value: int) -> bytes:
        place = ctypes.c_void_p()
        size = function(value, place)
        if size <= 0:
            raise KeyRefused(f"libcrypto does not write the key: {reason()}")
        try:
            return ctypes.string_at(place.value or 0, size)
        finally:
            self._library.CRYPTO_free(place, None, 0)

    def sign(self, message: bytes, user_id: bytes = DEFAULT_USER_ID) -> bytes:
        """SM2 with SM3 over Z and the message (GB/T 32918.2 §6.1): SEQUENCE { r, s }, DER (GM/T 0009 §7.3).

        Raises:
            KeyRefused: the key has no private part, or the user ID is too long.
        """
        library, (digest, context) = self._library, self._contexts(user_id)
        try:
            room, size = ctypes.create_string_buffer(_LONGEST_SIGNATURE), ctypes.c_size_t(_LONGEST_SIGNATURE)
            if (
                library.EVP_DigestSignInit(digest, None, sm3(), None, self._key) != 1
                or library.EVP_DigestSign(digest, room, size, message, len(message)) != 1
            ):
                raise KeyRefused(f"libcrypto does not sign: {reason()}")
            return room.raw[: size.value]
        finally:
            self._free(digest, context)

    def verify(self, signature: bytes, message: bytes, user_id: bytes = DEFAULT_USER_ID) -> bool:
        """Whether this key and user ID signed the message (GB/T 32918.2 §7.1). False for whatever is no signature.

        Raises:
            KeyRefused: the user ID is too long.
        """
        library, (digest, context) = self._library, self._contexts(user_id)
        try:
            return bool(
                library.EVP_DigestVerifyInit(digest, None, sm3(), None, self._key) == 1
                and library.EVP_DigestVerify(digest, signature, len(signature), message, len(message)) == 1
            )
        finally:
            library.ERR_clear_error()
            self._free(digest, context)

    def verify_parts(self, signature: bytes, parts: Iterable[bytes], user_id: bytes = DEFAULT_USER_ID) -> bool:
        """As `verify`, of a message that comes in parts and is never whole in memory."""
        library, (digest, context) = self._library, self._contexts(user_id)
        try:
            return bool(
                library.EVP_DigestVerifyInit(digest, None, sm3(), None, self._key) == 1
                and all(library.EVP_DigestVerifyUpdate(digest, part, len(part)) == 1 for part in parts)
                and library.EVP_DigestVerifyFinal(digest, signature, len(signature)) == 1
            )
        finally:
            library.ERR_clear_error()
            self._free(digest, context)

    def _contexts(self, user_id: bytes) -> tuple[int, int]:
        if len(user_id) > LONGEST_USER_ID:
            raise KeyRefused(f"a user ID of more than {LONGEST_USER_ID} octets")
        library = self._library
        context = library.EVP_PKEY_CTX_new_from_pkey(None, self._key, None)
        digest = library.EVP_MD_CTX_new()
        if not context or not digest or library.EVP_PKEY_CTX_set1_id(context, user_id, len(user_id)) != 1:
            self._free(digest, context)
            raise KeyRefused(f"libcrypto takes no user ID: {reason()}")
        library.EVP_MD_CTX_set_pkey_ctx(digest, context)
        return digest, context

    def _free(self, digest: int, context: int) -> None:
        self._library.EVP_MD_CTX_free(digest)  # first: it points at the other
        self._library.EVP_PKEY_CTX_free(context)

    def encrypt(self, message: bytes) -> bytes:
        """SM2 encryption (GB/T 32918.4 §6.1): SEQUENCE { x, y, hash, cipher text }, DER (GM/T 0009 §7.2).

        Raises:
            KeyRefused: nothing to encrypt.
        """
        library = self._library
        return self._through(library.EVP_PKEY_encrypt_init, library.EVP_PKEY_encrypt, message)

    def decrypt(self, sealed: bytes) -> bytes:
        """
        Raises:
            KeyRefused: it was changed, is for another key, or the key has no private part.
        """
        library = self._library
        return self._through(library.EVP_PKEY_decrypt_init, library.EVP_PKEY_decrypt, sealed)

    def _through(self, init: ctypes._NamedFuncPointer, function: ctypes._NamedFuncPointer, data: bytes) -> bytes:
        library, size = self._library, ctypes.c_size_t()
        context = library.EVP_PKEY_CTX_new_from_pkey(None, self._key, None)
        try:
            if init(context) == 1 and function(context, None, size, data, len(data)) == 1:
                room = ctypes.create_string_buffer(size.value)
                if function(context, room, size, data, len(data)) == 1:
                    return room.raw[: size.value]
            raise KeyRefused(f"libcrypto refuses: {reason()}")
        finally:
            library.EVP_PKEY_CTX_free(context)
