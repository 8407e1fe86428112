"""Nonces of our own for DPoP proofs (RFC 9449 §8, §9): keyed, changing by the clock, and kept nowhere.

A nonce is a digest of the minute in which it was handed out, under the key ring's key of opaque tokens: every worker
makes and recognises the same ones, and nobody can make one for later.
"""

from __future__ import annotations

from core.clock import Clock
from idp.token_uses import DPOP_NONCE
from keys.ports import TokenDigests

PERIOD = 60
"""Seconds for which one nonce is handed out; it is accepted for as long again."""


class DpopNonces:
    """Makes and recognises nonces."""

    def __init__(self, digests: TokenDigests, clock: Clock) -> None:
        self._digests = digests
        self._clock = clock
        self._made: tuple[int, str] = (-1, "")

    def current(self) -> str:
        """The nonce to hand out now."""
        period = self._period()
        if self._made[0] != period:  # under a key that was rotated since it is still accepted
            self._made = (period, self._digests.digest(DPOP_NONCE, str(period)))
        return self._made[1]

    def accepts(self, nonce: str) -> bool:
        """Whether it was handed out in this period or the one before."""
        period = self._period()
        return any([self._digests.matches(DPOP_NONCE, str(one), nonce) for one in (period, period - 1)])  # noqa: C419 - both, whichever it is

    def ages(self, nonce: str) -> bool:
        """Whether it is accepted no more, or only for a while longer."""
        return nonce != self.current()

    def _period(self) -> int:
        return int(self._clock.now().timestamp()) // PERIOD
