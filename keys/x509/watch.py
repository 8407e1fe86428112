"""Follows what other workers change about certificates: one small question every few seconds, and before answering."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from typing import Protocol

from core.clock import Clock
from keys.x509.authorities import Authorities
from keys.x509.model import AuthorityRow

_log = logging.getLogger(__name__)


class Follower(Protocol):
    """Keeps something in memory that depends on the state of certificates."""

    async def follow(self, rows: Sequence[AuthorityRow]) -> None:
        """Let go of, or renew, what is no longer true."""


class RevocationWatch:
    """Tells followers when something has changed.

    Args:
        every: how old a look may be; a change is known to this worker after this time.
    """

    def __init__(self, authorities: Authorities, clock: Clock, *, every: dt.timedelta) -> None:
        self._authorities = authorities
        self._clock = clock
        self._every = every
        self._followers: list[Follower] = []
        self._looking = asyncio.Lock()
        self._looked_at: dt.datetime | None = None

    def add(self, follower: Follower) -> None:
        self._followers.append(follower)

    async def look(self) -> None:
        """Look now.

        Raises:
            Exception: whatever the store raises when it does not answer.
        """
        async with self._looking:
            await self._look()

    async def fresh(self) -> None:
        """Look, unless the last look was a moment ago.

        Raises:
            Exception: as `look`.
        """
        if self.is_fresh():
            return
        async with self._looking:
            if not self.is_fresh():
                await self._look()

    def is_fresh(self) -> bool:
        """Whether everything in memory is as of a moment ago."""
        return self._looked_at is not None and self._clock.now() - self._looked_at < self._every

    async def forever(self) -> None:
        """Look again and again. A failure (the store is away) is tried again at the next look."""
        while True:
            try:
                await self.look()
            except Exception:  # whatever it is, the next look must come
                _log.exception("the state of certificates could not be looked at")
            await asyncio.sleep(self._every.total_seconds())

    async def _look(self) -> None:
        begun = self._clock.now()
        rows = await self._authorities.refresh()
        for follower in self._followers:
            await follower.follow(rows)
        self._looked_at = begun
