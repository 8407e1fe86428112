"""The person's password: change it, shortly after a log-in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, source_of
from api.device_cookie import read_device_cookie
from api.errors.problems import status_of
from api.routes.pages.security.again import again_href
from api.session_cookie import read_session_cookie
from api.web.forms import read_form
from api.web.render import page
from api.web.views.passwords import OwnPasswordView
from api.web.visitor import logged_in
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded
from core.text import Text
from idp.factors.errors import NotStrong
from idp.login.fresh import NotFresh

router = APIRouter(include_in_schema=False)
_PAGE = "/me/security/password"
_DONE = {
    "changed": Text("密码已改，别处的登录都已结束。", "Your password is changed, and log-ins elsewhere were ended.")
}


@router.get(_PAGE)
async def password(request: Request, done: str = "") -> Response:
    """The form, if the log-in is fresh; else the way to one."""
    return await _page(request, done=_DONE.get(done))


@router.post(_PAGE)
async def change(request: Request) -> Response:
    """Change it."""
    form = await read_form(request)
    await logged_in(request)
    try:
        await container(request).idp.passwords.change(
            read_session_cookie(request),
            form["password"],
            source=source_of(request),
            device_cookie=read_device_cookie(request),
        )
    except (NotFresh, NotStrong):
        return RedirectResponse(_PAGE, 303)
    except (InvalidInput, LimitExceeded, Conflict) as error:
        return await _page(request, error=error)
    return RedirectResponse(f"{_PAGE}?done=changed", 303)


async def _page(request: Request, *, error: AppError | None = None, done: Text | None = None) -> Response:
    await logged_in(request)
    visit = await container(request).idp.sessions.find(read_session_cookie(request))
    view = OwnPasswordView(
        again_href=await again_href(request, _PAGE),
        has=visit is not None and bool(visit.account.password_hash),
        error=error.text if error else None,
        done=done,
    )
    return page(request, "own_password.html", status=status_of(error) if error else 200, view=view)
