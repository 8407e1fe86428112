"""Who looked at the person's data: at their licences, and at who they are."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.pages.looks import access_row
from api.web.consent_words import told_in_words
from api.web.render import page
from api.web.views.account import IdentityLooksView
from api.web.views.common import TimelineEntry
from api.web.views.own import AccessesView
from api.web.visitor import logged_in
from api.web.words import minute
from core.text import Text
from idp import history
from idp.history import Happened

router = APIRouter(include_in_schema=False)
_PER_PAGE = 20
_PSEUDONYM_ONLY = Text("只有一个代号", "a pseudonym only")


@router.get("/me/accesses")
async def accesses(request: Request, cursor: str | None = None) -> Response:
    """Everybody who looked at a licence, newest first."""
    who = await logged_in(request)
    found = await container(request).certstore.my_accesses(who.principal, cursor, _PER_PAGE)
    view = AccessesView(
        tuple(access_row(one) for one in found.items),
        "/me/accesses" if cursor else None,
        f"/me/accesses?cursor={found.next_cursor}" if found.next_cursor else None,
    )
    return page(request, "accesses.html", view=view)


@router.get("/me/accesses/identity")
async def identity(request: Request, cursor: str | None = None) -> Response:
    """Everybody who was told who the person is, newest first."""
    who = await logged_in(request)
    own = container(request).idp.own_history
    found = await own.of(who.principal, cursor, _PER_PAGE, actions=(history.TOLD,))
    view = IdentityLooksView(
        tuple([await _entry(request, one) for one in found.items]),
        "/me/accesses/identity" if cursor else None,
        f"/me/accesses/identity?cursor={found.next_cursor}" if found.next_cursor else None,
    )
    return page(request, "identity_looks.html", view=view)


async def _entry(request: Request, one: Happened) -> TimelineEntry:
    client = await container(request).idp.registry.active(one.client_id) if one.client_id else None
    name = client.name if client else Text(one.client_id or "", one.client_id or "")
    told = told_in_words(one.told)
    return TimelineEntry(
        "eye", name, told if told.zh else _PSEUDONYM_ONLY, Text(minute(one.at), minute(one.at)), "info"
    )
