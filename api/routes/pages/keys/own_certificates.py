"""A person's own certificates: seen, bound, removed."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.keys.certificate_challenge import challenge_page
from api.routes.pages.keys.certificate_login import OWN_PAGE as PAGE
from api.routes.pages.keys.certificate_login import show_address, show_origins
from api.routes.pages.keys.own_passkeys import again
from api.session_cookie import read_session_cookie
from api.web.forms import read_form
from api.web.log_in_target import Target
from api.web.passkey_request import browser_of
from api.web.render import page
from api.web.views.keys import CertificateRow, CertificatesView, KeyView
from api.web.visitor import logged_in
from core.errors import AppError, InvalidInput, NotPermitted
from core.text import Text
from idp.factors.certificates.own import OwnCertificate
from idp.factors.errors import NotStrong
from idp.login.fresh import NotFresh

router = APIRouter(include_in_schema=False)
_DONE = {
    "added": Text("已绑定。下次可以用这张证书登录。", "Bound. You can log in with this certificate from now on."),
    "removed": Text("已解除绑定。", "It is bound no more."),
}


@router.get(PAGE)
async def own(request: Request, done: str = "") -> Response:
    """Which there are, and a form to bind one."""
    return await _list_page(request, done=_DONE.get(done))


@router.post(PAGE)
async def begin(request: Request) -> Response:
    """To where the certificate is shown."""
    await logged_in(request)
    form = await read_form(request)
    try:
        own_certificates = container(request).idp.keys.own_certificates
        word = await own_certificates.begin(read_session_cookie(request), browser_of(request), form["name"])
    except (NotFresh, NotStrong):
        return RedirectResponse(PAGE, 303)
    except InvalidInput as error:
        return await _list_page(request, name=form["name"], error=error)
    if form["way"] == "sign":
        return challenge_page(request, Target(None, None, "", ()), word, own=True)
    return RedirectResponse(show_address(request, word), 303)


@router.get(f"{PAGE}/{{certificate_id}}")
async def one(request: Request, certificate_id: str) -> Response:
    """Remove it?"""
    return await _one_page(request, certificate_id)


@router.post(f"{PAGE}/{{certificate_id}}/remove")
async def remove(request: Request, certificate_id: str) -> Response:
    """It is bound no more."""
    await logged_in(request)
    await read_form(request)
    try:
        await container(request).idp.keys.own_certificates.remove(read_session_cookie(request), certificate_id)
    except (NotFresh, NotStrong):
        return RedirectResponse(PAGE, 303)
    except NotPermitted as error:
        return await _one_page(request, certificate_id, error=error)
    return RedirectResponse(f"{PAGE}?done=removed", 303)


async def _list_page(
    request: Request, *, done: Text | None = None, name: str = "", error: InvalidInput | None = None
) -> Response:
    who = await logged_in(request)
    idp, now = container(request).idp, container(request).ground.clock.now()
    held = await idp.keys.own_certificates.of(who.principal.id)
    view = CertificatesView(
        rows=tuple(_row(one, now) for one in held),
        again_href=await again(request, PAGE),
        offered=idp.settings.client_certificates,
        done=done,
        name=name,
        error=error.text if error else None,
        error_field=error.field if error else None,
        sign=idp.settings.certificate_challenges,
    )
    status = status_of(error) if error else 200
    return page(request, "certificates.html", status=status, form_action=show_origins(request), view=view)


async def _one_page(request: Request, certificate_id: str, *, error: AppError | None = None) -> Response:
    who = await logged_in(request)
    held = await container(request).idp.keys.own_certificates.get(who.principal.id, certificate_id)
    view = KeyView(
        action=f"{PAGE}/{held.id}",
        name=held.name,
        error=error.text if error else None,
        again_href=await again(request, f"{PAGE}/{held.id}"),
    )
    return page(request, "certificate.html", status=status_of(error) if error else 200, view=view)


def _row(one: OwnCertificate, now: dt.datetime) -> CertificateRow:
    return CertificateRow(
        one.name, one.issuer, one.bound, one.not_after <= now, one.not_after, one.used_at, f"{PAGE}/{one.id}"
    )
