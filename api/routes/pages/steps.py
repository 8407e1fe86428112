"""The further steps of a log-in: what else the person can show, and the page for each (attacks O-55)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.stepping import STEP_PAGE, after_proof, circumstances_of
from api.step_cookie import clear_step_cookie, read_step_cookie
from api.web.forms import read_form
from api.web.puzzles import answer_of, puzzle_of
from api.web.render import page
from api.web.views.steps import METHODS, SentStepView, StepsView, StepWay, TypedStepView
from core.errors import AppError, InvalidInput, LimitExceeded
from idp.errors import StepGone
from idp.factors.sent_codes import CHANNELS
from idp.login.proofs import Method
from idp.login.steps import PendingLogin

router = APIRouter(include_in_schema=False)


@router.get(STEP_PAGE)
async def step(request: Request, choose: bool = False) -> Response:
    """What else is needed; straight on where there is one way only, or the first unless the person wants to choose."""
    pending = await _pending(request)
    options = await container(request).idp.steps.options(pending)
    if options and not choose:
        return RedirectResponse(f"{STEP_PAGE}/{options[0].value}", 303)
    ways = tuple(StepWay(METHODS[one], f"{STEP_PAGE}/{one.value}") for one in options)
    return page(request, "steps.html", view=StepsView(ways))


@router.post(f"{STEP_PAGE}/cancel")
async def cancel(request: Request) -> Response:
    """Forget it, and log in from the start."""
    await read_form(request)
    await container(request).idp.steps.give_up(read_step_cookie(request))
    response = RedirectResponse("/login", 303)
    clear_step_cookie(request, response)
    return response


async def _pending(request: Request) -> PendingLogin:
    return await container(request).idp.steps.pending(read_step_cookie(request))


def _sent(method: Method) -> tuple[Callable[..., Awaitable[Response]], ...]:
    """Page, sending and checking of a code that is sent."""

    async def show(request: Request, sent: bool = False) -> Response:
        """Ask for a code, or type it."""
        return await _sent_page(request, method, sent=sent)

    async def send(request: Request) -> Response:
        """Send it."""
        await read_form(request)
        try:
            here = circumstances_of(request)
            await container(request).idp.factors.send_step_code(method, here, language(request))
        except LimitExceeded as error:
            return await _sent_page(request, method, sent=error.code == "code-too-soon", error=error)
        return RedirectResponse(f"{STEP_PAGE}/{method.value}?sent=1", 303)

    async def check(request: Request) -> Response:
        """Judge what was typed."""
        form = await read_form(request)
        try:
            here = circumstances_of(request, answer=answer_of(form))
            outcome = await container(request).idp.factors.check_step(method, form["code"], here)
        except (InvalidInput, LimitExceeded) as error:
            return await _sent_page(request, method, sent=error.code != "code-gone", error=error)
        return await after_proof(request, outcome)

    return show, send, check


def _typed(method: Method, field: str, template: str) -> tuple[Callable[..., Awaitable[Response]], ...]:
    """Page and checking of what the person knows, or reads from an app or from paper."""

    async def show(request: Request) -> Response:
        """Ask for it."""
        return await _typed_page(request, method, template)

    async def check(request: Request) -> Response:
        """Judge it."""
        form = await read_form(request)
        try:
            here = circumstances_of(request, answer=answer_of(form))
            outcome = await container(request).idp.factors.check_step(method, form[field], here)
        except (InvalidInput, LimitExceeded) as error:
            return await _typed_page(request, method, template, error)
        return await after_proof(request, outcome)

    return show, check


_TYPED = {
    Method.PASSWORD: ("password", "step_password.html"),
    Method.TOTP: ("code", "step_totp.html"),
    Method.RECOVERY: ("code", "step_recovery.html"),
}
for _method, (_field, _template) in _TYPED.items():
    _show, _check = _typed(_method, _field, _template)
    router.add_api_route(f"{STEP_PAGE}/{_method.value}", _show, methods=["GET"])
    router.add_api_route(f"{STEP_PAGE}/{_method.value}", _check, methods=["POST"])


async def _typed_page(request: Request, method: Method, template: str, error: AppError | None = None) -> Response:
    options = await container(request).idp.steps.options(await _pending(request))
    if method not in options:
        raise StepGone(private="no such step")
    view = TypedStepView(
        METHODS[method],
        f"{STEP_PAGE}/{method.value}",
        error.text if error else None,
        error.field if isinstance(error, InvalidInput) else None,
        others=len(options) > 1,
        puzzle=puzzle_of(error) if error else None,
    )
    return _answer(page(request, template, status=status_of(error) if error else 200, view=view), error)


def _answer(response: Response, error: AppError | None) -> Response:
    if isinstance(error, LimitExceeded) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)  # RFC 6585 §4
    return response


for _method in CHANNELS:
    _show, _send, _check = _sent(_method)
    router.add_api_route(f"{STEP_PAGE}/{_method.value}", _show, methods=["GET"])
    router.add_api_route(f"{STEP_PAGE}/{_method.value}/send", _send, methods=["POST"])
    router.add_api_route(f"{STEP_PAGE}/{_method.value}", _check, methods=["POST"])


async def _sent_page(request: Request, method: Method, *, sent: bool, error: AppError | None = None) -> Response:
    pending = await _pending(request)
    idp = container(request).idp
    destination = await idp.factors.send_step_code.destination(pending, method)
    if destination is None:
        raise StepGone(private="no address")
    field = error.field if isinstance(error, InvalidInput) else None
    view = SentStepView(
        method=METHODS[method],
        action=f"{STEP_PAGE}/{method.value}",
        destination=destination,
        sent=sent,
        error=error.text if error else None,
        error_field=field,
        others=len(await idp.steps.options(pending)) > 1,
        demo=container(request).ground.settings.demo,
        puzzle=puzzle_of(error) if error else None,
    )
    return _answer(page(request, "step_code.html", status=status_of(error) if error else 200, view=view), error)
