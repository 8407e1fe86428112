"""Log-in with a code that comes to the phone or mailbox (attacks O-52, O-55)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.login_frame import asking_of, login_frame, origins_of
from api.routes.pages.stepping import after_proof, circumstances_of
from api.web.forms import Form, read_form
from api.web.our_pages import after_login
from api.web.puzzles import answer_of, puzzle_of
from api.web.render import page
from api.web.views.entrance import CodeLoginView
from api.web.views.steps import METHODS
from core.errors import AppError, InvalidInput, LimitExceeded, NotPermitted
from idp.factors.sent_codes import CHANNELS
from idp.login.interactions import Interaction
from idp.login.proofs import Method

router = APIRouter(include_in_schema=False)
_SENT_ALREADY = "code-too-soon"


def _pages(method: Method) -> tuple[Callable[..., Awaitable[Response]], ...]:
    async def ask(request: Request, i: str | None = None) -> Response:
        """Whose phone or mailbox?"""
        asking = await asking_of(request, i)
        if CHANNELS[method] not in container(request).idp.messages.reaches:
            return RedirectResponse(f"/login?{request.url.query}", 303)
        return await _form_page(request, method, asking, asking.login_hint if asking else "")

    async def go_on(request: Request, i: str | None = None) -> Response:
        """Send a code, or judge the one that was typed."""
        form = await read_form(request)
        asking = await asking_of(request, i)
        if not form["ticket"] or form["again"]:
            return await _send(request, method, asking, form)
        return await _check(request, method, asking, form)

    return ask, go_on


for _method in CHANNELS:
    _ask, _go_on = _pages(_method)
    router.add_api_route(f"/login/{_method.value}", _ask, methods=["GET"])
    router.add_api_route(f"/login/{_method.value}", _go_on, methods=["POST"])


async def _send(request: Request, method: Method, asking: Interaction | None, form: Form) -> Response:
    here = circumstances_of(request, asking.id if asking else None, after_login(request))
    by_code, typed = container(request).idp.factors.log_in_by_code, form["identifier"]
    try:
        asked = await by_code.send(method, typed, here, language(request))
    except (InvalidInput, LimitExceeded) as error:
        kept = form["ticket"] if error.code == _SENT_ALREADY else ""
        return await _form_page(request, method, asking, typed, ticket=kept, error=error)
    return await _form_page(request, method, asking, typed, ticket=asked.ticket)


async def _check(request: Request, method: Method, asking: Interaction | None, form: Form) -> Response:
    here = circumstances_of(request, asking.id if asking else None, after_login(request), answer_of(form))
    by_code, typed = container(request).idp.factors.log_in_by_code, form["identifier"]
    try:
        outcome = await by_code.check(method, form["ticket"], form["code"], here)
    except (InvalidInput, LimitExceeded, NotPermitted) as error:
        return await _form_page(request, method, asking, typed, ticket=form["ticket"], error=error)
    return await after_proof(request, outcome)


async def _form_page(
    request: Request,
    method: Method,
    asking: Interaction | None,
    identifier: str,
    *,
    ticket: str = "",
    error: AppError | None = None,
) -> Response:
    view = CodeLoginView(
        **await login_frame(request, asking, method),
        method=METHODS[method],
        identifier=identifier,
        ticket=ticket,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
        demo=container(request).ground.settings.demo,
        puzzle=puzzle_of(error) if error else None,
    )
    status = status_of(error) if error else 200
    response = page(request, "login_code.html", status=status, form_action=origins_of(asking), view=view)
    if isinstance(error, LimitExceeded) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)  # RFC 6585 §4
    return response
