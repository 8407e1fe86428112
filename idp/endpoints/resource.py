"""Access tokens at our own resources: the principal behind a token, and the userinfo answer.

RFC 6750; RFC 9068 §4; RFC 9470 §3; OpenID Connect Core §5.3.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import NotAuthenticated
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.binding.constraint import SenderConstraint
from idp.claims import PersonalClaims
from idp.clients.registry import ClientRegistry
from idp.errors import (
    InsufficientAuthentication,
    InsufficientScope,
    InvalidDpopProof,
    InvalidToken,
    LogInAgain,
    ProofRefused,
)
from idp.login.sessions import person_principal
from idp.model import Client, Standing
from idp.ports import AccountStore, TokenStore
from idp.protocol.facts import RequestFacts
from idp.protocol.scopes import API_SCOPES, CLAIMS_ABOUT_PEOPLE, OIDC_SCOPES, OPENID, SCOPE_CLAIMS
from idp.settings import IdpSettings
from idp.step_up import StepUp
from idp.tokens.access import EXCHANGED, AccessClaims, AccessTokens
from idp.tokens.for_client import ClientTokens, userinfo_protection
from keys.jose.tokens import USERINFO_RESPONSE


@dataclass(frozen=True, slots=True)
class LiveToken:
    """An access token that is good now; `standing` is None on a client's own token."""

    claims: AccessClaims
    client: Client
    standing: Standing | None


class ReadAccessToken:
    """Judges access tokens: signature and times first, then everything that may have ended since."""

    def __init__(
        self,
        database: Database,
        access_tokens: AccessTokens,
        constraint: SenderConstraint,
        registry: ClientRegistry,
        tokens: TokenStore,
        clock: Clock,
    ) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._constraint = constraint
        self._registry = registry
        self._tokens = tokens
        self._clock = clock

    async def __call__(self, token: str, facts: RequestFacts) -> LiveToken:
        """The token, presented by whom it was issued to.

        Raises:
            InvalidToken: RFC 6750 §3.1; also a bound token without its proof.
            InvalidDpopProof, UseDpopNonce: RFC 9449 §7.1.
        """
        live = await self.unproved(token)
        if live.claims.audiences != self._access_tokens.own_audience:  # RFC 9068 §4, RFC 8707 §2
            raise InvalidToken("the access token is for another resource")
        await self._constraint.check(live.client, live.claims.confirmation, token, facts)
        return live

    def client_named(self, token: str) -> str | None:
        return self._access_tokens.client_named(token)

    async def unproved(self, token: str) -> LiveToken:
        """The token, whoever presents it and for whomever it is: for introspection, asked by a resource server.

        Raises:
            InvalidToken: RFC 6750 §3.1.
        """
        claims = self._access_tokens.read(token)
        client = await self._registry.active(claims.client_id)
        if client is None:
            raise InvalidToken("the access token is not valid", private="client disabled")
        if claims.family_id is None:
            async with self._database.quick_read() as tx:
                if await self._tokens.is_token_revoked(tx, claims.token_id):
                    raise InvalidToken("the access token is not valid", private="revoked")
            return LiveToken(claims, client, None)
        async with self._database.quick_read() as tx:
            standing = await self._tokens.standing(tx, claims.family_id, token_id=claims.token_id)
        if standing is None or not standing.alive(self._clock.now()):
            raise InvalidToken("the access token is not valid", private="session, account, family or token is dead")
        if (standing.family.client_id, standing.family.subject) != (claims.client_id, claims.subject):
            await self._check_exchanged(claims, standing)
        return LiveToken(claims, client, standing)

    async def _check_exchanged(self, claims: AccessClaims, standing: Standing) -> None:
        """A token that was issued for another client's ends with that client, too (RFC 8693)."""
        if claims.claims.get(EXCHANGED) is not True:
            raise InvalidToken("the access token is not valid", private="not of this family")
        if await self._registry.active(standing.family.client_id) is None:
            raise InvalidToken("the access token is not valid", private="the client of the family is disabled")


@dataclass(frozen=True, slots=True)
class DetailedCaller:
    """A caller together with what their token allows in detail.

    Attributes:
        details: RFC 9396 §9.1.
        decision: the decision that the token rests on: all tokens that were renewed from it have the same name.
        decided_at: seconds since 1970.
    """

    principal: Principal
    details: tuple[Mapping[str, Any], ...]
    decision: str
    decided_at: float


