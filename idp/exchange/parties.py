"""The two parties of an exchange, as far as their tokens prove them (RFC 8693 §2.1, §3).

A subject is always a person with a live token family, on which everything issued will hang. An actor is whoever the
requesting client itself has a token for: the client, or a person who has logged in to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.clock import Clock
from core.db.database import Database
from idp.errors import InvalidRequest, InvalidToken
from idp.model import Client, Confirmation, Standing
from idp.ports import SessionStore, TokenStore
from idp.protocol.params import Parameters
from idp.protocol.scopes import OPENID
from idp.tokens.access import AccessClaims
from idp.tokens.id_token import IdTokens

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - RFC 8693 §3
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - RFC 8693 §3
_NOT_GOOD = "is not valid, or cannot be exchanged by this client"  # RFC 8693 §2.2.2: invalid_request


class LiveAccess(Protocol):
    """What is known of a good access token."""

    @property
    def claims(self) -> AccessClaims: ...

    @property
    def standing(self) -> Standing | None: ...


class ReadsAccessTokens(Protocol):
    """Judges access tokens, whoever presents them."""

    async def unproved(self, token: str) -> LiveAccess:
        """
        Raises:
            InvalidToken: RFC 6750 §3.1.
        """


@dataclass(frozen=True, slots=True)
class Subject:
    """On whose behalf.

    Attributes:
        client_id: to whom the token was issued.
        audiences: for whom it is.
        scopes: what it carries; `openid` for an ID token, which gives no access to anything.
        ends_at: seconds since 1970.
        confirmation: the key that it is bound to.
        acting: who acts for the person already (§4.1).
        may_act: who may (§4.4).
    """

    standing: Standing
    client_id: str
    audiences: tuple[str, ...]
    scopes: frozenset[str]
    ends_at: int
    confirmation: Confirmation | None
    acting: Mapping[str, Any] | None
    may_act: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who will act: the client itself, or a person at it."""

    subject: str
    client_id: str
    account_id: str | None
    ends_at: int
    confirmation: Confirmation | None


class Parties:
    """Reads the tokens of a request."""

    def __init__(
        self,
        database: Database,
        read: ReadsAccessTokens,
        id_tokens: IdTokens,
        sessions: SessionStore,
        tokens: TokenStore,
        clock: Clock,
    ) -> None:
        self._database = database
        self._read = read
        self._id_tokens = id_tokens
        self._sessions = sessions
        self._tokens = tokens
        self._clock = clock

    async def subject(self, parameters: Parameters, client: Client) -> Subject:
        """
        Raises:
            InvalidRequest: no such token, not ours, not good any more, or not a person's (§2.2.2).
        """
        token, kind = parameters.required("subject_token"), parameters.required("subject_token_type")
        if kind == ID_TOKEN:
            return await self._by_id_token(token, client, "subject_token")
        _check_kind(kind, "subject_token_type")
        live = await self._live(token, "subject_token")
        if live.standing is None:
            raise InvalidRequest("subject_token must be a person's", private="a client's own token")
        claims = live.claims
        return Subject(
            live.standing,
            claims.client_id,
            claims.audiences,
            claims.scopes,
            claims.expires_at,
            claims.confirmation,
            claims.claims.get("act"),
            claims.claims.get("may_act"),
        )

    async def actor(self, parameters: Parameters, client: Client) -> Actor | None:
        """None where no token of an actor was sent.

        Raises:
            InvalidRequest: as `subject`; also a token of another client: nobody acts with what they only found.
        """
        token, kind = parameters.get("actor_token"), parameters.get("actor_token_type")
        if (token is None) != (kind is None):  # §2.1: actor_token_type is required with it, and not allowed without
            raise InvalidRequest("actor_token and actor_token_type go together")
        if token is None or kind is None:
            return None
        if kind == ID_TOKEN:
            person = await self._by_id_token(token, client, "actor_token")
            family = person.standing.family
            return Actor(family.subject, client.id, family.account_id, person.ends_at, None)
        _check_kind(kind, "actor_token_type")
        live = await self._live(token, "actor_token")
        claims = live.claims
        if claims.client_id != client.id or "act" in claims.claims:
            raise InvalidRequest(f"actor_token {_NOT_GOOD}", private="another client's, or itself delegated")
        account_id = None if live.standing is None else live.standing.family.account_id
        return Actor(claims.subject, client.id, account_id, claims.expires_at, claims.confirmation)

    async def _live(self, token: str, name: str) -> LiveAccess:
        try:
            return await self._read.unproved(token)
        except InvalidToken as error:
            raise InvalidRequest(f"{name} {_NOT_GOOD}", private=error.private) from None

    async def _by_id_token(self, token: str, client: Client, name: str) -> Subject:
        """An ID token of this client's, and the newest live family of the session that it speaks of."""
        current = self._id_tokens.read(token)
        if current is None or current.client_id != client.id:
            raise InvalidRequest(f"{name} {_NOT_GOOD}", private="no current ID token of this client")
        async with self._database.read() as tx:
            entered = await self._sessions.by_sid(tx, client_id=client.id, sid=current.sid)
            standing = None
            if entered is not None and entered.subject == current.subject:
                standing = await self._tokens.newest(tx, session_id=entered.session_id, client_id=client.id)
        if standing is None or not standing.alive(self._clock.now()):
            raise InvalidRequest(f"{name} {_NOT_GOOD}", private="the session is over")
        scopes = frozenset(standing.family.scopes) & {OPENID}
        return Subject(standing, client.id, (client.id,), scopes, current.expires_at, None, None, None)


def _check_kind(kind: str, name: str) -> None:
    if kind != ACCESS_TOKEN:
        raise InvalidRequest(f"{name} must be an access token or an ID token of ours")
