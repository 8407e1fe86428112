"""What a worker does for the tree besides answering: one of them signs a checkpoint when it is time, and carries it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from core.errors import AppError, Conflict
from core.kv.port import KeyValueStore
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from core.transparency.ports import FORKED
from core.transparency.witnesses import Witnesses

_log = logging.getLogger(__name__)
_TURN = "audit:checkpoint-turn"


class LogKeeper:
    """
    Args:
        every: seconds between two checkpoints; within them nobody outside can tell a cut tail from none.
        alarm: hears of a log that is not what was signed, or not what a witness keeps.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        witnesses: Witnesses,
        kv: KeyValueStore,
        *,
        every: float,
        alarm: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._checkpoints = checkpoints
        self._witnesses = witnesses
        self._kv = kv
        self._every = every
        self._alarm = alarm

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
        """Sign if the log grew; bring what is not there yet to the witnesses. Answers the new checkpoint.

        Raises:
            Conflict: `audit-log-changed`.
            Unavailable: the key does not answer.
        """
        try:
            made = await self._checkpoints.make()
        except Conflict as changed:
            self._alarm(changed.code)
            raise
        if any(one.fault == FORKED for one in await self._witnesses.carry()):
            self._alarm(FORKED)
        return made
