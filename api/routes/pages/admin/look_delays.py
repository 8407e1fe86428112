"""`/admin/look-delays`: looks that their holder sees only later: proposed by one person, decided by another."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.clerk import item_options
from api.web.console.look_delays import DelayRow, LookDelaysView
from api.web.forms import read_form
from api.web.render import page
from api.web.views.common import Mark
from api.web.visitor import AUDIT_ADMIN, LOOK_DELAYS, SECURITY_ADMIN, Visitor, permitted
from api.web.words import minute
from certstore.look_delays import MOST_DAYS, DelayState, LookDelay
from core.errors import AppError, InvalidInput
from core.text import Text

router = APIRouter(include_in_schema=False)
_EMPTY = {"service_item": "", "days": "", "basis": ""}
_MARKS = {
    DelayState.PROPOSED: Mark("warn", "clock", Text("等另一个人决定", "waits for a second person")),
    DelayState.ACTIVE: Mark("info", "clock", Text("生效中", "in force")),
    DelayState.REFUSED: Mark("", "no", Text("未同意", "refused")),
    DelayState.ENDED: Mark("", "check", Text("已停用", "ended")),
}
_SAID = {
    "proposed": Text("已提出，等另一个人决定。", "Proposed; a second person decides."),
    "decided": Text("已决定。", "Decided."),
    "ended": Text(
        "已停用：之后的查看马上显示。",
        "Ended: from now on looks show at once.",
    ),
}


@router.get(LOOK_DELAYS)
async def rules(request: Request, done: str = "") -> Response:
    who = await permitted(request, SECURITY_ADMIN, AUDIT_ADMIN)
    return await _shown(request, who, _EMPTY, note=_SAID.get(done))


@router.post(LOOK_DELAYS)
async def propose(request: Request) -> Response:
    """Propose a rule."""
    who, form = await permitted(request, SECURITY_ADMIN), await read_form(request)
    typed = form["days"]
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else 0
    try:
        await container(request).own.look_delays.propose(form["service_item"], days, form["basis"], who.principal)
    except InvalidInput as error:
        return await _shown(request, who, form.values, error=error)
    return RedirectResponse(f"{LOOK_DELAYS}?done=proposed", 303)


@router.post(LOOK_DELAYS + "/{rule_id}")
async def act(request: Request, rule_id: str) -> Response:
    """Agree, refuse or end."""
    who, form = await permitted(request, SECURITY_ADMIN, AUDIT_ADMIN), await read_form(request)
    delays = container(request).own.look_delays
    if form["act"] == "end":
        await delays.end(rule_id, who.principal)
        return RedirectResponse(f"{LOOK_DELAYS}?done=ended", 303)
    await delays.decide(rule_id, form["act"] == "approve", who.principal)
    return RedirectResponse(f"{LOOK_DELAYS}?done=decided", 303)


async def _shown(
    request: Request,
    who: Visitor,
    sent: Mapping[str, str],
    *,
    note: Text | None = None,
    error: AppError | None = None,
) -> Response:
    items = await item_options(request)
    names = dict(items)
    found = await container(request).own.look_delays.rules(who.principal)
    view = LookDelaysView(
        tuple(_row(one, names, who) for one in found),
        tuple(items),
        {name: sent.get(name, "") for name in _EMPTY},
        MOST_DAYS,
        who.principal.may(SECURITY_ADMIN),
        note,
        error.text if error else None,
        (error.field or "") if isinstance(error, InvalidInput) else "",
        language(request),
    )
    return page(request, "admin_look_delays.html", status=status_of(error) if error else 200, view=view)


def _row(one: LookDelay, names: Mapping[str, str], who: Visitor) -> DelayRow:
    since = minute(one.since) if one.since else "—"
    return DelayRow(
        f"{LOOK_DELAYS}/{one.id}",
        names.get(one.service_item, one.service_item),
        one.days,
        one.basis,
        since if one.until is None else f"{since} – {minute(one.until)}",
        _MARKS[one.state],
        one.state is DelayState.PROPOSED and one.proposed_by != who.principal.id,
        one.state is DelayState.ACTIVE,
    )