class Authenticate:
    """Who calls our API (`services.authenticate`)."""

    def __init__(
        self, read: ReadAccessToken, accounts: AccountStore, database: Database, step_up: StepUp, clock: Clock
    ) -> None:
        self._read = read
        self._accounts = accounts
        self._database = database
        self._step_up = step_up
        self._clock = clock

    async def __call__(self, token: str, facts: RequestFacts, scopes: Collection[str] = ()) -> Principal:
        """CLIENT for a client's own token; PERSON for a person's; STAFF when it carries rights from a role.

        Args:
            scopes: those that the call rests on.

        Raises:
            NotAuthenticated: `token-invalid`; `proof-refused` for a bound token whose proof is not good;
                `step-up-needed` when a scope asks for a stronger or fresher log-in.
        """
        return await self._principal(await self._live(token, facts, scopes))

    async def detailed(self, token: str, facts: RequestFacts, scopes: Collection[str] = ()) -> DetailedCaller:
        """As a call, with what the token was granted in detail.

        Raises:
            NotAuthenticated: as a call.
        """
        live = await self._live(token, facts, scopes)
        details = tuple(live.claims.claims.get("authorization_details", ()))
        principal = await self._principal(live)
        if live.standing is None:
            return DetailedCaller(principal, details, live.claims.token_id, float(live.claims.issued_at))
        family = live.standing.family
        return DetailedCaller(principal, details, family.id, family.created_at.timestamp())

    async def _live(self, token: str, facts: RequestFacts, scopes: Collection[str]) -> LiveToken:
        try:
            live = await self._read(token, facts)
            if live.standing is not None:
                self._step_up.check(live.claims.scopes.intersection(scopes), live.standing.family)
            return live
        except InsufficientAuthentication as error:
            raise LogInAgain(error) from None
        except InvalidDpopProof as error:
            raise ProofRefused(error) from None
        except InvalidToken as error:
            raise NotAuthenticated(
                "token-invalid",
                Text("访问令牌无效或已失效，请重新登录。", "The access token is not valid any more. Log in again."),
                private=error.private,
            ) from None

    async def _principal(self, live: LiveToken) -> Principal:
        if live.standing is None:
            return Principal(
                PrincipalKind.CLIENT,
                live.client.id,
                organisation=live.client.organisation,
                scopes=live.claims.scopes & live.client.scopes,
                session=live.claims.token_id,
            )
        return await self._person(live, live.standing)

    async def _person(self, live: LiveToken, standing: Standing) -> Principal:
        family = standing.family
        rights = live.claims.scopes & API_SCOPES
        if not rights:
            return Principal(
                PrincipalKind.PERSON, family.account_id, scopes=live.claims.scopes, session=family.session_id
            )
        async with self._database.quick_read() as tx:
            account = await self._accounts.get(tx, family.account_id)
            roles = await self._accounts.roles(tx, family.account_id)
        assert account is not None, "a family has an account"
        today = calendar_day(self._clock.now())
        full = person_principal(account, roles, today, session=family.session_id, name=None)
        return Principal(
            full.kind,
            full.id,
            organisation=full.organisation,
            scopes=(live.claims.scopes - API_SCOPES) | (rights & full.scopes),
            roles=full.roles,
            session=family.session_id,
            types=full.types,
        )


class UserInfo:
    """The userinfo endpoint."""

    def __init__(
        self,
        read: ReadAccessToken,
        claims: PersonalClaims,
        tokens: ClientTokens,
        step_up: StepUp,
        settings: IdpSettings,
    ) -> None:
        self._read = read
        self._claims = claims
        self._tokens = tokens
        self._step_up = step_up
        self._issuer = settings.issuer

    async def __call__(self, token: str, facts: RequestFacts) -> Mapping[str, Any] | str:
        """`sub` and `real_name_level` (实名等级, 0 to 4) for everybody; claims about the person as granted.

        Returns:
            A token (`application/jwt`) for clients that registered to have it signed or encrypted (§5.3.2).

        Raises:
            InvalidToken, InsufficientScope: RFC 6750 §3.1.
            InsufficientAuthentication: RFC 9470 §3.
        """
        live = await self._read(token, facts)
        if live.standing is None or OPENID not in live.claims.scopes:
            raise InsufficientScope("the token was not issued for openid")
        family = live.standing.family
        self._step_up.check(live.claims.scopes & OIDC_SCOPES, family)
        answer: dict[str, Any] = {"sub": live.claims.subject, "real_name_level": live.standing.account_level}
        if not SCOPE_CLAIMS.keys().isdisjoint(live.claims.scopes):
            wanted = family.userinfo_claims or CLAIMS_ABOUT_PEOPLE
            answer |= await self._claims.read(
                live.client, family, wanted, scopes=live.claims.scopes, basis="userinfo, by consent to its scopes"
            )
        protection = userinfo_protection(live.client)
        if protection is None:
            return answer
        answer |= {"iss": self._issuer, "aud": live.client.id}  # OIDC Core §5.3.2
        return await self._tokens.make(live.client, answer, USERINFO_RESPONSE, protection)

    def client_named(self, token: str | None) -> str | None:
        """The client that a token names, whether or not it is good."""
        return self._read.client_named(token) if token else None
