"""The administrators' page: what runs out when, and the renewals that two people decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.web.forms import read_form
from api.web.life_lines import figures, headline, line_row
from api.web.render import page
from api.web.time_axis import TimeAxis
from api.web.views.administration import AdminKeysView, Figure, Proposal
from api.web.visitor import SECURITY_ADMIN, SYSTEM_ADMIN, Visitor, permitted
from api.web.words import minute
from core.errors import AppError
from core.principal import Principal
from core.text import Text
from keys.archive.runs import RunState
from keys.horizon.model import Renewal
from keys.horizon.outlook import Outlook
from keys.renewals import model as renewals

router = APIRouter(include_in_schema=False)
_SHOWN = 20
_SAID = {
    "proposed": Text("已提出，等安全管理员确认。", "Proposed. A security administrator has to confirm."),
    "renewed": Text("已续发，新证书已经在用。", "Renewed. The new certificate is in use."),
    "refused": Text("已记为不同意，证书没有变。", "Refused. The certificate is as it was."),
    "withdrawn": Text("已撤回申请，证书没有变。", "Withdrawn. The certificate is as it was."),
}


@router.get("/admin/keys")
async def keys(request: Request) -> Response:
    """Everything that runs out, on a time line; its first words are the alarm."""
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    return await _keys(request, who, note=_SAID.get(request.query_params.get("said", "")))


@router.post("/admin/keys/renewals")
async def propose(request: Request) -> Response:
    """A system administrator asks for a renewal."""
    form = await read_form(request)
    return await _decided(
        request, "proposed", lambda actor: container(request).care.renewals.propose(form["line"], actor)
    )


@router.post("/admin/keys/renewals/{proposal_id}/confirm")
async def confirm(request: Request, proposal_id: str) -> Response:
    """A security administrator agrees, and it is renewed at once."""
    await read_form(request)
    return await _decided(
        request, "renewed", lambda actor: container(request).care.renewals.confirm(proposal_id, actor)
    )


@router.post("/admin/keys/renewals/{proposal_id}/refuse")
async def refuse(request: Request, proposal_id: str) -> Response:
    """A security administrator does not agree."""
    await read_form(request)
    return await _decided(request, "refused", lambda actor: container(request).care.renewals.refuse(proposal_id, actor))


@router.post("/admin/keys/renewals/{proposal_id}/withdraw")
async def withdraw(request: Request, proposal_id: str) -> Response:
    """Whoever proposed it thinks better of it."""
    await read_form(request)
    return await _decided(
        request, "withdrawn", lambda actor: container(request).care.renewals.withdraw(proposal_id, actor)
    )


async def _decided(request: Request, said: str, step: Callable[[Principal], Awaitable[object]]) -> Response:
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    try:
        await step(who.principal)
    except AppError as error:
        return await _keys(request, who, error=error)
    return RedirectResponse(f"/admin/keys?{urlencode({'said': said})}", 303)


async def _keys(request: Request, who: Visitor, *, note: Text | None = None, error: AppError | None = None) -> Response:
    care = container(request).care
    found = await care.survey()
    waiting = await care.renewals.undecided()
    cursor = request.query_params.get("after")
    lines, following = found.after(cursor, _SHOWN)
    axis = TimeAxis.around(found.now)
    proposals = tuple([await _proposal(request, one, who) for one in waiting])
    title, below = headline(found, to_confirm=sum(one.may_confirm for one in proposals))
    proposed = {one.line for one in waiting}
    renew = _to_renew(found, who, proposed)
    may = who.principal.may(SYSTEM_ADMIN)
    view = AdminKeysView(
        title=title,
        below=below,
        figures=figures(found, drill=await _drill(request)),
        ticks=axis.ticks(),
        now_x=axis.x(found.now),
        rows=tuple(
            line_row(one, axis, may_propose=may and one.id not in proposed and one.id != renew) for one in lines
        ),
        proposals=proposals,
        renew=renew,
        renew_label=Text("提出续发这张证书", "Propose its renewal"),
        first_href="/admin/keys" if cursor else None,
        next_href=f"/admin/keys?{urlencode({'after': following})}" if following else None,
        note=note,
        error=error.text if error else None,
    )
    return page(request, "admin_keys.html", status=status_of(error) if error else 200, view=view)


def _to_renew(found: Outlook, who: Visitor, proposed: set[str]) -> str | None:
    """The alarm's own line, where this visitor may propose its renewal and nobody has yet."""
    alarm = found.alarm
    if alarm is None or alarm.renewal is not Renewal.TWO_PEOPLE or alarm.id in proposed:
        return None
    return alarm.id if who.principal.may(SYSTEM_ADMIN) else None


async def _proposal(request: Request, one: renewals.Proposal, who: Visitor) -> Proposal:
    person = await container(request).idp.directory.person(one.proposed_by)
    when = minute(one.proposed_at)
    own = one.proposed_by == who.principal.id
    return Proposal(
        one.id,
        one.name,
        Text(f"{person.name} {when} 提出", f"proposed by {person.name}, {when}"),
        may_confirm=not own and who.principal.may(SECURITY_ADMIN),
        may_withdraw=own and one.state is renewals.ProposalState.OPEN,
    )


async def _drill(request: Request) -> Figure:
    """When a restore was last rehearsed, and how it went."""
    label = Text("最近一次恢复演练", "Last restore drill")
    last = await container(request).care.last_drill()
    if last is None:
        return Figure(label, "—", Text("还没有演练过", "none yet"))
    days = (container(request).ground.clock.now() - (last.ended_at or last.began_at)).days
    went = Text("通过", "passed") if last.state is RunState.DONE else Text("没有通过", "failed")
    return Figure(label, str(days), Text(f"天前，{went.zh}", f"days ago, {went.en}"))
