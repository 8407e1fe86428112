"""One-time ids of tokens that strangers made: a `jti` counts once (RFC 7523 §3, RFC 9449 §11.1).

Decided by one operation of the short-lived store, so that two workers cannot both be first. An id is remembered for as
long as its token could still be accepted, which the rules bound, and no longer.
"""

from __future__ import annotations

import hashlib

from core.clock import Clock
from core.kv.port import KeyValueStore

LONGEST_ID = 512
_MARGIN = 5  # seconds: the store's clock is not ours


class Replays:
    """Remembers ids."""

    def __init__(self, kv: KeyValueStore, clock: Clock) -> None:
        self._kv = kv
        self._clock = clock

    async def first(self, kind: str, owner: str, token_id: str, *, until: float) -> bool:
        """True for the one caller who uses the id first.

        Args:
            kind: what sort of token, e.g. `assertion`.
            owner: by whom ids are unique: a client, a key.
            token_id: the `jti`; at most `LONGEST_ID` characters are looked at elsewhere.
            until: seconds since 1970 after which the token would be refused anyway.

        Raises:
            core.errors.Unavailable: the store does not answer, so nothing is known to be new.
        """
        name = hashlib.sha256(f"{len(owner)}:{owner}{token_id}".encode("utf-8", "surrogatepass")).hexdigest()
        lifetime = max(until - self._clock.now().timestamp(), 0) + _MARGIN
        return await self._kv.put_if_absent(f"idp:once:{kind}:{name}", b"1", lifetime)
