"""A person's own recovery codes: made, shown once, taken away."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.routes.pages.security.again import again_href
from api.session_cookie import read_session_cookie
from api.web.forms import read_form
from api.web.render import page
from api.web.views.security import RecoveryView
from api.web.visitor import logged_in
from core.errors import NotFound
from idp.factors.errors import NotStrong
from idp.login.fresh import NotFresh

router = APIRouter(include_in_schema=False)
PAGE = "/me/security/recovery"


@router.get(PAGE)
async def own(request: Request, removed: bool = False) -> Response:
    """How many are left."""
    who = await logged_in(request)
    left = await container(request).idp.factors.recovery.left(who.principal.id)
    view = RecoveryView(left, await again_href(request, PAGE), removed=removed and left == 0)
    return page(request, "recovery.html", view=view)


@router.post(f"{PAGE}/make")
async def make(request: Request) -> Response:
    """Ten new ones, shown on this one answer and never again."""
    await logged_in(request)
    await read_form(request)
    try:
        codes = await container(request).idp.factors.recovery_codes.make(read_session_cookie(request))
    except (NotFresh, NotStrong):
        return RedirectResponse(PAGE, 303)
    return page(request, "recovery.html", view=RecoveryView(len(codes), None, codes=tuple(codes)))


@router.post(f"{PAGE}/remove")
async def remove(request: Request) -> Response:
    """None of them counts any more."""
    await logged_in(request)
    await read_form(request)
    try:
        await container(request).idp.factors.recovery_codes.remove(read_session_cookie(request))
    except (NotFresh, NotStrong, NotFound):
        return RedirectResponse(PAGE, 303)
    return RedirectResponse(f"{PAGE}?removed=1", 303)
