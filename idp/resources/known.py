"""Looks protected resources up, remembering them for a few seconds; requests without `resource` never come here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core.clock import Clock
from core.db.database import Database
from idp.errors import InvalidTarget
from idp.model import Client
from idp.resources.model import ProtectedResource, ResourceStatus
from idp.resources.ports import ProtectedResourceStore
from idp.resources.targets import MOST_RESOURCES, is_resource_identifier, target_of

_MAX_REMEMBERED = 1_000
NOTHING: Mapping[str, ProtectedResource] = MappingProxyType({})


class KnownResources:
    """Finds resources that tokens may be issued for.

    Args:
        lifetime: seconds for which a look is remembered.
        ours: the identifier of our own API, which is no row.
    """

    def __init__(
        self, database: Database, store: ProtectedResourceStore, clock: Clock, *, lifetime: float, ours: str
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._lifetime = dt.timedelta(seconds=lifetime)
        self._ours = ours
        self._remembered: dict[str, tuple[dt.datetime, ProtectedResource | None]] = {}
        self._of_clients: dict[str, tuple[dt.datetime, frozenset[str]]] = {}

    async def asked(self, identifiers: Sequence[str], client: Client) -> tuple[ProtectedResource, ...]:
        """The resources that a client asks for, without our own API.

        Raises:
            InvalidTarget: RFC 8707 §2: malformed, unknown, disabled, or not for this client.
        """
        if len(identifiers) > MOST_RESOURCES:
            raise InvalidTarget("too many resources in one request")
        others = tuple(dict.fromkeys(one for one in identifiers if one != self._ours))
        return tuple([await self._asked(identifier, client) for identifier in others])

    async def _asked(self, identifier: str, client: Client) -> ProtectedResource:
        if not is_resource_identifier(identifier):
            raise InvalidTarget("resource must be an absolute URI without a fragment")
        # asked first, so that nobody can fill the memory with names that they make up
        found = await self._find(identifier) if identifier in client.metadata.resources else None
        if found is None or found.status is not ResourceStatus.ACTIVE:
            raise InvalidTarget("no such resource, or not for this client")
        return found

    def check_one_token(self, asked: Sequence[str], found: Sequence[ProtectedResource]) -> None:
        """For a token that is issued at once, without a later request that could narrow it.

        Raises:
            InvalidTarget: these resources share no token.
        """
        target_of(tuple(dict.fromkeys(asked)), found, (), ours=self._ours)

    async def get(self, identifier: str) -> ProtectedResource | None:
        """The resource of this name in whatever state; for names that somebody has registered for a client."""
        return await self._find(identifier)

    async def of(self, client: Client) -> Mapping[str, ProtectedResource]:
        """All resources that the client may ask for now, by identifier; costs nothing where it registered none."""
        if not client.metadata.resources:
            return NOTHING
        found = [await self._find(identifier) for identifier in client.metadata.resources]
        return {one.identifier: one for one in found if one is not None and one.status is ResourceStatus.ACTIVE}

    async def served_by(self, client_id: str) -> frozenset[str]:
        """Identifiers of the resources that come to introspect as this client."""
        now = self._clock.now()
        known = self._of_clients.get(client_id)
        if known is not None and now - known[0] < self._lifetime:
            return known[1]
        async with self._database.read() as tx:
            found = await self._store.of_client(tx, client_id)
        served = frozenset(one.identifier for one in found if one.status is ResourceStatus.ACTIVE)
        if len(self._of_clients) >= _MAX_REMEMBERED:
            self._of_clients.clear()
        self._of_clients[client_id] = (now, served)
        return served

    async def _find(self, identifier: str) -> ProtectedResource | None:
        now = self._clock.now()
        known = self._remembered.get(identifier)
        if known is not None and now - known[0] < self._lifetime:
            return known[1]
        async with self._database.read() as tx:
            found = await self._store.get(tx, identifier)
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[identifier] = (now, found)
        return found

    def forget(self) -> None:
        """Look everything up anew; after a change in this process."""
        self._remembered.clear()
        self._of_clients.clear()
