"""Token, introspection and revocation endpoints (RFC 6749 §3.2, RFC 7662, RFC 9701, RFC 7009)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, facts_of, renewed_nonce
from api.errors.noting import refused
from api.errors.oauth import NO_STORE
from api.routes.idp.hot import add_hot_route, form_body, json_answer, read_parameters, token_answer
from core.errors import AppError

router = APIRouter(tags=["identity"])
_INTROSPECTION_JWT = "application/token-introspection+jwt"  # RFC 9701 §4


async def token(request: Request) -> Response:
    """Exchange a code, a refresh token or the client's own credentials for tokens."""
    facts, parameters = facts_of(request), None
    try:
        parameters = await read_parameters(request)
        answer = await container(request).idp.token(parameters, facts, retry_key=request.headers.get("idempotency-key"))
    except AppError as error:
        return refused(request, "token", error, parameters)
    return json_answer(answer, renewed_nonce(request, facts))


async def introspect(request: Request) -> Response:
    """Is this token good now, and for what?"""
    parameters = None
    try:
        parameters = await read_parameters(request)
        answer = await container(request).idp.introspect(
            parameters, facts_of(request), as_token=_INTROSPECTION_JWT in request.headers.get("accept", "")
        )
    except AppError as error:
        return refused(request, "introspect", error, parameters)
    return token_answer(answer, _INTROSPECTION_JWT) if isinstance(answer, str) else json_answer(answer)


async def revoke(request: Request) -> Response:
    """Revoke a token; with a refresh token everything that descends from it."""
    parameters = None
    try:
        parameters = await read_parameters(request)
        await container(request).idp.revoke(parameters, facts_of(request))
    except AppError as error:
        return refused(request, "revoke", error, parameters)
    return Response(b"", 200, NO_STORE)


_CREDENTIALS = ("client_id", "client_secret", "client_assertion", "client_assertion_type")
add_hot_route(
    router,
    "/token",
    token,
    ["POST"],
    summary="Token endpoint",
    openapi_extra=form_body(
        "grant_type",
        optional=("code", "redirect_uri", "code_verifier", "refresh_token", "scope", *_CREDENTIALS),
    ),
)
add_hot_route(
    router,
    "/introspect",
    introspect,
    ["POST"],
    summary="Token introspection",
    openapi_extra=form_body("token", optional=("token_type_hint", *_CREDENTIALS)),
)
add_hot_route(
    router,
    "/revoke",
    revoke,
    ["POST"],
    summary="Token revocation",
    openapi_extra=form_body("token", optional=("token_type_hint", *_CREDENTIALS)),
)
