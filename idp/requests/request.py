"""The authorization request as an ordered list of small checks (OpenID Connect Core §3.1.2.1, §3.1.2.2).

Checks up to the redirect URI fail on a page of ours; those after it are answered to the client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.text import Text
from idp.client_metadata import ApplicationType
from idp.errors import (
    InvalidRequest,
    InvalidScope,
    OAuthError,
    RegistrationNotSupported,
    RequestRefused,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from idp.model import Client, ClientAuthMethod, GrantType
from idp.profiles.rules import must_bind_tokens, must_use_pkce
from idp.protocol import pkce
from idp.protocol.authorization_details import parse_details
from idp.protocol.claims_parameter import ClaimsRequest, parse_claims
from idp.protocol.redirect_uri import is_registered
from idp.protocol.response_types import (
    CODE,
    ID_TOKEN,
    TOKEN,
    ResponseMode,
    asked_mode,
    canonical,
    holds,
    shows_tokens,
)
from idp.protocol.scopes import ALL_SCOPES, ASKED_BY_HABIT, OFFLINE_ACCESS, OPENID, REALNAME, parse_scope
from idp.requests.asked_claims import asked_claims
from idp.requests.profile import check_profile
from idp.requests.pushed import PushedReference
from idp.requests.sources import Resolved, Source

PROMPTS = frozenset({"none", "login", "consent", "select_account", "create"})
_MAX_STATE = 4_096
_MAX_NONCE = 1_024
_PROVIDER_ID = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that passed all checks.

    Attributes:
        scopes: what is asked of the person, `openid` among them.
        code_challenge: None only for clients that were registered to do without it.
        userinfo_claims: all that userinfo shall tell, where single claims were asked for; else empty.
        id_token_claims: claims about the person for the ID token.
        acr_values: authentication contexts wished for; the essential ones are in `claims`.
        resources: what the access tokens shall be for (RFC 8707 §2.1); empty for our own API.
        authorization_details: what is asked for in detail (RFC 9396 §2).
        dpop_jkt: the key that the code is bound to (RFC 9449 §10).
        pushed: the pushed request that it was (RFC 9126), to be finished before the answer is given.
        hinted_subject: the person must be this one (`id_token_hint`, or `sub` in `claims`).
        idp_hint: the upstream provider that the portal would send the person to; no more than a wish.
        login_hint: what the person may want to log in with.
    """

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    code_challenge: str | None
    prompt: tuple[str, ...]
    max_age: int | None
    claims: ClaimsRequest
    response_type: str = CODE
    response_mode: ResponseMode = ResponseMode.QUERY
    userinfo_claims: tuple[str, ...] = ()
    id_token_claims: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()
    hinted_subject: str | None = None
    login_hint: str | None = field(default=None, repr=False)
    display: str | None = None
    ui_locales: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    dpop_jkt: str | None = None
    source: Source = Source.PLAIN
    pushed: PushedReference | None = field(default=None, repr=False)
    idp_hint: str | None = None


def client_id_of(parameters: Mapping[str, str]) -> str:
    """
    Raises:
        RequestRefused: `client-unknown`, when no registered client can have this name.
    """
    client_id = parameters.get("client_id", "")
    if not _CLIENT_ID.fullmatch(client_id):
        raise unknown_client()
    return client_id


def unknown_client() -> RequestRefused:
    return RequestRefused(
        "client-unknown",
        Text(
            "请您登录的网站没有在这里登记，不能继续。请回到该网站，联系它的管理员。",
            "The site that asked you to log in is not registered here. Go back and tell its operator.",
        ),
    )


def redirect_uri_of(parameters: Mapping[str, str], client: Client) -> str:
    """
    Raises:
        RequestRefused: `redirect-uri-not-registered`; never answered by redirect (RFC 6749 §4.1.2.1).
    """
    uri = parameters.get("redirect_uri", "")
    if not may_return_to(client, uri):
        raise RequestRefused(
            "redirect-uri-not-registered",
            Text(
                "这个网站要求把您送到一个没有登记的网址，我们没有照做。请回到该网站，联系它的管理员。",
                "The site asked us to send you to an address that it has not registered, so we did not. "
                "Go back and tell its operator.",
            ),
        )
    return uri


def may_return_to(client: Client, uri: str) -> bool:
    """Whether the client registered the address; an app may listen on any port of loopback (RFC 8252 §7.3)."""
    native = client.metadata.application_type is ApplicationType.NATIVE
    return is_registered(uri, client.redirect_uris, native=native)


