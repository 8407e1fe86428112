"""Delivers logout tokens: at once when a session ends, then a few times more from the worker.

OpenID Connect Back-Channel Logout 1.0 §2.5–§2.8. Every attempt is written down, so an operator can see which
portal did not hear of a log-out.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Sequence

from core.clock import Clock
from core.db.database import Database
from idp.clients.registry import ClientRegistry
from idp.model import DeliveryState, LogoutDelivery
from idp.ports import DeliveryStore, LogoutMessenger
from idp.settings import IdpSettings
from idp.tokens.logout import LogoutTokens

_PARALLEL = 16
_FAILING_FOR = dt.timedelta(minutes=10)
_FAILURES = 3
_IN_VAIN = frozenset({"not-registered", "address-refused"})  # no later attempt can end otherwise


class DeliverLogouts:
    """Attempts deliveries; two workers never attempt the same one at once."""

    def __init__(
        self,
        database: Database,
        deliveries: DeliveryStore,
        registry: ClientRegistry,
        tokens: LogoutTokens,
        messenger: LogoutMessenger,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._deliveries = deliveries
        self._registry = registry
        self._tokens = tokens
        self._messenger = messenger
        self._clock = clock
        self._settings = settings
        self._slots = asyncio.Semaphore(_PARALLEL)

    async def run_due(self, limit: int = 50) -> int:
        """Attempt what is due; answers how many. For the worker, every few seconds."""
        async with self._database.read() as tx:
            due = await self._deliveries.due(tx, self._clock.now(), limit)
        return await self._attempt(due)

    async def attempt(self, deliveries: Sequence[LogoutDelivery]) -> None:
        """While the person waits: one attempt for each, in parallel; one that does not answer costs the time-out.

        Portals that took no notice for a while keep nobody waiting: theirs are left to the worker.
        """
        if not deliveries:
            return
        since = self._clock.now() - _FAILING_FOR
        async with self._database.read() as tx:
            names = sorted({one.client_id for one in deliveries})
            failing = await self._deliveries.failing(tx, names, since=since, failures=_FAILURES)
        await self._attempt([one for one in deliveries if one.client_id not in failing])

    async def _attempt(self, deliveries: Sequence[LogoutDelivery]) -> int:
        if not deliveries:
            return 0
        claimed = await self._claim(deliveries)
        results = await asyncio.gather(*(self._post(one) for one in claimed))
        async with self._database.write() as tx:
            for delivery, result in zip(claimed, results, strict=True):
                await self._deliveries.finish(tx, self._after(delivery, result))
            await tx.commit()
        return len(claimed)

    async def _claim(self, deliveries: Sequence[LogoutDelivery]) -> list[LogoutDelivery]:
        until = self._clock.now() + dt.timedelta(seconds=10 * self._settings.logout_timeout)
        async with self._database.write() as tx:
            claimed = [one for one in deliveries if await self._deliveries.claim(tx, one, until=until)]
            await tx.commit()
        return [dataclasses.replace(one, attempts=one.attempts + 1, due_at=until) for one in claimed]

    async def _post(self, delivery: LogoutDelivery) -> str:
        client = await self._registry.active(delivery.client_id)
        if client is None or client.backchannel_logout_uri is None:
            return "not-registered"  # any more
        token = await self._tokens.issue(client, delivery)
        async with self._slots:
            return await self._messenger.post(client.backchannel_logout_uri, token)

    def _after(self, delivery: LogoutDelivery, result: str) -> LogoutDelivery:
        now = self._clock.now()
        if result == "delivered":
            state = DeliveryState.DELIVERED
        elif result in _IN_VAIN or delivery.attempts >= self._settings.logout_attempts:
            state = DeliveryState.GIVEN_UP
        else:
            state = DeliveryState.PENDING
        # 20 s, 1 min, 3, 9, 27, 81 min, 4 h: a portal that restarts hears of it soon, one that is mended within the
        # life of a session still hears of it, and one that is gone does not fill the table
        pause = self._settings.logout_retry_after * 3 ** (delivery.attempts - 1)
        return dataclasses.replace(
            delivery,
            state=state,
            due_at=now + dt.timedelta(seconds=pause),
            last_result=result,
            tried_at=now,
            finished_at=None if state is DeliveryState.PENDING else now,
        )
