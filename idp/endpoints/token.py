"""The token endpoint (RFC 6749 §3.2, §5.1; OpenID Connect Core §3.1.3).

Phases, in this order for every grant: 1 client, 2 grant type, 3 the client's right to it, 4 the key that the request
proves to hold, 5 the grant's own decision, 6 session, account and family alive, and of the key that they are bound to,
7 scopes still allowed, 8 tokens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import Clock, calendar_day
from core.db.database import Database
from idp.binding.constraint import SenderConstraint, check_same_key, token_type
from idp.claims import PersonalClaims
from idp.clients.authentication import AuthenticateClient
from idp.errors import InvalidGrant, UnauthorizedClient, UnsupportedGrantType
from idp.grants.base import Exchanged, ForClient, ForPerson, Grant, TokenRequest
from idp.model import Client, Confirmation, GrantType
from idp.ports import AccountStore
from idp.protocol.facts import RequestFacts
from idp.protocol.params import Parameters
from idp.protocol.scopes import API_SCOPES, OPENID, REALNAME
from idp.resources.known import KnownResources
from idp.resources.model import ProtectedResource
from idp.rights import lacking
from idp.settings import IdpSettings
from idp.tokens.access import AccessGrant, AccessTokens
from idp.tokens.aimed import aimed
from idp.tokens.id_token import IdTokens, half_hash
from idp.tokens.refresh import RefreshTokens

TokenAnswer = Mapping[str, Any]
Resources = Mapping[str, ProtectedResource]


class TokenEndpoint:
    """The use case."""

    def __init__(
        self,
        authenticate: AuthenticateClient,
        constraint: SenderConstraint,
        grants: Sequence[Grant],
        access_tokens: AccessTokens,
        id_tokens: IdTokens,
        refresh_tokens: RefreshTokens,
        claims: PersonalClaims,
        accounts: AccountStore,
        resources: KnownResources,
        database: Database,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._authenticate = authenticate
        self._constraint = constraint
        self._grants: dict[str, Grant] = {grant.grant_type.value: grant for grant in grants}
        self._access_tokens = access_tokens
        self._id_tokens = id_tokens
        self._refresh_tokens = refresh_tokens
        self._claims = claims
        self._accounts = accounts
        self._resources = resources
        self._database = database
        self._clock = clock
        self._settings = settings

    async def __call__(
        self, parameters: Parameters, facts: RequestFacts, *, retry_key: str | None = None
    ) -> TokenAnswer:
        """The members of a token response.

        Args:
            retry_key: the Idempotency-Key header.

        Raises:
            idp.errors.OAuthError: RFC 6749 §5.2.
        """
        client = await self._authenticate(facts, parameters)
        grant = self._grants.get(parameters.required("grant_type"))
        if grant is None:
            raise UnsupportedGrantType("this grant type does not exist here")
        if grant.grant_type not in client.grants:
            raise UnauthorizedClient("the client is not registered for this grant type")
        confirmation = await self._constraint.confirm(client, facts)
        resources = await self._resources.of(client)
        decision = await grant.decide(TokenRequest(client, parameters, retry_key, confirmation, resources))
        if isinstance(decision, ForClient):
            return await self._for_client(client, decision, confirmation, resources)
        if isinstance(decision, Exchanged):
            return await self._exchanged(client, decision)
        return await self._checked(client, decision, confirmation, resources)

    async def unasked(self, client: Client, decision: ForPerson) -> TokenAnswer:
        """The phases after a grant's own decision, where tokens are sent without a token request (CIBA push).

        Raises:
            InvalidGrant: session, account or family have ended.
        """
        return await self._checked(client, decision, None, await self._resources.of(client))

    async def _checked(
        self, client: Client, decision: ForPerson, confirmation: Confirmation | None, resources: Resources
    ) -> TokenAnswer:
        if not decision.standing.alive(self._clock.now()):
            raise InvalidGrant("the grant is not valid any more", private="session, account or family is dead")
        check_same_key(client, decision.standing.family, confirmation)
        return await self._for_person(client, decision, confirmation, resources)

    async def _for_client(
        self, client: Client, decision: ForClient, confirmation: Confirmation | None, resources: Resources
    ) -> TokenAnswer:
        grant = aimed(
            AccessGrant(
                client,
                decision.scopes,
                audiences=decision.audiences,
                confirmation=confirmation,
                authorization_details=decision.authorization_details,
            ),
            resources,
            ours=self._settings.issuer,
        )
        return self._answer(await self._access_tokens.issue(grant), grant)

    async def _for_person(
        self, client: Client, decision: ForPerson, confirmation: Confirmation | None, resources: Resources
    ) -> TokenAnswer:
        family = decision.standing.family
        scopes = await self._still_allowed(client, family.account_id, decision.scopes)
        details = decision.authorization_details
        grant = aimed(
            AccessGrant(
                client,
                scopes,
                family,
                family.resources if decision.audiences is None else decision.audiences,
                confirmation,  # a confidential client may prove another key with each refresh (RFC 9449 §5)
                family.authorization_details if details is None else details,
                family.actor,
            ),
            resources,
            ours=self._settings.issuer,
        )
        access_token = await self._access_tokens.issue(grant)
        answer = self._answer(access_token, grant)
        if GrantType.REFRESH_TOKEN in client.grants:
            answer["refresh_token"] = self._refresh_tokens.make(family.id, decision.generation)
        if OPENID in scopes:
            extra = await self._claims.read(
                client, family, decision.id_token_claims, scopes=scopes, basis="claims in the ID token, by consent"
            )
            if decision.auth_req_id is not None:
                extra |= _pushed(client, decision.auth_req_id, answer.get("refresh_token"))
            answer["id_token"] = await self._id_tokens.issue(
                client, family, access_token=access_token, nonce=decision.nonce, extra=extra
            )
        return answer

    async def _exchanged(self, client: Client, decision: Exchanged) -> TokenAnswer:
        """RFC 8693 §2.2.1: no refresh token and no ID token; it lives at most as long as what it was made from."""
        now = self._clock.now()
        if not decision.standing.alive(now):
            raise InvalidGrant("the grant is not valid any more", private="session, account or family is dead")
        account_id = decision.standing.family.account_id
        scopes = await self._still_allowed(client, account_id, decision.grant.scopes)
        grant = dataclasses.replace(decision.grant, scopes=scopes)
        answer = self._answer(await self._access_tokens.issue(grant), grant)
        seconds = int(now.timestamp())
        return answer | {
            "issued_token_type": decision.issued_token_type,
            "expires_in": self._access_tokens.ends_at(grant, seconds) - seconds,
        }

    def _answer(self, access_token: str, grant: AccessGrant) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "access_token": access_token,
            "token_type": token_type(grant.confirmation),
            "expires_in": self._settings.access_token_lifetime,
            "scope": " ".join(grant.scopes),
        }
        if grant.authorization_details:
            answer["authorization_details"] = list(grant.authorization_details)  # RFC 9396 §7
        return answer

    async def _still_allowed(self, client: Client, account_id: str, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Rights may have been taken away since the person agreed; tokens never carry more than holds now."""
        without = frozenset() if client.realname_approved else frozenset({REALNAME})
        if API_SCOPES & set(scopes):
            async with self._database.quick_read() as tx:
                roles = await self._accounts.roles(tx, account_id)
            without |= lacking(roles, calendar_day(self._clock.now()))
        return tuple(scope for scope in scopes if scope in client.scopes and scope not in without)


def _pushed(client: Client, auth_req_id: str, refresh_token: str | None) -> dict[str, str]:
    """What binds a pushed ID token to its request and to the refresh token beside it (CIBA Core §10.3.1)."""
    claims = {"urn:openid:params:jwt:claim:auth_req_id": auth_req_id}
    if refresh_token is not None:
        claims["urn:openid:params:jwt:claim:rt_hash"] = half_hash(refresh_token, client.id_token_alg)
    return claims
