"""A department's objections: those that wait, by the day they are due, and its answers."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.web.downloads import evidence_file
from api.web.forms import Form, read_form
from api.web.objection_words import due_words, mark_of_objection, row_of, story_of_objection
from api.web.render import page
from api.web.views.holders import DepartureRow, InboxView, ObjectionView
from api.web.visitor import ISSUER, Visitor, permitted
from certstore.objections.model import ObjectionState
from core.errors import AppError, Conflict, InvalidInput
from core.text import Text

router = APIRouter(include_in_schema=False)
LIST = "/office/objections"
_PER_PAGE = 20
_DONE = {
    "accept": Text("已答复：属实，将更正。持证人看得到。", "Agreed, to be corrected. The holder sees it."),
    "refuse": Text("已答复：不予更正。持证人看得到。", "Refused. The holder sees the reason."),
    "close": Text("已了结。持证人看得到。", "Closed. The holder sees it."),
}


@router.get(LIST)
async def inbox(request: Request, closed: str = "", cursor: str | None = None, done: str = "") -> Response:
    """Those that wait, the most urgent first; or those that are closed."""
    who = await permitted(request, ISSUER)
    found = await container(request).own.objections.inbox(
        who.principal, closed=bool(closed), cursor=cursor, limit=_PER_PAGE
    )
    base = f"{LIST}?closed=1" if closed else LIST
    joint = "&" if closed else "?"
    following = found.page.next_cursor
    view = InboxView(
        tuple(row_of(one, f"{LIST}/{one.objection.id}") for one in found.page.items),
        found.waiting,
        found.overdue,
        bool(closed),
        base if cursor else None,
        f"{base}{joint}cursor={following}" if following else None,
        _DONE.get(done),
        () if closed or cursor else await _departures(request, who),
    )
    return page(request, "office_objections.html", view=view)


@router.get(LIST + "/{objection_id}")
async def one(request: Request, objection_id: str) -> Response:
    """Its history; the holder sees that it was looked at."""
    who = await permitted(request, ISSUER)
    return await _shown(request, who, objection_id)


@router.post(LIST + "/{objection_id}")
async def answer(request: Request, objection_id: str) -> Response:
    """Agree, refuse, or close."""
    who = await permitted(request, ISSUER)
    sent = await read_form(request)
    try:
        await _answered(request, who, objection_id, sent)
    except (InvalidInput, Conflict) as error:
        return await _shown(request, who, objection_id, error)
    return RedirectResponse(f"{LIST}?done={sent['act']}", 303)


@router.get(LIST + "/{objection_id}/evidence")
async def evidence(request: Request, objection_id: str) -> Response:
    """The holder's file, to save."""
    who = await permitted(request, ISSUER)
    return evidence_file(await container(request).own.objections.evidence(objection_id, who.principal), objection_id)


async def _departures(request: Request, who: Visitor) -> tuple[DepartureRow, ...]:
    found = await container(request).own.departures(who.principal)
    catalogue = container(request).certstore.catalogue
    names = {code: (await catalogue.licence_type(code)).name for code in {one.type_code for one in found}}
    return tuple(
        DepartureRow(
            f"/office/licences/{one.licence_id}", names[one.type_code], one.identifier, one.died_on.isoformat()
        )
        for one in found
    )


async def _answered(request: Request, who: Visitor, objection_id: str, sent: Form) -> None:
    handle, typed = container(request).own.handle_objection, sent["revision"]
    revision = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
    if sent["act"] == "close":
        await handle.close(objection_id, who.principal, if_revision=revision)
    elif sent["act"] == "refuse":
        await handle.refuse(objection_id, sent["text"], who.principal, if_revision=revision)
    else:
        await handle.accept(objection_id, sent["text"], who.principal, if_revision=revision)


async def _shown(request: Request, who: Visitor, objection_id: str, error: AppError | None = None) -> Response:
    found = await container(request).own.objections.one(objection_id, who.principal)
    base, objection = f"{LIST}/{objection_id}", found.objection
    view = ObjectionView(
        action=base,
        back=LIST,
        back_label=Text("持证人的异议", "Holders' objections"),
        what=found.type_name,
        about=found.field_title,
        issuer=found.issuer_name,
        mark=mark_of_objection(found),
        due=due_words(objection),
        story=story_of_objection(found.steps),
        evidence=f"{base}/evidence" if objection.evidence else None,
        revision=objection.revision,
        licence_href=f"/office/licences/{objection.licence_id}",
        can_answer=objection.state is ObjectionState.OPEN,
        can_close=objection.state is ObjectionState.ACCEPTED,
        error=error.text if error else None,
    )
    return page(request, "office_objection.html", status=status_of(error) if error else 200, view=view)
