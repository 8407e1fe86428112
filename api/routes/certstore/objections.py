"""`/v1/objections`: holders say what they find wrong; the authority that issued it answers."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import caller_by, container, requires
from api.routes.certstore.licences import Holder, person_token
from api.routes.certstore.shapes import Cursor, IfMatch, In, MaybeIdempotencyKey, etag, page_out, revision_of, text_out
from api.web.downloads import evidence_file
from certstore.authorise import require_scope
from certstore.objections.model import MOST_EVIDENCE, Objection, ObjectionView
from certstore.objections.raising import ObjectionCommand
from core.errors import InvalidInput
from core.principal import Principal, PrincipalKind
from core.text import Text

router = APIRouter(prefix="/v1/objections", tags=["objections"])
_SCOPE = "licence:issue"
Issuer = Annotated[Principal, Depends(requires(_SCOPE))]
EitherSide = Annotated[Principal, Depends(caller_by(_SCOPE))]
_IN_BASE64 = (MOST_EVIDENCE + 2) // 3 * 4


class ObjectionIn(In):
    """What is wrong with a licence of one's own: an entry of its face, `validity` or `whole`; a file that shows it."""

    licence: Annotated[str, Field(max_length=64)]
    about: Annotated[str, Field(max_length=40)]
    text: Annotated[str, Field(max_length=2000, repr=False)]
    evidence: Annotated[str | None, Field(max_length=_IN_BASE64, repr=False)] = None


class AnswerIn(In):
    """What the authority found; the holder reads it."""

    text: Annotated[str, Field(max_length=1000, repr=False)]


@router.post("", status_code=201)
async def raise_objection(
    request: Request,
    response: Response,
    body: ObjectionIn,
    actor: Holder,
    idempotency_key: MaybeIdempotencyKey = None,
) -> dict[str, Any]:
    """Raise one; `evidence` is a PDF, PNG or JPEG in base64. The authority answers within 15 days. A repeated
    Idempotency-Key answers with the first one."""
    command = ObjectionCommand(body.licence, body.about, body.text, _octets(body.evidence), idempotency_key)
    made = await container(request).own.raise_objection(command, actor)
    response.headers["Location"] = f"/v1/objections/{made.id}"
    return _moved(response, made)


@router.get("")
async def objections(
    request: Request, actor: EitherSide, closed: bool = False, cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """A person's own, newest first; for an authority those that wait, the most urgent first, or those that are
    closed, without anybody's name."""
    looking = container(request).own.objections
    if actor.kind is PrincipalKind.PERSON:
        person_token(actor)
        own = await looking.mine(actor, cursor, limit)
        return page_out([_short(one) for one in own.items], own.next_cursor)
    require_scope(actor, _SCOPE)
    found = await looking.inbox(actor, closed=closed, cursor=cursor, limit=limit)
    rows = [_short(one) for one in found.page.items]
    return page_out(rows, found.page.next_cursor) | {"waiting": found.waiting, "overdue": found.overdue}


@router.get("/{objection_id}")
async def objection(request: Request, response: Response, objection_id: str, actor: EitherSide) -> dict[str, Any]:
    """With its history; the holder sees that it was read."""
    person_token(actor)
    found = await container(request).own.objections.one(objection_id, actor)
    response.headers["ETag"] = etag(found.objection.revision)
    response.headers["Cache-Control"] = "no-store"
    steps = [
        {"act": step.act, "at": step.at, "organisation": step.organisation, "text": step.text} for step in found.steps
    ]
    return _short(found) | {"steps": steps}


@router.get("/{objection_id}/evidence", response_class=Response)
async def evidence(request: Request, objection_id: str, actor: EitherSide) -> Response:
    """The file that the holder gave, for both sides."""
    person_token(actor)
    return evidence_file(await container(request).own.objections.evidence(objection_id, actor), objection_id)


@router.post("/{objection_id}/withdraw")
async def withdraw(request: Request, response: Response, objection_id: str, actor: Holder) -> dict[str, Any]:
    """The holder takes it back."""
    return _moved(response, await container(request).own.raise_objection.withdraw(objection_id, actor))


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


def _octets(encoded: str | None) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True) if encoded else None
    except (binascii.Error, ValueError):
        raise InvalidInput(
            "evidence-invalid", Text("evidence 应为 base64。", "evidence must be base64."), field="evidence"
        ) from None


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
