"""`/admin/portals/permits`: who may register clients by themselves: holders of tokens, issuers of statements."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.portals.visitors import LIST
from api.web.forms import Form, read_form
from api.web.portals.views import PermitRow, PermitsView
from api.web.render import page
from api.web.views.common import Mark
from api.web.visitor import SECURITY_ADMIN, Visitor, permitted
from api.web.words import minute
from core.errors import AppError, InvalidInput, NotFound
from core.text import Text
from idp.client_metadata import SecurityProfile
from idp.clients.policy import RegistrationPolicy
from idp.clients.records import Permit, PermitKind

router = APIRouter()
_PAGE = f"{LIST}/permits"
_SHOWN = 50
_SAID = {
    "trusted": Text("已信任这个签发方。", "This issuer is trusted now."),
    "ended": Text("已停止，已经登记的门户不受影响。", "Ended. Portals that were registered stay."),
}


@router.get(_PAGE)
async def permits(request: Request) -> Response:
    """What is open, and forms for more."""
    who = await permitted(request, SECURITY_ADMIN)
    return await _shown(request, who, note=_SAID.get(request.query_params.get("said", "")))


@router.post(f"{_PAGE}/tokens")
async def issue(request: Request) -> Response:
    """An initial access token, shown this once."""
    who, form = await permitted(request, SECURITY_ADMIN), await read_form(request)
    try:
        made = await container(request).idp.clients.permits.initial_access_token(
            _policy(form),
            who.principal,
            note=form["note"],
            lifetime=dt.timedelta(days=_number(form, "days")),
            most_uses=_number(form, "clients"),
        )
    except AppError as error:
        return await _shown(request, who, form=form, error=error)
    return await _shown(request, who, token=made.token, status=201)


@router.post(f"{_PAGE}/issuers")
async def trust(request: Request) -> Response:
    """Trust the software statements of an issuer."""
    who, form = await permitted(request, SECURITY_ADMIN), await read_form(request)
    try:
        await container(request).idp.clients.permits.statement_issuer(
            form["issuer"],
            _jwks(form["jwks"]),
            _policy(form),
            who.principal,
            note=form["note"],
            most_clients=_number(form, "clients"),
        )
    except AppError as error:
        return await _shown(request, who, form=form, error=error)
    return RedirectResponse(f"{_PAGE}?{urlencode({'said': 'trusted'})}", 303)


@router.post(f"{_PAGE}/{{permit_id}}/end")
async def end(request: Request, permit_id: str) -> Response:
    """Nobody registers with it any more."""
    who = await permitted(request, SECURITY_ADMIN)
    await read_form(request)
    try:
        await container(request).idp.clients.permits.end(permit_id, who.principal)
    except NotFound as error:
        return await _shown(request, who, error=error)
    return RedirectResponse(f"{_PAGE}?{urlencode({'said': 'ended'})}", 303)


async def _shown(
    request: Request,
    who: Visitor,
    *,
    form: Form | None = None,
    token: str | None = None,
    note: Text | None = None,
    error: AppError | None = None,
    status: int = 200,
) -> Response:
    clients, now = container(request).idp.clients, container(request).ground.clock.now()
    tokens = await clients.permits.page(PermitKind.TOKEN, who.principal, limit=_SHOWN)
    issuers = await clients.permits.page(PermitKind.STATEMENTS, who.principal, limit=_SHOWN)
    view = PermitsView(
        open_for=container(request).idp.settings.registration,
        rows=tuple(_row(one, now) for one in (*tokens.items, *issuers.items)),
        values=dict(form.values) if form else {},
        token=token,
        note=note,
        error=error.text if error else None,
    )
    return page(request, "portal_permits.html", status=status_of(error) if error else status, view=view)


def _row(permit: Permit, now: dt.datetime) -> PermitRow:
    mark = Mark("good", "check", Text("有效", "open")) if permit.open(now) else Mark("", "x", Text("已结束", "over"))
    statements = permit.kind is PermitKind.STATEMENTS
    until = minute(permit.expires_at) if permit.expires_at else ""
    most = permit.most_clients if permit.most_uses is None else permit.most_uses
    return PermitRow(
        permit.id,
        permit.note,
        Text("软件声明签发方", "issuer of statements") if statements else Text("注册令牌", "registration token"),
        permit.issuer or "",
        Text(f"用了 {permit.uses} 次，最多 {most} 个", f"used {permit.uses} times, {most} at most"),
        until,
        mark,
        may_end=permit.open(now),
    )


def _policy(form: Form) -> RegistrationPolicy:
    hosts = tuple(host.lower() for host in form["hosts"].split())
    return RegistrationPolicy(
        redirect_hosts=hosts,
        profile=SecurityProfile.FAPI2 if form["strict"] else SecurityProfile.STANDARD,
        review=not form["no_review"],
    )


def _number(form: Form, name: str) -> int:
    value = form[name]
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise InvalidInput("form-invalid", Text("这里要填一个整数。", "This takes a whole number."), field=name)
    return int(value)


def _jwks(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput("form-invalid", Text("公钥要是一个 JWKS。", "The keys must be a JWKS."), field="jwks")
    return found
