"""Registration by the person: what is stated, the code from the phone, done.

Initiating User Registration via OpenID Connect 1.0 §4.1 (`prompt=create`). Whoever has an account already sees the very
same pages (attacks O-52).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language, prefer_languages
from api.errors.problems import status_of
from api.routes.pages.stepping import circumstances_of
from api.web.forms import Form, read_form
from api.web.puzzles import answer_of, puzzle_of
from api.web.render import page
from api.web.views.registering import RegisterView
from core.errors import AppError, InvalidInput, LimitExceeded, Unavailable
from core.identifiers.documents import NAMES, DocumentKind
from idp.persons.registering import RegistrationGone, Stage, Stated

router = APIRouter(include_in_schema=False)
_TYPED = ("kind", "id_number", "issuer", "name", "phone")
_NAME = r"^[A-Za-z0-9_-]{1,128}$"
Interaction = Annotated[str | None, Query(pattern=_NAME)]
Registration = Annotated[str, Query(pattern=_NAME)]


@router.get("/open-account")
async def start(request: Request, i: Interaction = None) -> Response:
    """Who are you?"""
    return await _page(request, "who", "/open-account", i)


@router.post("/open-account")
async def begin(request: Request, i: Interaction = None) -> Response:
    """Read what was stated, and send a code to the phone."""
    form = await read_form(request)
    try:
        here = circumstances_of(request, answer=answer_of(form))
        registration = await container(request).idp.persons.register.begin(_stated(form), here, language(request))
    except (InvalidInput, LimitExceeded) as error:
        return await _page(request, "who", "/open-account", i, error, form=form)
    return RedirectResponse(_with(f"/open-account/code?r={registration}", i), 303)


@router.get("/open-account/code")
async def code(request: Request, r: Registration, i: Interaction = None) -> Response:
    """The form for the code."""
    return await _code_page(request, r, i)


@router.post("/open-account/code")
async def confirm(request: Request, r: Registration, i: Interaction = None) -> Response:
    """Judge the code, ask the register, open the account."""
    form = await read_form(request)
    try:
        await container(request).idp.persons.register.confirm(r, form["code"])
    except (RegistrationGone, LimitExceeded, Unavailable) as error:
        return await _code_page(request, r, i, error)
    except InvalidInput as error:
        if error.field == "code":
            return await _code_page(request, r, i, error)
        return await _page(request, "who", "/open-account", i, error)  # it is over: everything is stated anew
    return RedirectResponse(_with("/open-account/done", i), 303)


@router.get("/open-account/done")
async def done(request: Request, i: Interaction = None) -> Response:
    """What follows, whoever it was."""
    return await _page(request, "done", "/login", i)


def _stated(form: Form) -> Stated:
    kinds = {one.value: one for one in DocumentKind}
    return Stated(
        kind=kinds.get(form["kind"], DocumentKind.CITIZEN_ID),
        number=form["id_number"],
        name=form["name"],
        phone=form["phone"],
        password=form["password"],
        issuer=form["issuer"],
        agreed=form["agreed"] == "yes",
    )


async def _code_page(request: Request, r: str, i: str | None, error: AppError | None = None) -> Response:
    try:
        waiting = await container(request).idp.persons.register.waiting(r)
    except RegistrationGone as gone:
        return await _page(request, "who", "/open-account", i, gone)
    step = "code" if waiting.stage is Stage.CODE else "source"
    return await _page(request, step, f"/open-account/code?r={r}", i, error, masked_phone=waiting.masked_phone)


async def _page(
    request: Request,
    step: str,
    action: str,
    i: str | None,
    error: AppError | None = None,
    *,
    form: Form | None = None,
    masked_phone: str = "",
) -> Response:
    asking = await container(request).idp.interactions.get(i) if i else None
    if asking is not None:
        prefer_languages(request, " ".join(asking.ui_locales))
    view = RegisterView(
        step=step,
        action=_with(action, i),
        log_in=_with("/login", i),
        client_name=None if asking is None else asking.client_name,
        kinds=tuple((one.value, NAMES[one]) for one in DocumentKind),
        typed={} if form is None else {name: form[name] for name in _TYPED},
        masked_phone=masked_phone,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
        puzzle=puzzle_of(error) if error else None,
        demo=container(request).ground.settings.demo,
        compact=asking.compact if asking else False,
        start=_with("/open-account", i),
    )
    response = page(request, "open_account.html", status=status_of(error) if error else 200, view=view)
    if isinstance(error, LimitExceeded) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)  # RFC 6585 §4
    return response


def _with(address: str, i: str | None) -> str:
    if i is None:
        return address
    return f"{address}{'&' if '?' in address else '?'}i={i}"
