"""The frame that portals ask whether the session has changed (OpenID Connect Session Management 1.0 §3.2)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.routes.idp.hot import add_hot_route
from api.session_cookie import state_cookie_name
from api.web.static_files import asset

router = APIRouter(tags=["identity"])
_PAGE = (
    '<!doctype html>\n<html lang="zh-CN" data-cookie="{cookie}">\n<head><meta charset="utf-8"><title>一证</title>'
    '<script src="{script}"></script></head>\n<body></body>\n</html>\n'
)
_HEADERS = {
    # Any portal's page may hold this frame: it shows nothing, so there is nothing to be clicked on by mistake, and
    # what it says depends on who asks. It loads its one script and can reach nothing.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors https: http://127.0.0.1:* http://localhost:*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300",
}


async def check_session(request: Request) -> Response:
    """For a hidden frame of a portal's page."""
    html = _PAGE.format(cookie=state_cookie_name(request), script=asset("js/check-session.js"))
    return HTMLResponse(html, 200, _HEADERS)


add_hot_route(router, "/check-session", check_session, ["GET"], summary="Session check frame")
