"""The backchannel authentication endpoint (CIBA Core §7)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, facts_of
from api.errors.noting import refused
from api.routes.idp.hot import add_hot_route, form_body, json_answer, read_parameters
from core.errors import AppError

router = APIRouter(tags=["identity"])


async def backchannel_authentication(request: Request) -> Response:
    """Ask a person to confirm on their own phone."""
    parameters = None
    try:
        parameters = await read_parameters(request)
        answer = await container(request).idp.elsewhere.begin_backchannel(parameters, facts_of(request))
    except AppError as error:
        return refused(request, "backchannel", error, parameters)
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
