"""What a worker does for real names: lets evidence lapse whose time is over, and reads what the registers report."""

from __future__ import annotations

import asyncio
import logging

from idp.evidence.book import LapseEvidence
from idp.proofing.follow import FollowRegisters

_log = logging.getLogger(__name__)


class KeepProofsUp:
    """Runs for the life of a worker; any number of workers may.

    Args:
        every: seconds between two looks; so long a level may outlive its evidence.
    """

    def __init__(self, lapse: LapseEvidence, follow: FollowRegisters, *, every: float = 60.0) -> None:
        self._lapse = lapse
        self._follow = follow
        self._every = every

    async def forever(self) -> None:
        """A step that fails is tried again at the next look."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.once()
            except Exception as error:  # whatever it is, the next look must come
                _log.warning("proofs could not be kept up: %s", type(error).__name__)

    async def once(self) -> None:
        """One look."""
        await self._lapse()
        await self._follow()
