"""What asks a person to log in, and where they are logged in: confirm, refuse, end (CIBA Core §8)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.session_cookie import read_session_cookie
from api.web.agreements import agreement, office_of
from api.web.devices import device_icon, device_of
from api.web.forms import read_form
from api.web.log_in_words import amr_words
from api.web.qr import qr_svg
from api.web.render import page
from api.web.shelf import shelf
from api.web.views.sign_ins import (
    AskedRow,
    AskedView,
    CounterCodeView,
    EndSessionView,
    SessionRow,
    SignInsView,
)
from api.web.visitor import LOG_IN_FIRST, Visitor, logged_in
from core.errors import NotAuthenticated, NotFound
from core.text import Text
from idp.ciba.decide import BackchannelQuestion
from idp.login.own_sessions import OwnSession
from idp.login.sessions import Visit
from idp.model import SessionKind

router = APIRouter(include_in_schema=False)

_LOOKS = 60  # every five seconds for five minutes: a forgotten page must not keep a session alive for ever
_PLACES = {
    SessionKind.BROWSER: ("user", Text("浏览器", "A browser")),
    SessionKind.DEVICE: ("phone", Text("另一台设备", "Another device")),
    SessionKind.DECOUPLED: ("org", Text("您确认过的登录", "A log-in that you confirmed")),
}
_DONE = {
    "granted": Text("已确认，对方马上就能继续。", "Confirmed. They can go on now."),
    "refused": Text("没有同意，对方得不到您的任何信息。", "Refused. They learn nothing about you."),
    "ended": Text("已结束那里的登录。", "That log-in has ended."),
    "others-ended": Text("别处的登录都已结束。", "All other log-ins have ended."),
}


@router.get("/me/sign-ins")
async def sign_ins(request: Request, wait: int = _LOOKS, done: str = "") -> Response:
    """What waits, and where one is logged in. While nothing waits the page looks again by itself."""
    who = await logged_in(request)
    idp, now = container(request).idp, container(request).ground.clock.now()
    asked = await idp.elsewhere.decide_backchannel.waiting(who.principal.id)
    looks, places = min(wait, _LOOKS) - 1, await _places(request, who)
    view = SignInsView(
        asked=tuple([await _asked_row(request, one, now) for one in asked]),
        sessions=places,
        others=sum(not one.current for one in places),
        again=f"/me/sign-ins?wait={looks}" if not asked and looks >= 0 else None,
        done=_DONE.get(done),
    )
    return page(request, "sign_ins.html", view=view)


@router.get("/me/sign-ins/requests/{request_id}")
async def asked(request: Request, request_id: str) -> Response:
    """Who asks, and for what?"""
    who = await logged_in(request)
    question = await container(request).idp.elsewhere.decide_backchannel.question(who.principal.id, request_id)
    asked_at, now = question.request.created_at, container(request).ground.clock.now()
    view = AskedView(
        action=f"/me/sign-ins/requests/{request_id}",
        binding_message=question.binding_message,
        asked_at=asked_at,
        minutes_left=_minutes_until(question.request.expires_at, now),
        asks=await agreement(request, question.client, question.asked, question.request.authorization_details),
    )
    return page(request, "sign_in_request.html", view=view)


@router.post("/me/sign-ins/requests/{request_id}")
async def decide(request: Request, request_id: str) -> Response:
    """Say yes or no."""
    await logged_in(request)
    form = await read_form(request)
    granted = form["decision"] == "grant"
    await container(request).idp.elsewhere.decide_backchannel.decide(await _visit(request), request_id, granted=granted)
    return RedirectResponse(f"/me/sign-ins?wait=0&done={'granted' if granted else 'refused'}", 303)


@router.post("/me/sign-ins/code")
async def make_code(request: Request) -> Response:
    """A one-time code to be shown at a counter."""
    who = await logged_in(request)
    await read_form(request)
    idp = container(request).idp
    token = await idp.elsewhere.hint_tokens.make(who.principal.id)
    kept = await shelf(request).put(token.encode(), owner=_owner(who), seconds=idp.settings.hint_lifetime)
    return RedirectResponse(f"/me/sign-ins/code?k={kept}", 303)


@router.get("/me/sign-ins/code")
async def show_code(request: Request, k: str = "") -> Response:
    """The code, while it is good."""
    who = await logged_in(request)
    kept = await shelf(request).get(k, owner=_owner(who))
    if kept is None:
        raise NotFound("code-gone", Text("这个码已经过期，请重新取一个。", "This code has expired. Get a new one."))
    token = kept.decode()
    picture = Markup(qr_svg(token))  # noqa: S704 - made here, from letters of our own
    view = CounterCodeView(token, picture, container(request).idp.settings.hint_lifetime // 60)
    return page(request, "counter_code.html", view=view)


@router.get("/me/sign-ins/others/end")
async def end_others_page(request: Request) -> Response:
    """Ask before it is done."""
    await logged_in(request)
    view = EndSessionView(
        "/me/sign-ins/others/end",
        Text("结束别处的所有登录？", "End all other log-ins?"),
        Text(
            "除了这里，其他地方马上退出登录，从那里进过的网站也会收到通知。",
            "Every place but this one is logged out at once, and the sites that were entered from there are told.",
        ),
    )
    return page(request, "session_end.html", view=view)


@router.post("/me/sign-ins/others/end")
async def end_others(request: Request) -> Response:
    """End them, with their tokens."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).idp.own_sessions.end_others(who.principal)
    return RedirectResponse("/me/sign-ins?wait=0&done=others-ended", 303)


