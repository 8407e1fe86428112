"""Access tokens with the claims that tie them to what can be revoked: opaque ones, sealed by us for us, and JWTs.

RFC 6749 §1.4, §7; RFC 9068. Both hold the same claims and are judged alike; neither needs a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.clock import Clock
from core.ids import new_secret
from idp.client_metadata import AccessTokenFormat
from idp.errors import InvalidToken
from idp.model import Client, Confirmation, TokenFamily
from idp.settings import IdpSettings
from keys.errors import TokenRejected
from keys.jose.jws import parse_compact
from keys.jose.tokens import TokenSigner, TokenVerifier
from keys.ports import SealedTokens
from keys.spec import SignatureAlgorithm

TYP = "at+jwt"  # RFC 9068 §2.1
FAMILY = "fam"  # our claim: the token family, on tokens that act for a person
EXCHANGED = "exchanged"  # our claim: on tokens that hang on a family of another client (RFC 8693)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """An access token whose signature, type and times hold.

    For whom it is and whether it was revoked are questions of those who ask.

    Attributes:
        audiences: protected resources that it is for (RFC 8707).
    """

    subject: str
    client_id: str
    scopes: frozenset[str]
    token_id: str
    family_id: str | None
    issued_at: int
    expires_at: int
    confirmation: Confirmation | None
    audiences: tuple[str, ...]
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """What an access token is to say.

    Attributes:
        family: whose tokens it belongs to; None where the client acts for itself.
        audiences: protected resources that it is for (RFC 8707); empty for our own API.
        access_token_format: what these resources take; None where the client's own wish counts.
        subject: the person's name at the audience; None for the family's.
        not_after: seconds since 1970 by which it ends at the latest.
        exchanged: it was issued for another token, perhaps of another client than the family's.
    """

    client: Client
    scopes: tuple[str, ...]
    family: TokenFamily | None = None
    audiences: tuple[str, ...] = ()
    confirmation: Confirmation | None = None
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    actor: Mapping[str, Any] | None = None
    access_token_format: AccessTokenFormat | None = None
    subject: str | None = None
    not_after: int | None = None
    exchanged: bool = False


class AccessTokens:
    """Issues and reads access tokens."""

    def __init__(
        self, signer: TokenSigner, verifier: TokenVerifier, sealed: SealedTokens, clock: Clock, settings: IdpSettings
    ) -> None:
        self._signer = signer
        self._verifier = verifier
        self._sealed = sealed
        self._clock = clock
        self._settings = settings

    async def issue(self, grant: AccessGrant) -> str:
        """A token that says all that the grant says; needs no write to any store."""
        now = int(self._clock.now().timestamp())
        audiences = grant.audiences or (self._settings.issuer,)  # RFC 9068 §3: the default is our own API
        claims: dict[str, Any] = {
            "iss": self._settings.issuer,
            "aud": audiences[0] if len(audiences) == 1 else list(audiences),
            "iat": now,
            "exp": self.ends_at(grant, now),
            "sub": _subject(grant),
            "client_id": grant.client.id,
            "scope": " ".join(grant.scopes),
        }
        if grant.family is not None:
            claims |= _of_family(grant.family)
        if grant.confirmation is not None:
            claims["cnf"] = grant.confirmation.claim()  # RFC 8705 §3.1, RFC 9449 §6.1
        if grant.authorization_details:
            claims["authorization_details"] = list(grant.authorization_details)  # RFC 9396 §9.1
        if grant.actor is not None:
            claims["act"] = grant.actor  # RFC 8693 §4.1
        elif grant.family is not None and grant.family.acting_for is not None:
            claims["act"] = {"sub": claims["sub"]}  # the person acts; `organisation` says for whom
        if grant.exchanged:
            claims[EXCHANGED] = True
        elif grant.family is not None and grant.client.metadata.exchange_actor is not None:
            claims["may_act"] = {"client_id": grant.client.metadata.exchange_actor}  # RFC 8693 §4.4
        token_format = self._format(grant)
        if token_format is AccessTokenFormat.OPAQUE:
            return self._sealed.seal(claims)
        claims["jti"] = new_secret(16)
        national = token_format is AccessTokenFormat.JWT_SM2
        algorithm = SignatureAlgorithm.SM2_SM3 if national else SignatureAlgorithm.ES256
        return await self._signer.sign_async(claims, typ=TYP, algorithm=algorithm)

    def _format(self, grant: AccessGrant) -> AccessTokenFormat:
        """What the resources take, then what the client wants; else opaque: what nobody can read, nobody relies on."""
        return grant.access_token_format or grant.client.metadata.access_token_format or AccessTokenFormat.OPAQUE

    def ends_at(self, grant: AccessGrant, now: int) -> int:
        """Seconds since 1970."""
        usual = now + self._settings.access_token_lifetime
        return usual if grant.not_after is None else min(usual, grant.not_after)

    @property
    def own_audience(self) -> tuple[str, ...]:
        """The audience of tokens for our own API; exactly this, so that nobody else holds a token that counts here."""
        return (self._settings.issuer,)

    def read(self, token: str) -> AccessClaims:
        """
        Raises:
            InvalidToken: anything but a current access token of ours (RFC 9068 §4).
        """
        try:
            claims = self._claims(token)
            audience = claims["aud"]
            family = claims.get(FAMILY)
            return AccessClaims(
                subject=_text(claims, "sub"),
                client_id=_text(claims, "client_id"),
                scopes=frozenset(_text(claims, "scope").split()),
                token_id=_text(claims, "jti"),
                family_id=None if family is None else _text(claims, FAMILY),
                issued_at=int(claims["iat"]),
                expires_at=int(claims["exp"]),
                confirmation=_confirmation(claims),
                audiences=(audience,) if isinstance(audience, str) else tuple(audience),
                claims=claims,
            )
        except (TokenRejected, ValueError) as error:
            raise InvalidToken("the access token is not valid", private=str(error)) from None

    def client_named(self, token: str) -> str | None:
        """The client that a token names, whether or not it is good: for its developers' list of errors."""
        try:
            claims = self._sealed.open(token) if self._sealed.is_one(token) else parse_compact(token).claims
        except TokenRejected:
            return None
        name = claims.get("client_id")
        return name if isinstance(name, str) else None

    def _claims(self, token: str) -> dict[str, Any]:
        issuer = self._settings.issuer
        if not self._sealed.is_one(token):
            return self._verifier.verify(token, typ=TYP, issuer=issuer, audience=None)
        claims = self._sealed.open(token)
        self._verifier.judge(claims, typ=TYP, issuer=issuer, audience=None)
        return claims


def _subject(grant: AccessGrant) -> str:
    if grant.subject is not None:
        return grant.subject
    return grant.client.id if grant.family is None else grant.family.subject


def _of_family(family: TokenFamily) -> dict[str, Any]:
    # whatever the scopes: what is done for an organisation must never pass for the person's own act
    acting = {} if family.acting_for is None else {"organisation": dict(family.acting_for)}
    return acting | {
        "auth_time": int(family.auth_time.timestamp()),  # RFC 9068 §2.2.1
        "acr": family.acr,
        "amr": list(family.amr),
        "sid": family.sid,
        FAMILY: family.id,
    }


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise ValueError(f"claim {name} is not a string")
    return value


def _confirmation(claims: Mapping[str, Any]) -> Confirmation | None:
    """A token with a `cnf` that cannot be understood is no token: it must never pass as unbound."""
    cnf = claims.get("cnf")
    if cnf is None:
        return None
    if isinstance(cnf, dict) and len(cnf) == 1:
        for method in ("jkt", "x5t#S256"):
            thumbprint = cnf.get(method)
            if isinstance(thumbprint, str):
                return Confirmation(method, thumbprint)
    raise ValueError("cnf is not understood")
