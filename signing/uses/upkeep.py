"""Lets requests lapse that nobody decided or used in time, and lets go of files whose request is over."""

from __future__ import annotations

import datetime as dt
import logging

from core.clock import Clock
from core.db.database import Database
from core.rounds import rounds
from keys.reencrypt.ports import DiscardList
from signing.ports import UseRequestStore

_EVERY_SECONDS = 60.0
_AT_ONCE = 200
_GRACE = dt.timedelta(days=1)  # longer than a request, or a backup, that has read an address takes to read the file
_log = logging.getLogger(__name__)


class RequestUpkeep:
    """Every worker may run it, and any of them may crash in the middle."""

    def __init__(self, database: Database, requests: UseRequestStore, discards: DiscardList, clock: Clock) -> None:
        self._database = database
        self._requests = requests
        self._discards = discards
        self._clock = clock

    async def __call__(self) -> int:
        """One round; answers how many files were let go."""
        now, gone = self._clock.now(), 0
        async with self._database.write() as tx:
            if await self._requests.lapse(tx, now, _AT_ONCE):
                await tx.commit()
        async with self._database.read() as tx:
            over = await self._requests.over_with_files(tx, _AT_ONCE)
        for request in over:
            assert request.document is not None
            async with self._database.write() as tx:
                if await self._requests.drop_file(tx, request.id):
                    await self._discards.add(tx, request.document, now + _GRACE)
                    gone += 1
                await tx.commit()
        return gone

    async def forever(self) -> None:
        """A round every minute."""
        await rounds(self, every=_EVERY_SECONDS, log=_log, failed="requests to use seals were not looked after")
