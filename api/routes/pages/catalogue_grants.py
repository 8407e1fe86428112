"""Grants of use: which fields of a type an office may use for a service item, from when to when, and how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.catalogue_items import ITEMS, item_address, office_names
from api.routes.pages.office import all_types
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.catalogue_items import Box, GrantFormView
from api.web.visitor import SECURITY_ADMIN, Visitor, permitted
from certstore.catalogue_rules import grant_mark
from certstore.model import FIXED_FIELDS, ConsumerGrant, LicenceType, Quota, ServiceItem
from certstore.schema import face_fields
from core.clock import calendar_day
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.text import Text

router = APIRouter(include_in_schema=False)
_NEW = ITEMS + "/{code}/grants/new"
_ONE = ITEMS + "/{code}/grants/{organisation}/{type_code}"


@router.get(_NEW)
async def new_grant(request: Request, code: str, type_code: str = "") -> Response:
    """First which type, then the form."""
    await permitted(request, SECURITY_ADMIN)
    catalogue = container(request).certstore.catalogue
    item = await catalogue.item(code[:64])
    made = await catalogue.licence_type(type_code[:40]) if type_code else None
    today = calendar_day(container(request).ground.clock.now())
    return await _shown(request, item, made, {"valid_from": today.isoformat()})


@router.post(_NEW)
async def grant(request: Request, code: str, type_code: str = "") -> Response:
    """Register what was typed."""
    who, form = await permitted(request, SECURITY_ADMIN), await read_form(request)
    catalogue = container(request).certstore.catalogue
    item, made = await catalogue.item(code[:64]), await catalogue.licence_type(type_code[:40])
    return await _put(request, who, item, made, form)


@router.get(_ONE)
async def one_grant(request: Request, code: str, organisation: str, type_code: str) -> Response:
    """One grant, to be changed or taken back."""
    who = await permitted(request, SECURITY_ADMIN)
    item, made, found = await _found(request, who, code, organisation, type_code)
    return await _shown(request, item, made, _values(found), found=found)


@router.post(_ONE)
async def change_grant(request: Request, code: str, organisation: str, type_code: str) -> Response:
    """Change it, or take it back."""
    who, form = await permitted(request, SECURITY_ADMIN), await read_form(request)
    item, made, found = await _found(request, who, code, organisation, type_code)
    if not form["end"]:
        return await _put(request, who, item, made, form, found)
    try:
        await container(request).certstore.catalogue.end_grant(
            found.organisation, found.service_item, found.type_code, who.principal, seen=form["seen"] or None
        )
    except Conflict as error:
        return await _shown(request, item, made, _values(found), error=error, found=found)
    return RedirectResponse(f"{ITEMS}?said=ended", 303)


async def _found(
    request: Request, who: Visitor, code: str, organisation: str, type_code: str
) -> tuple[ServiceItem, LicenceType, ConsumerGrant]:
    catalogue = container(request).certstore.catalogue
    item, made = await catalogue.item(code[:64]), await catalogue.licence_type(type_code[:40])
    cursor: str | None = None
    while True:
        part = await catalogue.grants(
            who.principal, organisation=organisation[:18], service_item=item.code, cursor=cursor, limit=100
        )
        if found := next((one for one in part.items if one.type_code == made.code), None):
            return item, made, found
        if (cursor := part.next_cursor) is None:
            break
    raise NotFound("grant-not-found", Text("没有这项使用授权。", "There is no such grant of use."))


async def _put(
    request: Request,
    who: Visitor,
    item: ServiceItem,
    made: LicenceType,
    form: Form,
    found: ConsumerGrant | None = None,
) -> Response:
    try:
        typed = _typed(item, made, form, found)
        await container(request).certstore.catalogue.grant_use(typed, who.principal, seen=form["seen"])
    except AppError as error:
        return await _shown(request, item, made, form.values, error=error, found=found)
    return RedirectResponse(f"{ITEMS}?said=granted", 303)


def _typed(item: ServiceItem, made: LicenceType, form: Form, found: ConsumerGrant | None) -> ConsumerGrant:
    first = _date(form["valid_from"], "valid_from")
    if first is None:
        raise _date_wrong("valid_from")
    if not form["basis"]:
        raise InvalidInput("basis-missing", Text("请写法律依据。", "Give the legal basis."), field="basis")
    return ConsumerGrant(
        found.organisation if found else form["organisation"].upper(),
        made.code,
        item.code,
        tuple(name for name in _field_names(made) if form[f"f.{name}"]),
        form["basis"][:400],
        first,
        _date(form["valid_until"], "valid_until"),
        Quota(_times(form["hourly"], "hourly"), _times(form["daily"], "daily")),
    )


def _field_names(made: LicenceType) -> list[str]:
    return [*FIXED_FIELDS, *(field.name for field in face_fields(made.schema))]


def _values(found: ConsumerGrant) -> dict[str, str]:
    quota, until = found.quota, found.valid_until
    return {
        "basis": found.basis,
        "valid_from": found.valid_from.isoformat(),
        "valid_until": until.isoformat() if until else "",
        "hourly": "" if quota.hourly is None else str(quota.hourly),
        "daily": "" if quota.daily is None else str(quota.daily),
        **{f"f.{name}": "1" for name in found.fields},
    }


def _date(typed: str, field: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed) if typed else None
    except ValueError:
        raise _date_wrong(field) from None


def _date_wrong(field: str) -> InvalidInput:
    return InvalidInput("date-invalid", Text("日期写法应为 2026-12-19。", "Write the date as 2026-12-19."), field=field)


def _times(typed: str, field: str) -> int | None:
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 7):
        raise InvalidInput(
            "times-invalid", Text("次数写数字，不限就空着。", "Write a number, or leave it empty."), field=field
        )
    return int(typed)


async def _shown(
    request: Request,
    item: ServiceItem,
    made: LicenceType | None,
    values: Mapping[str, str],
    *,
    error: AppError | None = None,
    found: ConsumerGrant | None = None,
) -> Response:
    base, lang = f"{item_address(item.code)}/grants", language(request)
    types = [] if made else [one for one in await all_types(request) if not one.retired]
    titles = FIXED_FIELDS | ({one.name: one.title for one in face_fields(made.schema)} if made else {})
    names = await office_names(request, {found.organisation} if found else set())
    view = GrantFormView(
        action=f"{base}/{found.organisation}/{found.type_code}"
        if found
        else f"{base}/new?type_code={made.code if made else ''}",
        item=item.name,
        type_name=made.name if made else None,
        types=tuple((f"{base}/new?type_code={one.code}", one.name.to(lang), one.code) for one in types),
        organisation=names[found.organisation] if found else None,
        seen=values.get("seen", grant_mark(found)),  # of what was looked at, also after a refusal
        fields=tuple(Box(f"f.{name}", title, name, bool(values.get(f"f.{name}"))) for name, title in titles.items()),
        values=values,
        error=error.text if error else None,
        error_field=_place(error),
    )
    return page(request, "catalogue_grant.html", status=status_of(error) if error else 200, view=view)


def _place(error: AppError | None) -> str:
    field = error.field if isinstance(error, InvalidInput) else None
    return {"code": "organisation", "uscc": "organisation"}.get(field or "", field or "")
