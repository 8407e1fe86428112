"""Whoever changes how they log in shows first that it is they (attacks O-55, O-57)."""

from __future__ import annotations

from starlette.requests import Request

from api.deps import container
from api.session_cookie import read_session_cookie


async def again_href(request: Request, goal: str) -> str | None:
    """Where to log in once more before ways to log in can be changed; None while they can be."""
    admitted = await container(request).idp.factors.visits.admits(read_session_cookie(request))
    return None if admitted else f"/login?again=1&next={goal}"
