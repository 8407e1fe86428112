"""Front page, log-in, consent to a portal's scopes, log-out."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, prefer_languages
from api.errors.problems import status_of
from api.routes.idp.end_session import logged_out_address
from api.routes.pages.demo_people import demo_accounts
from api.routes.pages.login_frame import login_frame, origins_of, way_in
from api.routes.pages.stepping import after_proof, circumstances_of
from api.session_cookie import clear_session_cookie, read_session_cookie
from api.web.asked_details import in_words
from api.web.consent_words import PSEUDONYM, days_of, items_in_words
from api.web.forms import read_form
from api.web.our_pages import after_login
from api.web.policy import origin_of
from api.web.puzzles import PuzzleView, answer_of, puzzle_of
from api.web.render import page
from api.web.views.entrance import (
    DemoPortal,
    FrontView,
    LoggedOutView,
    LoginView,
    LogoutView,
    ScopesView,
    SiteWords,
)
from api.web.visitor import logged_in, visitor
from core.errors import InvalidInput, LimitExceeded, NotPermitted
from core.text import Text
from idp.login.interactions import Interaction
from idp.login.proofs import Method
from idp.logout.farewell import Farewell
from idp.logout.questions import LogoutQuestion
from idp.protocol.redirect_uri import host_of
from idp.protocol.scopes import OFFLINE_ACCESS

router = APIRouter(include_in_schema=False)

_RESUME = "/authorize/resume"
_PORTALS = {
    "zwfw": Text("获准要实名：登录后知道您的姓名", "approved for real names: it learns your name at log-in"),
    "housing": Text(
        "只拿代号：登录后申请公租房，在线取不动产权证书", "a pseudonym only: apply for housing, fetch the title deed"
    ),
}


@router.get("/")
async def front(request: Request) -> Response:
    """Which door do you want?"""
    await visitor(request)
    demo = container(request).ground.settings.demo
    view = FrontView(demo_accounts(), demo_portals()) if demo else FrontView()
    return page(request, "front.html", view=view)


@router.get("/login")
async def login(request: Request, i: str | None = None, own: bool = False, again: bool = False) -> Response:
    """The log-in page, for a portal (`i`) or for our own pages (`next`).

    A portal that may send people straight to an upstream provider does so, but not twice: with `own` they stay here.
    With `again` somebody who is logged in shows once more that it is they.
    """
    idp = container(request).idp
    asking = await idp.interactions.get(i) if i else None
    if asking is None and not again and (known := await visitor(request)):
        return RedirectResponse(after_login(request) or known.home, 303)
    if asking is not None and not own:
        hinted = await idp.upstream.registry.hinted(asking.idp_hint, asking.client_id)
        if hinted is not None:
            return RedirectResponse(way_in(hinted.id, asking), 303)
    return await _login_page(request, asking)


@router.post("/login")
async def log_in(request: Request, i: str | None = None) -> Response:
    """Check identifier and password; then on to the portal's request, or to the page that was asked for."""
    form = await read_form(request)
    idp = container(request).idp
    asking = await idp.interactions.get(i) if i else None
    try:
        here = circumstances_of(request, i, after_login(request), answer_of(form))
        outcome = await idp.log_in(form["identifier"], form["password"], here)
    except (InvalidInput, LimitExceeded, NotPermitted) as error:
        field = error.field if isinstance(error, InvalidInput) else None
        typed, status = form["identifier"], status_of(error)
        response = await _login_page(
            request,
            asking,
            identifier=typed,
            error=error.text,
            field=field,
            status=status,
            puzzle=puzzle_of(error),
        )
        if isinstance(error, LimitExceeded) and error.retry_after:
            response.headers["Retry-After"] = str(error.retry_after)  # RFC 6585 §4
        return response
    return await after_proof(request, outcome)


