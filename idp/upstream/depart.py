"""Sends somebody to a provider (OpenID Connect Core §3.1.2.1; RFC 7636 §4.3; RFC 9126 §2)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from core.errors import LimitExceeded
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.text import Language, Text
from idp import levels
from idp.login.fresh import require_fresh
from idp.login.interactions import Interactions
from idp.login.sessions import Sessions
from idp.protocol.redirect_uri import with_parameters
from idp.requests.request import AuthorizationRequest
from idp.settings import IdpSettings
from idp.source import source_of
from idp.upstream.attempts import Attempt, Attempts
from idp.upstream.credentials import ClientCredentials
from idp.upstream.documents import Documents
from idp.upstream.errors import UpstreamUnavailable
from idp.upstream.mapping import acrs_to_ask
from idp.upstream.model import Provider
from idp.upstream.registry import ProviderRegistry
from idp.upstream.transport import Transport

_REQUEST_URI = re.compile(r"[\x21-\x7e]{1,512}", re.ASCII)
_WINDOW = 60  # seconds
_LOCALES: Mapping[Language, str] = {"zh": "zh-CN zh", "en": "en"}


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and what it must bring back.

    Attributes:
        state: names the browser's cookie for this attempt.
        browser: that cookie's value.
    """

    location: str = field(repr=False)
    state: str = field(repr=False)
    browser: str = field(repr=False)


class Depart:
    """Begins attempts."""

    def __init__(
        self,
        registry: ProviderRegistry,
        documents: Documents,
        transport: Transport,
        credentials: ClientCredentials,
        attempts: Attempts,
        interactions: Interactions,
        sessions: Sessions,
        kv: KeyValueStore,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._registry = registry
        self._documents = documents
        self._transport = transport
        self._credentials = credentials
        self._attempts = attempts
        self._interactions = interactions
        self._sessions = sessions
        self._kv = kv
        self._clock = clock
        self._settings = settings

    async def to_log_in(
        self,
        provider_id: str,
        *,
        language: Language,
        source: str,
        interaction_id: str | None = None,
        flow: str | None = None,
        after: str | None = None,
        again: bool = False,
    ) -> Departure:
        """
        Args:
            source: network address of the browser; one place may begin so many log-ins a minute and no more.
            interaction_id: the portal's request that the log-in is for; None for our own pages.
            flow: value of the interaction's cookie in this browser.
            after: the page of ours to go to afterwards.
            again: the person must authenticate anew, whatever session they have there.

        Raises:
            NotFound: `upstream-not-found`.
            LimitExceeded: `too-many-starts`.
            InteractionGone: expired, finished, or begun in another browser (attacks O-50).
            UpstreamUnavailable: the provider does not answer.
        """
        await self._admit(source)
        provider = await self._registry.active(provider_id)
        max_age = self._settings.session_absolute
        ours: tuple[str, ...] = ()
        if interaction_id is not None:
            request = (await self._interactions.in_browser(interaction_id, flow)).request
            again = again or bool({"login", "select_account"} & set(request.prompt)) or request.max_age == 0
            max_age = min(max_age, request.max_age) if request.max_age is not None else max_age
            ours = _classes(request)
        attempt = self._attempt(provider, max_age=max_age, again=again, interaction_id=interaction_id, after=after)
        return await self._depart(provider, attempt, ours, language)

    async def to_link(self, provider_id: str, *, language: Language, session_cookie: str | None) -> Departure:
        """For a person who is logged in and has authenticated just now: they show the identity that they own there.

        Raises:
            NotFound: `upstream-not-found`.
            NotAuthenticated: nobody is logged in.
            NotFresh: the log-in is too long ago.
            UpstreamUnavailable: the provider does not answer.
        """
        visit = await require_fresh(self._sessions, session_cookie, self._clock, self._settings)
        provider = await self._registry.active(provider_id)
        attempt = self._attempt(
            provider,
            max_age=0,
            again=True,
            linker=(visit.account.id, visit.session.id),
        )
        return await self._depart(provider, attempt, (), language)

    async def _admit(self, source: str) -> None:
        count = await self._kv.incr(f"idp:upstream-starts:{source_of(source)}", _WINDOW)
        if count > self._settings.upstream_starts:
            raise LimitExceeded(
                "too-many-starts",
                Text(
                    "从这里开始的登录太多了，请一分钟后再试。",
                    "Too many log-ins were begun from here. Try again in a minute.",
                ),
                retry_after=_WINDOW,
            )

    def _attempt(
        self,
        provider: Provider,
        *,
        max_age: int,
        again: bool,
        interaction_id: str | None = None,
        after: str | None = None,
        linker: tuple[str, str] | None = None,
    ) -> Attempt:
        account_id, session_id = linker or (None, None)
        return Attempt(
            provider_id=provider.id,
            purpose="link" if linker else "log-in",
            verifier=new_secret(48),
            nonce=new_secret(24),
            max_age=0 if again else max_age,
            begun_at=self._clock.now().timestamp(),
            again=again,
            interaction_id=interaction_id,
            after=after,
            account_id=account_id,
            session_id=session_id,
        )

    async def _depart(self, provider: Provider, attempt: Attempt, acrs: Sequence[str], language: Language) -> Departure:
        metadata = await self._documents.metadata(provider)
        state, browser = await self._attempts.keep(attempt)
        parameters = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": callback_uri(self._settings.issuer, provider.id),
            "scope": " ".join(provider.scopes),
            "state": state,
            "nonce": attempt.nonce,
            "code_challenge": _challenge(attempt.verifier),
            "code_challenge_method": "S256",
            "max_age": str(attempt.max_age),  # so that auth_time comes back (Core §2)
            "ui_locales": _LOCALES[language],
        }
        if attempt.again:
            parameters["prompt"] = "login"
        if asked := acrs_to_ask(provider, acrs):
            parameters["acr_values"] = " ".join(asked)
        if metadata.pushed_authorization_request_endpoint is not None:
            parameters = await self._pushed(provider, metadata.pushed_authorization_request_endpoint, parameters)
        return Departure(with_parameters(metadata.authorization_endpoint, parameters), state, browser)

    async def _pushed(self, provider: Provider, endpoint: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """RFC 9126 §2: what we ask for is told the provider itself, not the browser."""
        form, headers = await self._credentials.present(provider)
        status, answer = await self._transport.post(provider, endpoint, {**parameters, **form}, headers)
        request_uri = answer.get("request_uri")
        if status not in (200, 201) or not isinstance(request_uri, str) or not _REQUEST_URI.fullmatch(request_uri):
            raise UpstreamUnavailable(provider.name, private=f"PAR: status {status}, {error_code(answer)}")
        return {"client_id": provider.client_id, "request_uri": request_uri}


def _classes(request: AuthorizationRequest) -> tuple[str, ...]:
    """The authentication context classes that the portal asks for, the essential ones first."""
    return levels.for_log_in((*request.claims.essential_acr, *request.acr_values))


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def callback_uri(issuer: str, provider_id: str) -> str:
    """The redirect URI of one provider, and of no other (RFC 9700 §4.4.2.2)."""
    return f"{issuer}/upstream/{provider_id}/callback"


def error_code(answer: Mapping[str, object]) -> str:
    """The error code of an answer for the log, if it is one (RFC 6749 §5.2)."""
    code = answer.get("error")
    return code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,60}", code) else "no error code"
