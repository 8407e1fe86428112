"""Client authentication at the token, introspection and revocation endpoints.

RFC 6749 §2.3, §3.2.1; OpenID Connect Core §9. Secrets are long and random, so a keyed digest protects them at rest;
a password hash here would only make the token endpoint slow. A digest in an older form, or under a key that is being
replaced, is renewed when its secret is shown: nobody else ever has the secret again.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from core.db.database import Database
from core.errors import Unavailable
from idp.clients.registry import ClientRegistry
from idp.errors import InvalidClient, InvalidRequest
from idp.model import Client, ClientAuthMethod
from idp.ports import ClientStore
from idp.protocol.facts import RequestFacts
from idp.token_uses import CLIENT_SECRET
from keys.ports import TokenDigests

_MAX_HEADER = 4_096
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PresentedCredentials:
    """What a request says about who sends it; nothing of it is believed yet."""

    client_id: str
    secret: str | None = field(repr=False)
    method: ClientAuthMethod


class AuthenticateClient:
    """Finds out which client sends a request."""

    def __init__(
        self, registry: ClientRegistry, digests: TokenDigests, database: Database, clients: ClientStore
    ) -> None:
        self._registry = registry
        self._digests = digests
        self._database = database
        self._clients = clients

    async def __call__(self, facts: RequestFacts, parameters: Mapping[str, str]) -> Client:
        """
        Args:
            parameters: of the request's body; the query never counts (RFC 6749 §2.3.1).

        Raises:
            InvalidClient: unknown, disabled, wrong secret, or another method than the registered one.
            InvalidRequest: more than one method at once (RFC 6749 §2.3).
        """
        shown = presented_credentials(facts.authorization, parameters)
        client = await self._registry.active(shown.client_id)
        stored = client.secret_digest if client else None
        right = self._digests.matches(CLIENT_SECRET, shown.secret or "", stored)
        challenge = shown.method is ClientAuthMethod.BASIC
        if client is None:
            raise InvalidClient(private="unknown or disabled client", challenge=challenge)
        if client.auth_method is not shown.method:  # OIDC Core §9: the registered method only
            raise InvalidClient(private="not the registered method", challenge=challenge)
        if client.auth_method is not ClientAuthMethod.NONE and not right:
            raise InvalidClient(private="wrong secret", challenge=challenge)
        if right and stored is not None and not self._digests.is_current(stored):
            await self._renew(client.id, stored, shown.secret or "")
        return client

    async def _renew(self, client_id: str, stored: str, secret: str) -> None:
        """The secret was right either way: where the renewal fails, it is tried again the next time."""
        made = self._digests.digest(CLIENT_SECRET, secret)
        try:
            async with self._database.write() as tx:
                await self._clients.renew_digest(tx, client_id, old=stored, new=made)
                await tx.commit()
        except Unavailable:
            _log.warning("the digest of a client's secret could not be renewed")
        self._registry.forget(client_id)


def presented_credentials(authorization: str | None, parameters: Mapping[str, str]) -> PresentedCredentials:
    """
    Raises:
        InvalidClient: no credentials, or a header that cannot be read.
        InvalidRequest: more than one method, or two different client ids.
    """
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    if "client_assertion" in parameters or "client_assertion_type" in parameters:
        raise InvalidClient("client assertions are not supported")
    if authorization is not None:
        basic_id, basic_secret = _read_basic(authorization)
        if secret is not None or (client_id is not None and client_id != basic_id):
            raise InvalidRequest("more than one client authentication method")  # RFC 6749 §2.3
        return PresentedCredentials(basic_id, basic_secret, ClientAuthMethod.BASIC)
    if client_id is None:
        raise InvalidClient(private="no client credentials")
    method = ClientAuthMethod.NONE if secret is None else ClientAuthMethod.POST
    return PresentedCredentials(client_id, secret, method)


def _read_basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic" or len(value) > _MAX_HEADER:
        raise InvalidClient("the Authorization header must be Basic", challenge=True)
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        # RFC 6749 §2.3.1: both parts were form-urlencoded before they were joined
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError):
        raise InvalidClient("the Authorization header cannot be read", challenge=True) from None
    if not colon:
        raise InvalidClient("the Authorization header cannot be read", challenge=True)
    return client_id, secret
