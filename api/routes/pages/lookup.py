"""The clerk's look-up of an applicant's licences, within the office's grants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.clerk import field_at_fault, item_options
from api.routes.pages.office import all_types
from api.routes.pages.states import mark_of, until_words
from api.web.card_reader import number_of
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.desk import Found, LookUpView
from api.web.visitor import CLERK, permitted
from certstore.codes import CITIZEN_ID, HolderCode, mask_code
from certstore.model import FIXED_FIELDS, LicenceType
from certstore.schema import face_fields
from certstore.search import FoundLicence, SearchQuery
from certstore.status import Status
from core.clock import calendar_day
from core.errors import AppError, InvalidInput, LimitExceeded, NotPermitted
from core.text import Language, Text

router = APIRouter(include_in_schema=False)


@router.get("/clerk/licences")
async def look_up_form(request: Request) -> Response:
    """Look up an applicant's licences."""
    await permitted(request, CLERK)
    return await _look_up(request, Form({}))


@router.post("/clerk/licences")
async def look_up(request: Request) -> Response:
    """Look up, within the office's grants; what is found is shown once and kept nowhere."""
    who = await permitted(request, CLERK)
    form = await read_form(request)
    types = [form["type_code"]] if form["type_code"] else None
    number = number_of(form["id_number"])
    query = SearchQuery(CITIZEN_ID, number, form["service_item"], form["case_number"], form["basis"], types)
    try:
        found = await container(request).certstore.search(query, who.principal)
    except (InvalidInput, NotPermitted, LimitExceeded) as error:
        return await _look_up(request, form, error=error)
    return await _look_up(request, form, found=found)


async def _look_up(
    request: Request, form: Form, *, found: Sequence[FoundLicence] | None = None, error: AppError | None = None
) -> Response:
    lang = language(request)
    types = await all_types(request)
    every = ("", Text("本单位获授权的各类", "All types granted to your office").to(lang))
    now = container(request).ground.clock.now()
    by_code = {one.code: one for one in types}
    view = LookUpView(
        items=await item_options(request),
        types=(every, *((one.code, one.name.to(lang)) for one in types)),
        service_item=form["service_item"],
        type_code=form["type_code"],
        id_number=number_of(form["id_number"]),
        case_number=form["case_number"],
        basis=form["basis"],
        found=None if found is None else tuple(_found(one, by_code[one.type_code], lang, now) for one in found),
        at=now,
        error=error.text if error else None,
        error_field=field_at_fault(error) if error else None,
    )
    return page(request, "lookup.html", status=status_of(error) if error else 200, view=view)


def _found(one: FoundLicence, licence_type: LicenceType, lang: Language, now: dt.datetime) -> Found:
    mark = mark_of(one.status, one.valid_until, calendar_day(now))
    titles = {face.name: (face.title, face.unit) for face in face_fields(licence_type.schema)}
    titles |= {name: (title, "") for name, title in FIXED_FIELDS.items()}
    shown = [
        (titles[name][0].to(lang), f"{_words(value)} {titles[name][1]}".strip()) for name, value in one.values.items()
    ]
    shown.append((Text("颁发", "Issued by").to(lang), one.issuer_name.to(lang)))
    shown.append((Text("有效至", "Valid until").to(lang), until_words(one.valid_until).to(lang)))
    hidden = one.status is not Status.VALID
    note = Text("不在有效状态，不给内容。", "Not valid today, so its contents are not given.") if hidden else None
    return Found(one.type_name, mark.word, mark.tone, mark.icon, tuple(shown), note)


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return "、".join(_words(one) for one in value)
    if isinstance(value, Mapping):
        return mask_code(HolderCode(str(value["type"]), str(value["code"])))
    return {True: "是", False: "否"}.get(value, str(value)) if isinstance(value, bool) else str(value)
