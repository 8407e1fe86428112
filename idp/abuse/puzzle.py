"""Proof of work of our own: a browser pays for a further try with some seconds of computing.

A puzzle is a token that we keyed, so nothing is stored when one is handed out. It is for one purpose (one subject tried
from one source), for ten minutes and for one use: the first who hands in an answer takes it, by one atomic operation.
The answer is a number for which SHA-256 over the puzzle's name and the number begins with enough zero bits. It makes
tries dear for browsers under scripts; who computes it on graphics cards pays little, which is why the number of answers
that count is bounded as well (`idp.abuse.budget`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from core.clock import Clock
from core.ids import new_secret
from core.kv.port import KeyValueStore
from idp.token_uses import PUZZLE
from keys.ports import TokenDigests

LIFETIME: Final = 600
_TOKEN = re.compile(r"([0-9]{1,2})\.([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([\x21-\x7e]{1,64})", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Puzzle:
    """What a browser is given.

    Attributes:
        token: comes back with the answer.
        name: what is hashed, with a colon and the number: short, so that one block of SHA-256 holds both.
        bits: zero bits that the digest must begin with; each one more doubles the work.
    """

    token: str = field(repr=False)
    name: str
    bits: int


class Puzzles:
    """Makes puzzles and judges answers."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, clock: Clock) -> None:
        self._kv = kv
        self._digests = digests
        self._clock = clock

    def make(self, purpose: str, bits: int) -> Puzzle:
        """
        Args:
            purpose: what the answer will be for; it is not told, only keyed in.
        """
        until = int(self._clock.now().timestamp()) + LIFETIME
        head = f"{bits}.{until}.{new_secret(16)}"
        token = f"{head}.{self._digests.digest(PUZZLE, f'{head} {purpose}')}"
        return Puzzle(token, name_of(token), bits)

    async def solved(self, purpose: str, token: str, number: str) -> bool:
        """Whether the answer is right, for this purpose and not used before; it is used up then."""
        match = _TOKEN.fullmatch(token)
        if match is None or _NUMBER.fullmatch(number) is None:
            return False
        bits, until, nonce, keyed = int(match[1]), int(match[2]), match[3], match[4]
        left = until - self._clock.now().timestamp()
        ours = self._digests.matches(PUZZLE, f"{match[1]}.{match[2]}.{nonce} {purpose}", keyed)
        if not ours or not 0 < left <= LIFETIME or not fits(name_of(token), number, bits):
            return False
        return await self._kv.put_if_absent(f"idp:puzzle:{nonce}", b"", LIFETIME)


def name_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def fits(name: str, number: str, bits: int) -> bool:
    """Whether the digest begins with that many zero bits."""
    digest = hashlib.sha256(f"{name}:{number}".encode()).digest()
    return int.from_bytes(digest[:4]) >> (32 - bits) == 0
