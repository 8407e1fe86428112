"""A person's own authenticator apps: seen, set up, removed."""

from __future__ import annotations

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.security.again import again_href
from api.session_cookie import read_session_cookie
from api.web.forms import read_form
from api.web.qr import qr_svg
from api.web.render import page
from api.web.views.security import AuthenticatorRow, AuthenticatorsView, RemoveAuthenticatorView, SetupView
from api.web.visitor import logged_in
from core.errors import AppError, InvalidInput, LimitExceeded
from core.text import Text
from idp.factors.errors import KeyUnknown, NotStrong
from idp.factors.totp.errors import EnrolmentGone
from idp.factors.totp.own import MOST, OwnAuthenticator
from idp.login.fresh import NotFresh

router = APIRouter(include_in_schema=False)
PAGE = "/me/security/totp"
_DONE = {
    "added": Text("已添加。下次登录时可以用它的动态码。", "Added. You can use its codes at the next log-in."),
    "removed": Text("已移除，它的动态码不能用了。", "Removed. Its codes count no more."),
}


@router.get(PAGE)
async def own(request: Request, done: str = "") -> Response:
    """Which there are."""
    who = await logged_in(request)
    found = await container(request).idp.factors.authenticators.of(who.principal.id)
    rows = tuple(AuthenticatorRow(one.name, one.created_at, one.used_at, f"{PAGE}/{one.id}") for one in found)
    view = AuthenticatorsView(rows, await again_href(request, PAGE), len(rows) >= MOST, _DONE.get(done))
    return page(request, "authenticators.html", view=view)


@router.post(f"{PAGE}/begin")
async def begin(request: Request) -> Response:
    """Make a secret for a new app."""
    await logged_in(request)
    await read_form(request)
    try:
        await container(request).idp.factors.authenticators.begin(read_session_cookie(request))
    except (NotFresh, NotStrong, LimitExceeded):
        return RedirectResponse(PAGE, 303)
    return RedirectResponse(f"{PAGE}/add", 303)


@router.get(f"{PAGE}/add")
async def add(request: Request) -> Response:
    """Put the secret into the app, and type what it shows."""
    await logged_in(request)
    return await _setup_page(request)


@router.post(f"{PAGE}/add")
async def confirm(request: Request) -> Response:
    """The app shows the right code: keep it."""
    await logged_in(request)
    form = await read_form(request)
    try:
        own = container(request).idp.factors.authenticators
        await own.confirm(read_session_cookie(request), form["code"], form["name"])
    except (NotFresh, NotStrong, EnrolmentGone):
        return RedirectResponse(PAGE, 303)
    except (InvalidInput, LimitExceeded) as error:
        return await _setup_page(request, form["name"], error)
    return RedirectResponse(f"{PAGE}?done=added", 303)


@router.get(f"{PAGE}/{{authenticator_id}}")
async def ask_remove(request: Request, authenticator_id: str) -> Response:
    """Ask before it is done."""
    await logged_in(request)
    one = await _one(request, authenticator_id)
    view = RemoveAuthenticatorView(f"{PAGE}/{one.id}/remove", one.name, await again_href(request, f"{PAGE}/{one.id}"))
    return page(request, "authenticator_remove.html", view=view)


@router.post(f"{PAGE}/{{authenticator_id}}/remove")
async def remove(request: Request, authenticator_id: str) -> Response:
    """Its codes count no more."""
    await logged_in(request)
    await read_form(request)
    try:
        await container(request).idp.factors.authenticators.remove(read_session_cookie(request), authenticator_id)
    except (NotFresh, NotStrong):
        return RedirectResponse(PAGE, 303)
    return RedirectResponse(f"{PAGE}?done=removed", 303)


async def _one(request: Request, authenticator_id: str) -> OwnAuthenticator:
    who = await logged_in(request)
    for one in await container(request).idp.factors.authenticators.of(who.principal.id):
        if one.id == authenticator_id:
            return one
    raise KeyUnknown  # also somebody else's (attacks O-68)


async def _setup_page(request: Request, name: str = "", error: AppError | None = None) -> Response:
    try:
        setup = await container(request).idp.factors.authenticators.pending(read_session_cookie(request))
    except (NotFresh, NotStrong, EnrolmentGone):
        return RedirectResponse(PAGE, 303)
    view = SetupView(
        picture=Markup(qr_svg(setup.address)),  # noqa: S704 - made here, from letters of our own
        secret=setup.secret,
        name=name,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
    )
    return page(request, "authenticator_add.html", status=status_of(error) if error else 200, view=view)
