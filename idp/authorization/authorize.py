"""The authorization endpoint (RFC 6749 §3.1, §4.1.1, §4.2.1; OpenID Connect Core §3.1.2, §3.2.2, §3.3.2).

1 the client, 2 the parameters that count, 3 the redirect URI (until here: a page of ours), 4 the ordered checks, 5 who
is there, 6 what is still needed of them, 7 the answer. Steps 5 to 7 are gone through again whenever the person comes
back from a page.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.text import Text
from idp.authorization.issue import Issue
from idp.authorization.needs import Needs, silent_refusal
from idp.authorization.responses import AuthorizationResponse, Respond, ReturnAddress
from idp.clients.registry import ClientRegistry
from idp.errors import InvalidRequest, KeyUnusable, OAuthError, RequestRefused
from idp.login.interactions import Interactions, Need, PendingInteraction
from idp.model import Client
from idp.protocol.params import Parameters, parse_parameters
from idp.protocol.response_types import answer_mode
from idp.protocol.session_state import session_state
from idp.requests.request import (
    AuthorizationRequest,
    address_beside,
    check_request,
    check_still_allowed,
    client_id_of,
    encrypts_answers,
    may_return_to,
    redirect_uri_of,
    unknown_client,
)
from idp.requests.sources import RequestSources
from idp.tokens.id_token import IdTokens


@dataclass(frozen=True, slots=True)
class Ask:
    """A page must be shown first; with the need None: go on at the resume address.

    Attributes:
        browser: value for the interaction's cookie; None when the browser has it already.
    """

    interaction_id: str = field(repr=False)
    need: Need | None
    browser: str | None = field(repr=False)


Step = AuthorizationResponse | Ask


class Authorize:
    """The use case."""

    def __init__(
        self,
        registry: ClientRegistry,
        sources: RequestSources,
        interactions: Interactions,
        needs: Needs,
        issue: Issue,
        respond: Respond,
        id_tokens: IdTokens,
    ) -> None:
        self._registry = registry
        self._sources = sources
        self._interactions = interactions
        self._needs = needs
        self._issue = issue
        self._respond = respond
        self._id_tokens = id_tokens

    async def begin(self, *, query: bytes, body: bytes | None, session_cookie: str | None) -> Step:
        """A new request by GET, or by form POST when `body` is given.

        A POST from the client's page comes without our cookies (SameSite=Lax), so who is there cannot be known
        yet: the request is kept and the browser told to come back by GET.

        Raises:
            RequestRefused: nothing to be trusted with a redirect; a page of ours says why.
        """
        parameters = _parse(query, body)
        client = await self._registry.active(client_id_of(parameters))
        if client is None:
            raise unknown_client()
        try:
            resolved = await self._sources.resolve(parameters, client)
        except OAuthError as error:
            beside = _return_address(client, address_beside(parameters, client, error), parameters)
            return await self._refuse(beside, error)
        parameters = resolved.parameters
        to = _return_address(client, redirect_uri_of(parameters, client), parameters)
        try:
            resolved = await self._sources.addressed(resolved, client)
            request = self._with_hint(check_request(resolved, client), parameters)
            if body is not None:
                interaction_id, browser = await self._interactions.begin(request, None)
                return Ask(interaction_id, None, browser)
            return await self._go_on(request, to, session_cookie, None, None)
        except OAuthError as error:
            if not isinstance(error, KeyUnusable):  # which shows only when the answer is made, after the finish
                await self._sources.finish(resolved.pushed)
            return await self._refuse(to, error)

    async def resume(self, interaction_id: str, *, browser: str | None, session_cookie: str | None) -> Step:
        """The person comes back from a page.

        Raises:
            idp.errors.InteractionGone: expired, finished, or begun in another browser.
        """
        pending = await self._interactions.in_browser(interaction_id, browser)
        request = pending.request
        client = await self._registry.active(request.client_id)
        if client is None or not may_return_to(client, request.redirect_uri):
            raise unknown_client()
        to = ReturnAddress(client, request.redirect_uri, request.response_mode, request.state)
        try:
            check_still_allowed(request, client)
            return await self._go_on(request, to, session_cookie, interaction_id, pending)
        except OAuthError as error:
            if not isinstance(error, KeyUnusable):
                await self._interactions.finish(interaction_id)
                await self._sources.finish(request.pushed)
            return await self._refuse(to, error, interaction_id)

    async def _refuse(self, to: ReturnAddress, error: OAuthError, finished: str | None = None) -> AuthorizationResponse:
        try:
            return await self._respond.refuse(to, error, finished=finished)
        except KeyUnusable as unusable:
            raise _cannot_be_answered(unusable) from None

    def _with_hint(self, request: AuthorizationRequest, parameters: Mapping[str, str]) -> AuthorizationRequest:
        if "id_token_hint" not in parameters:
            return request
        hint = self._id_tokens.read_hint(parameters["id_token_hint"])
        if hint is None or hint.client_id != request.client_id:
            raise InvalidRequest(
                "id_token_hint is not an ID token issued to this client; an encrypted one is decrypted first"
            )
        if request.hinted_subject not in (None, hint.subject):
            raise InvalidRequest("id_token_hint and claims name different persons")
        return dataclasses.replace(request, hinted_subject=hint.subject)

    async def _go_on(
        self,
        request: AuthorizationRequest,
        to: ReturnAddress,
        session_cookie: str | None,
        interaction_id: str | None,
        pending: PendingInteraction | None,
    ) -> Step:
        present = await self._needs.look(request, session_cookie)
        need = self._needs.next(request, to.client, present, pending)
        if need is None and present.visit is not None:
            if interaction_id is not None:
                await self._interactions.finish(interaction_id)
            await self._sources.finish(request.pushed)
            answer = await self._issue(request, to.client, present.visit, self._needs.given(present, pending))
            answer["session_state"] = session_state(to.client.id, to.redirect_uri, session_cookie or "")
            return await self._respond(to, answer, finished=interaction_id)
        need = need or "login"
        if "none" in request.prompt:
            raise silent_refusal(need)
        browser, can_give = None, present.scopes if need == "consent" else None
        if interaction_id is None:
            interaction_id, browser = await self._interactions.begin(request, need, can_give)
        else:
            await self._interactions.needs_now(interaction_id, need, can_give)
        return Ask(interaction_id, need, browser)


def _return_address(client: Client, redirect_uri: str, parameters: Mapping[str, str]) -> ReturnAddress:
    mode = answer_mode(parameters, encrypted=encrypts_answers(client))
    return ReturnAddress(client, redirect_uri, mode, parameters.get("state"))


def _cannot_be_answered(error: KeyUnusable) -> RequestRefused:
    return RequestRefused(
        "answer-cannot-be-encrypted",
        Text(
            "这个网站要求加密回复，但它登记的密钥用不了，所以不能继续。请回到该网站，联系它的管理员。",
            "The site wants its answer encrypted, but the key that it registered cannot be used, so this cannot go on. "
            "Go back and tell its operator.",
        ),
        private=error.description,
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
