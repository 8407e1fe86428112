"""Removes what has expired, so that tables stay as large as what is alive (reference pain 1)."""

from __future__ import annotations

import datetime as dt

from core.clock import Clock
from core.db.database import Database
from idp.ciba.ports import BackchannelStore
from idp.clients.sweeping import SweepRegistrations
from idp.ports import DeliveryStore, NoticeStore, SessionStore, TokenStore

_KEEP = dt.timedelta(days=1)  # a spent code or an ended session can still be told from an unknown one
_KEEP_DELIVERIES = dt.timedelta(days=30)
_KEEP_NOTICES = dt.timedelta(days=180)


class SweepExpired:
    """For the worker, every few minutes."""

    def __init__(
        self,
        database: Database,
        tokens: TokenStore,
        sessions: SessionStore,
        deliveries: DeliveryStore,
        notices: NoticeStore,
        registrations: SweepRegistrations,
        backchannel: BackchannelStore,
        clock: Clock,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._sessions = sessions
        self._deliveries = deliveries
        self._notices = notices
        self._registrations = registrations
        self._backchannel = backchannel
        self._clock = clock

    async def __call__(self) -> int:
        """How many rows went."""
        now = self._clock.now()
        async with self._database.write() as tx:
            count = await self._tokens.delete_expired(tx, now - _KEEP)
            count += await self._sessions.delete_expired(tx, now - _KEEP)
            count += await self._deliveries.delete_finished(tx, now - _KEEP_DELIVERIES)
            count += await self._notices.delete_before(tx, now - _KEEP_NOTICES)
            count += await self._registrations(tx, now)
            count += await self._backchannel.delete_expired(tx, now - _KEEP)
            await tx.commit()
        return count
