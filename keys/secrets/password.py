"""Passwords: Argon2id (RFC 9106) with 19 MiB, two passes and one lane, in a bounded pool.

One hash keeps a core busy for some 20 ms and takes 19 MiB, so hashing is what an attacker would flood: at most
`workers` run at a time, at most `queue` wait, and the rest are told to come back.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from keys.errors import HashingBusy
from keys.ports import PasswordHasher

_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1
_SALT = 16
_HASH = 32
_Result = TypeVar("_Result")


class Argon2Hasher:
    """Implements `keys.ports.PasswordHasher`.

    Args:
        workers: hashes that run at the same time.
        queue: hashes that may wait beyond those.
    """

    def __init__(self, *, workers: int = 2, queue: int = 64) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES, hash_len=_HASH, salt_len=_SALT
        )
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._places = threading.BoundedSemaphore(workers + queue)
        self._nobody = _nobody()

    async def hash(self, password: str) -> str:
        """The encoded hash (`$argon2id$…`), with a salt of its own.

        Raises:
            HashingBusy: too many hashes are waiting.
        """
        octets = _octets(password)
        return await self._run(lambda: self._argon2.hash(octets))

    async def verify(self, password: str, encoded: str | None) -> bool:
        octets = _octets(password)
        return await self._run(lambda: self._verify(octets, encoded))

    def needs_rehash(self, encoded: str) -> bool:
        """True for a hash made with other parameters than today's: hash again at the next log-in."""
        try:
            return self._argon2.check_needs_rehash(encoded)
        except (InvalidHashError, UnicodeEncodeError):
            return True

    def close(self) -> None:
        """End the pool; what waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, octets: bytes, encoded: str | None) -> bool:
        try:
            return self._argon2.verify(encoded or self._nobody, octets) and encoded is not None
        except (InvalidHashError, UnicodeEncodeError):
            return self._verify(octets, None)  # as slow as any other refusal
        except VerificationError:
            return False

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        if not self._places.acquire(blocking=False):
            raise HashingBusy
        future = self._pool.submit(work)
        future.add_done_callback(lambda _future: self._places.release())  # even when the caller has gone meanwhile
        return await asyncio.wrap_future(future)


def _octets(password: str) -> bytes:
    """NFC (NIST SP 800-63B §3.1.1.2), so that the same characters from another keyboard are the same password."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _nobody() -> str:
    """A hash that no password has, with today's parameters: what an unknown account is checked against."""
    salt, value = (_base64(secrets.token_bytes(size)) for size in (_SALT, _HASH))
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${salt}${value}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


_: type[PasswordHasher] = Argon2Hasher
