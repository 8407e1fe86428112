"""A person's own name and phone, changed with fresh proof: the register agrees, or a code comes back."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language, source_of
from api.errors.problems import status_of
from api.routes.pages.security.again import again_address, again_href
from api.session_cookie import read_session_cookie
from api.web.forms import read_form
from api.web.render import page
from api.web.views.account import ChangeNameView, ChangePhoneView
from api.web.visitor import logged_in
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded, NotPermitted, Unavailable
from idp.factors.errors import NotStrong
from idp.login.fresh import NotFresh

router = APIRouter(include_in_schema=False)
_DETAILS = "/me/details"
_NAME, _PHONE = f"{_DETAILS}/name", f"{_DETAILS}/phone"
_CODE = f"{_PHONE}/code"


@router.get(_NAME)
async def name_page(request: Request) -> Response:
    """The name, and how it is changed."""
    return await _name_page(request)


@router.post(_NAME)
async def change_name(request: Request) -> Response:
    """Ask the register; it must know the new name already."""
    form = await read_form(request)
    await logged_in(request)
    try:
        await container(request).idp.persons.change_name(
            read_session_cookie(request), form["name"], network=source_of(request)
        )
    except (NotFresh, NotStrong):
        return RedirectResponse(again_address(_NAME), 303)
    except (InvalidInput, NotPermitted, Unavailable) as error:
        return await _name_page(request, typed=form["name"], error=error)
    return RedirectResponse(f"{_DETAILS}?done=name", 303)


@router.get(_PHONE)
async def phone_page(request: Request) -> Response:
    """The new number."""
    return await _phone_page(request)


@router.post(_PHONE)
async def send_code(request: Request) -> Response:
    """Send a code there."""
    form = await read_form(request)
    await logged_in(request)
    try:
        await container(request).idp.persons.change_phone.begin(
            read_session_cookie(request), form["phone"], network=source_of(request), language=language(request)
        )
    except (NotFresh, NotStrong):
        return RedirectResponse(again_address(_PHONE), 303)
    except (InvalidInput, LimitExceeded) as error:
        return await _phone_page(request, typed=form["phone"], error=error)
    return RedirectResponse(_CODE, 303)


@router.get(_CODE)
async def code_page(request: Request) -> Response:
    """Where the code is typed in."""
    return await _phone_page(request, sent=True)


@router.post(_CODE)
async def change_phone(request: Request) -> Response:
    """The code came back: the phone changes, and every other log-in ends."""
    form = await read_form(request)
    await logged_in(request)
    try:
        await container(request).idp.persons.change_phone.confirm(
            read_session_cookie(request), form["code"], network=source_of(request)
        )
    except (NotFresh, NotStrong):
        return RedirectResponse(again_address(_PHONE), 303)
    except (InvalidInput, Conflict) as error:
        return await _phone_page(request, sent=True, error=error)
    return RedirectResponse(f"{_DETAILS}?done=phone", 303)


async def _name_page(request: Request, *, typed: str | None = None, error: AppError | None = None) -> Response:
    who = await logged_in(request)
    own = await container(request).idp.own_account(who.principal)
    view = ChangeNameView(
        name=own.person.name if typed is None else typed,
        again_href=await again_href(request, _NAME),
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
    )
    return page(request, "change_name.html", status=status_of(error) if error else 200, view=view)


async def _phone_page(
    request: Request, *, sent: bool = False, typed: str = "", error: AppError | None = None
) -> Response:
    who = await logged_in(request)
    own = await container(request).idp.own_account(who.principal)
    view = ChangePhoneView(
        masked_phone=own.masked_phone,
        again_href=await again_href(request, _PHONE),
        sent=sent,
        typed=typed,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
        demo=container(request).ground.settings.demo,
    )
    return page(request, "change_phone.html", status=status_of(error) if error else 200, view=view)
