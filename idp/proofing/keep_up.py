"""What a worker does for real names: lets evidence lapse whose time is over, and reads what the registers report."""

from __future__ import annotations

import logging

from core.rounds import rounds
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
        await rounds(self.once, every=self._every, log=_log, failed="proofs could not be kept up")

    async def once(self) -> None:
        """One look."""
        await self._lapse()
        await self._follow()
