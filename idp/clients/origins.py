"""Pages of which clients may call our endpoints from a browser: single-page apps, by their redirect URIs.

W3C Fetch (CORS); draft-ietf-oauth-browser-based-apps §6.3. Only public clients run in a browser; a portal with a server
has no reason to show its secret to a page (attacks O-45).
"""

from __future__ import annotations

import datetime as dt

from core.clock import Clock
from core.db.database import Database
from idp.ports import ClientStore
from idp.protocol.redirect_uri import origin_of

_REMEMBERED = dt.timedelta(seconds=30)
_LONGEST = 300


class BrowserOrigins:
    """Knows the origins of public clients, by a look every half minute and none in between."""

    def __init__(self, database: Database, clients: ClientStore, clock: Clock) -> None:
        self._database = database
        self._clients = clients
        self._clock = clock
        self._known: tuple[dt.datetime, frozenset[str]] | None = None

    async def allows(self, origin: str) -> bool:
        """Whether pages of this origin belong to a public client that may be used; compared letter by letter."""
        if len(origin) > _LONGEST or not origin.startswith(("https://", "http://")):
            return False  # `null`, apps' own schemes, rubbish
        now = self._clock.now()
        if self._known is None or now - self._known[0] >= _REMEMBERED:
            self._known = (now, await self._look())
        return origin in self._known[1]

    async def _look(self) -> frozenset[str]:
        async with self._database.read() as tx:
            addresses = await self._clients.addresses_of_public(tx)
        return frozenset(origin_of(uri) for uris in addresses for uri in uris)
