"""The person's password: change it, shortly after a log-in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, source_of
from api.device_cookie import read_device_cookie
from api.errors.problems import status_of
from api.session_cookie import read_session_cookie
from api.web.forms import read_form
from api.web.render import page
from api.web.views.passwords import OwnPasswordView
from api.web.visitor import logged_in
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded
from core.text import Text
from idp.login.fresh import NotFresh, is_fresh

router = APIRouter(include_in_schema=False)
_PAGE = "/me/security/password"
_AGAIN = f"/login?again=1&next={_PAGE}"
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
    except NotFresh:
        return RedirectResponse(_AGAIN, 303)
    except (InvalidInput, LimitExceeded, Conflict) as error:
        return await _page(request, error=error)
    return RedirectResponse(f"{_PAGE}?done=changed", 303)


async def _page(request: Request, *, error: AppError | None = None, done: Text | None = None) -> Response:
    await logged_in(request)
    idp, clock = container(request).idp, container(request).ground.clock
    visit = await idp.sessions.find(read_session_cookie(request))
    fresh = visit is not None and is_fresh(visit, clock, idp.settings)
    view = OwnPasswordView(
        again_href=None if fresh else _AGAIN,
        has=visit is not None and bool(visit.account.password_hash),
        error=error.text if error else None,
        done=done,
    )
    return page(request, "own_password.html", status=status_of(error) if error else 200, view=view)
