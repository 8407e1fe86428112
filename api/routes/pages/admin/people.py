"""`/admin/people`: one person, found by what they show; nothing about them is ever in an address."""

from __future__ import annotations

from collections.abc import Awaitable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.admin.keepers import PEOPLE, department_name
from api.web.console.views import PeopleView, PersonView
from api.web.console.words import ACCOUNTS, FREEZE_REASONS, role_name
from api.web.forms import read_form
from api.web.level_words import LEVELS
from api.web.render import page
from api.web.visitor import Visitor, permitted
from api.web.words import minute
from core.errors import AppError
from core.text import Text
from idp.model import AccountStatus
from idp.persons.model import FreezeReason
from idp.staff.duties import DECIDES, PROPOSES, PROPOSES_BELOW
from idp.staff.people import FoundPerson

router = APIRouter(include_in_schema=False)


async def _finder(request: Request) -> Visitor:
    return await permitted(request, PROPOSES, DECIDES, PROPOSES_BELOW)


@router.get(PEOPLE)
async def people(request: Request) -> Response:
    """There is no list: whoever looks for somebody has a reason, and the person's number."""
    await _finder(request)
    return page(request, "admin_people.html", view=PeopleView(""))


@router.post(PEOPLE)
async def find(request: Request) -> Response:
    who, form = await _finder(request), await read_form(request)
    return await _found(request, who, form["person"])


@router.post(f"{PEOPLE}/leave")
async def leave(request: Request) -> Response:
    """Somebody leaves: roles, sessions and tokens end."""
    who, form = await _finder(request), await read_form(request)
    try:
        ended = await container(request).idp.staff.leave(form["account_id"], who.principal)
    except AppError as error:
        return page(request, "admin_people.html", status=status_of(error), view=PeopleView("", error=error.text))
    note = Text(
        f"已离岗：{ended} 个岗位和全部登录都已结束，账号仍归本人。",
        f"Has left: {ended} roles and every log-in ended; the account stays the person's.",
    )
    return await _found(request, who, form["account_id"], note=note)


@router.post(f"{PEOPLE}/freeze")
async def freeze(request: Request) -> Response:
    """Out of use from now on: every log-in and token ends."""
    who, form = await _finder(request), await read_form(request)
    reason = FreezeReason(form["reason"]) if form["reason"] in list(FreezeReason) else FreezeReason.MISUSE
    step = container(request).idp.persons.freeze.freeze(form["account_id"], reason, form["note"], who.principal)
    done = Text("已冻结，全部登录都已结束。", "Frozen; every log-in ended.")
    return await _after(request, who, form["account_id"], step, done)


@router.post(f"{PEOPLE}/unfreeze")
async def unfreeze(request: Request) -> Response:
    """In use again; what an authority or a reported death brought about is for security administrators to lift."""
    who, form = await _finder(request), await read_form(request)
    step = container(request).idp.persons.freeze.unfreeze(form["account_id"], form["note"], who.principal)
    done = Text("已解冻，本人可以重新登录。", "In use again; the person can log in.")
    return await _after(request, who, form["account_id"], step, done)


async def _after(request: Request, who: Visitor, account_id: str, step: Awaitable[None], done: Text) -> Response:
    try:
        await step
    except AppError as error:
        return await _found(request, who, account_id, error=error)
    return await _found(request, who, account_id, note=done)


async def _found(
    request: Request, who: Visitor, typed: str, *, note: Text | None = None, error: AppError | None = None
) -> Response:
    try:
        person = await container(request).idp.staff.find_people(typed, who.principal)
    except AppError as refused:
        return page(request, "admin_people.html", status=status_of(refused), view=PeopleView(typed, error=refused.text))
    view = PeopleView(typed, await _person(request, person, who), note, error.text if error else None)
    return page(request, "admin_people.html", status=status_of(error) if error else 200, view=view)


async def _person(request: Request, found: FoundPerson, who: Visitor) -> PersonView:
    account = found.account
    roles = []
    for one in found.roles:
        where, what = await department_name(request, one.organisation), role_name(one.role)
        roles.append(Text(f"{where.zh} {what.zh}", f"{what.en}, {where.en}"))
    administers = who.principal.may(PROPOSES) or who.principal.may(DECIDES)
    another, lang = account.id != who.principal.id, language(request)
    return PersonView(
        account.id,
        found.name,
        LEVELS[account.level].name,
        ACCOUNTS[account.status],
        minute(account.created_at),
        found.sessions,
        tuple(roles),
        may_leave=administers and another and bool(found.roles),
        may_freeze=administers and another and account.status is AccountStatus.ACTIVE,
        may_thaw=administers and another and account.status is AccountStatus.FROZEN,
        freeze_reasons=tuple((reason.value, words.to(lang)) for reason, words in FREEZE_REASONS.items()),
    )
