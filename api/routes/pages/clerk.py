"""The clerk's pages: exemption check and look-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.routes.pages.office import all_types
from api.routes.pages.states import mark_of, until_words
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.shelf import shelf
from api.web.views.desk import (
    CheckFormView,
    CheckView,
    Found,
    LookUpView,
    MaterialGroup,
    MaterialRow,
    Options,
    Part,
)
from api.web.visitor import CLERK, permitted
from certstore.codes import CITIZEN_ID, HolderCode, mask_code, parse_holder_code
from certstore.exemption import Exemption, ExemptionAnswer, ExemptionQuery, MaterialAnswer
from certstore.model import FIXED_FIELDS, LicenceType
from certstore.schema import face_fields
from certstore.search import FoundLicence, SearchQuery
from certstore.status import Status
from core.clock import calendar_day
from core.errors import AppError, InvalidInput, NotFound, NotPermitted
from core.text import Language, Text

router = APIRouter(include_in_schema=False)
_KEEP = 3600
_FORM_FIELDS = {"service_item", "id_number", "case_number", "basis", "type_code"}
_OTHER_NAMES = {"code": "id_number"}


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """A check that was made, kept so that its page can be reloaded without asking the repository again."""

    query: ExemptionQuery = field(repr=False)
    answer: ExemptionAnswer
    masked_number: str
    at: dt.datetime


@router.get("/clerk")
async def start(request: Request) -> Response:
    """Service item, applicant, case number."""
    await permitted(request, CLERK)
    return page(request, "clerk.html", view=CheckFormView(await _items(request)))


@router.post("/clerk/check")
async def check(request: Request) -> Response:
    """Check, keep the answer on the clerk's own shelf, show it under an address without personal data."""
    who = await permitted(request, CLERK)
    form = await read_form(request)
    query = ExemptionQuery(form["service_item"], form["case_number"], CITIZEN_ID, form["id_number"])
    ground = container(request).ground
    try:
        answer = await container(request).certstore.check_exemption(query, who.principal)
    except (InvalidInput, NotPermitted) as error:
        return await _start_again(request, form, error)
    now = ground.clock.now()
    holder = parse_holder_code(CITIZEN_ID, form["id_number"], today=calendar_day(now))
    kept = KeptCheck(query, answer, mask_code(holder), now)
    owner = who.principal.session or ""
    token = await shelf(request).put(msgspec.json.encode(kept), owner=owner, seconds=_KEEP)
    return RedirectResponse(f"/clerk/checks/{token}", 303)


@router.get("/clerk/checks/{token}")
async def checked(request: Request, token: str) -> Response:
    """The answer: what needs work first."""
    kept = await kept_check(request, token)
    return page(request, "clerk_check.html", view=_check_view(kept, token))


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
    query = SearchQuery(CITIZEN_ID, form["id_number"], form["service_item"], form["case_number"], form["basis"], types)
    try:
        found = await container(request).certstore.search(query, who.principal)
    except (InvalidInput, NotPermitted) as error:
        return await _look_up(request, form, error=error)
    return await _look_up(request, form, found=found)


async def kept_check(request: Request, token: str) -> KeptCheck:
    """
    Raises:
        NotFound: `check-gone`; also for another clerk's.
    """
    who = await permitted(request, CLERK)
    kept = await shelf(request).get(token, owner=who.principal.session or "")
    if kept is None:
        raise NotFound(
            "check-gone",
            Text("这次核对的页面已过期，请重新核对。", "The page of this check has expired. Check again."),
        )
    return msgspec.json.decode(kept, type=KeptCheck)


async def _items(request: Request) -> Options:
    lang = language(request)
    items = (await container(request).certstore.catalogue.items(limit=100)).items
    return tuple((one.code, one.name.to(lang)) for one in items)


def _place(error: AppError) -> str | None:
    name = error.field if isinstance(error, InvalidInput) else None
    name = _OTHER_NAMES.get(name or "", name)
    return name if name in _FORM_FIELDS else None


async def _start_again(request: Request, form: Form, error: AppError) -> Response:
    view = CheckFormView(
        await _items(request),
        form["service_item"],
        form["id_number"],
        form["case_number"],
        error.text,
        _place(error),
    )
    return page(request, "clerk.html", status=400, view=view)


