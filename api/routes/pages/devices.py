"""The pages on which a person lets another device log in (RFC 8628 §3.3)."""

from __future__ import annotations

import math
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, source_of
from api.errors.problems import status_of
from api.session_cookie import read_session_cookie
from api.web.agreements import agreement, agrees, left_out
from api.web.forms import read_form
from api.web.render import page
from api.web.views.sign_ins import DeviceCodeView, DeviceConfirmView, DeviceDoneView
from api.web.visitor import visitor
from core.errors import InvalidInput, LimitExceeded
from idp.device.decide import DeviceQuestion
from idp.device.user_code import read_user_code, shown
from idp.login.sessions import Visit

router = APIRouter(include_in_schema=False)


@router.get("/device")
async def enter_code(request: Request, user_code: str = "") -> Response:
    """Type the code; an address that holds it only fills it in (§3.3.1)."""
    return await _code_page(request, user_code)


@router.get("/device/confirm")
async def confirm(request: Request, t: str = "") -> Response:
    """May this device log in?"""
    visit = await _visit(request)
    if visit is None:
        return _log_in_first("")
    try:
        question = await container(request).idp.elsewhere.decide_device.question(visit, t)
    except InvalidInput as error:
        return await _code_page(request, "", error)
    return page(request, "device_confirm.html", view=await _question_view(request, question, t))


@router.post("/device/confirm")
async def decide(request: Request, t: str = "") -> Response:
    """Say yes or no."""
    form = await read_form(request)
    visit = await _visit(request)
    if visit is None:
        return _log_in_first("")
    decide_device, granted = container(request).idp.elsewhere.decide_device, agrees(form)
    try:
        question = await decide_device.question(visit, t)
        await decide_device.decide(visit, t, granted=granted, left_out=left_out(form, question.asked))
    except InvalidInput as error:
        return await _code_page(request, "", error)
    return RedirectResponse(f"/device/done?{urlencode({'d': 'granted' if granted else 'refused'})}", 303)


@router.get("/device/done")
async def done(request: Request, d: str = "") -> Response:
    """What became of it."""
    await visitor(request)
    return page(request, "device_done.html", view=DeviceDoneView(granted=d == "granted"))


@router.get("/device/{user_code}")
async def back_from_log_in(request: Request, user_code: str) -> Response:
    """The same page, under an address that the log-in page may lead back to."""
    return await _code_page(request, user_code)


@router.post("/device")
async def code_entered(request: Request) -> Response:
    """Look the code up; on to the question, or back with what was wrong."""
    form = await read_form(request)
    typed = form["user_code"]
    visit = await _visit(request)
    if visit is None:
        return _log_in_first(typed)
    try:
        ticket = await container(request).idp.elsewhere.decide_device.enter(visit, typed, source_of(request))
    except (InvalidInput, LimitExceeded) as error:
        return await _code_page(request, typed, error)
    return RedirectResponse(f"/device/confirm?{urlencode({'t': ticket})}", 303)


async def _code_page(request: Request, typed: str, error: InvalidInput | LimitExceeded | None = None) -> Response:
    """The page with the field; only a person who has logged in may try a code (attacks O-42)."""
    if await visitor(request) is None:
        return _log_in_first(typed)
    code = read_user_code(typed)
    view = DeviceCodeView(shown(code) if code else typed if error else "", error.text if error else None)
    response = page(request, "device.html", status=status_of(error) if error else 200, view=view)
    if isinstance(error, LimitExceeded) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _question_view(request: Request, question: DeviceQuestion, ticket: str) -> DeviceConfirmView:
    now = container(request).ground.clock.now()
    return DeviceConfirmView(
        action=f"/device/confirm?{urlencode({'t': ticket})}",
        user_code=shown(question.user_code),
        asked_at=question.asked_at,
        minutes_left=max(1, math.ceil((question.expires_at - now).total_seconds() / 60)),
        asks=await agreement(request, question.client, question.asked, question.authorization_details),
    )


async def _visit(request: Request) -> Visit | None:
    await visitor(request)
    return await container(request).idp.sessions.find(read_session_cookie(request))


def _log_in_first(typed: str) -> Response:
    """To the log-in, and back with the code filled in."""
    code = read_user_code(typed)
    return RedirectResponse(f"/login?next={quote('/device' + (f'/{shown(code)}' if code else ''), safe='/')}", 303)
