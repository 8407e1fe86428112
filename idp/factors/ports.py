"""What the factors ask of others."""

from __future__ import annotations

from typing import Protocol

from idp.abuse.attempt import Admitted, Attempt


class Attempts(Protocol):
    """The one budget of guesses, shared by every way to log in (attacks F-08, O-53)."""

    async def admit(self, attempt: Attempt) -> Admitted:
        """Count a try before it is judged.

        Raises:
            LimitExceeded: `puzzle-needed`, `too-many-tries`.
        """

    async def failed(self, attempt: Attempt) -> None:
        """It was wrong."""

    async def succeeded(self, attempt: Attempt) -> None:
        """It was right: forget the wrong ones."""


class Devices(Protocol):
    """Knows browsers again."""

    async def name(self, account_id: str | None, cookie: str | None) -> str | None:
        """The device's name, if the person logged in from it before."""


class RefusedTries(Protocol):
    """The history of log-ins, as its owner reads it."""

    def refused(self, account_id: str | None, *, method: str, reason: str, source: str, user_agent: str) -> None:
        """Does not wait and never fails."""
