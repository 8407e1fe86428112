"""Follows the audit log and tells what is odd, within a minute: nobody who is looked up waits for it.

The log itself is the only record: whichever worker follows it, a new one reads the last hour again and misses nothing.
What was told is not told again for an hour.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from certstore.alerts.ports import AlertSink
from certstore.alerts.rules import WINDOW, Oddity, Seen, Watched
from core.audit.sql import read_head
from core.audit.tables import audit_event
from core.clock import Clock
from core.db.database import Database, ReadTx
from core.kv.port import KeyValueStore
from core.principal import PrincipalKind
from core.rounds import rounds

_log = logging.getLogger(__name__)
_TURN, _TOLD = "licence-watch:turn", "licence-watch:told"
_BATCH = 2_000
_MOST_BATCHES = 50
_MOST_ACTORS = 20_000


class WatchLooks:
    """
    Args:
        every: seconds between two looks at the log.
    """

    def __init__(
        self, database: Database, kv: KeyValueStore, sink: AlertSink, clock: Clock, *, every: float = 15.0
    ) -> None:
        self._database = database
        self._kv = kv
        self._sink = sink
        self._clock = clock
        self._every = every
        self._read: int | None = None  # number of the last row that was read; None for one who did not follow
        self._actors: dict[str, Watched] = {}

    async def forever(self) -> None:
        """One worker follows at a time; a look that fails is made again."""
        await rounds(self._round, every=self._every, log=_log, failed="look-ups could not be watched")

    async def _round(self) -> None:
        if await self._kv.put_if_absent(_TURN, b"", self._every * 0.9):
            await self()
        else:
            self._read, self._actors = None, {}  # another worker's turn: what is known here grows old

    async def __call__(self) -> Sequence[tuple[Oddity, str]]:
        """Read what is new; answers what was told, with the actor's id."""
        told = []
        for _ in range(_MOST_BATCHES):
            async with self._database.read() as tx:
                if self._read is None:
                    self._read = await self._hour_ago(tx)
                events = await self._following(tx, self._read)
            for number, event in events:
                self._read = number
                told += [(oddity, event.actor_id) for oddity in await self._watch(event)]
            if len(events) < _BATCH:
                break
        self._forget()
        return told

    async def _watch(self, event: Seen) -> list[Oddity]:
        if not event.concerns_licences:
            return []
        odd = self._actors.setdefault(event.actor_id, Watched()).add(event)
        return [one for one in sorted(odd) if await self._tell(one, event)]

    async def _tell(self, oddity: Oddity, event: Seen) -> bool:
        if event.at < self._clock.now() - WINDOW:
            return False
        key = f"{_TOLD}:{oddity.value}:{event.actor_id.encode().hex()[:300]}"
        if not await self._kv.put_if_absent(key, b"", WINDOW.total_seconds()):
            return False
        self._sink.tell(oddity, event)
        return True

    def _forget(self) -> None:
        """Who has done nothing for an hour; and whoever is too many, the longest silent first."""
        before = self._clock.now() - WINDOW
        kept = [(name, one) for name, one in self._actors.items() if one.last > before]
        kept.sort(key=lambda pair: pair[1].last)
        self._actors = dict(kept[-_MOST_ACTORS:])

    async def _following(self, tx: ReadTx, after: int) -> list[tuple[int, Seen]]:
        row = audit_event.c
        query = (
            select(
                row.number,
                row.at,
                row.action,
                row.outcome,
                row.actor_kind,
                row.actor_id,
                row.actor_organisation,
                row.case_number,
                row.detail,
            )
            .where(row.number > after)
            .order_by(row.number)
            .limit(_BATCH)
        )
        return [(one.number, _seen(one)) for one in (await tx.connection.execute(query)).all()]

    async def _hour_ago(self, tx: ReadTx) -> int:
        """Number of the last row that is older than the window, found by halving: rows are in the order of time."""
        low, high = 0, (await read_head(tx.connection))[0]
        border = (self._clock.now() - WINDOW).astimezone(dt.UTC).isoformat(timespec="microseconds")
        while low < high:
            middle = (low + high + 1) // 2
            at = (await tx.connection.execute(select(audit_event.c.at).where(audit_event.c.number == middle))).scalar()
            if at is not None and at < border:
                low = middle
            else:
                high = middle - 1
        return low


def _seen(row: Any) -> Seen:
    error = row.detail.get("error")
    return Seen(
        at=dt.datetime.fromisoformat(row.at),
        action=row.action,
        actor_id=row.actor_id,
        staff=row.actor_kind == PrincipalKind.STAFF.value,
        organisation=row.actor_organisation,
        case_number=row.case_number,
        found=_found(row.detail),
        error=str(error) if row.outcome == "refused" and error else None,
    )


def _found(detail: Mapping[str, Any]) -> int | None:
    """How many licences of the holder who was asked for were found; None where nobody was asked for by number."""
    asked_by_number = "found" in detail or "holder_code" in str(detail.get("filters", ""))
    count = detail.get("found", detail.get("count"))
    return count if asked_by_number and isinstance(count, int) else None
