"""`/v1/departments`: the trees of departments, and moves within them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.shapes import In, TextIn
from api.routes.staff.shapes import Caller, Uscc, branch_out
from idp.staff.departments import Branch

router = APIRouter(prefix="/v1/departments", tags=["staff"])


class DepartmentIn(In):
    """A department to register; `parent` is the one above it."""

    uscc: Uscc
    name: TextIn
    parent: Uscc | None = None


class PlaceIn(In):
    """Where a department belongs; null for the top of a tree of its own."""

    parent: Uscc | None


@router.get("")
async def tree(request: Request, actor: Caller) -> dict[str, Any]:
    """What the caller sees, each department right after the one above it."""
    branches = await container(request).idp.staff.departments.tree(actor)
    return {"items": [branch_out(one) for one in branches]}


@router.post("", status_code=201)
async def register(request: Request, body: DepartmentIn, actor: Caller) -> dict[str, Any]:
    """By a system administrator."""
    made = await container(request).idp.staff.departments.register(body.uscc, body.name.text(), body.parent, actor)
    return branch_out(Branch(made, 0))


@router.put("/{uscc}/parent")
async def move(request: Request, uscc: str, body: PlaceIn, actor: Caller) -> dict[str, Any]:
    """With all below it; never below itself."""
    return branch_out(Branch(await container(request).idp.staff.departments.move(uscc, body.parent, actor), 0))
