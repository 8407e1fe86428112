"""`/admin/staff`: what waits for a second person, who has which role where, and the end of a role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.admin.keepers import (
    STAFF,
    asked,
    decides,
    department_choices,
    department_name,
    keeper,
    name_of,
    proposes,
)
from api.web.console.views import EndRoleView, ProposalRow, RoleRow, StaffView
from api.web.console.words import FUNCTIONS, role_name
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.visitor import Visitor
from core.clock import calendar_day
from core.errors import AppError, NotFound
from core.principal import Principal
from core.text import Text
from idp.model import StaffRole
from idp.rights import FUNCTIONS as BY_FUNCTION
from idp.rights import LICENCE_TYPES
from idp.staff.records import ProposalKind, RoleProposal
from idp.staff.roles import is_administrator

router = APIRouter(include_in_schema=False)
_SHOWN = 20
_SAID = {
    "proposed": Text("已提出，等安全管理员审批。", "Proposed. A security administrator decides."),
    "approved": Text("已同意，马上生效。", "Approved. It counts at once."),
    "refused": Text("已记为不同意，什么都没变。", "Refused. Everything is as it was."),
    "withdrawn": Text("已撤回。", "Withdrawn."),
    "ended": Text("已去掉，从下一步操作起不再有效。", "Ended. It counts no more from the next step on."),
}


@router.get(STAFF)
async def staff(request: Request) -> Response:
    """What waits first, then the roles."""
    return await _staff(request, await keeper(request))


@router.post(f"{STAFF}/proposals/{{proposal_id}}/approve")
async def approve(request: Request, proposal_id: str) -> Response:
    """It counts at once."""
    decide = container(request).idp.staff.decide
    return await _done(request, "approved", lambda who, form: decide.approve(proposal_id, who))


@router.post(f"{STAFF}/proposals/{{proposal_id}}/refuse")
async def refuse(request: Request, proposal_id: str) -> Response:
    """Everything stays as it is."""
    decide = container(request).idp.staff.decide
    return await _done(request, "refused", lambda who, form: decide.refuse(proposal_id, who))


@router.post(f"{STAFF}/proposals/{{proposal_id}}/withdraw")
async def withdraw(request: Request, proposal_id: str) -> Response:
    """Whoever proposed it thinks better of it."""
    propose = container(request).idp.staff.propose
    return await _done(request, "withdrawn", lambda who, form: propose.withdraw(proposal_id, who))


@router.get(f"{STAFF}/end")
async def end_page(request: Request) -> Response:
    """Asks once more before a role ends."""
    who = await keeper(request)
    return await _end_page(request, who, _named(request.query_params.get))


@router.post(f"{STAFF}/end")
async def end(request: Request) -> Response:
    """At once, or proposed where it is an administrator's."""
    who, form = await keeper(request), await read_form(request)
    role = _named(lambda name: form[name])
    try:
        waits = await container(request).idp.staff.propose.end(role, form["reason"] or "—", who.principal)
    except NotFound:
        raise
    except AppError as error:
        return await _end_page(request, who, role, error=error)
    return RedirectResponse(f"{STAFF}?{urlencode({'said': 'proposed' if waits else 'ended'})}", 303)


async def _done(request: Request, said: str, step: Callable[[Principal, Form], Awaitable[object]]) -> Response:
    who, form = await keeper(request), await read_form(request)
    try:
        await step(who.principal, form)
    except AppError as error:
        return await _staff(request, who, error=error)
    return RedirectResponse(f"{STAFF}?{urlencode({'said': said})}", 303)


