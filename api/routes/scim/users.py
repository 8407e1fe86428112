"""`/scim/v2/Users`: joiners, movers and leavers (RFC 7644 §3)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.scim.exchange import (
    PREFIX,
    ScimRoute,
    System,
    answer,
    chosen,
    document,
    location,
    revision_of,
    whole_number,
)
from api.routes.scim.groups import group_entry
from idp.scim.described import read_change, read_joiner, read_replacement
from idp.scim.filters import parse_filter
from idp.scim.groups import GROUP_ROLES
from idp.scim.names import LIST, STAFF, USER
from idp.scim.patch import read_operations, user_changes
from idp.scim.users import MOST, UserView

router = APIRouter(prefix=f"{PREFIX}/Users", route_class=ScimRoute, include_in_schema=False)


@router.get("")
async def users(request: Request, system: System) -> Response:
    """Some, by filter and page."""
    typed = request.query_params.get("filter")
    condition = parse_filter(typed) if typed else None
    start, count = whole_number(request, "startIndex", 1), whole_number(request, "count", MOST)
    page = await container(request).idp.scim.users.page(system, condition, start=start, count=count)
    return answer(
        {
            "schemas": [LIST],
            "totalResults": page.total,
            "startIndex": page.start,
            "itemsPerPage": len(page.users),
            "Resources": [chosen(request, user_out(request, one)) for one in page.users],
        }
    )


@router.post("")
async def join(request: Request, system: System) -> Response:
    made = await container(request).idp.scim.users.join(read_joiner(await document(request)), system)
    return _one(request, made, status=201)


@router.get("/{user_id}")
async def read(request: Request, user_id: str, system: System) -> Response:
    found = await container(request).idp.scim.users.read(user_id, system)
    known = request.headers.get("if-none-match", "").strip()
    if known and known == version(found):
        return Response(status_code=304, headers={"ETag": known, "Cache-Control": "no-store"})
    return _one(request, found)


@router.put("/{user_id}")
async def replace(request: Request, user_id: str, system: System) -> Response:
    change = read_replacement(await document(request))
    users = container(request).idp.scim.users
    return _one(request, await users.change(user_id, change, system, revision=revision_of(request)))


@router.patch("/{user_id}")
async def patch(request: Request, user_id: str, system: System) -> Response:
    change = read_change(user_changes(read_operations(await document(request))))
    users = container(request).idp.scim.users
    return _one(request, await users.change(user_id, change, system, revision=revision_of(request)))


@router.delete("/{user_id}")
async def remove(request: Request, user_id: str, system: System) -> Response:
    await container(request).idp.scim.users.remove(user_id, system, revision=revision_of(request))
    return Response(status_code=204)


def user_out(request: Request, view: UserView) -> dict[str, Any]:
    """RFC 7643 §4.1; the ID number and the phone are taken in and never given out."""
    member = view.member
    body: dict[str, Any] = {
        "schemas": [USER, STAFF],
        "id": member.id,
        "userName": member.user_name,
        "name": {"formatted": view.name},
        "displayName": view.name,
        "active": member.active,
        "groups": [
            group_entry(request, role.role, role.organisation) for role in view.roles if role.role in GROUP_ROLES
        ],
        STAFF: {"department": member.department},
        "meta": {
            "resourceType": "User",
            "created": member.created_at.isoformat(),
            "lastModified": member.changed_at.isoformat(),
            "version": version(view),
            "location": location(request, "Users", member.id),
        },
    }
    return body if member.external_id is None else body | {"externalId": member.external_id}


def version(view: UserView) -> str:
    return f'W/"{view.member.revision}"'


def _one(request: Request, view: UserView, *, status: int = 200) -> Response:
    headers = {"ETag": version(view), "Location": location(request, "Users", view.member.id)}
    return answer(chosen(request, user_out(request, view)), status=status, headers=headers)
