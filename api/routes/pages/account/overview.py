"""The account at one glance: who, how far it is proved, what to do next, and the way to every section."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, language
from api.web.account_area import GROUPS
from api.web.devices import device_of
from api.web.level_words import HIGHEST, LEVELS
from api.web.render import page
from api.web.views.account import AccountView, Attention, SectionState
from api.web.visitor import Visitor, logged_in
from api.web.words import day_in_words, local, near
from core.text import Text
from idp.login_history.model import LogInOutcome, LogInRecord
from idp.profile import Details

router = APIRouter(include_in_schema=False)
_RECENT = 20
_SOON = dt.timedelta(days=60)


@router.get("/me/account")
async def overview(request: Request) -> Response:
    """Who am I here, and is something due?"""
    who = await logged_in(request)
    idp = container(request).idp
    own = await idp.own_account(who.principal)
    recent = (await idp.own_log_ins.of(who.principal, limit=_RECENT)).items
    states = {
        "/me/details": _mailbox(own.details),
        "/me/sign-ins": _places(len(await idp.own_sessions.of(who.principal))),
        "/me/portals": _sites(len(await idp.consents.of(who.principal))),
        "/me/log-ins": _time_before(request, recent),
    }
    view = AccountView(
        name=own.person.name,
        masked_number=own.person.masked_number,
        masked_phone=own.masked_phone,
        since=own.since,
        level=own.person.level,
        highest=HIGHEST,
        words=LEVELS[own.person.level],
        next_href="/prove",
        attention=await _attention(request, who, recent),
        groups=tuple(
            (group.label, tuple(SectionState(one, states.get(one.href)) for one in group.sections)) for group in GROUPS
        ),
    )
    return page(request, "account.html", view=view)


async def _attention(request: Request, who: Visitor, recent: Sequence[LogInRecord]) -> tuple[Attention, ...]:
    """What waits for the person."""
    idp, found = container(request).idp, []
    if (departure := await idp.persons.departures.of(who.principal.id)) is not None:
        day = local(departure.due_at).date()
        words = Text(
            f"您的账号将在 {day_in_words(day, 'zh')} 注销。",
            f"Your account will be closed on {day_in_words(day, 'en')}.",
        )
        found.append(Attention(words, "/me/close", Text("收回申请", "Take it back")))
    if waiting := len(await idp.elsewhere.decide_backchannel.waiting(who.principal.id)):
        words = Text(f"有 {waiting} 个登录请求等您确认。", f"Log-ins that wait for your confirmation: {waiting}.")
        found.append(Attention(words, "/me/sign-ins", Text("去看看", "See them")))
    if notices := len(await idp.notices.open_of(who.principal)):
        words = Text(f"有 {notices} 条提醒您还没有看。", f"Notices that you have not put away: {notices}.")
        found.append(Attention(words, "/me", Text("去看看", "See them")))
    soon = container(request).ground.clock.now() + _SOON
    if (end := (await idp.proofing.own(who.principal.id)).ends_before(soon)) is not None:
        day = local(end).date()
        words = Text(
            f"您的实名核验有一项到 {day_in_words(day, 'zh')} 到期，请再核实一次。",
            f"Something that proves who you are runs out on {day_in_words(day, 'en')}: prove it anew.",
        )
        found.append(Attention(words, "/prove", Text("去核实", "Prove it")))
    if tries := _failed_since_last(recent):
        words = Text(
            f"上次登录以后，有人试着登录您的账号 {tries} 次，没有成功。",
            f"Since you last logged in, somebody tried to log in to your account and failed: {tries} tries.",
        )
        found.append(Attention(words, "/me/log-ins", Text("看记录", "See the history")))
    return tuple(found)


def _failed_since_last(recent: Sequence[LogInRecord]) -> int:
    """Tries after the log-in before this one."""
    tries, log_ins = 0, 0
    for one in recent:
        if one.outcome is LogInOutcome.REFUSED:
            tries += one.times
            continue
        log_ins += 1
        if log_ins > 1:
            break
    return tries


def _time_before(request: Request, recent: Sequence[LogInRecord]) -> Text | None:
    """The log-in before this one."""
    done = [one for one in recent if one.outcome is LogInOutcome.DONE]
    if len(done) < 2:
        return None
    now, lang, last = container(request).ground.clock.now(), language(request), done[1]
    when, device = near(last.at, now, lang), device_of(last.user_agent)
    return Text(f"上次登录：{when}，{device.zh}", f"The time before: {when}, {device.en}")


def _places(count: int) -> Text:
    return Text(f"{count} 处登录着", f"Logged in at {count} place{'s' if count != 1 else ''}")


def _sites(count: int) -> Text:
    return Text(f"{count} 个网站", f"{count} site{'s' if count != 1 else ''}")


def _mailbox(details: Details) -> Text | None:
    if details.email is None:
        return Text("还没有填邮箱", "No e-mail address yet")
    return None if details.email_verified else Text("邮箱还没有核实", "The e-mail address is not verified")
