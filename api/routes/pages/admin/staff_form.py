"""`/admin/staff/new`: somebody is to have a role; what it is limited to; until when; why."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.admin.keepers import STAFF, department_choices, keeper
from api.web.console.views import RoleFormView
from api.web.console.words import FUNCTIONS, ROLES
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.visitor import Visitor
from core.errors import AppError, InvalidInput
from core.text import Text
from idp.model import StaffRole
from idp.protocol.scopes import ADMINISTRATOR_ROLES
from idp.staff.duties import PROPOSES
from idp.staff.roles import limits_of

router = APIRouter(include_in_schema=False)
_TYPE, _FUNCTION = "type-", "function-"


@router.get(f"{STAFF}/new")
async def form(request: Request) -> Response:
    """Empty, or for the person whom another page names."""
    who = await keeper(request)
    return await _shown(request, who, {"person": request.query_params.get("account", "")[:64]})


@router.post(f"{STAFF}/new")
async def propose(request: Request) -> Response:
    """Nothing counts before somebody else agrees."""
    who, sent = await keeper(request), await read_form(request)
    services = container(request).idp.staff
    try:
        person = await services.find_people(sent["person"], who.principal)
        await services.propose.give(_role(sent, person.account.id), sent["reason"], who.principal)
    except AppError as error:
        return await _shown(request, who, dict(sent.values), error=error)
    return RedirectResponse(f"{STAFF}?{urlencode({'said': 'proposed'})}", 303)


def _role(sent: Form, account_id: str) -> StaffRole:
    types = [name.removeprefix(_TYPE) for name in sent.values if name.startswith(_TYPE)]
    functions = [name.removeprefix(_FUNCTION) for name in sent.values if name.startswith(_FUNCTION)]
    try:
        until = dt.date.fromisoformat(sent["until"]) if sent["until"] else None
    except ValueError:
        raise InvalidInput(
            "date-invalid", Text("日期应写成 2026-12-31。", "Write the day as 2026-12-31."), field="until"
        ) from None
    return StaffRole(account_id, sent["organisation"], sent["role"], limits_of(types or None, functions or None), until)


async def _shown(request: Request, who: Visitor, sent: dict[str, str], *, error: AppError | None = None) -> Response:
    lang = language(request)
    everywhere = who.principal.may(PROPOSES)
    types = await container(request).certstore.catalogue.licence_types(limit=100)
    field = error.field if isinstance(error, InvalidInput) and error.field else ""
    view = RoleFormView(
        departments=await department_choices(request, who),
        roles=tuple(
            (role, name.to(lang)) for role, name in ROLES.items() if everywhere or role not in ADMINISTRATOR_ROLES
        ),
        types=tuple((_TYPE + one.code, one.name.to(lang)) for one in types.items),
        functions=tuple((_FUNCTION + scope, name.to(lang)) for scope, name in FUNCTIONS.items()),
        sent=sent,
        error=error.text if error else None,
        error_field={"identifier": "person", "licence_types": "limits", "functions": "limits"}.get(field, field),
    )
    return page(request, "admin_staff_new.html", status=status_of(error) if error else 200, view=view)
