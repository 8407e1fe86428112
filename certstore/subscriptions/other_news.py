"""Brings receivers of changes other news of their organisation: to the same address, signed under the same secrets."""

from __future__ import annotations

from certstore.subscriptions.model import Subscription, SubscriptionState
from certstore.subscriptions.ports import Messenger, SubscriptionStore
from core.db.database import Database

GONE = "subscription-gone"
_HEARS = frozenset({SubscriptionState.ACTIVE, SubscriptionState.HALTED})  # a halted one may answer again


class OtherNews:
    """Whoever has news keeps them until they are delivered."""

    def __init__(self, database: Database, store: SubscriptionStore, messenger: Messenger) -> None:
        self._database = database
        self._store = store
        self._messenger = messenger

    async def knows(self, subscription_id: str, organisation: str) -> bool:
        """Whether the organisation has such a subscription, and did not end or pause it."""
        async with self._database.read() as tx:
            return _hears(await self._store.subscription(tx, subscription_id), organisation)

    async def bring(self, subscription_id: str, organisation: str, body: bytes) -> str:
        """One message; answers `delivered`, or why not."""
        async with self._database.read() as tx:
            found = await self._store.subscription(tx, subscription_id)
            secrets = await self._store.secrets(tx, subscription_id) if found else ()
        if found is None or not _hears(found, organisation):
            return GONE
        return await self._messenger.send(found, body, secrets)


def _hears(found: Subscription | None, organisation: str) -> bool:
    return found is not None and found.organisation == organisation and found.state in _HEARS
