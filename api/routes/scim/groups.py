"""`/scim/v2/Groups`: ordinary roles in departments, and who has them (RFC 7643 §4.2)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.scim.exchange import PREFIX, ScimRoute, System, answer, chosen, document, location, whole_number
from idp.scim.errors import ScimRefused
from idp.scim.groups import MOST, Group, group_id
from idp.scim.names import ERROR, GROUP, LIST
from idp.scim.only import named_group
from idp.scim.patch import MemberStep, flattened, member_steps, members_of, read_operations

router = APIRouter(prefix=f"{PREFIX}/Groups", route_class=ScimRoute, include_in_schema=False)


@router.get("")
async def groups(request: Request, system: System) -> Response:
    only = named_group(request.query_params.get("filter"))
    start, count = whole_number(request, "startIndex", 1), whole_number(request, "count", MOST)
    page = await container(request).idp.scim.groups.page(system, only=only, start=start, count=count)
    return answer(
        {
            "schemas": [LIST],
            "totalResults": page.total,
            "startIndex": page.start,
            "itemsPerPage": len(page.groups),
            "Resources": [chosen(request, group_out(request, one)) for one in page.groups],
        }
    )


@router.get("/{group}")
async def read(request: Request, group: str, system: System) -> Response:
    found = await container(request).idp.scim.groups.read(group, system)
    return answer(chosen(request, group_out(request, found)))


@router.patch("/{group}")
async def patch(request: Request, group: str, system: System) -> Response:
    steps = member_steps(read_operations(await document(request)))
    changed = await container(request).idp.scim.groups.change(group, steps, system)
    return answer(chosen(request, group_out(request, changed)))


@router.put("/{group}")
async def replace(request: Request, group: str, system: System) -> Response:
    body = flattened(await document(request))
    if GROUP not in (body.get("schemas") or []):
        raise ScimRefused("invalidSyntax", "schemas must name the Group schema")
    step = MemberStep("replace", members_of(body.get("members") or []))
    changed = await container(request).idp.scim.groups.change(group, [step], system)
    return answer(chosen(request, group_out(request, changed)))


@router.post("")
async def make(_request: Request, _system: System) -> Response:
    return _not_offered("groups are the roles of departments; they come and go with a department")


@router.delete("/{group}")
async def remove(_request: Request, group: str, _system: System) -> Response:
    return _not_offered("groups are the roles of departments; they come and go with a department")


def group_out(request: Request, group: Group) -> dict[str, Any]:
    return {
        "schemas": [GROUP],
        "id": group.id,
        "displayName": group.id,
        "members": [
            {"value": one.id, "type": "User", "$ref": location(request, "Users", one.id)} for one in group.members
        ],
        "meta": {"resourceType": "Group", "location": location(request, "Groups", group.id)},
    }


def group_entry(request: Request, role: str, department: str) -> dict[str, str]:
    """A group as a user's document names it."""
    found = group_id(role, department)
    return {"value": found, "display": found, "type": "direct", "$ref": location(request, "Groups", found)}


def _not_offered(why: str) -> Response:
    return answer({"schemas": [ERROR], "status": "501", "detail": why}, status=501)  # RFC 7644 §3.12, table 8
