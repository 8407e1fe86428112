"""How a client proves who it is at the token endpoint (RFC 6749 §2.3.1, RFC 7523 §2.2)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote_plus

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME_SECONDS = 60


class Credentials(Protocol):
    """Adds to a token request what proves the client."""

    def basic(self) -> tuple[str, str] | None:
        """User name and password for HTTP Basic, if that is how."""

    def form(self, audience: str) -> Mapping[str, str]:
        """Fields to send along.

        Args:
            audience: the service's issuer identifier.
        """


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """`client_secret_basic`."""

    client_id: str
    secret: str = field(repr=False)

    def basic(self) -> tuple[str, str] | None:
        return quote_plus(self.client_id), quote_plus(self.secret)  # RFC 6749 §2.3.1: form-encoded first

    def form(self, audience: str) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class PrivateKeyJwt:
    """`private_key_jwt`; needs the package python-jose.

    Attributes:
        key: PEM.
        key_id: `kid` of the registered public key, if the client has several.
    """

    client_id: str
    key: str = field(repr=False)
    algorithm: str = "ES256"
    key_id: str | None = None

    def basic(self) -> tuple[str, str] | None:
        return None

    def form(self, audience: str) -> Mapping[str, str]:
        from jose import jwt

        now = int(time.time())  # noqa: TID251 - this package knows nothing of the service's clock
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "jti": secrets.token_urlsafe(24),
            "iat": now,
            "exp": now + _LIFETIME_SECONDS,
        }
        headers = {"kid": self.key_id} if self.key_id else None
        assertion: str = jwt.encode(claims, self.key, algorithm=self.algorithm, headers=headers)
        return {"client_id": self.client_id, "client_assertion_type": _ASSERTION, "client_assertion": assertion}
