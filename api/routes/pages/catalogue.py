"""The catalogue's pages for administrators: licence types with their versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.catalogue_form import event_boxes, new_values, open_events, typed_definition, values_of_type
from api.routes.pages.office import all_types
from api.web.forms import read_form
from api.web.life_diagram import diagram
from api.web.render import page
from api.web.schema_table import KINDS, MEMBERS, rows_of, with_more
from api.web.views.catalogue import FieldRow, TypeRow, TypesView, TypeView, VersionRow
from api.web.views.common import Mark
from api.web.visitor import SECURITY_ADMIN, SYSTEM_ADMIN, permitted
from certstore.model import Colour, FileForms, HolderKind, LicenceType, Masking, Sharing, Validity
from certstore.schema import MAX_FIELDS, face_fields
from core.errors import AppError, InvalidInput
from core.text import Language, Text

router = APIRouter(include_in_schema=False)
TYPES = "/office/types"
_MOST_VALUES = MAX_FIELDS * len(MEMBERS) + 100  # of all rows, and of what stands beside them
_IN_USE = Mark("good", "check", Text("在用", "in use"))
_FILE_FORMS = {
    FileForms.PDF: Text("PDF", "PDF"),
    FileForms.OFD: Text("OFD", "OFD"),
    FileForms.BOTH: Text("PDF 和 OFD", "PDF and OFD"),
}
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
_PLACES = {
    name: name for name in ("code", "issuers", "schema", "numbering", "template", "profile", "name", "file_forms")
} | {
    "inspection": "months",
    "validity": "amount",
}
_HOLDERS = {
    HolderKind.PERSON: Text("自然人", "Persons"),
    HolderKind.ORGANISATION: Text("单位", "Organisations"),
    HolderKind.EITHER: Text("自然人或单位", "Persons or organisations"),
    HolderKind.THING: Text(
        "物（车辆、不动产、设备），可带所有人", "A thing (vehicle, property, device), with its owners"
    ),
}
_COLOURS = {
    Colour.PINE: Text("松绿", "Pine"),
    Colour.BLUE: Text("靛蓝", "Blue"),
    Colour.OCHRE: Text("赭黄", "Ochre"),
    Colour.PLUM: Text("梅紫", "Plum"),
}
_NEW = Text("登记一类新证照", "A new licence type")
_SAVED = Text("新版本已登记；以前发的证照不受影响。", "Registered. What was issued before stays as it is.")


@router.get(TYPES)
async def types(request: Request) -> Response:
    """All types."""
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    rows = tuple(map(_type_row, await all_types(request)))
    return page(request, "catalogue_types.html", view=TypesView(rows, may_add=who.principal.may(SYSTEM_ADMIN)))


@router.get(TYPES + "/new")
async def new_type(request: Request) -> Response:
    """The form of a type that is not there yet."""
    await permitted(request, SYSTEM_ADMIN)
    return await _shown(request, None, new_values())


@router.post(TYPES + "/new")
async def first_version(request: Request) -> Response:
    """Register what was typed as a new type."""
    who, form = await permitted(request, SYSTEM_ADMIN), await read_form(request, max_fields=_MOST_VALUES)
    if form["more"]:
        return await _shown(request, None, with_more(form.values))
    try:
        definition = typed_definition(form["code"], form)
        made = await container(request).certstore.catalogue.register_type(definition, who.principal, before=0)
    except AppError as error:
        return await _shown(request, None, form.values, error)
    return RedirectResponse(f"{TYPES}/{made.code}?{urlencode({'said': 'saved'})}", 303)


@router.get(TYPES + "/{code}")
async def one_type(request: Request, code: str) -> Response:
    """One type, as a form for its next version."""
    await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    newest = await container(request).certstore.catalogue.licence_type(code[:40])
    return await _shown(request, newest, values_of_type(newest))


@router.post(TYPES + "/{code}")
async def next_version(request: Request, code: str) -> Response:
    """Register what was typed as the next version."""
    who, form = await permitted(request, SYSTEM_ADMIN), await read_form(request, max_fields=_MOST_VALUES)
    catalogue = container(request).certstore.catalogue
    newest = await catalogue.licence_type(code[:40])
    if form["more"]:
        return await _shown(request, newest, with_more(form.values))
    seen = form["before"]
    try:
        before = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 7 else 0
        made = await catalogue.register_type(
            typed_definition(newest.code, form, newest.schema), who.principal, before=before
        )
    except AppError as error:
        return await _shown(request, newest, form.values, error)
    return RedirectResponse(f"{TYPES}/{made.code}?{urlencode({'said': 'saved'})}", 303)


async def _shown(
    request: Request, newest: LicenceType | None, values: Mapping[str, str], error: AppError | None = None
) -> Response:
    certstore, lang = container(request).certstore, language(request)
    versions = await certstore.catalogue.versions(newest.code) if newest else []
    stored = [one.reference for one in await certstore.templates.all()]
    names = dict.fromkeys(
        (*sorted(certstore.templates.starting_points()), *stored, *([newest.template] if newest else []))
    )
    place = error.field if isinstance(error, InvalidInput) and error.field else ""
    view = TypeView(
        action=f"{TYPES}/{newest.code if newest else 'new'}",
        code=newest.code if newest else "",
        name=newest.name if newest else _NEW,
        version=newest.version if newest else 0,
        mark=_RETIRED if newest and newest.retired else _IN_USE,
        fields=_field_rows(newest) if newest else (),
        versions=tuple(
            VersionRow(one.version, f"{one.created_at:%Y-%m-%d}", one.template, one is versions[0]) for one in versions
        ),
        choices={
            "template": tuple((one, one) for one in names),
            "validity": _options(_VALIDITIES, lang),
            "sharing": _options(_SHARINGS, lang),
            "holder_kind": _options(_HOLDERS, lang),
            "colour": _options(_COLOURS, lang),
            "kind": tuple((kind, words.to(lang)) for kind, words in KINDS.items()),
            "mask": _options(_MASKINGS, lang),
            "file_forms": _options(_FILE_FORMS, lang),
        },
        rows=rows_of(values),
        events=event_boxes(values),
        diagram=diagram(None, open_events(values)),
        values=values,
        note=_SAVED if request.query_params.get("said") == "saved" else None,
        error=error.text if error else None,
        error_field=_PLACES.get(place, ""),
    )
    return page(request, "catalogue_type.html", status=status_of(error) if error else 200, view=view)


def _options(words: Mapping[Any, Text], lang: Language) -> tuple[tuple[str, str], ...]:
    return tuple((kind.value, said.to(lang)) for kind, said in words.items())


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
