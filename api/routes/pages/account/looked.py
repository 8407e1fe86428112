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
_SOMEBODY = Text("一个办事机构", "An office")
_CHECKED = Text("查看了账号，证件号只显示一部分", "saw the account, with the number masked")
_PSEUDONYM_ONLY = Text("只有一个代号", "a pseudonym only")


@router.get("/me/accesses")
async def accesses(request: Request, cursor: str | None = None) -> Response:
    """Everybody who looked at a licence, newest first."""
    who = await logged_in(request)
    found = await container(request).certstore.my_accesses(who.holder, cursor, _PER_PAGE)
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
    found = await own.of(who.principal, cursor, _PER_PAGE, actions=history.LOOKS)
    view = IdentityLooksView(
        tuple([await _entry(request, one) for one in found.items]),
        "/me/accesses/identity" if cursor else None,
        f"/me/accesses/identity?cursor={found.next_cursor}" if found.next_cursor else None,
    )
    return page(request, "identity_looks.html", view=view)


async def _entry(request: Request, one: Happened) -> TimelineEntry:
    told = told_in_words(one.told)
    if not told.zh:
        told = _CHECKED if one.office else _PSEUDONYM_ONLY
    if one.basis:
        told = Text(f"{told.zh}；事由：{one.basis}", f"{told.en}; for: {one.basis}")
    return TimelineEntry("eye", await _who(request, one), told, Text(minute(one.at), minute(one.at)), "info")


async def _who(request: Request, one: Happened) -> Text:
    """A site by its name, a member of staff by their office."""
    idp = container(request).idp
    if one.client_id is not None:
        client = await idp.registry.active(one.client_id)
        return client.name if client else Text(one.client_id, one.client_id)
    office = await idp.directory.organisation(one.office) if one.office else None
    if office is None:
        return _SOMEBODY
    return Text(f"{office.name.zh}的工作人员", f"Staff of {office.name.en}")
