"""One material of a service item: which licences stand in for it, and what their data must say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.catalogue_items import ITEMS, item_address
from api.routes.pages.office import all_types
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.catalogue_items import Box, ConditionRow, MaterialFormView
from api.web.visitor import SYSTEM_ADMIN, permitted
from certstore.catalogue_rules import item_mark
from certstore.conditions import MAX_CONDITIONS, Comparison, Condition, Value, parse_condition
from certstore.model import LicenceType, Material, ServiceItem
from certstore.schema import face_fields
from core.errors import AppError, InvalidInput, NotFound
from core.text import Text

router = APIRouter(include_in_schema=False)
_ADDRESS = ITEMS + "/{code}/materials/{number}"
_BLANK = 2
_COMPARISONS = {
    Comparison.IS: Text("等于", "is"),
    Comparison.IS_NOT: Text("不等于", "is not"),
    Comparison.ONE_OF: Text("是其中之一（用 / 隔开）", "is one of (separated by /)"),
    Comparison.AT_LEAST: Text("不低于", "is at least"),
    Comparison.AT_MOST: Text("不高于", "is at most"),
    Comparison.WITHIN_DAYS: Text("在几天以内（日期）", "is within so many days (a date)"),
}


@router.get(_ADDRESS)
async def one_material(request: Request, code: str, number: str) -> Response:
    """One material, or the form of a new one."""
    await permitted(request, SYSTEM_ADMIN)
    item = await container(request).certstore.catalogue.item(code[:64])
    made = _material_of(item, number)
    return await _shown(request, item, made, _values(item, made))


@router.post(_ADDRESS)
async def put_material(request: Request, code: str, number: str) -> Response:
    """Put it among the item's materials, or take it away."""
    who, form = await permitted(request, SYSTEM_ADMIN), await read_form(request)
    catalogue = container(request).certstore.catalogue
    item = await catalogue.item(code[:64])
    made = _material_of(item, number)
    others = [one for one in item.materials if made is None or one.number != made.number]
    try:
        coming = [] if form["remove"] else [await _typed(request, form, others)]
        materials = tuple(sorted([*others, *coming], key=lambda one: one.number))
        await catalogue.put_item(replace(item, materials=materials), who.principal, seen=form["seen"])
    except AppError as error:
        return await _shown(request, item, made, form.values, error)
    return RedirectResponse(item_address(item.code) + "?said=saved", 303)


def _material_of(item: ServiceItem, number: str) -> Material | None:
    """
    Raises:
        NotFound: `material-not-found`.
    """
    if number == "new":
        return None
    for one in item.materials:
        if str(one.number) == number:
            return one
    raise NotFound("material-not-found", Text("这个事项没有这份材料。", "The item has no such material."))


async def _typed(request: Request, form: Form, others: Sequence[Material]) -> Material:
    number = form["number"]
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:6]) <= 999):
        raise InvalidInput("number-invalid", Text("序号是 1 到 999。", "The number is 1 to 999."), field="number")
    if any(one.number == int(number) for one in others):
        raise InvalidInput(
            "number-invalid", Text("这个序号已经有材料了。", "Another material has this number."), field="number"
        )
    if not form["name_zh"]:
        raise InvalidInput("name-invalid", Text("请写名称。", "Give it a name."), field="name_zh")
    types = [one for one in await all_types(request) if form[f"t.{one.code}"]]
    conditions = [_condition(form, row, types) for row in range(MAX_CONDITIONS) if form[f"c{row}.field"]]
    needed = Text(form["when_zh"], form["when_en"] or form["when_zh"]) if form["when_zh"] else None
    name = Text(form["name_zh"][:200], (form["name_en"] or form["name_zh"])[:200])
    return Material(int(number), name, tuple(one.code for one in types), needed, tuple(conditions))


def _condition(form: Form, row: int, types: Sequence[LicenceType]) -> Condition:
    field, comparison, typed = form[f"c{row}.field"], form[f"c{row}.comparison"], form[f"c{row}.value"]
    kinds = {rules["type"] for one in types if (rules := _rules(one, field))}
    if comparison == Comparison.ONE_OF:
        value: object = [_value(one.strip(), kinds) for one in typed.split("/") if one.strip()]
    else:
        value = _value(typed, kinds | ({"integer"} if comparison == Comparison.WITHIN_DAYS else set()))
    return parse_condition(field, comparison, value, form[f"c{row}.type"] or None)


def _rules(made: LicenceType, field: str) -> Mapping[str, str] | None:
    properties = made.schema["properties"]
    found = properties.get(field) if isinstance(properties, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _value(typed: str, kinds: set[str]) -> Value:
    """As the face has it: a number where the field is one."""
    if "boolean" in kinds and typed in ("true", "false"):
        return typed == "true"
    try:
        if "integer" in kinds:
            return int(typed)
        if "number" in kinds:
            return float(typed)
    except ValueError:
        return typed
    return typed


def _values(item: ServiceItem, made: Material | None) -> dict[str, str]:
    if made is None:
        following = max((one.number for one in item.materials), default=0) + 1
        return {"number": str(following)}
    values = {"number": str(made.number), "name_zh": made.name.zh, "name_en": made.name.en}
    if made.condition:
        values |= {"when_zh": made.condition.zh, "when_en": made.condition.en}
    values |= {f"t.{code}": "1" for code in made.types}
    for row, one in enumerate(made.conditions):
        said = "/".join(map(_said, one.value)) if isinstance(one.value, tuple) else _said(one.value)
        values |= {f"c{row}.field": one.field, f"c{row}.comparison": one.comparison.value, f"c{row}.value": said}
        values[f"c{row}.type"] = one.type_code or ""
    return values


def _said(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _shown(
    request: Request,
    item: ServiceItem,
    made: Material | None,
    values: Mapping[str, str],
    error: AppError | None = None,
) -> Response:
    lang, types = language(request), await all_types(request)
    used = sum(bool(values.get(f"c{row}.field")) for row in range(MAX_CONDITIONS))
    rows = range(min(MAX_CONDITIONS, max(used, len(made.conditions) if made else 0) + _BLANK))
    base = item_address(item.code)
    names = {field.name: field.title.to(lang) for one in types for field in face_fields(one.schema)}
    view = MaterialFormView(
        action=f"{base}/materials/{made.number if made else 'new'}",
        back=base,
        item=item.name,
        name=made.name if made else None,
        seen=item_mark(item),
        types=tuple(Box(f"t.{one.code}", one.name, one.code, bool(values.get(f"t.{one.code}"))) for one in types),
        rows=tuple(
            ConditionRow(row, *(values.get(f"c{row}.{part}", "") for part in ("field", "comparison", "value", "type")))
            for row in rows
        ),
        fields=tuple(sorted(names.items())),
        comparisons=tuple((one.value, words.to(lang)) for one, words in _COMPARISONS.items()),
        of_types=(
            ("", Text("每一种", "every type").to(lang)),
            *((one.code, one.name.to(lang)) for one in types),
        ),
        values=values,
        error=error.text if error else None,
        error_field=(error.field or "") if isinstance(error, InvalidInput) else "",
    )
    return page(request, "catalogue_material.html", status=status_of(error) if error else 200, view=view)
