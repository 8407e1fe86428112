"""The screen of a QR log-in: shows the code, then the number, then is logged in. Works without a script, too."""

from __future__ import annotations

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.deps import container
from api.qr_cookie import clear_screen_cookie, read_screen_cookie, set_screen_cookie
from api.routes.pages.stepping import after_proof, circumstances_of
from api.web.log_in_target import Target, target_of
from api.web.qr import qr_svg
from api.web.render import page
from api.web.views.keys import QrScreenView
from idp.qr_login.errors import QrGone
from idp.qr_login.model import QrState
from idp.qr_login.screen import ScreenView

router = APIRouter(include_in_schema=False)
PAGE = "/login/qr"
_WAIT = f"{PAGE}/wait"
_OVER = "over"


@router.get(PAGE)
async def begin(request: Request) -> Response:
    """A new code for this screen."""
    target = await target_of(request)
    here = circumstances_of(request, target.interaction_id, target.goal)
    secret = await container(request).idp.keys.qr_screen.begin(here)
    response = RedirectResponse(_WAIT, 303)
    set_screen_cookie(request, response, secret)
    return response


@router.get(_WAIT)
async def wait(request: Request) -> Response:
    """The code, or what became of it; the page looks again by itself."""
    screen, secret = container(request).idp.keys.qr_screen, read_screen_cookie(request)
    try:
        seen = await screen.look(secret)
    except QrGone:
        return await _page(request, await target_of(request), None)
    target = await _target_of(request, seen)
    if seen.state is not QrState.APPROVED:
        return await _page(request, target, seen)
    try:
        here = circumstances_of(request, seen.interaction_id, seen.goal)
        response = await after_proof(request, await screen.finish(secret, here))
    except QrGone:
        return await _page(request, target, None)
    clear_screen_cookie(request, response)
    return response


@router.get(f"{PAGE}/state")
async def state(request: Request) -> Response:
    """What the page's script asks: whether to load the page again, and how long the code still counts."""
    try:
        seen = await container(request).idp.keys.qr_screen.look(read_screen_cookie(request))
    except QrGone:
        return JSONResponse({"state": _OVER, "seconds": 0})
    return JSONResponse({"state": seen.state.value, "seconds": seen.seconds})


async def _target_of(request: Request, seen: ScreenView) -> Target:
    if seen.interaction_id is not None:
        return await target_of(request, seen.interaction_id)
    return Target(None, seen.goal, f"?next={seen.goal}" if seen.goal else "", ())


async def _page(request: Request, target: Target, seen: ScreenView | None) -> Response:
    view = QrScreenView(
        state=seen.state.value if seen else _OVER,
        seconds=seen.seconds if seen else 0,
        again=f"{PAGE}{target.query}",
        other=f"/login{target.query}",
        picture=_picture(request, seen.code) if seen and seen.code else None,
        number=seen.number if seen else "",
        asking=target.asking,
    )
    return page(request, "login_qr.html", view=view)


def _picture(request: Request, code: str) -> Markup:
    address = f"{container(request).ground.settings.issuer}/scan/{code}"
    return Markup(qr_svg(address))  # noqa: S704 - made here, from letters of our own
