"""Who may see the console, and who is who in it."""

from __future__ import annotations

import datetime as dt

from starlette.requests import Request

from api.deps import container
from api.web.visitor import Visitor, permitted
from api.web.words import minute
from core.errors import NotFound
from core.text import Text
from idp.clients.duties import DECIDES, PROPOSES, PROPOSES_OWN

LIST = "/admin/portals"


async def keeper(request: Request) -> Visitor:
    """Somebody with a duty for clients; what they may do is for the use cases to say.

    Raises:
        NotAuthenticated, NotPermitted.
    """
    return await permitted(request, PROPOSES, DECIDES, PROPOSES_OWN)


def proposes(who: Visitor) -> bool:
    return who.principal.may(PROPOSES) or who.principal.may(PROPOSES_OWN)


def decides(who: Visitor) -> bool:
    return who.principal.may(DECIDES)


async def asked(request: Request, by: str, at: dt.datetime) -> Text:
    """`许衡 2026-11-25 10:00 提出`; a client that changes itself goes by its id."""
    when = minute(at)
    try:
        name = (await container(request).idp.directory.person(by)).name
    except NotFound:
        name = by
    return Text(f"{name} {when} 提出", f"proposed by {name}, {when}")


async def organisation_name(request: Request, uscc: str | None) -> Text | None:
    if uscc is None:
        return None
    found = await container(request).idp.directory.organisation(uscc)
    return found.name if found else Text(uscc, uscc)
