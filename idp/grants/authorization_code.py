"""The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.6, OpenID Connect Core §3.1.3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal, PrincipalKind
from idp.errors import InvalidGrant
from idp.grants.base import ForPerson, TokenRequest
from idp.grants.codes import AuthorizationCodes, CodeGrant
from idp.grants.narrowing import audiences_of, details_of
from idp.model import Client, Confirmation, GrantType, Standing
from idp.ports import SessionStore, TokenStore
from idp.protocol.pkce import check_verifier
from idp.settings import IdpSettings
from idp.token_uses import CODE
from idp.tokens.lifetimes import RefreshLifetimes
from keys.ports import TokenDigests

REPLAYED = "code-replayed"
_NOT_GOOD = "the code is not valid, was used already, or belongs to another request"


class AuthorizationCodeGrant:
    """Implements `idp.grants.base.Grant`."""

    def __init__(
        self,
        database: Database,
        codes: AuthorizationCodes,
        digests: TokenDigests,
        tokens: TokenStore,
        sessions: SessionStore,
        lifetimes: RefreshLifetimes,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._codes = codes
        self._digests = digests
        self._tokens = tokens
        self._sessions = sessions
        self._clock = clock
        self._lifetimes = lifetimes
        self._ours = settings.issuer

    @property
    def grant_type(self) -> GrantType:
        return GrantType.AUTHORIZATION_CODE

    async def decide(self, request: TokenRequest) -> ForPerson:
        digests = self._digests.digests(CODE, request.parameters.required("code"))
        grant = await self._codes.take(digests)  # from here on the code is burnt, whatever comes next
        if grant is None:
            await self._revoke_first(digests, request.client)
            raise InvalidGrant(_NOT_GOOD, private="unknown, expired or spent")
        self._check(grant, request)
        standing = await self._redeem(grant, request)
        family = standing.family
        return ForPerson(
            standing,
            family.scopes,
            family.generation,
            grant.nonce,
            grant.id_token_claims,
            audiences_of(request, family.resources, ours=self._ours),
            details_of(request, family.authorization_details),
        )

    def _check(self, grant: CodeGrant, request: TokenRequest) -> None:
        if grant.client_id != request.client.id:  # RFC 6749 §4.1.3: issued to this client
            raise InvalidGrant(_NOT_GOOD, private="another client")
        if grant.expires_at <= self._clock.now().timestamp():  # RFC 6749 §4.1.2, should the store keep it too long
            raise InvalidGrant(_NOT_GOOD, private="expired")
        if request.parameters.get("redirect_uri") != grant.redirect_uri:  # RFC 6749 §4.1.3: identical
            raise InvalidGrant(_NOT_GOOD, private="another redirect_uri")
        if grant.dpop_jkt is not None and request.confirmation != Confirmation("jkt", grant.dpop_jkt):
            raise InvalidGrant(_NOT_GOOD, private="another key, or none proved")  # RFC 9449 §10
        check_verifier(request.parameters.get("code_verifier"), grant.code_challenge)

    async def _redeem(self, grant: CodeGrant, request: TokenRequest) -> Standing:
        client, now = request.client, self._clock.now()
        async with self._database.quick_write() as tx:
            before = await self._tokens.standing(tx, grant.family_id)
            if before is None:
                raise InvalidGrant(_NOT_GOOD, private="family gone")
            audiences_of(request, before.family.resources, ours=self._ours)
            details_of(request, before.family.authorization_details)
            session = await self._sessions.get(tx, before.family.session_id)
            session_ends = session.expires_at if session is not None else now
            bound = dataclasses.replace(before.family, confirmation=request.confirmation)
            ends = self._lifetimes.first(request.client, bound, session_ends=session_ends, now=now)
            if not await self._tokens.redeem(
                tx,
                grant.family_id,
                at=now,
                expires_at=ends.idle,
                ends_at=ends.absolute,
                confirmation=request.confirmation,
            ):
                raise InvalidGrant(_NOT_GOOD, private="redeemed before")
            standing = await self._tokens.standing(tx, grant.family_id)
            assert standing is not None, "the row was just written"
            actor = Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation)
            detail = {"scopes": " ".join(standing.family.scopes)}
            tx.audit(AuditEvent("token.issue", "done", actor, standing.family.account_id, detail=detail))
            await tx.commit()
        return _answered_once(standing)

    async def _revoke_first(self, digests: Sequence[str], client: Client) -> None:
        """RFC 6749 §4.1.2: a code used twice takes the tokens of its first use with it; committed before the error."""
        async with self._database.quick_write() as tx:
            family = await self._tokens.by_code(tx, digests)
            if family is None:
                return
            if await self._tokens.revoke(tx, family.id, at=self._clock.now(), reason=REPLAYED):
                actor = Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation)
                tx.audit(AuditEvent("token.issue", "refused", actor, family.account_id, detail={"reason": REPLAYED}))
                await tx.commit()


def _answered_once(standing: Standing) -> Standing:
    """Let the one winner be answered even if a replay was seen meanwhile: its tokens are dead already.

    Otherwise many parallel redemptions could leave none with an answer.
    """
    if standing.family.revoked_for != REPLAYED:
        return standing
    return dataclasses.replace(standing, family=dataclasses.replace(standing.family, revoked_at=None, revoked_for=None))
