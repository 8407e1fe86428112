"""The backchannel authentication endpoint (CIBA Core §7)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, facts_of
from api.errors.oauth import oauth_error_response
from api.routes.idp.hot import add_hot_route, form_body, json_answer, read_parameters
from core.errors import AppError

router = APIRouter(tags=["identity"])


async def backchannel_authentication(request: Request) -> Response:
    """Ask a person to confirm on their own phone."""
    try:
        answer = await container(request).idp.elsewhere.begin_backchannel(
            await read_parameters(request), facts_of(request)
        )
    except AppError as error:
        return oauth_error_response(error)
    return json_answer(answer)


add_hot_route(
    router,
    "/backchannel-authentication",
    backchannel_authentication,
    ["POST"],
    summary="Backchannel authentication (CIBA)",
    openapi_extra=form_body(
        optional=(
            "scope",
            "login_hint",
            "login_hint_token",
            "id_token_hint",
            "binding_message",
            "requested_expiry",
            "client_notification_token",
            "request",
            "client_id",
            "client_secret",
        ),
    ),
)
