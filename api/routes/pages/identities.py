"""A person's own ways to log in: list, link, unlink."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.routes.idp.upstream import LINKED_PAGE
from api.session_cookie import read_session_cookie, set_flow_cookie
from api.web.forms import read_form
from api.web.render import page
from api.web.views.upstream import IdentitiesView, IdentityRow, LinkView, UnlinkView
from api.web.visitor import logged_in
from core.errors import NotFound
from core.text import Text
from idp.login.fresh import NotFresh
from idp.protocol.redirect_uri import host_of
from idp.upstream.identities import Identity, OwnIdentities

router = APIRouter(include_in_schema=False)
_AGAIN = f"/login?again=1&next={LINKED_PAGE}"


@router.get("/me/identities")
async def identities(request: Request, linked: str = "", unlinked: str = "") -> Response:
    """How you can log in."""
    own = await _own(request)
    rows = [(one, _row(one)) for one in own.identities]
    view = IdentitiesView(
        linked=tuple(row for one, row in rows if one.linked_at is not None),
        others=tuple(row for one, row in rows if one.linked_at is None),
        has_password=own.has_password,
        again_href=None if own.fresh else _AGAIN,
        done=_done(own, linked, unlinked),
    )
    return page(request, "identities.html", view=view)


@router.post("/me/identities/{provider}/link")
async def link(request: Request, provider: str) -> Response:
    """Prepare the way to the provider; the person goes there by a link, so that they see where they are going."""
    await read_form(request)
    await logged_in(request)
    upstream = container(request).idp.upstream
    try:
        departure = await upstream.depart.to_link(
            provider, language=language(request), session_cookie=read_session_cookie(request)
        )
    except NotFresh:
        return RedirectResponse(_AGAIN, 303)
    known = await upstream.registry.active(provider)
    view = LinkView(known.name, host_of(departure.location), departure.location)
    response = page(request, "link_identity.html", view=view)
    set_flow_cookie(request, response, departure.state, departure.browser)
    return response


@router.get("/me/identities/{provider}/unlink")
async def ask_unlink(request: Request, provider: str) -> Response:
    """Ask before it is done."""
    own = await _own(request)
    if not own.fresh:
        return RedirectResponse(_AGAIN, 303)
    found = next((one for one in own.identities if one.provider_id == provider and one.linked_at), None)
    if found is None:
        raise NotFound("link-not-found", Text("这种登录方式没有绑定。", "This way to log in is not linked."))
    return page(request, "unlink_identity.html", view=UnlinkView(f"{LINKED_PAGE}/{provider}/unlink", found.name))


@router.post("/me/identities/{provider}/unlink")
async def unlink(request: Request, provider: str) -> Response:
    """Take the way away; sessions that were begun by it end."""
    await read_form(request)
    await logged_in(request)
    try:
        await container(request).idp.upstream.identities.unlink(provider, read_session_cookie(request))
    except NotFresh:
        return RedirectResponse(_AGAIN, 303)
    return RedirectResponse(f"{LINKED_PAGE}?unlinked={provider}", 303)


async def ways_in(request: Request) -> tuple[IdentityRow, ...]:
    """Linked ones first, for the person's home page; empty where the city has no other provider."""
    return tuple(_row(one) for one in (await _own(request)).identities)


async def _own(request: Request) -> OwnIdentities:
    await logged_in(request)
    own = await container(request).idp.upstream.identities.of(read_session_cookie(request))
    assert own is not None, "somebody is logged in"
    return own


def _row(one: Identity) -> IdentityRow:
    base = f"{LINKED_PAGE}/{one.provider_id}"
    return IdentityRow(one.name, one.linked_at, one.used_at, f"{base}/link", f"{base}/unlink")


def _done(own: OwnIdentities, linked: str, unlinked: str) -> Text | None:
    """What was done just now, if it is so."""
    names = {one.provider_id: (one.name, one.linked_at is not None) for one in own.identities}
    name, there = names.get(linked, (None, False))
    if name is not None and there:
        return Text("已绑定“{zh}”，以后可以用它登录。", "{en} is linked; you can log in with it from now on.").format(
            zh=name.zh, en=name.en
        )
    name, there = names.get(unlinked, (None, True))
    if name is not None and not there:
        return Text("已解除“{zh}”的绑定。", "{en} is unlinked.").format(zh=name.zh, en=name.en)
    return None
