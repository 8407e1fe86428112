"""The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0 §2)."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.routes.idp.hot import add_hot_route, read_body
from api.session_cookie import clear_session_cookie, read_session_cookie
from idp.endpoints.end_session import ConfirmLogOut
from idp.errors import InvalidRequest

router = APIRouter(tags=["identity"])
CONFIRM_PAGE = "/logout"
DONE_PAGE = "/logged-out"


async def end_session(request: Request) -> Response:
    """Log out at the wish of a portal; without its proof the person is asked."""
    sources = [request.scope["query_string"]]
    if request.method == "POST":
        try:
            sources.append(await read_body(request))
        except InvalidRequest:
            return RedirectResponse(CONFIRM_PAGE, 303)
    outcome = await container(request).idp.end_session(*sources, session_cookie=read_session_cookie(request))
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    if isinstance(outcome, ConfirmLogOut):
        asked = f"?{urlencode({'r': outcome.question})}" if outcome.question else ""
        return RedirectResponse(f"{CONFIRM_PAGE}{asked}", 303, headers)
    onward = logged_out_address(outcome.farewell) if outcome.farewell else outcome.location or DONE_PAGE
    response = RedirectResponse(onward, 303, headers)
    if outcome.ended_own:
        clear_session_cookie(request, response)
    return response


def logged_out_address(farewell: str | None) -> str:
    """The page after a log-out."""
    return f"{DONE_PAGE}?{urlencode({'f': farewell})}" if farewell else DONE_PAGE


add_hot_route(router, "/end-session", end_session, ["GET", "POST"], summary="RP-initiated log-out")
