"""Whoever changes how they log in, or takes their data away, shows first that it is they (attacks O-55, O-57)."""

from __future__ import annotations

from starlette.requests import Request

from api.deps import container
from api.session_cookie import read_session_cookie


async def again_href(request: Request, goal: str) -> str | None:
    """Where to log in once more before it can be done; None while it can be."""
    admitted = await container(request).idp.factors.visits.admits(read_session_cookie(request))
    return None if admitted else again_address(goal)


def again_address(goal: str) -> str:
    """The log-in that asks for all that the person has, for `idp.login.steps.GUARDED_PAGES`."""
    return f"/login?again=1&next={goal}"
