"""Access tokens: self-contained JWTs, ES256 (RFC 9068), with the claims that tie them to what can be revoked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.clock import Clock
from core.ids import new_secret
from idp.errors import InvalidToken
from idp.model import ONE_FACTOR, Client, TokenFamily
from idp.settings import IdpSettings
from keys.errors import TokenRejected
from keys.jose.tokens import TokenSigner, TokenVerifier
from keys.spec import SignatureAlgorithm

TYP = "at+jwt"  # RFC 9068 §2.1
FAMILY = "fam"  # our claim: the token family, on tokens that act for a person


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """An access token whose signature, type, audience and times hold; whether it was revoked is another question."""

    subject: str
    client_id: str
    scopes: frozenset[str]
    token_id: str
    family_id: str | None
    issued_at: int
    expires_at: int
    claims: Mapping[str, Any]


class AccessTokens:
    """Issues and reads access tokens."""

    def __init__(self, signer: TokenSigner, verifier: TokenVerifier, clock: Clock, settings: IdpSettings) -> None:
        self._signer = signer
        self._verifier = verifier
        self._clock = clock
        self._settings = settings

    async def for_person(self, family: TokenFamily, scopes: tuple[str, ...]) -> str:
        """A token that acts for a person at one client."""
        return await self._issue(
            {
                "sub": family.subject,
                "client_id": family.client_id,
                "scope": " ".join(scopes),
                "auth_time": int(family.auth_time.timestamp()),  # RFC 9068 §2.2.1
                "acr": ONE_FACTOR,
                "sid": family.sid,
                FAMILY: family.id,
            }
        )

    async def for_client(self, client: Client, scopes: tuple[str, ...]) -> str:
        """A token that acts for the client itself; needs no write to any store."""
        return await self._issue({"sub": client.id, "client_id": client.id, "scope": " ".join(scopes)})

    async def _issue(self, claims: dict[str, Any]) -> str:
        now = int(self._clock.now().timestamp())
        claims |= {
            "iss": self._settings.issuer,
            "aud": self._settings.issuer,  # RFC 9068 §3: without a resource parameter, our own API
            "iat": now,
            "exp": now + self._settings.access_token_lifetime,
            "jti": new_secret(16),
        }
        return await self._signer.sign_async(claims, typ=TYP, algorithm=SignatureAlgorithm.ES256)

    def read(self, token: str) -> AccessClaims:
        """
        Raises:
            InvalidToken: anything but a current access token of ours (RFC 9068 §4).
        """
        try:
            claims = self._verifier.verify(token, typ=TYP, issuer=self._settings.issuer, audience=self._settings.issuer)
            family = claims.get(FAMILY)
            return AccessClaims(
                subject=_text(claims, "sub"),
                client_id=_text(claims, "client_id"),
                scopes=frozenset(_text(claims, "scope").split()),
                token_id=_text(claims, "jti"),
                family_id=None if family is None else _text(claims, FAMILY),
                issued_at=int(claims["iat"]),
                expires_at=int(claims["exp"]),
                claims=claims,
            )
        except (TokenRejected, ValueError) as error:
            raise InvalidToken("the access token is not valid", private=str(error)) from None


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise ValueError(f"claim {name} is not a string")
    return value
