"""A copy of everything that is kept about the person: ask, wait, take."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.routes.pages.security.again import again_address, again_href
from api.session_cookie import read_session_cookie
from api.web.data_copy import zipped
from api.web.downloads import download
from api.web.forms import read_form
from api.web.render import page
from api.web.views.account import DataCopyView
from api.web.visitor import logged_in
from idp.export.model import UNDER_WAY, ExportState
from idp.factors.errors import NotStrong
from idp.login.fresh import NotFresh

router = APIRouter(include_in_schema=False)
_PAGE = "/me/data-copy"
_FILE = "my-data.zip"
_LOOKS = 60  # of the page for itself


@router.get(_PAGE)
async def data_copy(request: Request, wait: int = _LOOKS) -> Response:
    """What is in it, and how far it is. While it is being made the page looks again by itself."""
    who = await logged_in(request)
    found = await container(request).export.own.of(who.principal)
    looks, state = min(wait, _LOOKS) - 1, None if found is None else found.state
    view = DataCopyView(
        state=None if state is None else state.value,
        under_way=state in UNDER_WAY,
        asked_at=None if found is None else found.asked_at,
        expires_at=found.expires_at if found is not None and state is ExportState.READY else None,
        again=f"{_PAGE}?wait={looks}" if state in UNDER_WAY and looks >= 0 else None,
        again_href=await again_href(request, _PAGE),
    )
    return page(request, "data_copy.html", view=view)


@router.post(_PAGE)
async def ask(request: Request) -> Response:
    """Ask for it; while one is being made this changes nothing."""
    await read_form(request)
    await logged_in(request)
    try:
        await container(request).export.own.ask(read_session_cookie(request))
    except (NotFresh, NotStrong):
        return RedirectResponse(again_address(_PAGE), 303)
    return RedirectResponse(_PAGE, 303)


@router.post(f"{_PAGE}/file")
async def take(request: Request) -> Response:
    """The file itself."""
    await read_form(request)
    await logged_in(request)
    try:
        _, content = await container(request).export.own.take(read_session_cookie(request))
    except (NotFresh, NotStrong):
        return RedirectResponse(again_address(_PAGE), 303)
    return download(zipped(content, language(request)), _FILE, "application/zip")
