"""The system's libcrypto (OpenSSL 3.0 and later), of which as much is bound as SM2 takes.

pyca/cryptography has no SM2. The distribution's libcrypto has it, keeps it in repair, and is loaded already by Python's
own `_ssl`. Every function is declared once, here, with its types; a call lets other threads run.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from ctypes import POINTER, c_char_p, c_int, c_long, c_size_t, c_uint, c_ulong, c_void_p

from keys.errors import LibraryMissing

_OLDEST = 3
_POINTER = POINTER(c_void_p)
_SIZE = POINTER(c_size_t)
_FUNCTIONS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "OPENSSL_version_major": (c_uint, ()),
    "OpenSSL_version": (c_char_p, (c_int,)),
    "ERR_clear_error": (None, ()),
    "ERR_get_error": (c_ulong, ()),
    "ERR_reason_error_string": (c_char_p, (c_ulong,)),
    "CRYPTO_free": (None, (c_void_p, c_char_p, c_int)),
    "EVP_MD_fetch": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_PKEY_CTX_new_from_pkey": (c_void_p, (c_void_p, c_void_p, c_char_p)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_set1_id": (c_int, (c_void_p, c_char_p, c_size_t)),
    "EVP_PKEY_keygen_init": (c_int, (c_void_p,)),
    "EVP_PKEY_generate": (c_int, (c_void_p, _POINTER)),
    "EVP_PKEY_is_a": (c_int, (c_void_p, c_char_p)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_PKEY2PKCS8": (c_void_p, (c_void_p,)),
    "PKCS8_PRIV_KEY_INFO_free": (None, (c_void_p,)),
    "i2d_PKCS8_PRIV_KEY_INFO": (c_int, (c_void_p, _POINTER)),
    "i2d_PUBKEY": (c_int, (c_void_p, _POINTER)),
    "d2i_PUBKEY": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "d2i_AutoPrivateKey": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_MD_CTX_set_pkey_ctx": (None, (c_void_p, c_void_p)),
    "EVP_DigestSignInit": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestSign": (c_int, (c_void_p, c_void_p, _SIZE, c_char_p, c_size_t)),
    "EVP_DigestVerifyInit": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestVerify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_DigestVerifyUpdate": (c_int, (c_void_p, c_char_p, c_size_t)),
    "EVP_DigestVerifyFinal": (c_int, (c_void_p, c_char_p, c_size_t)),
    "EVP_PKEY_encrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_encrypt": (c_int, (c_void_p, c_void_p, _SIZE, c_char_p, c_size_t)),
    "EVP_PKEY_decrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_decrypt": (c_int, (c_void_p, c_void_p, _SIZE, c_char_p, c_size_t)),
}


@functools.cache
def libcrypto() -> ctypes.CDLL:
    """
    Raises:
        LibraryMissing: there is none, it is older than 3.0, or it was built without SM2 or SM3.
    """
    return opened(ctypes.util.find_library("crypto") or "libcrypto.so.3")


def opened(name: str) -> ctypes.CDLL:
    """The library of this name, its functions declared; as `libcrypto`."""
    try:
        library = ctypes.CDLL(name)
        for function, (answer, arguments) in _FUNCTIONS.items():
            bound = getattr(library, function)
            bound.restype, bound.argtypes = answer, arguments
    except (OSError, AttributeError):  # not there, or from before 3.0
        raise LibraryMissing(f"{name} is missing or older than {_OLDEST}.0") from None
    _check(library, name)
    return library


def _check(library: ctypes.CDLL, name: str) -> None:
    context = library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
    library.EVP_PKEY_CTX_free(context)
    digest = library.EVP_MD_fetch(None, b"SM3", None)  # kept: `sm3` answers it
    library.ERR_clear_error()
    if library.OPENSSL_version_major() < _OLDEST or not context or not digest:
        raise LibraryMissing(f"{name} has no SM2 with SM3")


@functools.cache
def sm3() -> int:
    """The digest SM3 as libcrypto's functions take it; lives as long as the process.

    Raises:
        LibraryMissing
    """
    return int(libcrypto().EVP_MD_fetch(None, b"SM3", None))


def available() -> bool:
    """Whether SM2 with SM3 can be computed here."""
    try:
        libcrypto()
    except LibraryMissing:
        return False
    return True


def version() -> str:
    """What the library calls itself, such as `OpenSSL 3.0.17 1 Jul 2025`.

    Raises:
        LibraryMissing
    """
    return str(libcrypto().OpenSSL_version(0).decode("ascii", "replace"))


def reason() -> str:
    """Why the last call of this thread failed, in libcrypto's words; empties what it remembers."""
    library = libcrypto()
    text = library.ERR_reason_error_string(library.ERR_get_error())
    library.ERR_clear_error()
    return text.decode("ascii", "replace") if text else "no reason given"
