"""What the person states about themselves beyond what was proved: e-mail and postal address."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.session_cookie import read_session_cookie
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.account import DetailsView
from api.web.visitor import logged_in
from core.errors import InvalidInput
from core.text import Text
from idp.login.fresh import NotFresh, is_fresh
from idp.profile import Details, PostalAddress

router = APIRouter(include_in_schema=False)
_PAGE = "/me/details"
_AGAIN = f"/login?again=1&next={_PAGE}"
_ADDRESS = ("region", "locality", "street_address", "postal_code")
_DONE = {"saved": Text("已保存。", "Saved.")}


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
    except NotFresh:
        return RedirectResponse(_AGAIN, 303)
    except InvalidInput as error:
        return await _page(request, typed=form, error=error)
    return RedirectResponse(f"{_PAGE}?done=saved", 303)


async def _page(
    request: Request, *, typed: Form | None = None, error: InvalidInput | None = None, done: Text | None = None
) -> Response:
    who = await logged_in(request)
    idp = container(request).idp
    own = await idp.own_account(who.principal)
    visit = await idp.sessions.find(read_session_cookie(request))
    fresh = visit is not None and is_fresh(visit, container(request).ground.clock, idp.settings)
    known = _values(own.details)
    view = DetailsView(
        masked_phone=own.masked_phone,
        values=known if typed is None else {name: typed[name] for name in known},
        email_verified=own.details.email_verified,
        again_href=None if fresh else _AGAIN,
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
