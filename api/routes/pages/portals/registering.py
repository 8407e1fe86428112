"""Register a portal, or change one: the form, and what comes of it."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.portals.visitors import LIST, keeper
from api.web.forms import read_form
from api.web.portals.form import Typed, document_of, field_of, filled, typed
from api.web.portals.kinds import KINDS
from api.web.portals.views import PortalFormView, ScopeChoice, SecretView
from api.web.portals.words import SCOPES
from api.web.render import page
from api.web.visitor import Visitor
from core.errors import AppError, InvalidInput, NotPermitted
from core.text import Text
from idp.clients.document import registration_document
from idp.clients.duties import PROPOSES, PROPOSES_OWN, duty_missing
from idp.clients.proposing import Proposed

router = APIRouter()
_NEW = Typed("website", {}, frozenset({"openid"}))


@router.get(f"{LIST}/new")
async def new(request: Request) -> Response:
    """An empty form."""
    who = await _proposer(request)
    return page(request, "portal_form.html", view=_view(who, _NEW))


@router.post(f"{LIST}/new")
async def register(request: Request) -> Response:
    """Propose a portal; its secret is shown at once and never again."""
    who, form = await _proposer(request), await read_form(request)
    sent = typed(form.values)
    try:
        done = await container(request).idp.clients.propose.register(document_of(sent, existing=False), who.principal)
    except AppError as error:
        return _again(request, _view(who, sent, error=error), error)
    view = SecretView(done.client.id, done.client.name, done.secret, None, waits=done.proposal is not None)
    return page(request, "portal_secret.html", status=201, view=view)


@router.get(f"{LIST}/{{client_id}}/change")
async def change(request: Request, client_id: str) -> Response:
    """The form as the portal is."""
    who = await _proposer(request)
    seen = await container(request).idp.clients.look.read(client_id, who.principal)
    document = registration_document(seen.client, administrators=True)
    sent = filled(document)
    return page(
        request,
        "portal_form.html",
        view=_view(who, sent, client_id=client_id, revision=str(seen.registration.revision)),
    )


@router.post(f"{LIST}/{{client_id}}/change")
async def save(request: Request, client_id: str) -> Response:
    """What is harmless counts at once, the rest waits for a second person."""
    who, form = await _proposer(request), await read_form(request)
    sent = typed({**form.values, "client_id": client_id})
    revision = form["revision"]
    try:
        done = await container(request).idp.clients.propose.change(
            client_id,
            document_of(sent, existing=True),
            who.principal,
            revision=int(revision) if revision.isdigit() and len(revision) < 10 else None,
        )
    except AppError as error:
        return _again(request, _view(who, sent, client_id=client_id, revision=revision, error=error), error)
    return RedirectResponse(f"{LIST}?{urlencode({'said': _said(done, revision)})}", 303)


def _said(done: Proposed, revision: str) -> str:
    if done.proposal is not None:
        return "proposed"
    return "same" if str(done.revision) == revision else "changed"


async def _proposer(request: Request) -> Visitor:
    who = await keeper(request)
    if not (who.principal.may(PROPOSES) or who.principal.may(PROPOSES_OWN)):
        raise duty_missing()
    return who


def _again(request: Request, view: PortalFormView, error: AppError) -> Response:
    if isinstance(error, NotPermitted):
        raise error
    return page(request, "portal_form.html", status=status_of(error), view=view)


def _view(
    who: Visitor, sent: Typed, *, client_id: str | None = None, revision: str = "", error: AppError | None = None
) -> PortalFormView:
    existing = client_id is not None
    blamed = error.field if isinstance(error, InvalidInput) else None
    others = sent["other_scopes"] or " ".join(sorted(sent.scopes - SCOPES.keys()))
    return PortalFormView(
        title=Text("变更登记", "Change the registration") if existing else Text("登记一个门户", "Register a portal"),
        action=f"{LIST}/{quote(client_id)}/change" if client_id else f"{LIST}/new",
        back=f"{LIST}/{quote(client_id)}" if client_id else LIST,
        kinds=() if existing else KINDS,
        sent=sent,
        scopes=_scopes(sent.scopes),
        other_scopes=others,
        organisations=who.principal.may(PROPOSES),
        revision=revision,
        error=error.text if error else None,
        error_field=field_of(blamed),
    )


def _scopes(chosen: frozenset[str]) -> tuple[ScopeChoice, ...]:
    return tuple(ScopeChoice(name, label, about, name in chosen) for name, (label, about) in SCOPES.items())
