"""`/admin/people`: one person, found by what they show; nothing about them is ever in an address."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.admin.keepers import PEOPLE, department_name
from api.web.console.views import PeopleView, PersonView
from api.web.console.words import ACCOUNTS, role_name
from api.web.forms import read_form
from api.web.level_words import LEVELS
from api.web.render import page
from api.web.visitor import Visitor, permitted
from api.web.words import minute
from core.errors import AppError
from core.text import Text
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


async def _found(request: Request, who: Visitor, typed: str, *, note: Text | None = None) -> Response:
    try:
        person = await container(request).idp.staff.find_people(typed, who.principal)
    except AppError as error:
        return page(request, "admin_people.html", status=status_of(error), view=PeopleView(typed, error=error.text))
    view = PeopleView(typed, await _person(request, person, who), note=note)
    return page(request, "admin_people.html", view=view)


async def _person(request: Request, found: FoundPerson, who: Visitor) -> PersonView:
    account = found.account
    roles = []
    for one in found.roles:
        where, what = await department_name(request, one.organisation), role_name(one.role)
        roles.append(Text(f"{where.zh} {what.zh}", f"{what.en}, {where.en}"))
    leaves = who.principal.may(PROPOSES) or who.principal.may(DECIDES)
    return PersonView(
        account.id,
        found.name,
        LEVELS[account.level].name,
        ACCOUNTS[account.status],
        minute(account.created_at),
        found.sessions,
        tuple(roles),
        may_leave=leaves and bool(found.roles) and account.id != who.principal.id,
    )
