"""What the factors ask of others."""

from __future__ import annotations

from typing import Protocol


class Attempts(Protocol):
    """The one budget of guesses, shared by every way to log in (attacks F-08, O-53)."""

    async def admit(self, identifier: bytes, source: str) -> int:
        """Count an attempt before it is judged; answers how many are left after it.

        Raises:
            LimitExceeded: `too-many-tries`.
        """

    async def succeeded(self, identifier: bytes, source: str) -> None:
        """It was the right one: forget the wrong ones of this source, and know it from now on."""
