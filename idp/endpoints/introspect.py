"""Token introspection (RFC 7662), also as a signed token (RFC 9701), and revocation (RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal, PrincipalKind
from idp.binding.constraint import token_type
from idp.clients.authentication import AuthenticateClient
from idp.endpoints.resource import LiveToken, ReadAccessToken
from idp.errors import InvalidClient, InvalidRequest, InvalidToken
from idp.model import Client, ClientAuthMethod, Standing
from idp.ports import TokenStore
from idp.protocol.authorization_details import details_at
from idp.protocol.facts import RequestFacts
from idp.protocol.params import Parameters
from idp.resources.known import KnownResources
from idp.settings import IdpSettings
from idp.tokens.access import AccessClaims, AccessTokens
from idp.tokens.for_client import ClientTokens, introspection_protection
from idp.tokens.refresh import RefreshTokens
from keys.jose.tokens import INTROSPECTION_RESPONSE

Introspection = Mapping[str, object]
INACTIVE: Introspection = {"active": False}
_SHOWN = (
    *("iss", "sub", "aud", "client_id", "scope", "exp", "iat", "jti"),  # RFC 7662 §2.2
    *(
        "auth_time",
        "acr",
        "cnf",
        "authorization_details",
        "act",
        "may_act",
        "organisation",
    ),  # RFC 9470 §6.2, 8705 §3.2, 9396 §9.2, 8693 §4.1
)


class Introspect:
    """Tells a client about its own tokens, those of its organisation's other clients, and those for what it serves.

    Anything else is answered like a token that does not exist (RFC 7662 §4: no scanning).
    """

    def __init__(
        self,
        authenticate: AuthenticateClient,
        read: ReadAccessToken,
        refresh_tokens: RefreshTokens,
        tokens: TokenStore,
        resources: KnownResources,
        client_tokens: ClientTokens,
        database: Database,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._authenticate = authenticate
        self._read = read
        self._resources = resources
        self._client_tokens = client_tokens
        self._refresh_tokens = refresh_tokens
        self._tokens = tokens
        self._database = database
        self._clock = clock
        self._settings = settings

    async def __call__(
        self, parameters: Parameters, facts: RequestFacts, *, as_token: bool = False
    ) -> Introspection | str:
        """
        Args:
            as_token: the answer is wanted as evidence: a token signed for the asking client (RFC 9701 §4, §5).

        Raises:
            InvalidClient: also for public clients (RFC 7662 §2.1: some form of authorization is a must).
            InvalidRequest: no token.
        """
        client = await self._authenticate(facts, parameters)
        if client.auth_method is ClientAuthMethod.NONE:
            raise InvalidClient("public clients may not introspect")
        answer = await self._answer(parameters, client)
        return await self._evidence(answer, client) if as_token else answer

    async def _answer(self, parameters: Parameters, client: Client) -> Introspection:
        token = parameters.required("token")  # token_type_hint is not needed: the kinds look different (§2.1)
        if self._refresh_tokens.read(token) is not None:
            return await self._refresh(token, client)
        try:
            live = await self._read.unproved(token)
        except InvalidToken:
            return INACTIVE
        if _may_see(client, live.client):
            return self._access(live)
        served = await self._resources.served_by(client.id) | {client.id}  # RFC 8693 §2.1: a client may be meant
        if served.isdisjoint(live.claims.audiences):
            return INACTIVE
        answer = self._access(live)
        details = details_at(served, answer.pop("authorization_details", ()))
        return answer | ({"authorization_details": list(details)} if details else {})  # RFC 9396 §9.2

    async def _evidence(self, answer: Introspection, client: Client) -> str:
        """RFC 9701 §5: what was said of the token is inside one claim, so that this can never pass for the token."""
        claims = {
            "iss": self._settings.issuer,
            "aud": client.id,
            "iat": int(self._clock.now().timestamp()),
            "token_introspection": answer,
        }
        return await self._client_tokens.make(client, claims, INTROSPECTION_RESPONSE, introspection_protection(client))

    def _access(self, live: LiveToken) -> dict[str, Any]:
        shown = {name: live.claims.claims[name] for name in _SHOWN if name in live.claims.claims}
        return {"active": True, "token_type": token_type(live.claims.confirmation), **shown}

    async def _refresh(self, token: str, client: Client) -> Introspection:
        read = self._refresh_tokens.read(token)
        assert read is not None, "the caller has looked"
        async with self._database.quick_read() as tx:
            standing = await self._tokens.standing(tx, read.family_id)
        if standing is None or not self._is_current(standing, read.generation, client):
            return INACTIVE
        family = standing.family
        return {
            "active": True,
            "iss": self._settings.issuer,
            "sub": family.subject,
            "client_id": family.client_id,
            "scope": " ".join(family.scopes),
            "exp": int(family.expires_at.timestamp()),
            **({} if family.confirmation is None else {"cnf": family.confirmation.claim()}),
        }

    def _is_current(self, standing: Standing, generation: int, client: Client) -> bool:
        family = standing.family
        return (
            family.client_id == client.id
            and family.redeemed_at is not None
            and family.generation == generation
            and standing.alive(self._clock.now())
        )


class Revoke:
    """Revokes a refresh token with all that descends from it, or one access token."""

    def __init__(
        self,
        authenticate: AuthenticateClient,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        tokens: TokenStore,
        database: Database,
        clock: Clock,
    ) -> None:
        self._authenticate = authenticate
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._tokens = tokens
        self._database = database
        self._clock = clock

    async def __call__(self, parameters: Parameters, facts: RequestFacts) -> None:
        """Done when this returns; an unknown or expired token is no error (RFC 7009 §2.2).

        Raises:
            InvalidRequest: no token, or one that was issued to another client (§2.1).
        """
        client = await self._authenticate(facts, parameters)
        token = parameters.required("token")
        refresh = self._refresh_tokens.read(token)
        if refresh is not None:
            await self._revoke_family(refresh.family_id, client)
            return
        try:
            claims = self._access_tokens.read(token)
        except InvalidToken:
            return
        await self._revoke_access(claims, client)

    async def held(self, token: str) -> None:
        """End an access token that its holder shows: whoever has it could use it otherwise. An unknown one is none."""
        try:
            claims = self._access_tokens.read(token)
        except InvalidToken:
            return
        await self._end(claims, Principal(PrincipalKind.CLIENT, claims.client_id))

    async def _revoke_family(self, family_id: str, client: Client) -> None:
        async with self._database.write() as tx:
            standing = await self._tokens.standing(tx, family_id)
            if standing is None:
                return
            if standing.family.client_id != client.id:
                raise _not_yours()
            if await self._tokens.revoke(tx, family_id, at=self._clock.now(), reason="client"):
                tx.audit(AuditEvent("token.revoke", "done", _actor(client), standing.family.account_id))
                await tx.commit()

    async def _revoke_access(self, claims: AccessClaims, client: Client) -> None:
        if claims.client_id != client.id:
            raise _not_yours()
        await self._end(claims, _actor(client))

    async def _end(self, claims: AccessClaims, actor: Principal) -> None:
        # kept a little beyond the token's own end, for the leeway with which its expiry is judged
        expires_at = self._clock.now().fromtimestamp(claims.expires_at + 300, self._clock.now().tzinfo)
        async with self._database.write() as tx:
            await self._tokens.revoke_token(tx, claims.token_id, expires_at=expires_at)
            tx.audit(AuditEvent("token.revoke", "done", actor, claims.family_id))
            await tx.commit()


def _may_see(asking: Client, owner: Client) -> bool:
    same_organisation = asking.organisation is not None and asking.organisation == owner.organisation
    return asking.id == owner.id or same_organisation


def _actor(client: Client) -> Principal:
    return Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation)


def _not_yours() -> InvalidRequest:
    return InvalidRequest("the token was issued to another client")
