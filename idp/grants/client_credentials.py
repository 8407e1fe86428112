"""The client credentials grant (RFC 6749 §4.4): a department's system acts for itself. Writes to no store."""

from __future__ import annotations

from idp.errors import InvalidScope
from idp.grants.base import ForClient, TokenRequest, narrowed
from idp.model import GrantType
from idp.protocol.scopes import API_SCOPES


class ClientCredentialsGrant:
    """Implements `idp.grants.base.Grant`."""

    @property
    def grant_type(self) -> GrantType:
        return GrantType.CLIENT_CREDENTIALS

    async def decide(self, request: TokenRequest) -> ForClient:
        allowed = tuple(sorted(request.client.scopes & API_SCOPES))  # a person's scopes need a person
        scopes = narrowed(request.parameters.get("scope"), allowed)
        if not scopes:
            raise InvalidScope("the client has no scope of its own")
        return ForClient(scopes)
