"""Gathers security events in memory and writes them every second or so: nobody who is refused waits for it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from core.ids import new_id
from core.rounds import rounds
from idp.gathering import MOST_SORTS, Gathered
from idp.security_events.model import SecurityEvent, SecurityEventKind, Severity, severity_of
from idp.security_events.ports import SecurityEvents, SecurityEventStore
from idp.source import source_of

KEPT = 100_000
"""Events that are kept in all: under the strongest attack the newest."""

KEPT_FOR = dt.timedelta(days=180)
"""The least that the Cybersecurity Law (Art. 21) has logs of this kind kept for."""

_MOST_ALERTS = 500  # in one moment: an alert finds room beside as many lesser ones
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sort:
    kind: SecurityEventKind
    account_id: str | None
    source: str | None
    client_id: str | None
    detail: tuple[tuple[str, str], ...]


class SecurityLog:
    """Implements `idp.security_events.ports.SecurityEvents`; one for each worker."""

    def __init__(self, database: Database, store: SecurityEventStore, clock: Clock, *, every: float = 1.0) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._every = every
        self._gathered: Gathered[_Sort] = Gathered()

    def note(
        self,
        kind: SecurityEventKind,
        *,
        account_id: str | None = None,
        source: str | None = None,
        client_id: str | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        place = None if source is None else source_of(source)
        sort = _Sort(kind, account_id, place, client_id, tuple(sorted((detail or {}).items())))
        room = MOST_SORTS + (_MOST_ALERTS if severity_of(kind) is Severity.ALERT else 0)
        self._gathered.note(sort, self._clock.now(), room=room)

    async def write(self) -> int:
        """Write what was gathered; answers how many rows."""
        events = [self._event(sort, at, times) for sort, at, times in self._gathered.take()]
        if events:
            async with self._database.write() as tx:
                await self._store.add(tx, events)
                await tx.commit()
        return len(events)

    async def forever(self) -> None:
        await rounds(self.write, every=self._every, log=_log, failed="security events could not be written")

    def _event(self, sort: _Sort, at: dt.datetime, times: int) -> SecurityEvent:
        return SecurityEvent(
            new_id(self._clock, "sev"),
            at,
            sort.kind,
            severity_of(sort.kind),
            sort.account_id,
            sort.source,
            sort.client_id,
            dict(sort.detail),
            times,
        )


_: type[SecurityEvents] = SecurityLog
