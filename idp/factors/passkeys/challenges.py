"""Challenges for authenticators: made without a store, good once, for one browser and one purpose, for some minutes.

W3C WebAuthn L3 §13.4.3. A page may show one to everybody who looks at it: nothing is written before an answer comes.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from core.clock import Clock
from core.ids import new_secret
from core.kv.port import KeyValueStore
from idp.token_uses import PASSKEY
from keys.ports import TokenDigests

LIFETIME = 600
"""Seconds for which an answer is waited for."""

_LONGEST = 256


class Ceremony(StrEnum):
    """What a challenge is for."""

    ENROL = "enrol"
    LOG_IN = "log-in"


class Challenges:
    """Makes them, and takes each one once."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, clock: Clock) -> None:
        self._kv = kv
        self._digests = digests
        self._clock = clock

    def make(self, ceremony: Ceremony, browser: str) -> bytes:
        """
        Args:
            browser: a secret that only this browser has; an answer from another one counts for nothing (attacks O-50).
        """
        made, nonce = str(self._now()), new_secret(16)
        return f"{made}.{nonce}.{self._digests.digest(PASSKEY, _bound(ceremony, browser, made, nonce))}".encode()

    async def take(self, challenge: bytes, ceremony: Ceremony, browser: str) -> bool:
        """Whether it is ours, for this and this browser, not too old, and was not taken before: True for one caller."""
        parts = challenge[:_LONGEST].decode("latin-1").split(".", 2)
        if len(parts) != 3 or len(challenge) > _LONGEST:
            return False
        made, nonce, digest = parts
        if not self._digests.matches(PASSKEY, _bound(ceremony, browser, made, nonce), digest):
            return False
        left = int(made) + LIFETIME - self._now()
        if left <= 0:
            return False
        name = hashlib.sha256(challenge).hexdigest()[:32]
        return await self._kv.put_if_absent(f"idp:passkey:{name}", b"", left)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _bound(ceremony: Ceremony, browser: str, made: str, nonce: str) -> str:
    return "\x00".join((ceremony.value, browser, made, nonce))
