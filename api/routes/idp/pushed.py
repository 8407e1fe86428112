"""The pushed authorization request endpoint (RFC 9126 §2)."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, facts_of, renewed_nonce
from api.errors.noting import refused
from api.errors.oauth import NO_STORE
from api.routes.idp.hot import add_hot_route, form_body, read_parameters
from core.errors import AppError

router = APIRouter(tags=["identity"])


async def push(request: Request) -> Response:
    """Leave an authorization request here; the browser then comes with its `request_uri` only."""
    facts, parameters = facts_of(request), None
    try:
        parameters = await read_parameters(request)
        answer = await container(request).idp.push(parameters, facts)
    except AppError as error:
        return refused(request, "par", error, parameters)
    headers = NO_STORE | renewed_nonce(request, facts)
    return Response(orjson.dumps(answer), 201, headers, "application/json")  # RFC 9126 §2.2


add_hot_route(
    router,
    "/par",
    push,
    ["POST"],
    summary="Pushed authorization request endpoint",
    openapi_extra=form_body(
        "client_id",
        optional=(
            *("response_type", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"),
            *("request", "resource", "authorization_details", "dpop_jkt"),
            *("client_secret", "client_assertion", "client_assertion_type"),
        ),
    ),
)
