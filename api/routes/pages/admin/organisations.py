"""`/admin/organisations`: departments as a tree; one of them, and its move."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.admin.keepers import ORGANISATIONS, department_choices, department_name, keeper
from api.web.console.views import DepartmentRow, DepartmentsView, DepartmentView
from api.web.forms import read_form
from api.web.render import page
from api.web.visitor import Visitor
from core.errors import AppError, InvalidInput, NotFound
from core.identifiers.uscc import grouped
from core.text import Text
from idp.directory import organisation_not_found
from idp.model import OrganisationStatus
from idp.staff.departments import Branch
from idp.staff.duties import PROPOSES

router = APIRouter(include_in_schema=False)
_SAID = {
    "registered": Text("已登记。", "Registered."),
    "moved": Text("已移动，下级机构一起移动。", "Moved, with everything below it."),
}


@router.get(ORGANISATIONS)
async def tree(request: Request) -> Response:
    """The whole tree that somebody sees, and a form for one more."""
    return await _tree(request, await keeper(request), {})


@router.post(ORGANISATIONS)
async def register(request: Request) -> Response:
    who, form = await keeper(request), await read_form(request)
    name, parent = Text(form["name_zh"], form["name_en"]), form["parent"] or None
    try:
        await container(request).idp.staff.departments.register(form["uscc"], name, parent, who.principal)
    except AppError as error:
        return await _tree(request, who, form.values, error=error)
    return RedirectResponse(f"{ORGANISATIONS}?{urlencode({'said': 'registered'})}", 303)


@router.get(f"{ORGANISATIONS}/{{uscc}}")
async def one(request: Request, uscc: str) -> Response:
    return await _one(request, await keeper(request), uscc)


@router.post(f"{ORGANISATIONS}/{{uscc}}/parent")
async def move(request: Request, uscc: str) -> Response:
    """With everything below it."""
    who, form = await keeper(request), await read_form(request)
    try:
        await container(request).idp.staff.departments.move(uscc, form["parent"] or None, who.principal)
    except NotFound:
        raise
    except AppError as error:
        return await _one(request, who, uscc, error=error)
    return RedirectResponse(f"{ORGANISATIONS}?{urlencode({'said': 'moved'})}", 303)


async def _tree(request: Request, who: Visitor, sent: Mapping[str, str], *, error: AppError | None = None) -> Response:
    branches = await container(request).idp.staff.departments.tree(who.principal)
    field = error.field if isinstance(error, InvalidInput) and error.field else ""
    view = DepartmentsView(
        rows=tuple(_row(branch) for branch in branches),
        parents=await department_choices(request, who),
        may_change=who.principal.may(PROPOSES),
        sent=sent,
        note=_SAID.get(request.query_params.get("said", "")),
        error=error.text if error else None,
        error_field={"organisation": "uscc", "name": "name_zh"}.get(field, field),
    )
    return page(request, "admin_organisations.html", status=status_of(error) if error else 200, view=view)


async def _one(request: Request, who: Visitor, uscc: str, *, error: AppError | None = None) -> Response:
    branches = await container(request).idp.staff.departments.tree(who.principal)
    found = next((branch for branch in branches if branch.department.uscc == uscc), None)
    if found is None:
        raise organisation_not_found()
    parent = found.department.parent
    view = DepartmentView(
        _row(found),
        grouped(uscc),
        None if parent is None else await department_name(request, parent),
        tuple(_row(branch) for branch in branches if branch.department.parent == uscc),
        tuple(choice for choice in await department_choices(request, who) if choice[0] != uscc),
        parent or "",
        who.principal.may(PROPOSES),
        error.text if error else None,
    )
    return page(request, "admin_organisation.html", status=status_of(error) if error else 200, view=view)


def _row(branch: Branch) -> DepartmentRow:
    department = branch.department
    dissolved = department.status is OrganisationStatus.DISSOLVED
    return DepartmentRow(department.uscc, department.name, branch.depth, dissolved)
