"""Log-in by passkey: from the start, or as the second step of a log-in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.stepping import STEP_PAGE, after_proof, circumstances_of
from api.step_cookie import read_step_cookie
from api.web.forms import read_form
from api.web.log_in_target import Target, target_of
from api.web.passkey_request import browser_of, passkey_request
from api.web.render import page
from api.web.views.keys import PasskeyLoginView
from core.errors import NotPermitted
from core.text import Text
from idp.factors.passkeys.model import Passkey
from idp.login.steps import PendingLogin

router = APIRouter(include_in_schema=False)
PAGE = "/login/passkey"
_STEP = f"{STEP_PAGE}/passkey"


@router.get(PAGE)
async def show(request: Request) -> Response:
    """Ask the person's device who they are."""
    return await _page(request, await target_of(request))


@router.post(PAGE)
async def log_in(request: Request) -> Response:
    """Judge what the device answered."""
    form, target = await read_form(request), await target_of(request)
    try:
        return await _log_in(request, form["answer"], target)
    except NotPermitted as error:
        return await _page(request, target, error=error)


@router.get(_STEP)
async def show_step(request: Request) -> Response:
    """The same, for one person's devices only."""
    pending = await container(request).idp.steps.pending(read_step_cookie(request))
    return await _page(request, await target_of(request, pending.interaction_id), pending=pending)


@router.post(_STEP)
async def add_step(request: Request) -> Response:
    """Add it to what was proved."""
    form = await read_form(request)
    pending = await container(request).idp.steps.pending(read_step_cookie(request))
    target = await target_of(request, pending.interaction_id)
    try:
        return await _log_in(request, form["answer"], target, goal=pending.goal)
    except NotPermitted as error:
        return await _page(request, target, pending=pending, error=error)


async def _log_in(request: Request, answer: str, target: Target, *, goal: str | None = None) -> Response:
    here = circumstances_of(request, target.interaction_id, goal or target.goal)
    return await after_proof(
        request, await container(request).idp.keys.log_in_by_passkey(answer, browser_of(request), here)
    )


async def _page(
    request: Request, target: Target, *, pending: PendingLogin | None = None, error: NotPermitted | None = None
) -> Response:
    view = PasskeyLoginView(
        action=_STEP if pending else f"{PAGE}{target.query}",
        options=passkey_request(request, await _credentials(request, pending)),
        other=f"{STEP_PAGE}?choose=1" if pending else f"/login{target.query}",
        asking=target.asking,
        error=_words(error),
        step=pending is not None,
    )
    status = status_of(error) if error else 200
    return page(request, "login_passkey.html", status=status, form_action=target.origins, view=view)


async def _credentials(request: Request, pending: PendingLogin | None) -> list[Passkey]:
    if pending is None:
        return []
    idp = container(request).idp
    return list(await idp.keys.passkey_factor.credentials(await idp.steps.account(pending)))


def _words(error: NotPermitted | None) -> Text | None:
    return None if error is None else error.text
