"""Authorization headers that have just proved a client: the same header needs no proof again for some seconds.

What is remembered is a digest of the header, and the very record of the client that it was compared with. As soon as
the registry looks the client up anew, or the key of the secrets' digests is replaced, all is compared again. So a
changed secret, status or method counts as soon as it would without this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from idp.clients.registry import ClientRegistry
from idp.clients.shown_secrets import ShownSecrets
from idp.model import Client
from idp.protocol.facts import RequestFacts

_MOST = 1_000
_OTHER_METHODS = ("client_secret", "client_assertion", "client_assertion_type")


class KnownHeaders:
    """Remembers `client_secret_basic` only: long random secrets that do not change from one request to the next."""

    def __init__(self, registry: ClientRegistry, secrets: ShownSecrets) -> None:
        self._registry = registry
        self._secrets = secrets
        self._clients: dict[bytes, Client] = {}

    async def find(self, facts: RequestFacts, parameters: Mapping[str, str]) -> Client | None:
        """The client; None where everything is to be looked at."""
        if facts.authorization is None:
            return None
        client = self._clients.get(_digest(facts.authorization))
        if client is None or any(name in parameters for name in _OTHER_METHODS):  # RFC 6749 §2.3: one method only
            return None
        if parameters.get("client_id") not in (None, client.id):
            return None
        same = await self._registry.active(client.id) is client
        return client if same and self._secrets.holds(client) else None

    def remember(self, facts: RequestFacts, client: Client, secret: str) -> None:
        """Everything about the request was right."""
        if facts.authorization is None or not self._secrets.is_lasting(client, secret):
            return
        if len(self._clients) >= _MOST:
            self._clients.clear()
        self._clients[_digest(facts.authorization)] = client


def _digest(header: str) -> bytes:
    return hashlib.sha256(header.encode("utf-8", "surrogatepass")).digest()
