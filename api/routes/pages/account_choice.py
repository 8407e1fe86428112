"""The page that a portal may ask for before the log-in: which account (OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, prefer_languages
from api.session_cookie import read_session_cookie
from api.web.forms import read_form
from api.web.render import page
from api.web.views.entrance import AccountChoiceView
from api.web.visitor import visitor
from idp.login.interactions import Interaction

router = APIRouter(include_in_schema=False)


@router.get("/select-account")
async def select_account(request: Request, i: str) -> Response:
    """Go on as whoever is logged in, or as somebody else?"""
    asking = await _asking(request, i)
    known = await visitor(request)
    if known is None:
        return RedirectResponse(f"/login?i={i}", 303)
    view = AccountChoiceView(
        f"/select-account?i={i}", f"/login?i={i}", asking.client_name, asking.client_host, known.name, asking.compact
    )
    return page(request, "select_account.html", form_action=(asking.return_origin,), view=view)


@router.post("/select-account")
async def selected(request: Request, i: str) -> Response:
    """Go on with the session that is there."""
    await read_form(request)
    await container(request).idp.select_account(i, read_session_cookie(request))
    return RedirectResponse(f"/authorize/resume?i={i}", 303)


async def _asking(request: Request, interaction_id: str) -> Interaction:
    """Who asks; the page comes in the language that they think the person reads."""
    asking = await container(request).idp.interactions.get(interaction_id)
    prefer_languages(request, " ".join(asking.ui_locales))
    return asking
