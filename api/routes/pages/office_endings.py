"""Endings that two people decide: what waits, and the colleague's answer."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.office import all_types
from api.routes.pages.office_licence import waiting_row
from api.web.forms import read_form
from api.web.render import page
from api.web.views.licence_life import EndingsView
from api.web.visitor import ISSUER, Visitor, permitted
from core.errors import AppError, NotFound
from core.text import Text

router = APIRouter(include_in_schema=False)
_DONE = {
    "approve": Text("已同意并办结。", "Approved and done."),
    "refuse": Text("已回绝，证照照旧。", "Refused; the licence stays as it is."),
    "withdraw": Text("已撤回。", "Withdrawn."),
}


@router.get("/office/endings")
async def endings(request: Request) -> Response:
    """What waits for a second person."""
    who = await permitted(request, ISSUER)
    return await _page(request, who, note=_DONE.get(request.query_params.get("done", "")))


@router.post("/office/endings/{proposal_id}/{answer}")
async def decide(request: Request, proposal_id: str, answer: str) -> Response:
    """Approve, refuse, or withdraw one's own."""
    who = await permitted(request, ISSUER)
    await read_form(request)
    proposals = container(request).certstore.life.proposals
    if answer not in _DONE:
        raise NotFound("answer-not-found", Text("没有这种答复。", "There is no such answer."))
    try:
        if answer == "approve":
            await proposals.approve(proposal_id, who.principal)
        elif answer == "refuse":
            await proposals.refuse(proposal_id, who.principal)
        else:
            await proposals.withdraw(proposal_id, who.principal)
    except AppError as error:
        return await _page(request, who, error=error)
    return RedirectResponse(f"/office/endings?done={answer}", 303)


async def _page(request: Request, who: Visitor, *, note: Text | None = None, error: AppError | None = None) -> Response:
    waiting = await container(request).certstore.life.proposals.waiting(who.principal)
    names = {one.code: one.name for one in await all_types(request)}
    rows = tuple(waiting_row(one, names[one.type_code], who) for one in waiting)
    view = EndingsView(rows, note, error.text if error else None)
    return page(request, "endings.html", status=status_of(error) if error else 200, view=view)
