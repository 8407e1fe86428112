"""The authorization request as an ordered list of small checks (OpenID Connect Core §3.1.2.1, §3.1.2.2).

Checks up to the redirect URI fail on a page of ours; those after it are answered to the client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.text import Text
from idp.errors import (
    InvalidRequest,
    InvalidScope,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestRefused,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnmetAuthentication,
    UnsupportedResponseType,
)
from idp.model import ONE_FACTOR, Client, GrantType
from idp.protocol import pkce
from idp.protocol.claims_parameter import ClaimsRequest, parse_claims
from idp.protocol.redirect_uri import is_registered
from idp.protocol.scopes import ALL_SCOPES, OPENID, REALNAME, parse_scope
from idp.requests.sources import Resolved, Source

PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_MAX_STATE = 4_096
_MAX_NONCE = 1_024
_PROVIDER_ID = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that passed all checks.

    Attributes:
        scopes: what is asked of the person, `openid` among them.
        resources: what the access tokens shall be for (RFC 8707 §2.1); empty for our own API.
        authorization_details: what is asked for in detail (RFC 9396 §2).
        dpop_jkt: the key that the code is bound to (RFC 9449 §10).
        hinted_subject: the person must be this one (`id_token_hint`, or `sub` in `claims`).
        idp_hint: the upstream provider that the portal would send the person to; no more than a wish.
    """

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    code_challenge: str
    prompt: tuple[str, ...]
    max_age: int | None
    claims: ClaimsRequest
    hinted_subject: str | None = None
    resources: tuple[str, ...] = ()
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    dpop_jkt: str | None = None
    source: Source = Source.PLAIN
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
    if not is_registered(uri, client.redirect_uris):
        raise RequestRefused(
            "redirect-uri-not-registered",
            Text(
                "这个网站要求把您送到一个没有登记的网址，我们没有照做。请回到该网站，联系它的管理员。",
                "The site asked us to send you to an address that it has not registered, so we did not. "
                "Go back and tell its operator.",
            ),
        )
    return uri


def check_request(resolved: Resolved, client: Client) -> AuthorizationRequest:
    """Run the checks that are answered by redirect, in their order.

    Raises:
        OAuthError: the first check that does not pass.
    """
    parameters = resolved.parameters
    for check in CHECKS:
        check(parameters, client)
    claims = parse_claims(parameters.get("claims"))
    return AuthorizationRequest(
        client_id=client.id,
        redirect_uri=parameters["redirect_uri"],
        scopes=_scopes(parameters, client, claims),
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        code_challenge=parameters["code_challenge"],
        prompt=tuple(parameters.get("prompt", "").split()),
        max_age=int(parameters["max_age"]) if "max_age" in parameters else None,
        claims=claims if client.realname_approved else ClaimsRequest(subject=claims.subject),
        hinted_subject=claims.subject,
        dpop_jkt=resolved.dpop_jkt,
        source=resolved.source,
        idp_hint=parameters["idp_hint"] if _PROVIDER_ID.fullmatch(parameters.get("idp_hint", "")) else None,
    )


def _scopes(parameters: Mapping[str, str], client: Client, claims: ClaimsRequest) -> tuple[str, ...]:
    """Scopes that do not exist are ignored (OIDC Core §3.1.2.1); those not allowed were refused before."""
    asked = tuple(scope for scope in parse_scope(parameters["scope"]) if scope in ALL_SCOPES)
    if claims.asks_realname and client.realname_approved and REALNAME not in asked:
        return (*asked, REALNAME)  # a single claim needs the same approval and consent as the scope
    return asked


def check_no_request_object(parameters: Mapping[str, str], _client: Client) -> None:
    if "request" in parameters:
        raise RequestNotSupported("request objects are not supported")
    if "request_uri" in parameters:
        raise RequestUriNotSupported("request_uri is not supported")
    if "registration" in parameters:
        raise RegistrationNotSupported("registration is not supported")


def check_sizes(parameters: Mapping[str, str], _client: Client) -> None:
    if len(parameters.get("state", "")) > _MAX_STATE or len(parameters.get("nonce", "")) > _MAX_NONCE:
        raise InvalidRequest("state or nonce is too long")


def check_response_type(parameters: Mapping[str, str], _client: Client) -> None:
    response_type = parameters.get("response_type")
    if response_type is None:
        raise InvalidRequest("response_type is missing")  # RFC 6749 §4.1.2.1
    if response_type != "code":
        raise UnsupportedResponseType("response_type must be code")


def check_response_mode(parameters: Mapping[str, str], _client: Client) -> None:
    if parameters.get("response_mode", "query") != "query":
        raise InvalidRequest("response_mode must be query")


def check_grant(_parameters: Mapping[str, str], client: Client) -> None:
    if GrantType.AUTHORIZATION_CODE not in client.grants:
        raise UnauthorizedClient("the client may not use the authorization code grant")


def check_scope(parameters: Mapping[str, str], client: Client) -> None:
    scopes = parse_scope(parameters["scope"]) if "scope" in parameters else ()
    if OPENID not in scopes:
        raise InvalidScope("scope must hold openid")  # OIDC Core §3.1.2.1
    refused = [scope for scope in scopes if scope in ALL_SCOPES and scope not in client.scopes]
    if refused:
        raise InvalidScope("the client is not registered for a scope that it asks for")
    if REALNAME in scopes and not client.realname_approved:
        raise InvalidScope("the client is not approved for the scope realname")


def check_pkce(parameters: Mapping[str, str], _client: Client) -> None:
    pkce.check_challenge(parameters.get("code_challenge"), parameters.get("code_challenge_method"))


def check_prompt(parameters: Mapping[str, str], _client: Client) -> None:
    prompts = parameters.get("prompt", "").split()
    if not PROMPTS.issuperset(prompts):
        raise InvalidRequest("prompt holds an unknown value")
    if "none" in prompts and len(prompts) > 1:
        raise InvalidRequest("prompt none stands alone")  # OIDC Core §3.1.2.1


def check_max_age(parameters: Mapping[str, str], _client: Client) -> None:
    value = parameters.get("max_age", "0")
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise InvalidRequest("max_age must be a number of seconds")


def check_essential_acr(parameters: Mapping[str, str], _client: Client) -> None:
    essential = parse_claims(parameters.get("claims")).essential_acr
    if essential and ONE_FACTOR not in essential:
        raise UnmetAuthentication("the essential acr cannot be met")  # OIDC Core §5.5.1.1


Check = Callable[[Mapping[str, str], Client], None]
CHECKS: tuple[Check, ...] = (
    check_no_request_object,
    check_sizes,
    check_response_type,
    check_response_mode,
    check_grant,
    check_scope,
    check_pkce,
    check_prompt,
    check_max_age,
    check_essential_acr,
)