@router.get("/me/sign-ins/{session_id}/end")
async def end_page(request: Request, session_id: str) -> Response:
    """Ask before it is done."""
    who = await logged_in(request)
    own = await container(request).idp.own_sessions.get(who.principal, session_id)
    title = _session_row(own, {}).title
    view = EndSessionView(
        f"/me/sign-ins/{session_id}/end",
        Text(f"结束这次登录：{title.zh}？", f"End this log-in: {title.en}?"),
        Text(
            "那里马上退出登录，从那里进过的网站也会收到通知。",
            "It is logged out at once, and the sites that were entered from there are told.",
        ),
    )
    return page(request, "session_end.html", view=view)


@router.post("/me/sign-ins/{session_id}/end")
async def end(request: Request, session_id: str) -> Response:
    """End it, with its tokens."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).idp.own_sessions.end(who.principal, session_id)
    return RedirectResponse("/me/sign-ins?wait=0&done=ended", 303)


async def _asked_row(request: Request, one: BackchannelQuestion, now: dt.datetime) -> AskedRow:
    return AskedRow(
        f"/me/sign-ins/requests/{one.request.id}",
        one.client.name,
        await office_of(request, one.client),
        one.request.created_at,
        _minutes_until(one.request.expires_at, now),
    )


async def _places(request: Request, who: Visitor) -> tuple[SessionRow, ...]:
    idp = container(request).idp
    providers = {one.id: one.name for one in await idp.upstream.registry.offered()}
    return tuple(_session_row(one, providers) for one in await idp.own_sessions.of(who.principal))


def _session_row(one: OwnSession, providers: Mapping[str, Text]) -> SessionRow:
    """A browser goes by what it says that it is, a device or a confirmed log-in by the client that it is for."""
    session, names = one.session, tuple(client.name for client in one.clients)
    end_href = "/logout" if one.current else f"/me/sign-ins/{session.id}/end"
    icon, title = _PLACES[session.kind]
    if session.kind is not SessionKind.BROWSER:
        if names:
            title = Text(f"{names[0].zh}（{title.zh}）", f"{names[0].en} ({title.en.lower()})")
        return SessionRow(icon, title, (), session.seen_at, one.current, end_href)  # begun when it was agreed to
    return SessionRow(
        device_icon(session.user_agent),
        device_of(session.user_agent) if session.user_agent else title,
        names,
        session.authenticated_at,
        one.current,
        end_href,
        how=providers.get(session.provider or "") or amr_words(session.amr),
        seen=session.seen_at,
        source=session.source,
    )


async def _visit(request: Request) -> Visit:
    found = await container(request).idp.sessions.find(read_session_cookie(request))
    if found is None:
        raise NotAuthenticated(LOG_IN_FIRST, Text("请先登录。", "Log in first."))
    return found


def _minutes_until(end: dt.datetime, now: dt.datetime) -> int:
    return max(1, math.ceil((end - now).total_seconds() / 60))


def _owner(who: Visitor) -> str:
    return who.principal.session or ""
