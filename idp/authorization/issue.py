"""What a granted authorization request gives: a code, tokens, or both, all of one family.

RFC 6749 §4.1.2, §4.2.2; OpenID Connect Core §3.1.2.5, §3.2.2.5, §3.3.2.5; OAuth 2.0 Multiple Response Types §5.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import NotFound
from core.ids import new_id, new_secret
from core.principal import Principal, PrincipalKind
from idp import levels
from idp.agency.acting import Acting
from idp.claims import PersonalClaims
from idp.errors import AccessDenied, ConsentRequired
from idp.grants.codes import AuthorizationCodes, CodeGrant
from idp.login.sessions import Sessions, Visit
from idp.model import Client, GrantType, Session, SessionClient, TokenFamily
from idp.ports import ClientStore, ConsentStore, SessionStore, TokenStore
from idp.protocol.response_types import CODE, ID_TOKEN, TOKEN, holds
from idp.protocol.scopes import NEEDS_NO_CONSENT, OFFLINE_ACCESS, ORGANISATION
from idp.requests.request import AuthorizationRequest
from idp.resources.known import KnownResources
from idp.settings import IdpSettings
from idp.token_uses import CODE as CODE_DIGEST
from idp.tokens.access import AccessGrant, AccessTokens
from idp.tokens.aimed import aimed
from idp.tokens.id_token import IdTokens
from idp.tokens.pairwise import PairwiseNames
from keys.ports import TokenDigests


class Issue:
    """The use case: writes the family down in one transaction, then makes what the response type asks for."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        session_store: SessionStore,
        client_store: ClientStore,
        token_store: TokenStore,
        consents: ConsentStore,
        acting: Acting,
        codes: AuthorizationCodes,
        digests: TokenDigests,
        names: PairwiseNames,
        resources: KnownResources,
        access_tokens: AccessTokens,
        id_tokens: IdTokens,
        claims: PersonalClaims,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._session_store = session_store
        self._client_store = client_store
        self._token_store = token_store
        self._consents = consents
        self._acting = acting
        self._codes = codes
        self._digests = digests
        self._names = names
        self._resources = resources
        self._access_tokens = access_tokens
        self._id_tokens = id_tokens
        self._claims = claims
        self._clock = clock
        self._settings = settings

    async def __call__(
        self, request: AuthorizationRequest, client: Client, visit: Visit, scopes: tuple[str, ...]
    ) -> dict[str, str | None]:
        """The parameters of the answer; nothing of it works before everything is written down."""
        code = new_secret() if holds(request.response_type, CODE) else None
        family = await self._write(self._family(request, client, visit, scopes, code), client, visit)
        if code is not None:
            await self._keep(code, family, request)
        answer: dict[str, str | None] = {"code": code}
        if holds(request.response_type, TOKEN):
            answer |= await self._access_token(family, client)
        if holds(request.response_type, ID_TOKEN):
            answer["id_token"] = await self._id_token(request, family, client, answer.get("access_token"), code)
        return answer

    async def _write(self, family: TokenFamily, client: Client, visit: Visit) -> TokenFamily:
        async with self._database.quick_write() as tx:
            await self._check_consent(tx, family)
            family = await self._with_authority(tx, family, visit.session)
            await self._sessions.touch(tx, visit.session)
            entered = SessionClient(family.session_id, client.id, family.sid, family.subject, family.created_at)
            if not visit.entered and await self._session_store.join(tx, entered):
                await self._client_store.remember_subject(
                    tx, subject=family.subject, sector=client.subject_sector, account_id=family.account_id
                )
            await self._token_store.add(tx, family)
            actor = Principal(PrincipalKind.PERSON, family.account_id, session=family.session_id)
            detail = {"client": client.id, "scopes": " ".join(family.scopes)}
            tx.audit(AuditEvent("portal.enter", "done", actor, family.account_id, detail=detail))
            await tx.commit()
        return family

    async def _with_authority(self, tx: WriteTx, family: TokenFamily, session: Session) -> TokenFamily:
        """For whom the person acts; an authorisation that ends at this very moment ends what is written here, too."""
        if ORGANISATION not in family.scopes:
            return family
        try:
            acting = await self._acting.claim(tx, session)
        except NotFound:
            raise AccessDenied("the authorisation has ended") from None
        return dataclasses.replace(family, acting_for=acting)

    async def _check_consent(self, tx: WriteTx, family: TokenFamily) -> None:
        """A consent that is withdrawn at this very moment ends what is written here, or keeps it from being written."""
        if NEEDS_NO_CONSENT.issuperset(family.scopes):
            return
        held = await self._consents.hold(tx, account_id=family.account_id, client_id=family.client_id)
        if held is None or not NEEDS_NO_CONSENT | held.scopes >= set(family.scopes):
            raise ConsentRequired("the consent was withdrawn meanwhile")

    async def _keep(self, code: str, family: TokenFamily, request: AuthorizationRequest) -> None:
        assert family.code_digest is not None, "it was made with the code"
        lifetime = self._settings.code_lifetime
        grant = CodeGrant(
            family.id,
            family.client_id,
            request.redirect_uri,
            request.code_challenge,
            request.nonce,
            request.id_token_claims,
            family.created_at.timestamp() + lifetime,
            request.dpop_jkt,
        )
        await self._codes.put(family.code_digest, grant, lifetime)

    async def _access_token(self, family: TokenFamily, client: Client) -> dict[str, str | None]:
        """RFC 6749 §4.2.2; there is never a refresh token here."""
        whole = AccessGrant(
            client,
            family.scopes,
            family,
            family.resources,
            authorization_details=family.authorization_details,
        )
        grant = aimed(whole, await self._resources.of(client), ours=self._settings.issuer)
        return {
            "access_token": await self._access_tokens.issue(grant),
            "token_type": "Bearer",
            "expires_in": str(self._settings.access_token_lifetime),
            "scope": " ".join(grant.scopes),
        }

    async def _id_token(
        self,
        request: AuthorizationRequest,
        family: TokenFamily,
        client: Client,
        access_token: str | None,
        code: str | None,
    ) -> str:
        extra = await self._claims.read(
            client, family, request.id_token_claims, scopes=family.scopes, basis="claims in the ID token, by consent"
        )
        return await self._id_tokens.issue(
            client,
            family,
            nonce=request.nonce,
            extra=extra,
            access_token=access_token,
            code=code,
            state=request.state,
        )

    def _family(
        self,
        request: AuthorizationRequest,
        client: Client,
        visit: Visit,
        scopes: tuple[str, ...],
        code: str | None,
    ) -> TokenFamily:
        now, session = self._clock.now(), visit.session
        return TokenFamily(
            id=new_id(self._clock, "fam"),
            code_digest=None if code is None else self._digests.digest(CODE_DIGEST, code),
            session_id=session.id,
            account_id=visit.account.id,
            client_id=client.id,
            subject=self._names.of(client, visit.account.id),
            sid=self._names.sid(session.id, client.id),
            scopes=scopes,
            userinfo_claims=request.userinfo_claims,
            auth_time=session.authenticated_at,
            offline=OFFLINE_ACCESS in scopes,
            created_at=now,
            expires_at=now + dt.timedelta(seconds=self._lifetime(request)),
            origin=GrantType.IMPLICIT if code is None else GrantType.AUTHORIZATION_CODE,
            acr=levels.reached(session.acr, visit.account.level, request.claims.essential_acr, request.acr_values),
            amr=session.amr,
            resources=request.resources,
            authorization_details=request.authorization_details,
        )

    def _lifetime(self, request: AuthorizationRequest) -> int:
        """Until the code is redeemed, the family lives as long as what was given with it or instead of it."""
        if holds(request.response_type, TOKEN):
            return self._settings.access_token_lifetime
        return self._settings.code_lifetime
