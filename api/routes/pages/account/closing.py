"""A person closes their account (注销): told what becomes of everything, asked once more, and let back for a week."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, source_of
from api.routes.pages.security.again import again_address, again_href
from api.session_cookie import clear_session_cookie, read_session_cookie
from api.web.forms import read_form
from api.web.render import page
from api.web.views.account import CloseView, ClosingView, ConfirmCloseView
from api.web.visitor import logged_in
from api.web.words import local
from core.errors import InvalidInput
from core.text import Text
from idp.factors.errors import NotStrong
from idp.login.fresh import NotFresh
from idp.persons.model import COOLING_OFF

router = APIRouter(include_in_schema=False)
_PAGE = "/me/close"
_DONE = {"stay": Text("申请已收回，账号照常使用。", "Taken back. Your account goes on as before.")}


@router.get(_PAGE)
async def close(request: Request, done: str = "") -> Response:
    """What becomes of everything; or until when the wish can be taken back."""
    who = await logged_in(request)
    departure = await container(request).idp.persons.departures.of(who.principal.id)
    view = CloseView(
        due=None if departure is None else _day(departure.due_at),
        days=COOLING_OFF.days,
        again_href=None if departure else await again_href(request, _PAGE),
        done=_DONE.get(done),
    )
    return page(request, "close.html", view=view)


@router.get(f"{_PAGE}/confirm")
async def ask(request: Request) -> Response:
    """Ask before it is done."""
    await logged_in(request)
    if (again := await again_href(request, _PAGE)) is not None:
        return RedirectResponse(again, 303)
    return page(request, "close_confirm.html", view=ConfirmCloseView(COOLING_OFF.days))


@router.post(f"{_PAGE}/confirm")
async def confirm(request: Request) -> Response:
    """From now on the week runs; every log-in ends, this one too."""
    await read_form(request)
    await logged_in(request)
    departures = container(request).idp.persons.departures
    try:
        departure = await departures.ask(read_session_cookie(request), source=source_of(request))
    except (NotFresh, NotStrong):
        return RedirectResponse(again_address(_PAGE), 303)
    response = RedirectResponse(f"/closing?until={_day(departure.due_at)}", 303)
    clear_session_cookie(request, response)
    return response


@router.get("/closing")
async def closing(request: Request, until: str = "") -> Response:
    """For somebody who is no longer logged in: when it happens, and how to come back.

    Raises:
        InvalidInput: `day-invalid`.
    """
    try:
        day = dt.date.fromisoformat(until)
    except ValueError:
        raise InvalidInput("day-invalid", Text("没有这样的日期。", "There is no such day."), field="until") from None
    return page(request, "closing.html", view=ClosingView(day))


@router.post(f"{_PAGE}/stay")
async def stay(request: Request) -> Response:
    """Take the wish back."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).idp.persons.departures.take_back(who.principal)
    return RedirectResponse(f"{_PAGE}?done=stay", 303)


def _day(moment: dt.datetime) -> dt.date:
    return local(moment).date()
