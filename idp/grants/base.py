"""What every grant shares: a grant only decides for whom tokens may be issued, so none can skip a shared step.

RFC 6749 §5.1; the phases are run by `idp.endpoints.token`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from idp.errors import InvalidScope
from idp.model import Client, Confirmation, GrantType, Standing
from idp.protocol.params import Parameters
from idp.protocol.scopes import parse_scope
from idp.resources.known import NOTHING
from idp.resources.model import ProtectedResource
from idp.tokens.access import AccessGrant


@dataclass(frozen=True, slots=True)
class ForPerson:
    """Tokens that act for a person may be issued, if the shared checks agree.

    Attributes:
        standing: family, session and account, read in the transaction in which the grant was decided.
        scopes: at most the family's.
        generation: of the refresh token to hand out.
        id_token_claims: real-name claims asked for in the ID token.
        audiences: what the access token is for; None for all that the family was granted (RFC 8707 §2.2).
        authorization_details: None for all that the family was granted (RFC 9396 §6).
        auth_req_id: of the request that the tokens are pushed for (CIBA Core §10.3.1).
    """

    standing: Standing
    scopes: tuple[str, ...]
    generation: int
    nonce: str | None = None
    id_token_claims: tuple[str, ...] = ()
    audiences: tuple[str, ...] | None = None
    authorization_details: tuple[Mapping[str, Any], ...] | None = None
    auth_req_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ForClient:
    """A token that acts for the client itself may be issued."""

    scopes: tuple[str, ...]
    audiences: tuple[str, ...] = ()
    authorization_details: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One access token may be issued for another (RFC 8693 §2.2.1).

    Attributes:
        standing: of the family of the subject's token; the new one hangs on it.
    """

    standing: Standing
    grant: AccessGrant
    issued_token_type: str


Decision = ForPerson | ForClient | Exchanged


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token request whose client has proved who it is.

    Attributes:
        confirmation: the key that the request proved to hold; None where none was shown.
        resources: the protected resources that the client may ask for, by identifier.
    """

    client: Client
    parameters: Parameters
    retry_key: str | None = field(default=None, repr=False)
    confirmation: Confirmation | None = None
    resources: Mapping[str, ProtectedResource] = field(default_factory=lambda: NOTHING)


class Grant(Protocol):
    """One grant type."""

    @property
    def grant_type(self) -> GrantType: ...

    async def decide(self, request: TokenRequest) -> Decision:
        """Decide; whatever one-time thing is spent is committed before this returns or raises.

        Raises:
            idp.errors.OAuthError: no tokens.
        """


def narrowed(asked: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes asked for, or all that are allowed when none are.

    Raises:
        InvalidScope: wider than allowed (RFC 6749 §6).
    """
    if asked is None:
        return allowed
    scopes = parse_scope(asked)
    if not set(scopes) <= set(allowed):
        raise InvalidScope("the scope exceeds what was granted")
    return scopes
