"""The device authorization endpoint (RFC 8628 §3.1), and its page's address as a QR code for kiosks (§3.3.1)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, facts_of, source_of
from api.errors.noting import refused
from api.errors.problems import problem_response
from api.routes.idp.hot import add_hot_route, form_body, json_answer, read_parameters
from api.web.qr import qr_svg
from core.errors import AppError
from idp.device.begin import complete_uri
from idp.device.user_code import read_user_code, shown
from idp.errors import UserCodeUnknown

router = APIRouter(tags=["identity"])


async def device_authorization(request: Request) -> Response:
    """Begin a log-in for a device that has no keyboard or browser of its own."""
    parameters = None
    try:
        parameters = await read_parameters(request)
        answer = await container(request).idp.elsewhere.begin_device(parameters, facts_of(request), source_of(request))
    except AppError as error:
        return refused(request, "device", error, parameters)
    return json_answer(answer)


async def qr(request: Request) -> Response:
    """`verification_uri_complete` of a user code as a picture. It depends on the code's letters alone, and so tells
    nobody whether a device waits under it."""
    code = read_user_code(request.query_params.get("user_code", ""))
    if code is None:
        return problem_response(request, UserCodeUnknown())
    picture = qr_svg(complete_uri(container(request).idp.settings.issuer, shown(code)))
    headers = {"Cache-Control": "private, max-age=600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(picture, 200, headers, "image/svg+xml")


add_hot_route(
    router,
    "/device-authorization",
    device_authorization,
    ["POST"],
    summary="Device authorization",
    openapi_extra=form_body("client_id", optional=("scope", "client_secret")),
)
router.add_route("/device/qr.svg", qr, methods=["GET"], include_in_schema=False)
