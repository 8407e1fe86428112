"""For yourself, or for an organisation? Asked by a portal's log-in, or chosen on one's own account."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, prefer_languages
from api.session_cookie import read_session_cookie
from api.web.agency_words import ROLES
from api.web.forms import read_form
from api.web.render import page
from api.web.views.organisations import ActingView, HatRow
from api.web.visitor import logged_in, visitor
from core.identifiers.uscc import grouped
from idp.agency.acting import Hat
from idp.client_metadata import ActingDemand

router = APIRouter(include_in_schema=False)
PAGE = "/acting"
_SELF = "self"
_AFTER = "/me/organisations"


@router.get(PAGE)
async def acting(request: Request, i: str = "") -> Response:
    """Whom do you act for?"""
    if i and await visitor(request) is None:
        return RedirectResponse(f"/login?i={i}", 303)
    who = await logged_in(request)
    agency = container(request).idp.agency
    visit = await container(request).idp.sessions.find(read_session_cookie(request))
    current = visit.session.acting_for if visit else None
    hats = tuple(_row(hat, current) for hat in await agency.acting.hats_of(who.principal))
    if not i:
        view = ActingView(PAGE, hats, name=who.name, self_current=not any(hat.current for hat in hats))
        return page(request, "acting.html", view=view)
    asking = await container(request).idp.interactions.get(i)
    prefer_languages(request, " ".join(asking.ui_locales))
    client = await container(request).idp.registry.active(asking.client_id)
    required = client is not None and client.metadata.acting is ActingDemand.REQUIRED
    view = ActingView(
        f"{PAGE}?i={i}",
        hats,
        asking.client_name,
        asking.client_host,
        self_allowed=not required,
        name=who.name,
        compact=asking.compact,
    )
    return page(request, "acting.html", form_action=(asking.return_origin,), view=view)


@router.post(PAGE)
async def chosen(request: Request, i: str = "") -> Response:
    """Keep the choice for this session, and go on."""
    form = await read_form(request)
    idp, cookie = container(request).idp, read_session_cookie(request)
    await logged_in(request)
    wanted = form["for"]
    await idp.agency.acting.choose(cookie, None if wanted in ("", _SELF) else wanted)
    if not i:
        return RedirectResponse(_AFTER, 303)
    visit = await idp.sessions.find(cookie)
    if visit is not None:
        await idp.interactions.acted(i, visit.session.id)
    return RedirectResponse(f"/authorize/resume?i={i}", 303)


def _row(hat: Hat, current: str | None) -> HatRow:
    one = hat.authorisation
    return HatRow(
        one.id,
        hat.organisation.name,
        grouped(one.organisation),
        ROLES[one.role],
        one.items,
        one.ends_on,
        one.id == current,
    )
