"""Which portals know what about the person, how it is taken back, and what happened to the account."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.web.consent_words import SCOPES, told_in_words
from api.web.forms import read_form
from api.web.render import page
from api.web.views.common import TimelineEntry, Tone
from api.web.views.own import OwnPortalsView, PortalRow, WithdrawView
from api.web.visitor import logged_in
from api.web.words import minute
from core.errors import NotFound
from core.text import Text
from idp import history
from idp.history import Happened
from idp.model import Consent

router = APIRouter(include_in_schema=False)
_PER_PAGE = 20
_DONE = {"withdrawn": Text("已撤回。它手里的登录凭证已经失效。", "Withdrawn. Their tokens no longer work.")}
_ICONS: Mapping[str, tuple[str, Tone, Text]] = {
    history.LOGGED_IN: ("user", "", Text("登录", "Logged in")),
    history.LOGGED_OUT: ("out", "", Text("退出登录", "Logged out")),
    history.ENTERED: ("link", "", Text("进入{portal}", "Entered {portal}")),
    history.AGREED: ("check", "good", Text("同意{portal}的请求", "Agreed to what {portal} asked")),
    history.WITHDREW: ("no", "", Text("撤回对{portal}的同意", "Withdrew the consent to {portal}")),
    history.TOLD: ("eye", "info", Text("告诉{portal}：{told}", "Told {portal}: {told}")),
}
_REFUSED: Mapping[str, tuple[str, Tone, Text]] = {
    history.LOGGED_IN: ("warn", "warn", Text("有人登录，没有成功", "Somebody tried to log in and failed")),
    history.AGREED: ("no", "", Text("没有同意{portal}的请求", "Did not agree to what {portal} asked")),
    history.REFUSED: (
        "warn",
        "warn",
        Text("{portal}的登录凭证被用了两次，已作废", "A token of {portal} was used twice and ended"),
    ),
}


@router.get("/me/portals")
async def portals(request: Request, cursor: str | None = None, done: str = "") -> Response:
    """The consents, then what happened lately."""
    who = await logged_in(request)
    idp = container(request).idp
    happened = await idp.own_history.of(who.principal, cursor, _PER_PAGE)
    view = OwnPortalsView(
        rows=tuple([await _row(request, one) for one in await idp.consents.of(who.principal)]),
        events=tuple([entry for one in happened.items if (entry := await _entry(request, one))]),
        first_href="/me/portals" if cursor else None,
        next_href=f"/me/portals?cursor={happened.next_cursor}" if happened.next_cursor else None,
        done=_DONE.get(done),
    )
    return page(request, "own_portals.html", view=view)


@router.get("/me/portals/{client_id}/withdraw")
async def withdraw_page(request: Request, client_id: str) -> Response:
    """Ask before it is done."""
    who = await logged_in(request)
    consents = await container(request).idp.consents.of(who.principal)
    if client_id not in {one.client_id for one in consents}:
        raise NotFound("consent-not-found", Text("没有这项授权。", "There is no such consent."))
    name = await _name(request, client_id)
    text = Text(
        f"{name.zh}马上就不能再用您的信息，您在那里也会退出。下次登录时，它要重新问您。",
        f"{name.en} can no longer use your data, and you are logged out there. It must ask you again the next time.",
    )
    action = f"/me/portals/{client_id}/withdraw"
    return page(request, "withdraw.html", view=WithdrawView(action, text, keep="/me/portals"))


@router.post("/me/portals/{client_id}/withdraw")
async def withdraw(request: Request, client_id: str) -> Response:
    """Take it back; tokens that rest on it are dead at once."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).idp.consents.withdraw(who.principal, client_id)
    return RedirectResponse("/me/portals?done=withdrawn", 303)


@router.post("/me/notices/{notice_id}")
async def put_away(request: Request, notice_id: str) -> Response:
    """Seen."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).idp.notices.put_away(who.principal, notice_id)
    return RedirectResponse("/me", 303)


async def _row(request: Request, consent: Consent) -> PortalRow:
    idp = container(request).idp
    client = await idp.registry.active(consent.client_id)
    office = await idp.directory.organisation(client.organisation) if client and client.organisation else None
    beyond = await idp.resources.words(sorted(consent.scopes))
    return PortalRow(
        name=client.name if client else Text(consent.client_id, consent.client_id),
        office=office.name if office else None,
        gives=tuple(
            SCOPES[scope].title if scope in SCOPES else beyond.get(scope, Text(scope, scope))
            for scope in sorted(consent.scopes)
        ),
        left_out=tuple(SCOPES[scope].title for scope in sorted(consent.declined) if scope in SCOPES),
        since=consent.granted_at,
        withdraw_href=f"/me/portals/{consent.client_id}/withdraw",
    )


async def _entry(request: Request, one: Happened) -> TimelineEntry | None:
    words = (_ICONS if one.done else _REFUSED).get(one.action)
    if words is None or (one.action == history.TOLD and one.client_id is None):
        return None  # an office that looked is under "who looked"
    icon, tone, title = words
    portal = await _name(request, one.client_id) if one.client_id else Text("", "")
    told = told_in_words(one.told)
    title = Text(
        title.zh.format(portal=portal.zh, told=told.zh),
        title.en.format(portal=portal.en, told=told.en),
    )
    return TimelineEntry(icon, title, when=Text(minute(one.at), minute(one.at)), tone=tone)


async def _name(request: Request, client_id: str) -> Text:
    client = await container(request).idp.registry.active(client_id)
    return client.name if client else Text(client_id, client_id)
