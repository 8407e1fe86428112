"""The catalogue's pages for administrators: licence types with their versions, service items and grants of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.office import all_types
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.catalogue import (
    FieldRow,
    GrantRow,
    ItemCard,
    ItemsView,
    MaterialRow,
    TypeRow,
    TypesView,
    TypeView,
    VersionRow,
)
from api.web.views.common import Mark
from api.web.visitor import SECURITY_ADMIN, SYSTEM_ADMIN, permitted
from certstore.definition import TypeDefinition, definition_of
from certstore.model import (
    ConsumerGrant,
    InspectionRule,
    LicenceType,
    Masking,
    Material,
    ServiceItem,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.schema import face_fields
from core.errors import AppError, InvalidInput
from core.text import Text

router = APIRouter(include_in_schema=False)
TYPES, ITEMS = "/office/types", "/office/items"
_IN_USE = Mark("good", "check", Text("在用", "in use"))
_RETIRED = Mark("", "no", Text("停用", "retired"))
_VALIDITIES = {
    Validity.LONG_TERM: Text("长期", "Without end"),
    Validity.YEARS: Text("若干年", "Years"),
    Validity.DAYS: Text("若干天", "Days"),
    Validity.STATED: Text("发证时写明", "Stated by the issuer"),
}
_SHARINGS = {Sharing.CONSENT: Text("本人同意", "The holder's consent"), Sharing.FUNCTION: Text("依职能", "By function")}
_KINDS = {
    "string": Text("文字", "text"),
    "integer": Text("整数", "whole number"),
    "number": Text("数字", "number"),
    "boolean": Text("是或否", "yes or no"),
}
_MASKINGS = {
    Masking.NONE: Text("不遮", "shown"),
    Masking.NAME: Text("遮姓名", "as a name"),
    Masking.CODE: Text("遮号码", "as a number"),
    Masking.ADDRESS: Text("遮地址", "as an address"),
    Masking.FULL: Text("全遮", "hidden"),
}
_PLACES = {"issuers": "issuers", "schema": "schema", "numbering": "numbering", "inspection": "months"}


@router.get(TYPES)
async def types(request: Request) -> Response:
    """All types."""
    await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    return page(request, "catalogue_types.html", view=TypesView(tuple(map(_type_row, await all_types(request)))))


@router.get(TYPES + "/{code}")
async def one_type(request: Request, code: str) -> Response:
    """One type, as a form for its next version."""
    await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    versions = await container(request).certstore.catalogue.versions(code[:40])
    return await _shown(request, versions[0], _values(versions[0]))


@router.post(TYPES + "/{code}")
async def next_version(request: Request, code: str) -> Response:
    """Register what was typed as the next version."""
    who, form = await permitted(request, SYSTEM_ADMIN), await read_form(request)
    catalogue = container(request).certstore.catalogue
    newest = await catalogue.licence_type(code[:40])
    seen = form["before"]
    try:
        before = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 7 else 0
        made = await catalogue.register_type(_definition(newest, form), who.principal, before=before)
    except AppError as error:
        return await _shown(request, newest, form.values, error)
    return RedirectResponse(f"{TYPES}/{made.code}?{urlencode({'said': 'saved'})}", 303)


@router.get(ITEMS)
async def items(request: Request) -> Response:
    """What each service item asks for, and who may use what for it."""
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    catalogue = container(request).certstore.catalogue
    cursor = request.query_params.get("cursor") or None
    found = await catalogue.items(cursor, 20)
    names = {one.code: one for one in await all_types(request)}
    grants: list[ConsumerGrant] = []
    following: str | None = None
    while True:
        part = await catalogue.grants(who.principal, cursor=following, limit=100)
        grants += part.items
        following = part.next_cursor
        if following is None or len(grants) >= 1000:
            break
    offices = {one.organisation for one in grants} | {one.department for one in found.items}
    directory = container(request).idp.directory
    known = {uscc: await directory.organisation(uscc) for uscc in sorted(offices)}
    lang = language(request)
    spoken = {uscc: one.name.to(lang) if one else uscc for uscc, one in known.items()}
    cards = tuple(_card(one, names, [g for g in grants if g.service_item == one.code], spoken) for one in found.items)
    more = f"{ITEMS}?{urlencode({'cursor': found.next_cursor})}" if found.next_cursor else None
    return page(request, "catalogue_items.html", view=ItemsView(cards, ITEMS if cursor else None, more))


async def _shown(
    request: Request, newest: LicenceType, values: Mapping[str, str], error: AppError | None = None
) -> Response:
    certstore, lang = container(request).certstore, language(request)
    versions = await certstore.catalogue.versions(newest.code)
    stored = [one.reference for one in await certstore.templates.all()]
    names = dict.fromkeys((*sorted(certstore.templates.starting_points()), *stored, newest.template))
    place = error.field if isinstance(error, InvalidInput) and error.field else ""
    view = TypeView(
        action=f"{TYPES}/{newest.code}",
        code=newest.code,
        name=newest.name,
        version=newest.version,
        mark=_RETIRED if newest.retired else _IN_USE,
        fields=_field_rows(newest),
        versions=tuple(
            VersionRow(one.version, f"{one.created_at:%Y-%m-%d}", one.template, one is versions[0]) for one in versions
        ),
        templates=tuple((one, one) for one in names),
        validities=tuple((kind.value, words.to(lang)) for kind, words in _VALIDITIES.items()),
        sharings=tuple((kind.value, words.to(lang)) for kind, words in _SHARINGS.items()),
        values=values,
        note=Text("新版本已登记；以前发的证照不受影响。", "Registered. What was issued before stays as it is.")
        if request.query_params.get("said") == "saved"
        else None,
        error=error.text if error else None,
        error_field=_PLACES.get(place, ""),
    )
    return page(request, "catalogue_type.html", status=status_of(error) if error else 200, view=view)


def _values(made: LicenceType) -> dict[str, str]:
    inspection = made.inspection
    return {
        "name_zh": made.name.zh,
        "name_en": made.name.en,
        "issuers": "\n".join(made.issuers),
        "validity": made.validity.kind.value,
        "amount": str(made.validity.amount or ""),
        "sharing": made.sharing.value,
        "template": made.template,
        "numbering": made.numbering,
        "months": str(inspection.months) if inspection else "",
        "window": str(inspection.window_days) if inspection else "",
        "one_per_holder": "1" if made.one_per_holder else "",
        "several_holders": "1" if made.several_holders else "",
        "retired": "1" if made.retired else "",
        "schema": orjson.dumps(made.schema, option=orjson.OPT_INDENT_2).decode(),
    }


def _definition(newest: LicenceType, form: Form) -> TypeDefinition:
    months, window = _number(form["months"]), _number(form["window"])
    try:
        schema: Any = orjson.loads(form["schema"])
    except orjson.JSONDecodeError:
        schema = None
    return replace(
        definition_of(newest),
        name=Text(form["name_zh"] or newest.name.zh, form["name_en"] or newest.name.en),
        issuers=form["issuers"].split(),
        validity=ValidityRule(Validity(form["validity"]), _number(form["amount"]))
        if form["validity"] in set(Validity)
        else newest.validity,
        sharing=Sharing(form["sharing"]) if form["sharing"] in set(Sharing) else newest.sharing,
        template=form["template"],
        numbering=form["numbering"],
        inspection=InspectionRule(months, window) if form["months"] or form["window"] else None,
        one_per_holder=bool(form["one_per_holder"]),
        several_holders=bool(form["several_holders"]),
        retired=bool(form["retired"]),
        schema=schema if isinstance(schema, dict) else {},
    )


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 0


def _type_row(made: LicenceType) -> TypeRow:
    return TypeRow(
        f"{TYPES}/{made.code}",
        made.name,
        made.code,
        made.colour.value,
        made.version,
        len(made.issuers),
        len(face_fields(made.schema)),
        _RETIRED if made.retired else _IN_USE,
    )


def _field_rows(made: LicenceType) -> tuple[FieldRow, ...]:
    rules: Any = made.schema["properties"]
    required: Any = made.schema.get("required", [])
    return tuple(
        FieldRow(
            one.title,
            one.code,
            Text("日期", "date") if rules[one.name].get("format") == "date" else _KINDS[rules[one.name]["type"]],
            _MASKINGS[one.masking],
            one.name in required,
        )
        for one in face_fields(made.schema)
    )


def _card(
    item: ServiceItem, types: Mapping[str, LicenceType], grants: list[ConsumerGrant], offices: Mapping[str, str]
) -> ItemCard:
    materials = tuple(_material(one, types) for one in item.materials)
    covered = sum(bool(one.covered_by) for one in materials)
    department = offices.get(item.department, item.department)
    return ItemCard(
        item.code, item.name, department, materials, tuple(_grant(g, types, offices) for g in grants), covered
    )


def _material(one: Material, types: Mapping[str, LicenceType]) -> MaterialRow:
    names = tuple(types[code].name for code in one.types if code in types)
    told = tuple(
        Text(f"{condition.field} {says.zh}", f"{condition.field} {says.en}")
        for condition in one.conditions
        for says in (condition.says(),)
    )
    return MaterialRow(one.number, one.name, names, told)


def _grant(grant: ConsumerGrant, types: Mapping[str, LicenceType], offices: Mapping[str, str]) -> GrantRow:
    made = types.get(grant.type_code)
    until = grant.valid_until
    hourly, daily = grant.quota.hourly, grant.quota.daily
    zh = "，".join([f"每小时 {hourly} 次"] * (hourly is not None) + [f"每天 {daily} 次"] * (daily is not None))
    en = ", ".join([f"{hourly} an hour"] * (hourly is not None) + [f"{daily} a day"] * (daily is not None))
    return GrantRow(
        offices.get(grant.organisation, grant.organisation),
        made.name if made else Text(grant.type_code, grant.type_code),
        Text(f"{len(grant.fields)} 个字段", f"{len(grant.fields)} fields"),
        Text(f"到 {until.isoformat()}", f"until {until.isoformat()}") if until else Text("长期", "without end"),
        Text(zh or "次数不限", en or "no ceiling"),
    )
