"""`/v1/staff-role-proposals`: roles that wait for a security administrator."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.shapes import Cursor, In, page_out
from api.routes.staff.shapes import Caller, RoleIn, proposal_out

router = APIRouter(prefix="/v1/staff-role-proposals", tags=["staff"])


class ProposalIn(RoleIn):
    """A role that somebody is to have, and why."""

    reason: Annotated[str, Field(max_length=400)]


class DecisionIn(In):
    note: Annotated[str | None, Field(max_length=400)] = None


@router.get("")
async def waiting(request: Request, actor: Caller, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """What waits, the oldest first."""
    page = await container(request).idp.staff.decide.open(actor, cursor=cursor, limit=limit)
    return page_out([proposal_out(one) for one in page.items], page.next_cursor)


@router.post("", status_code=201)
async def propose(request: Request, body: ProposalIn, actor: Caller) -> dict[str, Any]:
    """Nothing counts before somebody else agrees."""
    return proposal_out(await container(request).idp.staff.propose.give(body.role_of(), body.reason, actor))


@router.post("/{proposal_id}/approve")
async def approve(request: Request, proposal_id: str, actor: Caller, body: DecisionIn | None = None) -> dict[str, Any]:
    """It counts at once."""
    note = body.note if body else None
    return proposal_out(await container(request).idp.staff.decide.approve(proposal_id, actor, note=note))


@router.post("/{proposal_id}/refuse")
async def refuse(request: Request, proposal_id: str, actor: Caller, body: DecisionIn | None = None) -> dict[str, Any]:
    """Everything stays as it is."""
    note = body.note if body else None
    return proposal_out(await container(request).idp.staff.decide.refuse(proposal_id, actor, note=note))


@router.post("/{proposal_id}/withdraw")
async def withdraw(request: Request, proposal_id: str, actor: Caller) -> dict[str, Any]:
    """Whoever proposed it thinks better of it."""
    return proposal_out(await container(request).idp.staff.propose.withdraw(proposal_id, actor))