def encrypts_answers(client: Client) -> bool:
    """Whether JARM answers to the client are encrypted."""
    return client.metadata.authorization_encrypted_response_alg is not None


def address_beside(parameters: Mapping[str, str], client: Client, error: OAuthError) -> str:
    """Where to tell that a request object or a pushed request cannot be read: the redirect URI that came beside it.

    Raises:
        RequestRefused: `authorization-request-unusable`, when none came, or none that is registered.
    """
    uri = parameters.get("redirect_uri", "")
    if not may_return_to(client, uri):
        raise RequestRefused(
            "authorization-request-unusable",
            Text(
                "这次登录请求已经过期、用过了或读不出来。请回到原来的网站，重新点一次登录。",
                "This log-in request has expired, was used up or cannot be read. Go back to the site and choose log in "
                "again.",
            ),
            private=f"{error.error}: {error.private or error.description}",
        )
    return uri


def check_request(resolved: Resolved, client: Client) -> AuthorizationRequest:
    """Run the checks that are answered by redirect, in their order.

    Raises:
        OAuthError: the first check that does not pass.
    """
    parameters, metadata = resolved.parameters, client.metadata
    check_profile(resolved, client)
    for check in CHECKS:
        check(parameters, client)
    response_type = canonical(parameters["response_type"])
    mode = asked_mode(parameters, encrypted=encrypts_answers(client))
    assert response_type is not None and mode is not None, "checked"  # noqa: PT018 - one fact
    asked = asked_claims(
        parse_claims(parameters.get("claims")),
        _scopes(parameters, response_type, client),
        _allowed(client),
        alone=response_type == ID_TOKEN,
    )
    max_age = parameters.get("max_age")
    return AuthorizationRequest(
        client_id=client.id,
        redirect_uri=parameters["redirect_uri"],
        scopes=asked.scopes + _resource_scopes(resolved, client),
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        code_challenge=parameters.get("code_challenge") if holds(response_type, CODE) else None,
        prompt=tuple(parameters.get("prompt", "").split()),
        max_age=metadata.default_max_age if max_age is None else int(max_age),
        claims=asked.request,
        response_type=response_type,
        response_mode=mode,
        userinfo_claims=asked.userinfo,
        id_token_claims=asked.id_token,
        acr_values=tuple(parameters.get("acr_values", "").split()) or asked.request.acr or metadata.default_acr_values,
        hinted_subject=asked.request.subject,
        login_hint=parameters.get("login_hint"),
        display=parameters.get("display"),
        ui_locales=tuple(parameters.get("ui_locales", "").split()),
        resources=tuple(dict.fromkeys(parameters.resources)),
        authorization_details=parse_details(
            parameters.get("authorization_details"), metadata.authorization_details_types
        ),
        dpop_jkt=resolved.dpop_jkt,
        source=resolved.source,
        pushed=resolved.pushed,
        idp_hint=parameters["idp_hint"] if _PROVIDER_ID.fullmatch(parameters.get("idp_hint", "")) else None,
    )


def check_still_allowed(request: AuthorizationRequest, client: Client) -> None:
    """The person was on a page for a while: what the client may do can have become less.

    Raises:
        UnauthorizedClient, InvalidScope: as in the checks.
    """
    asked = {"response_type": request.response_type, "scope": " ".join(request.scopes)}
    for check in (check_response_type, check_grant, check_scope):
        check(asked, client)


def _scopes(parameters: Mapping[str, str], response_type: str, client: Client) -> tuple[str, ...]:
    """Scopes that do not exist are ignored (OIDC Core §3.1.2.1), and those that libraries ask for by habit where the
    client may not have them; others that are not allowed were refused before.

    `offline_access` without a code is ignored (§11): there would be no refresh token.
    """
    ignored = ASKED_BY_HABIT - client.scopes | (frozenset() if holds(response_type, CODE) else {OFFLINE_ACCESS})
    return tuple(scope for scope in parse_scope(parameters["scope"]) if scope in ALL_SCOPES - ignored)


def _allowed(client: Client) -> frozenset[str]:
    return client.scopes - (frozenset() if client.realname_approved else {REALNAME})


def _resource_scopes(resolved: Resolved, client: Client) -> tuple[str, ...]:
    """Scopes that exist only at the protected resources that are asked for.

    Raises:
        InvalidScope: the client is not registered for one that it asks for.
    """
    if not resolved.resources:
        return ()
    there = frozenset().union(*(resource.scope_names for resource in resolved.resources))
    asked = tuple(scope for scope in parse_scope(resolved.parameters["scope"]) if scope in there)
    if not client.scopes.issuperset(asked):
        raise InvalidScope("the client is not registered for a scope of the resource")
    return asked


