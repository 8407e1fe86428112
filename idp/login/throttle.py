"""The budget of tries as ways to log in use it that show no puzzle: beyond the free tries, one waits there."""

from __future__ import annotations

from idp.abuse.attempt import Attempt, Way
from idp.abuse.budget import Budget
from idp.source import source_of

__all__ = ["LoginThrottle", "source_of"]


class LoginThrottle:
    """Admits or refuses tries on one way in."""

    def __init__(self, budget: Budget, way: Way = Way.CODE) -> None:
        self._budget = budget
        self._way = way

    async def admit(self, identifier: bytes, source: str) -> int:
        """Count a try before it is judged; answers how many are left.

        Args:
            identifier: who is tried at; need not be anybody.
            source: network address of the browser.

        Raises:
            LimitExceeded: `puzzle-needed` or `too-many-tries`.
        """
        return (await self._budget.admit(Attempt(self._way, identifier, source))).left

    async def succeeded(self, identifier: bytes, source: str) -> None:
        """It was the right one: forget the wrong ones of this source."""
        await self._budget.succeeded(Attempt(self._way, identifier, source))
