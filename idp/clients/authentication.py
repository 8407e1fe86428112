"""Client authentication at the token, introspection and revocation endpoints.

RFC 6749 §2.3, §3.2.1; OpenID Connect Core §9. Secrets are long and random, so one SHA-256 protects them at rest;
a password hash here would only make the token endpoint slow.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from idp.clients.registry import ClientRegistry
from idp.errors import InvalidClient, InvalidRequest
from idp.model import Client, ClientAuthMethod
from keys.secrets.token_digest import digest_token

_NOBODY = digest_token("nobody has this secret")
_MAX_HEADER = 4_096


@dataclass(frozen=True, slots=True)
class PresentedCredentials:
    """What a request says about who sends it; nothing of it is believed yet."""

    client_id: str
    secret: str | None = field(repr=False)
    method: ClientAuthMethod


class AuthenticateClient:
    """Finds out which client sends a request."""

    def __init__(self, registry: ClientRegistry) -> None:
        self._registry = registry

    async def __call__(self, authorization: str | None, parameters: Mapping[str, str]) -> Client:
        """
        Args:
            authorization: the Authorization header, if there is one.
            parameters: of the request's body; the query never counts (RFC 6749 §2.3.1).

        Raises:
            InvalidClient: unknown, disabled, wrong secret, or another method than the registered one.
            InvalidRequest: more than one method at once (RFC 6749 §2.3).
        """
        shown = presented_credentials(authorization, parameters)
        client = await self._registry.active(shown.client_id)
        expected = client.secret_digest if client and client.secret_digest else _NOBODY
        right = hmac.compare_digest(digest_token(shown.secret or "").encode(), expected.encode())
        challenge = shown.method is ClientAuthMethod.BASIC
        if client is None:
            raise InvalidClient(private="unknown or disabled client", challenge=challenge)
        if client.auth_method is not shown.method:  # OIDC Core §9: the registered method only
            raise InvalidClient(private="not the registered method", challenge=challenge)
        if client.auth_method is not ClientAuthMethod.NONE and not right:
            raise InvalidClient(private="wrong secret", challenge=challenge)
        return client


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
