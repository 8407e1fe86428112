"""`/admin`: leads to the first console that somebody has."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.visitor import AUDIT_ADMIN, DEPARTMENT_MANAGER, SECURITY_ADMIN, SYSTEM_ADMIN, permitted

router = APIRouter(include_in_schema=False)


@router.get("/admin")
async def home(request: Request) -> Response:
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN, AUDIT_ADMIN, DEPARTMENT_MANAGER)
    return RedirectResponse(who.consoles[0].href, 303)
