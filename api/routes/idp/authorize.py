"""The authorization endpoint and its way back from our pages (OpenID Connect Core §3.1.2, §3.2.2, §3.3.2)."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.noting import note
from api.routes.idp.hot import add_hot_route, read_body
from api.session_cookie import clear_flow_cookie, keep_state, read_flow_cookie, read_session_cookie, set_flow_cookie
from api.web.form_post import form_post_page
from core.text import Text
from idp.authorization.authorize import Step
from idp.authorization.responses import AuthorizationResponse
from idp.errors import InteractionGone, InvalidRequest, RequestRefused
from idp.login.interactions import Need
from idp.protocol.response_types import Carrier

router = APIRouter(tags=["identity"])
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_PAGES: dict[Need | None, str] = {
    "login": "/login",
    "consent": "/consent",
    "select": "/select-account",
    "create": "/open-account",
    "acting": "/acting",
    "prove": "/prove",
    None: "/authorize/resume",
}


async def authorize(request: Request) -> Response:
    """Begin a log-in for a portal."""
    try:
        step = await container(request).idp.authorize.begin(
            query=request.scope["query_string"],
            body=await _form(request) if request.method == "POST" else None,
            session_cookie=read_session_cookie(request),
        )
    except RequestRefused as error:
        note(request, "authorize", error, request.query_params.get("client_id"))
        raise
    return _follow(request, step)


async def resume(request: Request) -> Response:
    """Go on after the log-in or consent page."""
    interaction_id = request.query_params.get("i", "")
    if not interaction_id:
        raise InteractionGone(private="no id")
    step = await container(request).idp.authorize.resume(
        interaction_id,
        browser=read_flow_cookie(request, interaction_id),
        session_cookie=read_session_cookie(request),
    )
    return _follow(request, step)


async def _form(request: Request) -> bytes:
    try:
        return await read_body(request)
    except InvalidRequest as error:
        raise RequestRefused(
            "authorization-request-unreadable",
            Text(
                "登录请求写得不对，不能继续。请回到原来的网站，联系它的管理员。",
                "The log-in request is malformed, so it cannot go on. Go back to the site and tell its operator.",
            ),
            private=error.description,
        ) from None


def _follow(request: Request, step: Step) -> Response:
    """Every hop is a 303, so that a POST with a password is never repeated elsewhere (RFC 9700 §4.12)."""
    if isinstance(step, AuthorizationResponse):
        response = _answer(request, step)
        keep_state(request, response)
        if step.finished is not None:
            clear_flow_cookie(request, response, step.finished)
        return response
    target = f"{_PAGES[step.need]}?{urlencode({'i': step.interaction_id})}"
    response = RedirectResponse(target, 303, _HEADERS)
    if step.browser is not None:
        set_flow_cookie(request, response, step.interaction_id, step.browser)
    return response


def _answer(request: Request, answer: AuthorizationResponse) -> Response:
    if answer.carrier is Carrier.FORM_POST:
        return form_post_page(request, answer.location, answer.parameters)
    return RedirectResponse(answer.location, 303, _HEADERS)


add_hot_route(router, "/authorize", authorize, ["GET", "POST"], summary="Authorization endpoint")
router.add_route("/authorize/resume", resume, methods=["GET"], include_in_schema=False)
