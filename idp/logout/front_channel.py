"""The addresses that a browser must visit so that portals hear of a log-out (Front-Channel Logout 1.0 §2, §3)."""

from __future__ import annotations

from core.db.database import Database
from idp.clients.registry import ClientRegistry
from idp.ports import SessionStore
from idp.protocol.redirect_uri import with_parameters
from idp.settings import IdpSettings


class FrontChannel:
    """Finds the portals of a session that registered an address for frames."""

    def __init__(
        self, database: Database, sessions: SessionStore, registry: ClientRegistry, settings: IdpSettings
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._registry = registry
        self._settings = settings

    async def addresses(self, session_id: str) -> tuple[str, ...]:
        """Each with `iss` and the portal's own `sid` (§2), whether it asked for them or not; in order of entering."""
        async with self._database.read() as tx:
            entered = await self._sessions.clients(tx, session_id)
        found = []
        for one in entered:
            client = await self._registry.active(one.client_id)
            uri = None if client is None else client.metadata.frontchannel_logout_uri
            if uri is not None:
                found.append(with_parameters(uri, {"iss": self._settings.issuer, "sid": one.sid}))
        return tuple(found)
