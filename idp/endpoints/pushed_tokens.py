"""Tokens that are sent to a client of CIBA instead of being fetched by it (CIBA Core §10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.clock import Clock
from core.db.database import Database
from idp.endpoints.token import TokenEndpoint
from idp.errors import InvalidGrant
from idp.grants.base import ForPerson
from idp.grants.fetch import FetchGranted
from idp.model import Client, Standing
from idp.ports import TokenStore


class PushTokens:
    """Implements `idp.ciba.notify.PushedTokens`: through the same phases as every other grant."""

    def __init__(
        self, database: Database, tokens: TokenStore, fetch: FetchGranted, endpoint: TokenEndpoint, clock: Clock
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._fetch = fetch
        self._endpoint = endpoint
        self._clock = clock

    async def __call__(self, client: Client, family_id: str, auth_req_id: str) -> Mapping[str, Any]:
        standing = await self._standing(family_id, client)
        family = standing.family
        decision = ForPerson(standing, family.scopes, family.generation, auth_req_id=auth_req_id)
        return await self._endpoint.unasked(client, decision)

    async def _standing(self, family_id: str, client: Client) -> Standing:
        """A message that is sent again finds the family begun already."""
        async with self._database.read() as tx:
            standing = await self._tokens.standing(tx, family_id)
        if standing is not None and standing.family.redeemed_at is not None:
            if standing.family.client_id != client.id or not standing.alive(self._clock.now()):
                raise InvalidGrant("the grant is not valid any more", private="session, account or family is dead")
            return standing
        return await self._fetch(family_id, client, None)
