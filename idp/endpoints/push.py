"""The pushed authorization request endpoint (RFC 9126 §2; RFC 9449 §10.1; FAPI 2.0 §5.3.2.2).

1 the client, 2 the parameters that count, 3 the key that the request proves, 4 the checks of the authorization
endpoint, 5 the reference under which the request is kept.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

from idp.clients.authentication import AuthenticateClient
from idp.errors import InvalidRequest, RequestRefused
from idp.model import Client
from idp.protocol.facts import RequestFacts
from idp.protocol.params import Parameters
from idp.requests.pushed import PushedRequests
from idp.requests.request import check_request, redirect_uri_of
from idp.requests.sources import RequestSources, Resolved

PushAnswer = dict[str, str | int]
_CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


class ProvedKey(Protocol):
    """Judges the DPoP proof of a request."""

    async def proved(self, client: Client, facts: RequestFacts) -> str:
        """Thumbprint of the key in the request's proof.

        Raises:
            idp.errors.OAuthError: `invalid_dpop_proof`, `use_dpop_nonce` (RFC 9449 §5, §8).
        """


class PushEndpoint:
    """The use case."""

    def __init__(
        self, authenticate: AuthenticateClient, sources: RequestSources, pushed: PushedRequests, keys: ProvedKey
    ) -> None:
        self._authenticate = authenticate
        self._sources = sources
        self._pushed = pushed
        self._keys = keys

    async def __call__(self, parameters: Parameters, facts: RequestFacts) -> PushAnswer:
        """`request_uri` and `expires_in`.

        Raises:
            idp.errors.OAuthError: RFC 9126 §2.3.
        """
        client = await self._authenticate(facts, parameters)
        if parameters.get("client_id", client.id) != client.id:
            raise InvalidRequest("client_id is not the client that authenticated")
        given = {name: value for name, value in parameters.items() if name not in _CREDENTIALS}
        own = Parameters({**given, "client_id": client.id}, parameters.resources)
        resolved = await self._sources.resolve_pushed(own, client)
        resolved = await self._with_key(resolved, client, facts)
        await self._check(resolved, client)
        request_uri, lifetime = await self._pushed.keep(
            client.id, resolved.parameters, signed=resolved.source.signed, dpop_jkt=resolved.dpop_jkt
        )
        return {"request_uri": request_uri, "expires_in": lifetime}

    async def _with_key(self, resolved: Resolved, client: Client, facts: RequestFacts) -> Resolved:
        if not facts.dpop:
            return resolved
        proved = await self._keys.proved(client, facts)
        if resolved.dpop_jkt not in (None, proved):  # RFC 9449 §10.1: both must agree
            raise InvalidRequest("dpop_jkt is not the key of the DPoP proof")
        return dataclasses.replace(resolved, dpop_jkt=proved)

    async def _check(self, resolved: Resolved, client: Client) -> None:
        """As the authorization endpoint would (RFC 9126 §2.1), which will do so again when the browser comes."""
        try:
            redirect_uri_of(resolved.parameters, client)
        except RequestRefused:
            raise InvalidRequest("redirect_uri is missing, or not registered for this client") from None
        check_request(await self._sources.addressed(resolved, client), client)