_WORDS: Mapping[Exemption, tuple[str, str, Text, str]] = {
    # tone, icon, word, part of the bar
    Exemption.EXEMPT: ("good", "check", Text("免交", "not needed"), "g"),
    Exemption.NEEDS_CONSENT: ("warn", "clock", Text("待同意", "needs consent"), "w"),
    Exemption.NOT_YET_VALID: ("info", "clock", Text("未生效", "not valid yet"), "b"),
    Exemption.SUSPENDED: ("bad", "no", Text("暂扣", "suspended"), "b"),
    Exemption.EXPIRED: ("bad", "x", Text("已过期", "expired"), "b"),
    Exemption.WITHDRAWN: ("bad", "x", Text("已撤销", "withdrawn"), "b"),
    Exemption.REVOKED: ("bad", "x", Text("已吊销", "revoked"), "b"),
    Exemption.CANCELLED: ("bad", "x", Text("已注销", "cancelled"), "b"),
    Exemption.NOT_VALID: ("bad", "x", Text("不在有效状态", "not valid"), "b"),
    Exemption.NOT_FOUND: ("", "", Text("没查到", "not found"), "n"),
    Exemption.NOT_GRANTED: ("", "", Text("未授权", "no grant"), "n"),
    Exemption.NOT_IN_STORE: ("", "", Text("未入库", "not kept here"), "n"),
}
_PARTS = {
    "g": Text("免交", "not needed"),
    "w": Text("待同意", "needs consent"),
    "b": Text("不在有效状态", "not valid"),
    "n": Text("没有", "not held"),
}


def _check_view(kept: KeptCheck, token: str) -> CheckView:
    answer = kept.answer
    rows = [(one, _row(one)) for one in answer.materials]
    open_rows = tuple(row for one, row in rows if one.outcome is not Exemption.EXEMPT)
    done_rows = tuple(row for one, row in rows if one.outcome is Exemption.EXEMPT)
    groups = (
        MaterialGroup(Text(f"还差 {len(open_rows)} 份", f"{len(open_rows)} to go"), open_rows),
        MaterialGroup(Text(f"不用交 {len(done_rows)} 份", f"{len(done_rows)} not needed"), done_rows),
    )
    counts = {cls: sum(_WORDS[one.outcome][3] == cls for one in answer.materials) for cls in _PARTS}
    return CheckView(
        item_name=answer.item.name,
        item_code=answer.item.code,
        masked_number=kept.masked_number,
        case_number=kept.query.case_number,
        basis=kept.query.basis,
        checked_at=kept.at,
        total=answer.total,
        exempt=answer.exempt,
        missing=answer.total - answer.exempt,
        parts=tuple(Part(cls, _PARTS[cls], count) for cls, count in counts.items() if count),
        groups=tuple(group for group in groups if group.rows),
        ask_action=None,
    )


def _row(one: MaterialAnswer) -> MaterialRow:
    tone, icon, word, part = _WORDS[one.outcome]
    source = Text(f"规则 {one.rule}", f"Rule {one.rule}")
    if one.condition:
        source = Text(f"{one.condition.zh} · {source.zh}", f"{one.condition.en} · {source.en}")
    take = Text("收纸质件", "take the paper") if part in ("b", "n") else None
    return MaterialRow(one.number, one.name, one.explanation, source, tone, icon, word, next=take)  # type: ignore[arg-type]  # tones of the table above


async def _look_up(
    request: Request, form: Form, *, found: Sequence[FoundLicence] | None = None, error: AppError | None = None
) -> Response:
    lang = language(request)
    types = await all_types(request)
    every = ("", Text("本单位获授权的各类", "All types granted to your office").to(lang))
    now = container(request).ground.clock.now()
    by_code = {one.code: one for one in types}
    view = LookUpView(
        items=await _items(request),
        types=(every, *((one.code, one.name.to(lang)) for one in types)),
        service_item=form["service_item"],
        type_code=form["type_code"],
        id_number=form["id_number"],
        case_number=form["case_number"],
        basis=form["basis"],
        found=None if found is None else tuple(_found(one, by_code[one.type_code], lang, now) for one in found),
        at=now,
        error=error.text if error else None,
        error_field=_place(error) if error else None,
    )
    return page(request, "lookup.html", status=400 if error else 200, view=view)


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
