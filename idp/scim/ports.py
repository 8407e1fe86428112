"""What joiners need of others: somebody who knows whether a number and a name belong together."""

from __future__ import annotations

from typing import Protocol


class RealNameCheck(Protocol):
    """The city's source of people."""

    async def matches(self, number: str, name: str) -> bool:
        """
        Args:
            number: citizen ID number in its canonical form.

        Raises:
            core.errors.Unavailable: the source does not answer, or there is none.
        """
