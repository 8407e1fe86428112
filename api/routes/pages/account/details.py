"""What the person states about themselves beyond what was proved: e-mail and postal address."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language, source_of
from api.errors.problems import status_of
from api.routes.pages.security.again import again_address, again_href
from api.session_cookie import read_session_cookie
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.account import ConfirmEmailView, DetailsView
from api.web.visitor import logged_in
from core.errors import InvalidInput, LimitExceeded
from core.text import Text
from idp.factors.errors import NotStrong
from idp.login.fresh import NotFresh
from idp.profile import Details, PostalAddress

router = APIRouter(include_in_schema=False)
_PAGE = "/me/details"
_ADDRESS = ("region", "locality", "street_address", "postal_code")
_EMAIL = f"{_PAGE}/email"
_DONE = {
    "saved": Text("已保存。", "Saved."),
    "verified": Text("邮箱已核实。", "Your e-mail address is verified."),
    "name": Text("姓名已改。", "Your name is changed."),
    "phone": Text("手机号已换，别处的登录都已退出。", "Your phone is changed; all other log-ins have ended."),
}


@router.get(_PAGE)
async def details(request: Request, done: str = "") -> Response:
    """What is stated, and the form to change it."""
    return await _page(request, done=_DONE.get(done))


@router.post(_PAGE)
async def change(request: Request) -> Response:
    """Replace what was stated; only shortly after a log-in, for whoever changes where messages go can take over."""
    form = await read_form(request)
    await logged_in(request)
    stated = _stated(form)
    try:
        await container(request).idp.change_details(read_session_cookie(request), stated)
    except (NotFresh, NotStrong):
        return RedirectResponse(again_address(_PAGE), 303)
    except InvalidInput as error:
        return await _page(request, typed=form, error=error)
    return RedirectResponse(f"{_PAGE}?done=saved", 303)


@router.post(f"{_EMAIL}/send")
async def send_code(request: Request) -> Response:
    """Send a code to the mailbox that is stated."""
    await read_form(request)
    await logged_in(request)
    try:
        await container(request).idp.confirm_email.send(
            read_session_cookie(request), source=source_of(request), language=language(request)
        )
    except (NotFresh, NotStrong):
        return RedirectResponse(again_address(_PAGE), 303)
    except LimitExceeded as error:
        return await _email_page(request, error)
    return RedirectResponse(_EMAIL, 303)


@router.get(_EMAIL)
async def email_page(request: Request) -> Response:
    """Where the code is typed in."""
    return await _email_page(request)


@router.post(_EMAIL)
async def confirm(request: Request) -> Response:
    """The code came back."""
    form = await read_form(request)
    await logged_in(request)
    try:
        await container(request).idp.confirm_email(read_session_cookie(request), form["code"])
    except InvalidInput as error:
        return await _email_page(request, error)
    return RedirectResponse(f"{_PAGE}?done=verified", 303)


async def _email_page(request: Request, error: InvalidInput | LimitExceeded | None = None) -> Response:
    who = await logged_in(request)
    own = await container(request).idp.own_account(who.principal)
    if own.details.email is None or own.details.email_verified:
        return RedirectResponse(_PAGE, 303)
    settings = container(request).ground.settings
    view = ConfirmEmailView(
        email=own.details.email,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
        demo=settings.demo,
    )
    return page(request, "confirm_email.html", status=status_of(error) if error else 200, view=view)


async def _page(
    request: Request, *, typed: Form | None = None, error: InvalidInput | None = None, done: Text | None = None
) -> Response:
    who = await logged_in(request)
    idp = container(request).idp
    own = await idp.own_account(who.principal)
    known = _values(own.details)
    view = DetailsView(
        name=own.person.name,
        masked_phone=own.masked_phone,
        values=known if typed is None else {name: typed[name] for name in known},
        email_verified=own.details.email_verified,
        can_verify=own.details.email is not None and not own.details.email_verified and idp.confirm_email.possible,
        again_href=await again_href(request, _PAGE),
        error=error.text if error else None,
        error_field=error.field if error else None,
        done=done,
    )
    return page(request, "details.html", status=status_of(error) if error else 200, view=view)


def _values(stated: Details) -> dict[str, str]:
    parts = stated.address or PostalAddress()
    return {"email": stated.email or "", **{name: getattr(parts, name) for name in _ADDRESS}}


def _stated(form: Form) -> Details:
    parts = {name: form[name] for name in _ADDRESS}
    return Details(form["email"] or None, address=PostalAddress(**parts) if any(parts.values()) else None)
