"""The port for short-lived state: codes, log-in steps, replay ids, throttles.

Only atomic verbs, so that a one-time thing is decided by one operation in the store. Every value has a time
to live; an expired value is as good as absent, whether or not it was swept already.
"""

from __future__ import annotations

from typing import Protocol


class KeyValueStore(Protocol):
    """Atomic verbs over byte values. All times to live are in seconds and greater than zero.

    Keys are ASCII, at most 512 characters. Every method raises `core.errors.Unavailable` when the store
    does not answer; none ever answers from a guess.
    """

    async def get(self, key: str) -> bytes | None:
        """The live value, or None."""

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Set, replacing whatever was there."""

    async def put_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        """Set only if no live value is there; True for the one caller who set it."""

    async def take(self, key: str) -> bytes | None:
        """Read and remove in one step; of many callers exactly one gets the value."""

    async def compare_and_swap(self, key: str, expected: bytes, new: bytes, ttl: float) -> bool:
        """Replace `expected` by `new`; False, and no change, if the live value is another or absent."""

    async def incr(self, key: str, ttl: float) -> int:
        """Add one to a counter and answer its new value; `ttl` starts with the first increment and is not renewed."""

    async def delete(self, key: str) -> bool:
        """Remove; True if a live value was there."""

    async def sweep(self) -> int:
        """Remove expired values where the store does not do so itself; answers how many."""

    async def clear(self) -> None:
        """Remove everything: after a restore, nothing of another life may meet the restored data."""

    async def close(self) -> None:
        """Release connections; the store is unusable afterwards."""
