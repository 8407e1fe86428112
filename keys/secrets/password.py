"""Passwords: Argon2id (RFC 9106) at a cost that the operator sets, in a bounded pool.

One hash keeps a core busy for some tens of milliseconds and takes its memory for as long, so hashing is what attackers
would flood: a few run at a time, few wait, and the rest are told to come back. All the memory that passwords can ever
take is `workers` times the memory of one hash.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from keys.errors import KeyRefused
from keys.ports import PasswordHasher
from keys.secrets.fair_pool import FairPool
from keys.secrets.password_cost import LEAST, PasswordCost

_SALT = 16
_HASH = 32


class Argon2Hasher:
    """Implements `keys.ports.PasswordHasher`.

    Args:
        cost: of new hashes; a hash made at another cost is verified at that one.
        workers: hashes that run at the same time.
        queue: hashes that may wait beyond those; of one source a quarter of them.

    Raises:
        KeyRefused: the cost is less than what RFC 9106 and OWASP call safe.
    """

    def __init__(self, *, cost: PasswordCost = LEAST, workers: int = 2, queue: int = 64) -> None:
        if not cost.enough():
            raise KeyRefused(f"password hashes with {cost}: {LEAST} is the least")
        self._argon2 = hasher_of(cost)
        self._pool = FairPool(workers=workers, queue=queue, per_source=max(1, queue // 4), name="argon2")
        self._nobody = _nobody(cost)

    async def hash(self, password: str, *, source: str = "") -> str:
        """The encoded hash (`$argon2id$…`), with a salt of its own.

        Raises:
            HashingBusy: too many hashes are waiting.
        """
        octets = _octets(password)
        return await self._pool.run(source, lambda: self._argon2.hash(octets))

    async def verify(self, password: str, encoded: str | None, *, source: str = "") -> bool:
        octets = _octets(password)
        return await self._pool.run(source, lambda: self._verify(octets, encoded))

    def needs_rehash(self, encoded: str) -> bool:
        try:
            return self._argon2.check_needs_rehash(encoded)
        except (InvalidHashError, UnicodeEncodeError):
            return True

    def close(self) -> None:
        """End the pool; what waits is dropped."""
        self._pool.close()

    def _verify(self, octets: bytes, encoded: str | None) -> bool:
        try:
            return self._argon2.verify(encoded or self._nobody, octets) and encoded is not None
        except (InvalidHashError, UnicodeEncodeError):
            return self._verify(octets, None)  # as slow as any other refusal
        except VerificationError:
            return False


def hasher_of(cost: PasswordCost) -> argon2.PasswordHasher:
    """The library's hasher at a cost."""
    return argon2.PasswordHasher(
        time_cost=cost.passes,
        memory_cost=cost.memory_mib * 1024,
        parallelism=cost.lanes,
        hash_len=_HASH,
        salt_len=_SALT,
    )


def _octets(password: str) -> bytes:
    """NFC (NIST SP 800-63B §3.1.1.2), so that the same characters from another keyboard are the same password."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _nobody(cost: PasswordCost) -> str:
    """A hash that no password has, with today's parameters: what an unknown account is checked against."""
    salt, value = (_base64(secrets.token_bytes(size)) for size in (_SALT, _HASH))
    return f"$argon2id$v=19$m={cost.memory_mib * 1024},t={cost.passes},p={cost.lanes}${salt}${value}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


_: type[PasswordHasher] = Argon2Hasher
