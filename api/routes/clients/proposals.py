"""`/v1/client-proposals`: registrations and changes that wait for a security administrator."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.shapes import Cursor, In, page_out
from api.routes.clients.shapes import Caller, proposal_out
from idp.clients.document import description_document

router = APIRouter(prefix="/v1/client-proposals", tags=["clients"])


class DecisionIn(In):
    """What the portal is told along with the decision."""

    note: Annotated[str | None, Field(max_length=400)] = None


@router.get("")
async def waiting(request: Request, actor: Caller, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """What waits, the oldest first; portal managers see what is about their own organisation."""
    page = await container(request).idp.clients.review.open(actor, cursor=cursor, limit=limit)
    return page_out([proposal_out(one) for one in page.items], page.next_cursor)


@router.get("/{proposal_id}")
async def read(request: Request, proposal_id: str, actor: Caller) -> dict[str, Any]:
    """One proposal with all that the client would be."""
    proposal = await container(request).idp.clients.review.read(proposal_id, actor)
    return proposal_out(proposal) | {"description": description_document(proposal.description)}


@router.post("/{proposal_id}/approve")
async def approve(request: Request, proposal_id: str, actor: Caller, body: DecisionIn | None = None) -> dict[str, Any]:
    """Put it into force; by a security administrator who did not propose it."""
    review = container(request).idp.clients.review
    await review.approve(proposal_id, actor, note=body.note if body else None)
    return proposal_out(await review.read(proposal_id, actor))


@router.post("/{proposal_id}/refuse")
async def refuse(request: Request, proposal_id: str, actor: Caller, body: DecisionIn | None = None) -> dict[str, Any]:
    """Do not; a refused registration is removed."""
    review = container(request).idp.clients.review
    await review.refuse(proposal_id, actor, note=body.note if body else None)
    return proposal_out(await review.read(proposal_id, actor))


@router.post("/{proposal_id}/withdraw")
async def withdraw(request: Request, proposal_id: str, actor: Caller) -> dict[str, Any]:
    """Whoever proposed it thinks better of it."""
    review = container(request).idp.clients.review
    await review.withdraw(proposal_id, actor)
    return proposal_out(await review.read(proposal_id, actor))
