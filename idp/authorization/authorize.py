"""The authorization endpoint (RFC 6749 §4.1.1, §4.1.2; OpenID Connect Core §3.1.2; RFC 9207).

1 the client, 2 its redirect URI (until here: a page of ours), 3 the ordered checks, 4 who is there, 5 what is still
needed of them, 6 the code. Steps 4 to 6 are gone through again whenever the person comes back from a page.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.ids import new_id, new_secret
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.clients.registry import ClientRegistry
from idp.errors import AccessDenied, ConsentRequired, InvalidRequest, LoginRequired, OAuthError, RequestRefused
from idp.grants.codes import AuthorizationCodes, CodeGrant
from idp.login.interactions import Interactions, Need, PendingInteraction
from idp.login.sessions import Sessions, Visit
from idp.model import Client, SessionClient, TokenFamily
from idp.ports import AccountStore, ClientStore, ConsentStore, SessionStore, TokenStore
from idp.protocol.params import Parameters, parse_parameters
from idp.protocol.redirect_uri import with_parameters
from idp.protocol.scopes import NEEDS_NO_CONSENT, OFFLINE_ACCESS, OIDC_SCOPES, role_scopes
from idp.protocol.session_state import session_state
from idp.requests.request import (
    AuthorizationRequest,
    check_request,
    client_id_of,
    redirect_uri_of,
    unknown_client,
)
from idp.requests.sources import RequestSources
from idp.settings import IdpSettings
from idp.token_uses import CODE
from idp.tokens.id_token import IdTokens
from idp.tokens.pairwise import PairwiseNames
from keys.ports import TokenDigests


@dataclass(frozen=True, slots=True)
class SendTo:
    """Send the browser to the client; always with 303 (RFC 9700 §4.12). `finished` is the interaction that ended."""

    location: str = field(repr=False)
    finished: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """A page must be shown first: `login`, `consent`; or None: go on at the resume address.

    Attributes:
        browser: value for the interaction's cookie; None when the browser has it already.
    """

    interaction_id: str = field(repr=False)
    need: Need | None
    browser: str | None = field(repr=False)


Step = SendTo | Ask


class Authorize:
    """The use case."""

    def __init__(
        self,
        database: Database,
        registry: ClientRegistry,
        sources: RequestSources,
        sessions: Sessions,
        interactions: Interactions,
        codes: AuthorizationCodes,
        digests: TokenDigests,
        session_store: SessionStore,
        client_store: ClientStore,
        account_store: AccountStore,
        consent_store: ConsentStore,
        token_store: TokenStore,
        names: PairwiseNames,
        id_tokens: IdTokens,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._registry = registry
        self._sources = sources
        self._sessions = sessions
        self._interactions = interactions
        self._codes = codes
        self._digests = digests
        self._session_store = session_store
        self._client_store = client_store
        self._account_store = account_store
        self._consent_store = consent_store
        self._token_store = token_store
        self._names = names
        self._id_tokens = id_tokens
        self._clock = clock
        self._settings = settings

    async def begin(self, *, query: bytes, body: bytes | None, session_cookie: str | None) -> Step:
        """A new request by GET, or by form POST when `body` is given.

        A POST from the client's page comes without our cookies (SameSite=Lax), so who is there cannot be known
        yet: the request is kept and the browser told to come back by GET.

        Raises:
            RequestRefused: nothing to be trusted with a redirect; a page of ours says why.
        """
        parameters = _parse(query, body)
        client = await self._client(parameters)
        resolved = await self._sources.resolve(parameters, client)
        parameters = resolved.parameters
        redirect_uri = redirect_uri_of(parameters, client)
        try:
            request = self._with_hint(check_request(resolved, client), parameters)
            if body is not None:
                interaction_id, browser = await self._interactions.begin(request, None)
                return Ask(interaction_id, None, browser)
            return await self._go_on(request, client, session_cookie, None, None)
        except OAuthError as error:
            return SendTo(self._refusal(redirect_uri, parameters.get("state"), error))

    async def resume(self, interaction_id: str, *, browser: str | None, session_cookie: str | None) -> Step:
        """The person comes back from a page.

        Raises:
            idp.errors.InteractionGone: expired, finished, or begun in another browser.
        """
        pending = await self._interactions.in_browser(interaction_id, browser)
        request = pending.request
        client = await self._registry.active(request.client_id)
        if client is None or request.redirect_uri not in client.redirect_uris:
            raise unknown_client()
        try:
            return await self._go_on(request, client, session_cookie, interaction_id, pending)
        except OAuthError as error:
            await self._interactions.finish(interaction_id)
            return SendTo(self._refusal(request.redirect_uri, request.state, error), interaction_id)

    async def _client(self, parameters: Parameters) -> Client:
        client = await self._registry.active(client_id_of(parameters))
        if client is None:
            raise unknown_client()
        return client

    def _with_hint(self, request: AuthorizationRequest, parameters: Mapping[str, str]) -> AuthorizationRequest:
        if "id_token_hint" not in parameters:
            return request
        hint = self._id_tokens.read_hint(parameters["id_token_hint"])
        if hint is None or hint.client_id != request.client_id:
            raise InvalidRequest("id_token_hint is not an ID token issued to this client")
        if request.hinted_subject not in (None, hint.subject):
            raise InvalidRequest("id_token_hint and claims name different persons")
        return dataclasses.replace(request, hinted_subject=hint.subject)

    async def _go_on(
        self,
        request: AuthorizationRequest,
        client: Client,
        session_cookie: str | None,
        interaction_id: str | None,
        pending: PendingInteraction | None,
    ) -> Step:
        visit = await self._sessions.find(session_cookie)
        need = self._login_needed(request, client, visit, pending)
        if need is None and visit is not None:
            scopes = await self._effective_scopes(request, visit)
            need = await self._consent_needed(request, visit, scopes, pending)
            if need is None:
                if interaction_id is not None:
                    await self._interactions.finish(interaction_id)
                location = await self._grant(request, client, visit, scopes, session_cookie or "")
                return SendTo(location, interaction_id)
        if "none" in request.prompt:  # OIDC Core §3.1.2.6
            raise LoginRequired("a log-in is needed") if need == "login" else ConsentRequired("consent is needed")
        if interaction_id is None:
            interaction_id, browser = await self._interactions.begin(request, need or "login")
            return Ask(interaction_id, need, browser)
        await self._interactions.needs_now(interaction_id, need or "login")
        return Ask(interaction_id, need, None)

    def _login_needed(
        self, request: AuthorizationRequest, client: Client, visit: Visit | None, pending: PendingInteraction | None
    ) -> Need | None:
        if visit is None:
            return "login"
        just_now = pending is not None and pending.signed_in == visit.session.cookie_digest
        if not just_now:
            if {"login", "select_account"} & set(request.prompt):
                return "login"
            if request.max_age is not None and self._age(visit) >= request.max_age:  # OIDC Core §3.1.2.1
                return "login"
        hinted = request.hinted_subject
        if hinted is not None and hinted != self._names.subject(client.sector, visit.account.id):
            if just_now:  # somebody else has logged in (OIDC Core §3.1.2.2 step 4)
                raise LoginRequired("another person has logged in")
            return "login"
        return None

    def _age(self, visit: Visit) -> float:
        return (self._clock.now() - visit.session.authenticated_at).total_seconds()

    async def _effective_scopes(self, request: AuthorizationRequest, visit: Visit) -> tuple[str, ...]:
        """API scopes need a role that gives them: a portal cannot lend its own rights to a citizen (attacks O-16)."""
        if OIDC_SCOPES.issuperset(request.scopes):
            return request.scopes
        async with self._database.read() as tx:
            roles = await self._account_store.roles(tx, visit.account.id)
        held = OIDC_SCOPES | role_scopes(frozenset(role.role for role in roles))
        return tuple(scope for scope in request.scopes if scope in held)

    async def _consent_needed(
        self,
        request: AuthorizationRequest,
        visit: Visit,
        scopes: tuple[str, ...],
        pending: PendingInteraction | None,
    ) -> Need | None:
        if pending is not None and pending.decided_in == visit.session.id:
            if not pending.granted:
                raise AccessDenied("the person did not agree")
            return None
        if "consent" in request.prompt:
            return "consent"
        open_scopes = set(scopes) - NEEDS_NO_CONSENT
        if not open_scopes:
            return None
        async with self._database.read() as tx:
            remembered = await self._consent_store.get(tx, account_id=visit.account.id, client_id=request.client_id)
        return None if remembered is not None and open_scopes <= remembered.scopes else "consent"

    async def _grant(
        self,
        request: AuthorizationRequest,
        client: Client,
        visit: Visit,
        scopes: tuple[str, ...],
        session_cookie: str,
    ) -> str:
        """The address with the code; the code works only after everything is written down."""
        code = new_secret()
        code_digest = self._digests.digest(CODE, code)
        now = self._clock.now()
        expires_at = now + dt.timedelta(seconds=self._settings.code_lifetime)
        family = self._family(request, client, visit, scopes, code_digest, now, expires_at)
        async with self._database.write() as tx:
            entered = SessionClient(family.session_id, client.id, family.sid, family.subject, now)
            if await self._session_store.join(tx, entered):
                await self._client_store.remember_subject(
                    tx, subject=family.subject, sector=client.sector, account_id=visit.account.id
                )
            await self._token_store.add(tx, family)
            actor = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
            detail = {"client": client.id, "scopes": " ".join(scopes)}
            tx.audit(AuditEvent("portal.enter", "done", actor, visit.account.id, detail=detail))
            await tx.commit()
        grant = CodeGrant(
            family.id,
            client.id,
            request.redirect_uri,
            request.code_challenge,
            request.nonce,
            request.claims.id_token,
            expires_at.timestamp(),
        )
        await self._codes.put(code_digest, grant, self._settings.code_lifetime)
        return with_parameters(
            request.redirect_uri,
            {
                "code": code,
                "state": request.state,
                "iss": self._settings.issuer,
                "session_state": session_state(client.id, request.redirect_uri, session_cookie),
            },
        )

    def _family(
        self,
        request: AuthorizationRequest,
        client: Client,
        visit: Visit,
        scopes: tuple[str, ...],
        code_digest: str,
        now: dt.datetime,
        expires_at: dt.datetime,
    ) -> TokenFamily:
        return TokenFamily(
            id=new_id(self._clock, "fam"),
            code_digest=code_digest,
            session_id=visit.session.id,
            account_id=visit.account.id,
            client_id=client.id,
            subject=self._names.subject(client.sector, visit.account.id),
            sid=self._names.sid(visit.session.id, client.id),
            scopes=scopes,
            userinfo_claims=request.claims.userinfo,
            auth_time=visit.session.authenticated_at,
            offline=OFFLINE_ACCESS in scopes,
            created_at=now,
            expires_at=expires_at,
            acr=visit.session.acr,
            amr=visit.session.amr,
            resources=request.resources,
            authorization_details=request.authorization_details,
        )

    def _refusal(self, redirect_uri: str, state: str | None, error: OAuthError) -> str:
        """RFC 6749 §4.1.2.1; `iss` is in every answer (RFC 9207 §2)."""
        return with_parameters(
            redirect_uri,
            {
                "error": error.error,
                "error_description": error.description,
                "state": state,
                "iss": self._settings.issuer,
            },
        )


def _parse(query: bytes, body: bytes | None) -> Parameters:
    """A request whose parameters cannot be told apart has no address that could be trusted (attacks O-05)."""
    try:
        return parse_parameters(query) if body is None else parse_parameters(query, body)
    except InvalidRequest as error:
        raise RequestRefused(
            "authorization-request-unreadable",
            Text(
                "登录请求写得不对，不能继续。请回到原来的网站，联系它的管理员。",
                "The log-in request is malformed, so it cannot go on. Go back to the site and tell its operator.",
            ),
            private=error.description,
        ) from None