def check_no_registration(parameters: Mapping[str, str], _client: Client) -> None:
    if "registration" in parameters:
        raise RegistrationNotSupported("registration is not supported")


def check_sizes(parameters: Mapping[str, str], _client: Client) -> None:
    if len(parameters.get("state", "")) > _MAX_STATE or len(parameters.get("nonce", "")) > _MAX_NONCE:
        raise InvalidRequest("state or nonce is too long")


def check_response_type(parameters: Mapping[str, str], client: Client) -> None:
    value = parameters.get("response_type")
    if value is None:
        raise InvalidRequest("response_type is missing")  # RFC 6749 §4.1.2.1
    response_type = canonical(value)
    if response_type is None:
        raise UnsupportedResponseType("there is no such response_type here")
    if response_type not in client.metadata.response_types:
        raise UnauthorizedClient("the client is not registered for this response_type")
    if holds(response_type, TOKEN) and must_bind_tokens(client):  # RFC 9700 §2.1.2: no proof of possession here
        raise UnauthorizedClient("the access tokens of the client are bound to a key, so none is issued here")


def check_response_mode(parameters: Mapping[str, str], client: Client) -> None:
    if asked_mode(parameters, encrypted=encrypts_answers(client)) is None:
        raise InvalidRequest("response_mode does not exist, or not for this response_type or redirect_uri")


def check_grant(parameters: Mapping[str, str], client: Client) -> None:
    response_type = parameters["response_type"]
    if holds(response_type, CODE) and GrantType.AUTHORIZATION_CODE not in client.grants:
        raise UnauthorizedClient("the client may not use the authorization code grant")
    if shows_tokens(response_type) and GrantType.IMPLICIT not in client.grants:
        raise UnauthorizedClient("the client may not use the implicit grant")


def check_scope(parameters: Mapping[str, str], client: Client) -> None:
    scopes = parse_scope(parameters["scope"]) if "scope" in parameters else ()
    if OPENID not in scopes:
        raise InvalidScope("scope must hold openid")  # OIDC Core §3.1.2.1
    refused = [scope for scope in scopes if scope in ALL_SCOPES - ASKED_BY_HABIT - client.scopes]
    if refused:
        raise InvalidScope("the client is not registered for a scope that it asks for")
    if REALNAME in scopes and not client.realname_approved:
        raise InvalidScope("the client is not approved for the scope realname")


def check_pkce(parameters: Mapping[str, str], client: Client) -> None:
    if not holds(parameters["response_type"], CODE):
        return
    public = client.auth_method is ClientAuthMethod.NONE
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    pkce.check_challenge(challenge, method, required=public or must_use_pkce(client))


def check_nonce(parameters: Mapping[str, str], _client: Client) -> None:
    if "nonce" in parameters:
        return
    if holds(parameters["response_type"], ID_TOKEN):
        raise InvalidRequest("nonce is required")  # OIDC Core §3.2.2.1, §3.3.2.1
    if holds(parameters["response_type"], CODE) and "code_challenge" not in parameters:
        raise InvalidRequest("without code_challenge a nonce is required")  # OAuth 2.1 §7.5.1


def check_prompt(parameters: Mapping[str, str], _client: Client) -> None:
    prompts = parameters.get("prompt", "").split()
    if not PROMPTS.issuperset(prompts):
        raise InvalidRequest("prompt holds an unknown value")
    for alone in ("none", "create"):  # OIDC Core §3.1.2.1; Initiating User Registration §4.1
        if alone in prompts and len(prompts) > 1:
            raise InvalidRequest(f"prompt {alone} stands alone")


def check_max_age(parameters: Mapping[str, str], _client: Client) -> None:
    value = parameters.get("max_age", "0")
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise InvalidRequest("max_age must be a number of seconds")


def check_claims(parameters: Mapping[str, str], _client: Client) -> None:
    parse_claims(parameters.get("claims"))


Check = Callable[[Mapping[str, str], Client], None]
CHECKS: tuple[Check, ...] = (
    check_no_registration,
    check_sizes,
    check_response_type,
    check_response_mode,
    check_grant,
    check_scope,
    check_pkce,
    check_nonce,
    check_prompt,
    check_max_age,
    check_claims,
)
