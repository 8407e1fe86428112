"""When and where the person logged in, and which tries were refused."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.web.devices import device_of
from api.web.log_in_words import method_words, refusal_words
from api.web.render import page
from api.web.views.account import LogInRow, LogInsView
from api.web.views.common import Mark
from api.web.visitor import Visitor, logged_in
from core.text import Text
from idp.login_history.model import LogInOutcome, LogInRecord
from idp.login_history.record import KEPT_FOR

router = APIRouter(include_in_schema=False)
_PER_PAGE = 20
_DONE = Mark("good", "check", Text("登录成功", "logged in"))
_REFUSED = Mark("warn", "no", Text("没有成功", "refused"))


@router.get("/me/log-ins")
async def log_ins(request: Request, cursor: str | None = None) -> Response:
    """The newest first."""
    who = await logged_in(request)
    idp = container(request).idp
    found = await idp.own_log_ins.of(who.principal, cursor, _PER_PAGE)
    providers = {one.id: one.name for one in await idp.upstream.registry.offered()}
    view = LogInsView(
        rows=tuple(_row(one, who, providers) for one in found.items),
        first_href="/me/log-ins" if cursor else None,
        next_href=f"/me/log-ins?cursor={found.next_cursor}" if found.next_cursor else None,
        days=KEPT_FOR.days,
    )
    return page(request, "log_ins.html", view=view)


def _row(one: LogInRecord, who: Visitor, providers: Mapping[str, Text]) -> LogInRow:
    done = one.outcome is LogInOutcome.DONE
    return LogInRow(
        at=one.at,
        device=device_of(one.user_agent),
        source=one.source,
        how=method_words(one.method, providers),
        mark=_DONE if done else _REFUSED,
        why=None if done else refusal_words(one.reason),
        times=one.times,
        here=done and one.session_id == who.principal.session,
    )