async def _staff(request: Request, who: Visitor, *, error: AppError | None = None) -> Response:
    services = container(request).idp.staff
    department, cursor = request.query_params.get("department") or None, request.query_params.get("after")
    held = await services.look.page(who.principal, department=department, cursor=cursor, limit=_SHOWN)
    open_ = await services.decide.open(who.principal, limit=_SHOWN)
    waiting = tuple([await _waiting(request, one, who) for one in open_.items])
    chosen = {"department": department} if department else {}
    view = StaffView(
        title=_title(sum(one.may_decide for one in waiting), len(waiting)),
        below=Text(
            "岗位由一人提出、另一人审批；系统、安全、审计三员不能兼任。",
            "One proposes a role, another decides; nobody is two of the three administrators.",
        ),
        rows=tuple([await _row(request, one.role, who) for one in held.items]),
        waiting=waiting,
        departments=await department_choices(request, who),
        department=department or "",
        may_propose=proposes(who),
        first_href=f"{STAFF}?{urlencode(chosen)}" if cursor else None,
        next_href=f"{STAFF}?{urlencode({**chosen, 'after': held.next_cursor})}" if held.next_cursor else None,
        note=_SAID.get(request.query_params.get("said", "")),
        error=error.text if error else None,
    )
    return page(request, "admin_staff.html", status=status_of(error) if error else 200, view=view)


async def _end_page(request: Request, who: Visitor, role: StaffRole, *, error: AppError | None = None) -> Response:
    held = await container(request).idp.staff.look.of_account(role.account_id, who.principal)
    found = next((one for one in held if (one.organisation, one.role) == (role.organisation, role.role)), None)
    if found is None or not proposes(who):
        raise NotFound("role-not-found", Text("此人没有这个岗位。", "This person does not have the role."))
    view = EndRoleView(
        await _row(request, found, who),
        found.organisation,
        found.role,
        is_administrator(found),
        error.text if error else None,
    )
    return page(request, "admin_staff_end.html", status=status_of(error) if error else 200, view=view)


async def _row(request: Request, role: StaffRole, who: Visitor) -> RoleRow:
    today = calendar_day(container(request).ground.clock.now())
    named = {"account_id": role.account_id, "organisation": role.organisation, "role": role.role}
    return RoleRow(
        name=await name_of(request, role.account_id),
        account_id=role.account_id,
        department=await department_name(request, role.organisation),
        role=role_name(role.role),
        limits=limits_in_words(role),
        until=role.until.isoformat() if role.until else None,
        over=role.until is not None and role.until < today,
        end_href=f"{STAFF}/end?{urlencode(named)}" if proposes(who) else None,
    )


async def _waiting(request: Request, proposal: RoleProposal, who: Visitor) -> ProposalRow:
    role, me = proposal.role, who.principal.id
    name, where = await name_of(request, role.account_id), await department_name(request, role.organisation)
    what = role_name(role.role)
    gives = proposal.kind is ProposalKind.GIVE
    return ProposalRow(
        proposal.id,
        Text(
            f"{name} {'任' if gives else '不再任'}{where.zh}{what.zh}",
            f"{name}: {what.en} of {where.en}" + ("" if gives else " — to end"),
        ),
        await asked(request, proposal.proposed_by, proposal.proposed_at),
        proposal.reason,
        limits_in_words(role),
        may_decide=decides(who) and me not in (proposal.proposed_by, role.account_id),
        may_withdraw=me == proposal.proposed_by,
    )


def limits_in_words(role: StaffRole) -> Text | None:
    """What a role is limited to, on one line; None without limits."""
    zh, en = [], []
    if LICENCE_TYPES in role.limits:
        count = len(role.limits[LICENCE_TYPES])
        zh.append(f"限 {count} 类证照")
        en.append(f"{count} licence types only" if count > 1 else "1 licence type only")
    if BY_FUNCTION in role.limits:
        names = [FUNCTIONS.get(one, Text(one, one)) for one in role.limits[BY_FUNCTION]]
        zh.append("只" + "、".join(one.zh for one in names))
        en.append("only to " + ", ".join(one.en for one in names))
    if role.until is not None:
        zh.append(f"到 {role.until} 为止")
        en.append(f"until {role.until}")
    return Text("，".join(zh), "; ".join(en)) if zh else None


def _named(value: Callable[[str], str | None]) -> StaffRole:
    return StaffRole(value("account_id") or "", value("organisation") or "", value("role") or "")


def _title(yours: int, waiting: int) -> Text:
    if yours:
        return Text(f"{yours} 项岗位申请等您审批", f"{yours} to decide" if yours > 1 else "1 to decide")
    if waiting:
        return Text(f"{waiting} 项岗位申请在等审批", f"{waiting} waiting for a decision")
    return Text("没有等审批的岗位", "No role waits for a decision")
