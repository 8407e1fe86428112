"""For whom an exchanged token is: our own API, registered resources or clients, nobody else (RFC 8693 §2.1)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from idp.client_metadata import AccessTokenFormat
from idp.clients.registry import ClientRegistry
from idp.errors import InvalidTarget
from idp.model import Client
from idp.protocol.scopes import ALL_SCOPES
from idp.resources.known import KnownResources
from idp.resources.model import ProtectedResource, ResourceStatus


@dataclass(frozen=True, slots=True)
class Aim:
    """Where the token goes.

    Attributes:
        audiences: values of `aud`.
        there: scopes that exist there; None at a client, which has none of its own.
        named_for: the one client that it is for, at which the person goes by another name.
    """

    audiences: tuple[str, ...]
    there: Set[str] | None
    access_token_format: AccessTokenFormat | None = None
    named_for: Client | None = None


class Targets:
    """Finds out what a name stands for."""

    def __init__(self, resources: KnownResources, registry: ClientRegistry, *, ours: str) -> None:
        self._resources = resources
        self._registry = registry
        self._ours = ours

    async def aim(self, wanted: Sequence[str]) -> Aim:
        """
        Args:
            wanted: names that the client's policy lists.

        Raises:
            InvalidTarget: unknown, disabled, or not to be had in one token (§2.2.2).
        """
        if self._ours in wanted:
            if len(wanted) > 1:  # whoever receives the token could use it here
                raise InvalidTarget("a token for this server is for nobody else: ask for one at a time")
            return Aim((self._ours,), ALL_SCOPES)
        resources: list[ProtectedResource] = []
        clients: list[Client] = []
        for name in wanted:
            resource = await self._resources.get(name)
            if resource is not None and resource.status is ResourceStatus.ACTIVE:
                resources.append(resource)
                continue
            client = None if resource is not None else await self._registry.active(name)
            if client is None:
                raise InvalidTarget("no such audience or resource")
            clients.append(client)
        return _aim(tuple(wanted), resources, clients)

    async def served_by(self, client: Client) -> Set[str]:
        """Resources that come to introspect as this client, and so may hold tokens that are meant for them."""
        return await self._resources.served_by(client.id)


def _aim(wanted: tuple[str, ...], resources: Sequence[ProtectedResource], clients: Sequence[Client]) -> Aim:
    formats = {resource.access_token_format for resource in resources}
    if len(formats) > 1:
        raise InvalidTarget("these resources take different kinds of access tokens: ask for one at a time")
    there = None if clients else frozenset().union(*(resource.scope_names for resource in resources))
    alone = clients[0] if len(clients) == 1 and not resources else None
    return Aim(wanted, there, formats.pop() if formats else None, alone)
