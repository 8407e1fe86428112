"""Seals as pictures for pages. A seal is a public fact, and its picture never changes once it is made."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from core.errors import NotFound

router = APIRouter(include_in_schema=False)
_DAY = "public, max-age=86400, immutable"


@router.get("/seals/{seal_id}.svg")
async def seal_picture(request: Request, seal_id: str) -> Response:
    """The seal's drawing."""
    seal = await container(request).signing.seals.get(seal_id)
    return Response(seal.image.svg, media_type="image/svg+xml", headers={"Cache-Control": _DAY})


def picture_address(seal_id: str) -> str:
    return f"/seals/{seal_id}.svg"


async def seal_of(request: Request, organisation: str) -> str | None:
    """The address of an organisation's seal; None if it has none in use."""
    try:
        return picture_address((await container(request).signing.seals.active_seal_of(organisation)).id)
    except NotFound:
        return None
