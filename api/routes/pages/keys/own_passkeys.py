"""A person's own passkeys: seen, added, named, removed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.session_cookie import read_session_cookie
from api.web.devices import device_of
from api.web.forms import read_form
from api.web.passkey_options import creation_options
from api.web.render import page
from api.web.views.keys import KeyView, PasskeyAddView, PasskeyRow, PasskeysView
from api.web.visitor import logged_in
from core.errors import AppError, InvalidInput, LimitExceeded, NotPermitted
from core.text import Text
from idp.factors.errors import NotStrong
from idp.factors.passkeys.enrol import MOST
from idp.factors.passkeys.own import OwnPasskey
from idp.login.fresh import NotFresh

router = APIRouter(include_in_schema=False)
PAGE = "/me/security/passkeys"
_DONE = {
    "added": Text("已添加。下次登录点“用通行密钥”就行。", "Added. Next time, choose the passkey to log in."),
    "renamed": Text("名称已改。", "The name was changed."),
    "removed": Text("已移除，它再也登录不了这里。", "Removed. It cannot log in here any more."),
}


@router.get(PAGE)
async def own(request: Request, done: str = "") -> Response:
    """Which there are."""
    who = await logged_in(request)
    keys = container(request).idp.keys
    rows = [_row(one) for one in await keys.own_passkeys.of(who.principal.id)]
    works = keys.party is not None
    view = PasskeysView(tuple(rows), await again(request, PAGE), works, len(rows) >= MOST, _DONE.get(done))
    return page(request, "passkeys.html", view=view)


@router.get(f"{PAGE}/add")
async def add(request: Request) -> Response:
    """Name a new one and make it."""
    await logged_in(request)
    return await _add_page(request, device_of(request.headers.get("user-agent", "")).zh)


@router.post(f"{PAGE}/add")
async def made(request: Request) -> Response:
    """Keep what the authenticator made."""
    await logged_in(request)
    form = await read_form(request)
    try:
        enrol = container(request).idp.keys.enrol_passkey
        await enrol(read_session_cookie(request), form["answer"], form["name"])
    except (NotFresh, NotStrong):
        return RedirectResponse(PAGE, 303)
    except (InvalidInput, LimitExceeded) as error:
        return await _add_page(request, form["name"], error)
    return RedirectResponse(f"{PAGE}?done=added", 303)


@router.get(f"{PAGE}/{{passkey_id}}")
async def one(request: Request, passkey_id: str) -> Response:
    """Name it anew, or remove it."""
    return await _one_page(request, passkey_id)


@router.post(f"{PAGE}/{{passkey_id}}/name")
async def rename(request: Request, passkey_id: str) -> Response:
    """Give it another name."""
    await logged_in(request)
    form = await read_form(request)
    try:
        await container(request).idp.keys.own_passkeys.rename(read_session_cookie(request), passkey_id, form["name"])
    except NotFresh:
        return RedirectResponse(PAGE, 303)
    except InvalidInput as error:
        return await _one_page(request, passkey_id, typed=form["name"], error=error)
    return RedirectResponse(f"{PAGE}?done=renamed", 303)


@router.post(f"{PAGE}/{{passkey_id}}/remove")
async def remove(request: Request, passkey_id: str) -> Response:
    """It logs in no more."""
    await logged_in(request)
    await read_form(request)
    try:
        await container(request).idp.keys.own_passkeys.remove(read_session_cookie(request), passkey_id)
    except (NotFresh, NotStrong):
        return RedirectResponse(PAGE, 303)
    except NotPermitted as error:
        return await _one_page(request, passkey_id, error=error)
    return RedirectResponse(f"{PAGE}?done=removed", 303)


async def again(request: Request, goal: str) -> str | None:
    """Where to log in once more before ways to log in can be changed; None while they can be."""
    admitted = await container(request).idp.keys.visits.admits(read_session_cookie(request))
    return None if admitted else f"/login?again=1&next={goal}"


async def _add_page(request: Request, name: str, error: AppError | None = None) -> Response:
    keys = container(request).idp.keys
    if keys.party is None:
        return RedirectResponse(PAGE, 303)
    try:
        terms = await keys.enrol_passkey.begin(read_session_cookie(request))
    except (NotFresh, NotStrong, LimitExceeded):
        return RedirectResponse(PAGE, 303)
    city = container(request).ground.settings.city
    view = PasskeyAddView(
        options=creation_options(terms, keys.party, Text(f"{city}一证", "Yizheng")),
        name=name,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
    )
    return page(request, "passkey_add.html", status=status_of(error) if error else 200, view=view)


async def _one_page(
    request: Request, passkey_id: str, *, typed: str | None = None, error: AppError | None = None
) -> Response:
    who = await logged_in(request)
    passkey = await container(request).idp.keys.own_passkeys.get(who.principal.id, passkey_id)
    view = KeyView(
        action=f"{PAGE}/{passkey.id}",
        name=passkey.name,
        typed=passkey.name if typed is None else typed,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
        again_href=await again(request, f"{PAGE}/{passkey.id}"),
    )
    return page(request, "passkey.html", status=status_of(error) if error else 200, view=view)


def _row(one: OwnPasskey) -> PasskeyRow:
    return PasskeyRow(one.name, one.model, one.bound, one.suspended, one.created_at, one.used_at, f"{PAGE}/{one.id}")
