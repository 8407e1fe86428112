"""What a worker does for the public log: entries get their places, the tree grows, a checkpoint is signed.

Each checkpoint is an event of the audit log too. Whoever witnesses that one thus keeps this one: a log that was written
anew would need another audit log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import Conflict
from core.kv.port import KeyValueStore
from core.principal import SYSTEM
from core.rounds import rounds
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from signing.public_log.place import place_waiting
from signing.public_log.ports import PublicLogStore

_log = logging.getLogger(__name__)
_TURN = "signature-log:turn"


class KeepPublicLog:
    """For the worker; any number may run.

    Args:
        every: seconds between two checkpoints: so long a receipt may take.
        alarm: hears of a log that is not what was signed.
    """

    def __init__(
        self,
        database: Database,
        store: PublicLogStore,
        checkpoints: Checkpoints,
        kv: KeyValueStore,
        *,
        every: float,
        alarm: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._store = store
        self._checkpoints = checkpoints
        self._kv = kv
        self._every = every
        self._alarm = alarm

    async def __call__(self) -> KeptCheckpoint | None:
        """Place what waits, and sign if the log grew. Answers the new checkpoint.

        Raises:
            Conflict: `signature-log-changed`.
            Unavailable: the key does not answer.
        """
        await place_waiting(self._database, self._store)
        try:
            made = await self._checkpoints.make()
        except Conflict as changed:
            self._alarm(changed.code)
            raise
        if made is not None:
            detail: dict[str, str | int | bool | None] = {"size": made.size, "root": made.root.hex()}
            await self._database.record(AuditEvent("seal.log.checkpoint", "done", SYSTEM, detail=detail))
        return made

    async def cover(self, document: str) -> None:
        """Sign at once, if the newest checkpoint does not cover a sealed file: for somebody who may have its receipt.

        Args:
            document: SHA-256 of the file, hexadecimal.

        Raises:
            As `__call__`.
        """
        async with self._database.read() as tx:
            found = await self._store.place_of(tx, document)
            if found is not None and await self._checkpoints.newest(tx, covering=found[0] + 1) is not None:
                return
        await self()

    async def forever(self) -> None:
        """One worker at a time takes the turn; a failure is tried again at the next one."""
        await rounds(self._turn, every=self._every, log=_log, failed="the public log of signatures was not signed")

    async def _turn(self) -> None:
        if await self._kv.put_if_absent(_TURN, b"", self._every * 0.9):
            await self()
