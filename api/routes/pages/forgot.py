"""A forgotten password: who, the code from the phone, a further factor where there is one, the new password.

Every answer is the same whether or not there is an account (attacks O-52); where the browser is, only the kept state
says (attacks O-56).
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.reset_cookie import clear_reset_cookie, read_reset_cookie, set_reset_cookie
from api.routes.pages.stepping import circumstances_of
from api.web.forms import read_form
from api.web.puzzles import answer_of, puzzle_of
from api.web.render import page
from api.web.views.passwords import FactorChoice, ForgotView
from api.web.views.steps import METHODS
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded
from idp.login.proofs import Method
from idp.own_password.reset import ResetGone, Stage

router = APIRouter(include_in_schema=False)
_START = "/forgot"
_AT = {Stage.CODE: "/forgot/code", Stage.FACTOR: "/forgot/factor", Stage.PASSWORD: "/forgot/password"}


@router.get(_START)
async def start(request: Request) -> Response:
    """Whose password is it?"""
    return _page(request, "who", _START)


@router.post(_START)
async def begin(request: Request) -> Response:
    """Send a code, if there is anybody to send it to."""
    form = await read_form(request)
    here = circumstances_of(request, answer=answer_of(form))
    try:
        cookie = await container(request).idp.passwords.reset.begin(form["identifier"], here, language(request))
    except (InvalidInput, LimitExceeded) as error:
        return _page(request, "who", _START, error, identifier=form["identifier"])
    response = RedirectResponse(_AT[Stage.CODE], 303)
    set_reset_cookie(request, response, cookie)
    return response


@router.get("/forgot/done")
async def done(request: Request) -> Response:
    """The password is set."""
    return _page(request, "done", "/login")


@router.get("/forgot/{step}")
async def step(request: Request, step: Stage) -> Response:
    """The form of the step at which the browser is."""
    reset, cookie = container(request).idp.passwords.reset, read_reset_cookie(request)
    try:
        stage = await reset.stage(cookie)
    except ResetGone as gone:
        return _page(request, "who", _START, gone)
    if stage is not step:
        return RedirectResponse(_AT[stage], 303)
    return await _step_page(request, stage)


@router.post("/forgot/code")
async def prove_phone(request: Request) -> Response:
    """Judge the code."""
    form = await read_form(request)
    reset, here = container(request).idp.passwords.reset, circumstances_of(request)
    try:
        stage = await reset.prove_phone(read_reset_cookie(request), form["code"], here)
    except InvalidInput as error:
        return await _step_page(request, Stage.CODE, error)
    except ResetGone as gone:
        return _page(request, "who", _START, gone)
    return RedirectResponse(_AT[stage], 303)


@router.post("/forgot/factor")
async def prove_factor(request: Request) -> Response:
    """Judge what the further factor showed."""
    form = await read_form(request)
    reset, here = container(request).idp.passwords.reset, circumstances_of(request, answer=answer_of(form))
    cookie = read_reset_cookie(request)
    try:
        known = {one.value: one for one in await reset.methods(cookie)}
        method = known.get(form["method"], next(iter(known.values()), Method.TOTP))
        stage = await reset.prove_factor(cookie, method, form["code"], here)
    except (InvalidInput, LimitExceeded) as error:
        return await _step_page(request, Stage.FACTOR, error)
    except ResetGone as gone:
        return _page(request, "who", _START, gone)
    return RedirectResponse(_AT[stage], 303)


@router.post("/forgot/password")
async def finish(request: Request) -> Response:
    """Set the password; whoever it was logs in with it afterwards."""
    form = await read_form(request)
    reset, cookie = container(request).idp.passwords.reset, read_reset_cookie(request)
    try:
        await reset.finish(cookie, form["password"], circumstances_of(request))
    except (InvalidInput, LimitExceeded, Conflict) as error:
        return await _step_page(request, Stage.PASSWORD, error)
    except ResetGone as gone:
        return _page(request, "who", _START, gone)
    response = RedirectResponse("/forgot/done", 303)
    clear_reset_cookie(request, response)
    return response


async def _step_page(request: Request, stage: Stage, error: AppError | None = None) -> Response:
    factors: tuple[FactorChoice, ...] = ()
    if stage is Stage.FACTOR:
        found = await container(request).idp.passwords.reset.methods(read_reset_cookie(request))
        factors = tuple(FactorChoice(one.value, METHODS[one]) for one in found)
    return _page(request, stage.value, _AT[stage], error, factors=factors)


def _page(
    request: Request,
    step: str,
    action: str,
    error: AppError | None = None,
    *,
    identifier: str = "",
    factors: tuple[FactorChoice, ...] = (),
) -> Response:
    view = ForgotView(
        step=step,
        action=action,
        identifier=identifier,
        factors=factors,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
        puzzle=puzzle_of(error) if error else None,
        demo=container(request).ground.settings.demo,
    )
    response = page(request, "forgot.html", status=status_of(error) if error else 200, view=view)
    if isinstance(error, LimitExceeded) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)  # RFC 6585 §4
    return response
