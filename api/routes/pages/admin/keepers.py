"""Who may see which console, and the lists that their forms choose from."""

from __future__ import annotations

import datetime as dt

from starlette.requests import Request

from api.deps import container, language
from api.web.console.views import Choice
from api.web.visitor import Visitor, permitted
from api.web.words import minute
from core.errors import NotFound
from core.text import Text
from idp.staff.duties import DECIDES, LOOKS, PROPOSES, PROPOSES_BELOW

STAFF, ORGANISATIONS, PEOPLE = "/admin/staff", "/admin/organisations", "/admin/people"
POLICIES, SECURITY = "/admin/policies", "/admin/security"


async def keeper(request: Request) -> Visitor:
    """Somebody with a duty for staff; what they may do is for the use cases to say.

    Raises:
        NotAuthenticated, NotPermitted.
    """
    return await permitted(request, PROPOSES, PROPOSES_BELOW, DECIDES, LOOKS)


def proposes(who: Visitor) -> bool:
    return who.principal.may(PROPOSES) or who.principal.may(PROPOSES_BELOW)


def decides(who: Visitor) -> bool:
    return who.principal.may(DECIDES)


async def asked(request: Request, by: str, at: dt.datetime) -> Text:
    """`许衡 2026-11-25 10:00 提出`."""
    name, when = await name_of(request, by), minute(at)
    return Text(f"{name} {when} 提出", f"proposed by {name}, {when}")


async def name_of(request: Request, account_id: str) -> str:
    try:
        return (await container(request).idp.directory.person(account_id)).name
    except NotFound:  # the command line, or a system
        return account_id


async def department_name(request: Request, uscc: str) -> Text:
    found = await container(request).idp.directory.organisation(uscc)
    return found.name if found else Text(uscc, uscc)


async def department_choices(request: Request, who: Visitor) -> tuple[Choice, ...]:
    """The departments that somebody sees, each right after the one above it and set in below it."""
    lang = language(request)
    branches = await container(request).idp.staff.departments.tree(who.principal)
    return tuple((one.department.uscc, "　" * one.depth + one.department.name.to(lang)) for one in branches)
