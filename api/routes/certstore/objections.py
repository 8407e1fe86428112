"""`/v1/objections`: what holders find wrong, for the systems of the authority that issued it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import Cursor, IfMatch, In, etag, page_out, revision_of, text_out
from certstore.objections.model import Objection, ObjectionView
from core.principal import Principal

router = APIRouter(prefix="/v1/objections", tags=["objections"])
Issuer = Annotated[Principal, Depends(requires("licence:issue"))]


class AnswerIn(In):
    """What the authority found; the holder reads it."""

    text: Annotated[str, Field(max_length=1000, repr=False)]


@router.get("")
async def objections(
    request: Request, actor: Issuer, closed: bool = False, cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """Those that wait, the most urgent first; or those that are closed. Nobody is named."""
    found = await container(request).own.objections.inbox(actor, closed=closed, cursor=cursor, limit=limit)
    rows = [_short(one) for one in found.page.items]
    return page_out(rows, found.page.next_cursor) | {"waiting": found.waiting, "overdue": found.overdue}


@router.get("/{objection_id}")
async def objection(request: Request, response: Response, objection_id: str, actor: Issuer) -> dict[str, Any]:
    """With its history; the holder sees that it was read."""
    found = await container(request).own.objections.one(objection_id, actor)
    response.headers["ETag"] = etag(found.objection.revision)
    response.headers["Cache-Control"] = "no-store"
    steps = [
        {"act": step.act, "at": step.at, "organisation": step.organisation, "text": step.text} for step in found.steps
    ]
    return _short(found) | {"steps": steps}


@router.post("/{objection_id}/accept")
async def accept(
    request: Request, response: Response, objection_id: str, body: AnswerIn, actor: Issuer, if_match: IfMatch = None
) -> dict[str, Any]:
    """Agree: the licence is to be corrected. With If-Match the answer counts only if nothing happened meanwhile."""
    handle = container(request).own.handle_objection
    return _moved(response, await handle.accept(objection_id, body.text, actor, if_revision=revision_of(if_match)))


@router.post("/{objection_id}/refuse")
async def refuse(
    request: Request, response: Response, objection_id: str, body: AnswerIn, actor: Issuer, if_match: IfMatch = None
) -> dict[str, Any]:
    """Disagree, and say why."""
    handle = container(request).own.handle_objection
    return _moved(response, await handle.refuse(objection_id, body.text, actor, if_revision=revision_of(if_match)))


@router.post("/{objection_id}/close")
async def close(
    request: Request, response: Response, objection_id: str, actor: Issuer, if_match: IfMatch = None
) -> dict[str, Any]:
    """The licence was corrected (`POST /v1/licences/{id}/correct`); that it was is looked up."""
    handle = container(request).own.handle_objection
    return _moved(response, await handle.close(objection_id, actor, if_revision=revision_of(if_match)))


def _moved(response: Response, made: Objection) -> dict[str, Any]:
    response.headers["ETag"] = etag(made.revision)
    return {"id": made.id, "state": made.state, "due_on": made.due_on, "corrected_version": made.corrected_version}


def _short(one: ObjectionView) -> dict[str, Any]:
    made = one.objection
    return {
        "id": made.id,
        "licence": made.licence_id,
        "version": made.version,
        "type": {"code": made.type_code, "name": text_out(one.type_name)},
        "about": {"name": made.about, "title": text_out(one.field_title)},
        "state": made.state,
        "created_at": made.created_at,
        "due_on": made.due_on,
        "overdue": one.overdue,
        "closed_at": made.closed_at,
        "corrected_version": made.corrected_version,
        "evidence": made.evidence.media_type if made.evidence else None,
    }
