"""`/v1/person-proposals`: changes of who somebody is, which wait for a security administrator."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.shapes import Cursor, page_out
from api.routes.people.shapes import Caller, proposal_out

router = APIRouter(prefix="/v1/person-proposals", tags=["people"])


@router.get("")
async def waiting(request: Request, actor: Caller, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """What waits, the oldest first."""
    page = await container(request).idp.persons.changes.open(actor, cursor=cursor, limit=limit)
    return page_out([proposal_out(one) for one in page.items], page.next_cursor)


@router.get("/{proposal_id}")
async def read(request: Request, proposal_id: str, actor: Caller) -> dict[str, Any]:
    """One proposal with all that it would change, in the clear: whoever decides must be able to compare."""
    proposal, asked = await container(request).idp.persons.changes.look(proposal_id, actor)
    return proposal_out(proposal) | {"goes": asked.goes, "number": asked.number, "name": asked.name}


@router.post("/{proposal_id}/approve", status_code=204)
async def approve(request: Request, proposal_id: str, actor: Caller) -> None:
    """It is done at once; by a security administrator who did not propose it."""
    await container(request).idp.persons.changes.approve(proposal_id, actor)


@router.post("/{proposal_id}/refuse", status_code=204)
async def refuse(request: Request, proposal_id: str, actor: Caller) -> None:
    """Everything stays as it is."""
    await container(request).idp.persons.changes.refuse(proposal_id, actor)


@router.post("/{proposal_id}/withdraw", status_code=204)
async def withdraw(request: Request, proposal_id: str, actor: Caller) -> None:
    """Whoever proposed it thinks better of it."""
    await container(request).idp.persons.changes.withdraw(proposal_id, actor)
