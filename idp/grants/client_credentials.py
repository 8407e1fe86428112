"""The client credentials grant (RFC 6749 §4.4): a department's system acts for itself. Writes to no store."""

from __future__ import annotations

from idp.errors import InvalidScope
from idp.grants.base import ForClient, TokenRequest, narrowed
from idp.grants.narrowing import audiences_of, known_of
from idp.model import GrantType
from idp.protocol.authorization_details import parse_details
from idp.protocol.scopes import API_SCOPES
from idp.settings import IdpSettings


class ClientCredentialsGrant:
    """Implements `idp.grants.base.Grant`."""

    def __init__(self, settings: IdpSettings) -> None:
        self._ours = settings.issuer

    @property
    def grant_type(self) -> GrantType:
        return GrantType.CLIENT_CREDENTIALS

    async def decide(self, request: TokenRequest) -> ForClient:
        client, parameters = request.client, request.parameters
        audiences = audiences_of(request, parameters.resources, ours=self._ours)  # it grants to itself
        there = API_SCOPES if not audiences else self._scopes_there(request, audiences)
        scopes = narrowed(parameters.get("scope"), tuple(sorted(client.scopes & there)))  # a person's need a person
        details = parse_details(parameters.get("authorization_details"), client.metadata.authorization_details_types)
        if not scopes and not details:
            raise InvalidScope("the client has no scope of its own")
        return ForClient(scopes, audiences, details)

    def _scopes_there(self, request: TokenRequest, audiences: tuple[str, ...]) -> frozenset[str]:
        resources = known_of(request, audiences, ours=self._ours)
        return frozenset().union(*(resource.scope_names for resource in resources))
