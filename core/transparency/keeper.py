"""What a worker does for the tree besides answering: one of them signs a checkpoint when it is time, and carries it."""

from __future__ import annotations

import asyncio
import logging

from core.errors import AppError
from core.kv.port import KeyValueStore
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from core.transparency.witnesses import Witnesses

_log = logging.getLogger(__name__)
_TURN = "audit:checkpoint-turn"


class LogKeeper:
    """
    Args:
        every: seconds between two checkpoints; within them nobody outside can tell a cut tail from none.
    """

    def __init__(self, checkpoints: Checkpoints, witnesses: Witnesses, kv: KeyValueStore, *, every: float) -> None:
        self._checkpoints = checkpoints
        self._witnesses = witnesses
        self._kv = kv
        self._every = every

    async def forever(self) -> None:
        """A step that fails is tried again at the next turn."""
        while True:
            await asyncio.sleep(self._every)
            try:
                if await self._kv.put_if_absent(_TURN, b"", self._every * 0.9):
                    await self.turn()
            except AppError as error:
                _log.error("audit checkpoint: %s", error.code)
            except Exception as error:  # whatever it is, the next turn must come
                _log.warning("audit checkpoint failed: %s", type(error).__name__)

    async def turn(self) -> KeptCheckpoint | None:
        """Sign if the log grew; bring what is not there yet to the witnesses. Answers the new checkpoint."""
        made = await self._checkpoints.make()
        await self._witnesses.carry()
        return made
