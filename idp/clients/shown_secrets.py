"""Secrets that clients show as they are (`client_secret_basic`, `client_secret_post`).

They are long and random, so a keyed digest protects them at rest; a password hash here would only make the token
endpoint slow. A digest in an older form, or under a key that is being replaced, is renewed when its secret is shown:
nobody else ever has the secret again. While a secret is being replaced, the one before counts too, until its end.
"""

from __future__ import annotations

import logging

from core.clock import Clock
from core.db.database import Database
from core.errors import Unavailable
from idp.clients.registry import ClientRegistry
from idp.model import Client
from idp.ports import ClientStore
from idp.token_uses import CLIENT_SECRET
from keys.ports import TokenDigests

_log = logging.getLogger(__name__)


class ShownSecrets:
    """Compares secrets with what is kept of them."""

    def __init__(
        self, registry: ClientRegistry, digests: TokenDigests, database: Database, clients: ClientStore, clock: Clock
    ) -> None:
        self._registry = registry
        self._digests = digests
        self._database = database
        self._clients = clients
        self._clock = clock

    def match(self, client: Client | None, secret: str) -> bool:
        """Whether it is the client's secret, or the one before while that counts; False for nobody's.

        Takes the same time for whomever it is asked, and whichever of the two is right.
        """
        current = earlier = None
        if client is not None:
            current = client.secret_digest
            earlier = client.earlier_secret_digest if self._counts_earlier(client) else None
        matches = [self._digests.matches(CLIENT_SECRET, secret, stored) for stored in (current, earlier)]
        return any(matches)

    def is_lasting(self, client: Client, secret: str) -> bool:
        """Whether it is the client's current secret, kept in today's form: so that it can be known again by that."""
        stored = client.secret_digest
        return self.holds(client) and self._digests.matches(CLIENT_SECRET, secret, stored)

    def holds(self, client: Client) -> bool:
        """Whether what is kept of the client's current secret is in today's form, under a key that counts."""
        return client.secret_digest is not None and self._digests.is_current(client.secret_digest)

    def _counts_earlier(self, client: Client) -> bool:
        return client.earlier_secret_ends_at is not None and self._clock.now() < client.earlier_secret_ends_at

    async def renew(self, client: Client, secret: str) -> None:
        """Keep the digest of a right secret in today's form. Where that fails, it is tried again the next time."""
        stored = client.secret_digest
        if stored is None or self._digests.is_current(stored):
            return
        if not self._digests.matches(CLIENT_SECRET, secret, stored):  # it was the secret before
            return
        made = self._digests.digest(CLIENT_SECRET, secret)
        try:
            async with self._database.write() as tx:
                await self._clients.renew_digest(tx, client.id, old=stored, new=made)
                await tx.commit()
        except Unavailable:
            _log.warning("the digest of a client's secret could not be renewed")
        self._registry.forget(client.id)
