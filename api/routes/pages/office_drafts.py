"""A department's drafts: the list, and one of them in the form that issues it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.routes.pages.office import all_types, draft_content, issue_command, issue_page, receipt
from api.web.forms import Form, read_form
from api.web.holder_form import blocks_changed, holder_values
from api.web.render import page
from api.web.schema_form import PREFIX
from api.web.views.licence_life import DraftRow, DraftsView
from api.web.visitor import ISSUER, Visitor, permitted
from api.web.words import minute
from certstore.face import plain
from certstore.life.model import Draft
from certstore.model import Licence, LicenceType
from core.errors import AppError
from core.ids import new_secret
from core.text import Text

router = APIRouter(include_in_schema=False)
_DONE = {
    "saved": Text("已存成草稿，还没有发出。", "Kept as a draft; nothing was issued."),
    "discarded": Text("草稿已丢弃。", "The draft was discarded."),
}


@router.get("/office/drafts")
async def drafts(request: Request) -> Response:
    """Of this office, newest first."""
    who = await permitted(request, ISSUER)
    cursor = request.query_params.get("cursor") or None
    found = await container(request).certstore.life.drafts.drafts(who.principal, cursor, 20)
    names = {one.code: one.name for one in await all_types(request)}
    rows = tuple(
        DraftRow(f"/office/drafts/{one.id}", names[one.type_code], minute(one.made_at), minute(one.changed_at))
        for one in found.items
    )
    following = f"/office/drafts?{urlencode({'cursor': found.next_cursor})}" if found.next_cursor else None
    note = _DONE.get(request.query_params.get("done", ""))
    view = DraftsView(rows, "/office/drafts" if cursor else None, following, note)
    return page(request, "drafts.html", view=view)


@router.get("/office/drafts/{draft_id}")
async def draft(request: Request, draft_id: str) -> Response:
    """The form, as it was left."""
    who = await permitted(request, ISSUER)
    found, licence_type = await _find(request, who, draft_id)
    return await issue_page(request, who, licence_type, _typed(found), new_secret(16), draft=found)


@router.post("/office/drafts/{draft_id}")
async def go_on(request: Request, draft_id: str) -> Response:
    """Keep, issue, or discard it; what was typed stays on the page if it cannot be done."""
    who = await permitted(request, ISSUER)
    form = await read_form(request)
    found, licence_type = await _find(request, who, draft_id)
    if (changed := blocks_changed(form.values)) is not None:
        return await issue_page(request, who, licence_type, changed, form["idempotency"], draft=found)
    try:
        if form["discard"]:
            await container(request).certstore.life.drafts.discard(draft_id, who.principal, if_revision=_seen(form))
            return RedirectResponse("/office/drafts?done=discarded", 303)
        licence = await _written(request, who, found, licence_type, form)
    except AppError as error:
        found, _ = await _find(request, who, draft_id)  # it may have been kept before issuing failed
        return await issue_page(request, who, licence_type, form.values, form["idempotency"], error, found)
    if licence is None:
        return RedirectResponse("/office/drafts?done=saved", 303)
    return await receipt(request, who, licence, licence_type)


async def _find(request: Request, who: Visitor, draft_id: str) -> tuple[Draft, LicenceType]:
    services = container(request).certstore
    found = await services.life.drafts.draft(draft_id, who.principal)
    return found, await services.catalogue.licence_type(found.type_code)


async def _written(
    request: Request, who: Visitor, found: Draft, licence_type: LicenceType, form: Form
) -> Licence | None:
    """The licence, once what was typed is kept; None when that was all."""
    drafts = container(request).certstore.life.drafts
    # the form has no place for the seal that a system named
    content = replace(draft_content(issue_command(licence_type, form)), seal_code=found.content.seal_code)
    kept = await drafts.rewrite(found.id, content, who.principal, if_revision=_seen(form))
    if form["save"]:
        return None
    return await drafts.issue(kept.id, form["idempotency"], who.principal, if_revision=kept.revision)


def _seen(form: Form) -> int | None:
    return int(form["revision"]) if form["revision"].isdigit() and len(form["revision"]) < 10 else None


def _typed(found: Draft) -> dict[str, str]:
    content = found.content
    values = {
        PREFIX + name: str(value).lower() if isinstance(value, bool) else plain(value)
        for name, value in content.data.items()
        if isinstance(value, str | int | float | bool)
    }
    return (
        values
        | holder_values(content.holders)
        | {
            "licence_number": content.licence_number or "",
            "valid_from": content.valid_from.isoformat() if content.valid_from else "",
            "valid_until": content.valid_until.isoformat() if content.valid_until else "",
        }
    )
