"""The codes themselves: made, hashed, found.

Sixty random bits each. What is kept is a salted hash, sealed besides: a stolen table shows nothing to guess at.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from typing import Final

import msgspec

from core.ids import new_code, new_secret

COUNT: Final = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u
_LENGTH, _GROUP = 12, 4
_ALIKE = str.maketrans("ilo", "110")


class HashedCodes(msgspec.Struct, frozen=True):
    """What is sealed."""

    salt: str
    hashes: tuple[str, ...]


def new_codes() -> Sequence[str]:
    """Ten, as they are shown once."""
    made = [new_code(_ALPHABET, _LENGTH) for _ in range(COUNT)]
    return ["-".join(code[i : i + _GROUP] for i in range(0, _LENGTH, _GROUP)) for code in made]


def hashed(codes: Sequence[str]) -> HashedCodes:
    salt = new_secret(16)
    return HashedCodes(salt, tuple(_hash(salt, code) for code in codes))


def without(kept: HashedCodes, typed: str) -> HashedCodes | None:
    """What is left when this code is used; None when it is none of them."""
    wanted = _hash(kept.salt, typed)
    left = tuple(one for one in kept.hashes if not hmac.compare_digest(one, wanted))
    return HashedCodes(kept.salt, left) if len(left) < len(kept.hashes) else None


def _hash(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}|{_canonical(code)}".encode()).hexdigest()


def _canonical(typed: str) -> str:
    """As people copy it: capitals, full-width letters, dashes and look-alikes make no difference."""
    folded = unicodedata.normalize("NFKC", typed[:60]).lower().translate(_ALIKE)
    return "".join(c for c in folded if c in _ALPHABET)
