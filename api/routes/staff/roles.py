"""`/v1/staff-roles` and `/v1/staff`: who has which role where; taking one away; somebody leaves."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.shapes import Cursor, In, page_out
from api.routes.staff.shapes import Caller, Uscc, held_out, proposal_out, role_out
from idp.model import StaffRole

router = APIRouter(tags=["staff"])


class EndIn(In):
    """The role that somebody loses, and why."""

    account_id: Annotated[str, Field(max_length=40)]
    organisation: Uscc
    role: Annotated[str, Field(max_length=32)]
    reason: Annotated[str, Field(max_length=400)] = "—"


@router.get("/v1/staff-roles")
async def roles(
    request: Request,
    actor: Caller,
    department: Uscc | None = None,
    cursor: Cursor = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Roles by account; of a department and all below it, as far as the caller sees."""
    page = await container(request).idp.staff.look.page(actor, department=department, cursor=cursor, limit=limit)
    return page_out([held_out(one) for one in page.items], page.next_cursor)


@router.post("/v1/staff-roles/end")
async def end(request: Request, body: EndIn, actor: Caller) -> dict[str, Any]:
    """At once; an administrator's role waits for a security administrator (`proposal`)."""
    role = StaffRole(body.account_id, body.organisation, body.role)
    waits = await container(request).idp.staff.propose.end(role, body.reason, actor)
    return {"role": role_out(role), "proposal": None if waits is None else proposal_out(waits)}


@router.get("/v1/staff/{account_id}/roles")
async def roles_of(request: Request, account_id: str, actor: Caller) -> dict[str, Any]:
    """All roles of one person, as far as the caller sees."""
    return {"items": [role_out(one) for one in await container(request).idp.staff.look.of_account(account_id, actor)]}


@router.post("/v1/staff/{account_id}/leave")
async def leave(request: Request, account_id: str, actor: Caller) -> dict[str, Any]:
    """Roles, sessions and tokens end at once; the account stays, for the person is a citizen still."""
    return {"roles_ended": await container(request).idp.staff.leave(account_id, actor)}
