"""The catalogue's pages of service items: what each asks for, and what may stand in for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.office import all_types
from api.web.condition_words import condition_words
from api.web.forms import read_form
from api.web.render import page
from api.web.views.catalogue_items import GrantRow, ItemCard, ItemFormView, ItemsView, MaterialRow
from api.web.visitor import SECURITY_ADMIN, SYSTEM_ADMIN, permitted
from certstore.catalogue_rules import item_mark
from certstore.model import ConsumerGrant, LicenceType, Material, ServiceItem
from core.errors import AppError, InvalidInput
from core.identifiers.uscc import parse_uscc
from core.paging import Page
from core.text import Text

router = APIRouter(include_in_schema=False)
ITEMS = "/office/items"
_GRANTS = 50  # of an item on one page
_NOTES = {
    "granted": Text("授权已登记，马上生效。", "The grant is registered and counts at once."),
    "ended": Text("授权已收回，马上生效。", "The grant has been taken back; nothing can be used by it any more."),
}
_SAVED = Text("已登记。", "Registered.")


@router.get(ITEMS)
async def items(request: Request) -> Response:
    """What each service item asks for, and who may use what for it."""
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    catalogue = container(request).certstore.catalogue
    cursor, code = request.query_params.get("cursor") or None, request.query_params.get("item", "")[:64]
    found = Page([await catalogue.item(code)], None) if code else await catalogue.items(cursor, 20)
    grants = {
        one.code: await catalogue.grants(
            who.principal, service_item=one.code, cursor=cursor if code else None, limit=_GRANTS
        )
        for one in found.items
    }
    names = {one.code: one for one in await all_types(request)}
    offices = {g.organisation for some in grants.values() for g in some.items}
    spoken = await office_names(request, offices | {one.department for one in found.items})
    view = ItemsView(
        tuple(_card(one, names, grants[one.code], spoken) for one in found.items),
        may_edit=who.principal.may(SYSTEM_ADMIN),
        may_grant=who.principal.may(SECURITY_ADMIN),
        note=_NOTES.get(request.query_params.get("said", "")),
        first_href=(_grants_address(code) if code else ITEMS) if cursor else None,
        next_href=f"{ITEMS}?{urlencode({'cursor': found.next_cursor})}" if found.next_cursor else None,
        alone=bool(code),
    )
    return page(request, "catalogue_items.html", view=view)


@router.get(ITEMS + "/new")
async def new_item(request: Request) -> Response:
    """The form of an item that is not there yet."""
    await permitted(request, SYSTEM_ADMIN)
    return await item_page(request, None, {})


@router.post(ITEMS + "/new")
async def first_item(request: Request) -> Response:
    """Register an item; its materials come next."""
    who, form = await permitted(request, SYSTEM_ADMIN), await read_form(request)
    try:
        item = ServiceItem(_code(form["code"]), _name(form.values), _department(form["department"]), ())
        await container(request).certstore.catalogue.put_item(item, who.principal, seen="")
    except AppError as error:
        return await item_page(request, None, form.values, error)
    return RedirectResponse(item_address(item.code) + "?said=saved", 303)


@router.get(ITEMS + "/{code}")
async def one_item(request: Request, code: str) -> Response:
    """One item with its materials."""
    await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    item = await container(request).certstore.catalogue.item(code[:64])
    values = {"name_zh": item.name.zh, "name_en": item.name.en, "department": item.department}
    return await item_page(request, item, values)


@router.post(ITEMS + "/{code}")
async def change_item(request: Request, code: str) -> Response:
    """Change its name and department; the materials stay."""
    who, form = await permitted(request, SYSTEM_ADMIN), await read_form(request)
    catalogue = container(request).certstore.catalogue
    item = await catalogue.item(code[:64])
    try:
        changed = replace(item, name=_name(form.values), department=_department(form["department"]))
        await catalogue.put_item(changed, who.principal, seen=form["seen"])
    except AppError as error:
        return await item_page(request, item, form.values, error)
    return RedirectResponse(item_address(item.code) + "?said=saved", 303)


def item_address(code: str) -> str:
    return f"{ITEMS}/{quote(code, safe='')}"


def grant_address(grant: ConsumerGrant) -> str:
    return f"{item_address(grant.service_item)}/grants/{grant.organisation}/{grant.type_code}"


async def item_page(
    request: Request, item: ServiceItem | None, values: Mapping[str, str], error: AppError | None = None
) -> Response:
    """The form of one item."""
    names = {one.code: one for one in await all_types(request)}
    base = item_address(item.code) if item else f"{ITEMS}/new"
    view = ItemFormView(
        action=base,
        item=item.name if item else None,
        code=item.code if item else "",
        seen=item_mark(item),
        materials=tuple(
            (f"{base}/materials/{one.number}", material_row(one, names)) for one in (item.materials if item else ())
        ),
        values=values,
        note=_SAVED if request.query_params.get("said") == "saved" else None,
        error=error.text if error else None,
        error_field=(error.field or "") if isinstance(error, InvalidInput) else "",
    )
    return page(request, "catalogue_item.html", status=status_of(error) if error else 200, view=view)


async def office_names(request: Request, codes: Collection[str]) -> dict[str, str]:
    """Names of organisations; the code of one that the directory does not know."""
    directory, lang = container(request).idp.directory, language(request)
    known = {uscc: await directory.organisation(uscc) for uscc in sorted(codes)}
    return {uscc: one.name.to(lang) if one else uscc for uscc, one in known.items()}


def _code(typed: str) -> str:
    if not (typed.isascii() and typed.isprintable() and 1 <= len(typed) <= 64 and "/" not in typed) or typed == "new":
        raise InvalidInput(
            "service-item-code-invalid",
            Text(
                "事项代码是 1 到 64 个字母、数字和符号，不含斜线。",
                "An item's code has 1 to 64 letters, digits or signs, and no slash.",
            ),
            field="code",
        )
    return typed


def _name(values: Mapping[str, str]) -> Text:
    zh = values.get("name_zh", "")
    if not zh:
        raise InvalidInput("name-invalid", Text("请写名称。", "Give it a name."), field="name_zh")
    return Text(zh[:200], (values.get("name_en", "") or zh)[:200])


def _department(typed: str) -> str:
    try:
        return parse_uscc(typed)
    except InvalidInput as error:
        raise InvalidInput(error.code, error.text, field="department") from None


def _card(
    item: ServiceItem, types: Mapping[str, LicenceType], grants: Page[ConsumerGrant], offices: Mapping[str, str]
) -> ItemCard:
    materials = tuple(material_row(one, types) for one in item.materials)
    covered = sum(bool(one.covered_by) for one in materials)
    department = offices.get(item.department, item.department)
    return ItemCard(
        f"{ITEMS}/{quote(item.code, safe='')}",
        item.code,
        item.name,
        department,
        materials,
        tuple(_grant(g, types, offices) for g in grants.items),
        covered,
        _grants_address(item.code, grants.next_cursor) if grants.next_cursor else None,
    )


def _grants_address(code: str, cursor: str | None = None) -> str:
    """One item alone, with its grants from a place on."""
    return f"{ITEMS}?{urlencode({'item': code} | ({'cursor': cursor} if cursor else {}))}"


def material_row(one: Material, types: Mapping[str, LicenceType]) -> MaterialRow:
    names = tuple(types[code].name for code in one.types if code in types)
    told = tuple(condition_words(condition, one.types, types) for condition in one.conditions)
    return MaterialRow(one.number, one.name, names, told)


def _grant(grant: ConsumerGrant, types: Mapping[str, LicenceType], offices: Mapping[str, str]) -> GrantRow:
    made = types.get(grant.type_code)
    until = grant.valid_until
    hourly, daily = grant.quota.hourly, grant.quota.daily
    zh = "，".join([f"每小时 {hourly} 次"] * (hourly is not None) + [f"每天 {daily} 次"] * (daily is not None))
    en = ", ".join([f"{hourly} an hour"] * (hourly is not None) + [f"{daily} a day"] * (daily is not None))
    return GrantRow(
        grant_address(grant),
        offices.get(grant.organisation, grant.organisation),
        made.name if made else Text(grant.type_code, grant.type_code),
        Text(f"{len(grant.fields)} 个字段", f"{len(grant.fields)} fields"),
        Text(f"到 {until.isoformat()}", f"until {until.isoformat()}") if until else Text("长期", "without end"),
        Text(zh or "次数不限", en or "no ceiling"),
    )
