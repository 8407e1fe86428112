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
        if not all(is_resource_identifier(one) for one in others):
            raise InvalidTarget("resource must be an absolute URI without a fragment")
        # only those that are the client's, so that nobody can fill the memory with names that they make up
        if not set(others) <= set(client.metadata.resources):
            raise InvalidTarget("no such resource, or not for this client")
        found = await self._active(others)
        if len(found) != len(others):
            raise InvalidTarget("no such resource, or not for this client")
        return tuple(found[one] for one in others)

    def check_one_token(self, asked: Sequence[str], found: Sequence[ProtectedResource]) -> None:
        """For a token that is issued at once, without a later request that could narrow it.

        Raises:
            InvalidTarget: these resources share no token.
        """
        target_of(tuple(dict.fromkeys(asked)), found, (), ours=self._ours)

    async def get(self, identifier: str) -> ProtectedResource | None:
        """The resource of this name in whatever state; for names that somebody has registered for a client."""
        return (await self._find([identifier]))[identifier]

    async def of(self, client: Client) -> Mapping[str, ProtectedResource]:
        """All resources that the client may ask for now, by identifier; costs nothing where it registered none."""
        return await self._active(client.metadata.resources) if client.metadata.resources else NOTHING

    async def _active(self, identifiers: Sequence[str]) -> Mapping[str, ProtectedResource]:
        found = await self._find(identifiers)
        return {name: one for name, one in found.items() if one is not None and one.status is ResourceStatus.ACTIVE}

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

    async def _find(self, identifiers: Sequence[str]) -> Mapping[str, ProtectedResource | None]:
        """In one look for all that are not remembered."""
        now = self._clock.now()
        known = {name: self._remembered[name] for name in identifiers if name in self._remembered}
        fresh = {name: one for name, (at, one) in known.items() if now - at < self._lifetime}
        missing = [name for name in identifiers if name not in fresh]
        if not missing:
            return fresh
        async with self._database.read() as tx:
            found = {one.identifier: one for one in await self._store.named(tx, missing)}
        if len(self._remembered) + len(missing) > _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered |= {name: (now, found.get(name)) for name in missing}
        return fresh | {name: found.get(name) for name in missing}

    def forget(self) -> None:
        """Look everything up anew; after a change in this process."""
        self._remembered.clear()
        self._of_clients.clear()
