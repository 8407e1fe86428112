"""Looks clients up, remembering them for a few seconds, because every protocol request needs one."""

from __future__ import annotations

import datetime as dt

from core.clock import Clock
from core.db.database import Database
from idp.clients.description import CLIENT_ID
from idp.model import Client, ClientStatus
from idp.ports import ClientStore

_MAX_REMEMBERED = 1_000


class ClientRegistry:
    """Finds clients that may be used.

    Args:
        lifetime: seconds for which a client is remembered; a disabled client stops working everywhere after that.
    """

    def __init__(self, database: Database, clients: ClientStore, clock: Clock, *, lifetime: float) -> None:
        self._database = database
        self._clients = clients
        self._clock = clock
        self._lifetime = dt.timedelta(seconds=lifetime)
        self._remembered: dict[str, tuple[dt.datetime, Client]] = {}

    async def active(self, client_id: str) -> Client | None:
        """The client, or None if it does not exist or was disabled."""
        now = self._clock.now()
        known = self._remembered.get(client_id)
        if known is not None and now - known[0] < self._lifetime:
            client: Client | None = known[1]
        else:
            client = await self._load(client_id, now)
        return client if client is not None and client.status is ClientStatus.ACTIVE else None

    async def _load(self, client_id: str, now: dt.datetime) -> Client | None:
        if CLIENT_ID.fullmatch(client_id) is None:  # whatever strangers send, the database does not hear of it
            return None
        async with self._database.read() as tx:
            client = await self._clients.get(tx, client_id)
        if client is not None:  # unknown ids are not remembered: anybody can make them up
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[client_id] = (now, client)
        return client

    def forget(self, client_id: str) -> None:
        """Look the client up anew the next time; after a change in this process."""
        self._remembered.pop(client_id, None)