@router.get("/consent")
async def consent(request: Request, i: str) -> Response:
    """May this portal know who you are, and what else?"""
    who = await logged_in(request)
    asked = await container(request).idp.ask_consent(i, who.principal.id)
    prefer_languages(request, " ".join(asked.ui_locales))
    client = asked.client
    away = any(item.scope == OFFLINE_ACCESS for item in asked.items)
    view = ScopesView(
        action=f"/consent?i={i}",
        client_name=client.name,
        client_host=asked.host,
        gives=PSEUDONYM,
        items=items_in_words(asked.items, asked.resource_scopes),
        details=await in_words(asked.details, container(request)),
        elsewhere=any(item.scope in asked.resource_scopes for item in asked.items),
        site=SiteWords(client.metadata.policy_uri, client.metadata.tos_uri),
        office=asked.office.name if asked.office else None,
        contacts=client.metadata.contacts,
        days=days_of(asked.lasts) if away else None,
    )
    return page(request, "scopes.html", form_action=(asked.return_origin,), view=view)


@router.post("/consent")
async def decide(request: Request, i: str) -> Response:
    """Write the decision down and go on; what was not ticked is left out."""
    form = await read_form(request)
    session, decision = read_session_cookie(request), form["decision"]
    who = await logged_in(request)
    asked = await container(request).idp.ask_consent(i, who.principal.id)
    ticked = {item.scope for item in asked.items if decision == "grant-all" or form[f"give:{item.scope}"]}
    left_out = [item.scope for item in asked.items if item.optional and item.scope not in ticked]
    await container(request).idp.decide_consent(i, session, decision in ("grant", "grant-all"), left_out)
    return RedirectResponse(f"{_RESUME}?i={i}", 303)


@router.get("/logout")
async def logout(request: Request, r: str = "") -> Response:
    """Ask before ending every session; `r` is a portal's wish that proved nothing."""
    known = await visitor(request)
    if known is None:
        return page(request, "logged_out.html", view=LoggedOutView())
    asked = await _asked(request, r)
    prefer_languages(request, asked.ui_locales)
    view = LogoutView(f"/logout?r={r}" if r else "/logout", known.home, asked.portal)
    return page(request, "logout.html", view=view)


@router.post("/logout")
async def log_out(request: Request, r: str = "") -> Response:
    """End the session here and at every portal."""
    await read_form(request)
    back = (await _asked(request, r)).back
    farewell = await container(request).idp.log_out(read_session_cookie(request), back)
    response = RedirectResponse(logged_out_address(farewell), 303)
    clear_session_cookie(request, response)
    return response


@router.get("/logged-out")
async def logged_out(request: Request, f: str = "") -> Response:
    """Every session has ended; portals that want to hear of it in the browser hear of it here."""
    farewell = await container(request).idp.farewells.get(f) if f else Farewell()
    back = farewell.back
    view = LoggedOutView(
        farewell.frames,
        back_to=back.address if back else None,
        back_name=back.portal if back else None,
        back_host=host_of(back.address) if back else "",
        onward=back is not None and back.proved,
        elsewhere=farewell.elsewhere,
        farewell=f,
    )
    return page(request, "logged_out.html", frames=[origin_of(one) for one in farewell.frames], view=view)


async def _asked(request: Request, question_id: str) -> LogoutQuestion:
    return await container(request).idp.logout_questions.get(question_id) if question_id else LogoutQuestion()


def demo_portals() -> tuple[DemoPortal, ...]:
    from api.demo.city import CLIENTS

    return tuple(
        DemoPortal(one.name, _PORTALS[one.portal], f"/demo/portals/{one.portal}/") for one in CLIENTS if one.portal
    )


async def _login_page(
    request: Request,
    asking: Interaction | None,
    *,
    identifier: str = "",
    error: Text | None = None,
    field: str | None = None,
    status: int = 200,
    puzzle: PuzzleView | None = None,
) -> Response:
    view = LoginView(
        **await login_frame(request, asking, Method.PASSWORD),
        identifier=identifier or (asking.login_hint if asking else ""),
        error=error,
        error_field="identifier" if field == "id_number" else field,
        puzzle=puzzle,
    )
    return page(request, "login.html", status=status, form_action=origins_of(asking), view=view)
