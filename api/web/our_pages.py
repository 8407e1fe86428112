"""Pages of ours that somebody may be sent on to after a log-in; nothing that could lead elsewhere (attacks O-23)."""

from __future__ import annotations

import re

from starlette.requests import Request

from api.deps import container
from api.web.visitor import home_of

_OUR_PAGE = re.compile(
    r"/(?:me|acting|audit|clerk|office|consents|device|admin|scan|prove|window)(?:/[A-Za-z0-9_.-]+)*", re.ASCII
)


def our_page(goal: str | None) -> str | None:
    """`goal`, if it is a page of ours."""
    return goal if goal and _OUR_PAGE.fullmatch(goal) else None


def after_login(request: Request) -> str | None:
    """The page of ours that was asked for before the log-in."""
    return our_page(request.query_params.get("next"))


async def home_of_session(request: Request, cookie: str) -> str:
    """Where somebody is at home who has just logged in."""
    principal = await container(request).idp.sessions.principal(cookie)
    return home_of(principal) if principal else "/me"
