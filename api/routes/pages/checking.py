"""The clerk verifies a licence by what stands on the paper: identifier, number or QR code, for today or any day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.clerk import item_options
from api.routes.pages.office import all_types
from api.web.code_words import CodeWords, code_words, licence_words
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.presenting import DeskVerdict, VerifyDeskView
from api.web.visitor import VERIFIER, Visitor, permitted
from api.web.words import day_in_words
from certstore.facts import DayAnswer
from certstore.identifier import ROOT, parse_identifier
from certstore.model import HOLDER_CODE, HOLDER_NAME
from certstore.status import STATUS_NAMES
from certstore.uploads.model import CodeKind
from certstore.verify_fields import FieldClaim, FieldComparison
from core.errors import AppError, InvalidInput, LimitExceeded, NotPermitted
from core.text import Text

router = APIRouter(include_in_schema=False)
_FIELDS = {"on", "case_number", "basis"}
_WHAT = {"identifier", "number", "type"}


@router.get("/clerk/verify")
async def form_page(request: Request) -> Response:
    """One field, ready for the scanner."""
    await permitted(request, VERIFIER)
    return page(request, "verify_desk.html", view=await _view(request, Form({})))


@router.post("/clerk/verify")
async def verify(request: Request) -> Response:
    """The answer above the form; what was typed is shown once and kept nowhere."""
    who = await permitted(request, VERIFIER)
    form = await read_form(request)
    view = await _view(request, form)
    try:
        found = await _found(request, who, form)
        if view.compares:
            found = _with_comparison(found, await _compared(request, who, form))
    except (InvalidInput, NotPermitted, LimitExceeded) as error:
        view = replace(view, error=error.text, error_field=_field(error))
        return page(request, "verify_desk.html", status=status_of(error), view=view)
    return page(request, "verify_desk.html", view=replace(view, found=found))


async def _found(request: Request, who: Visitor, form: Form) -> DeskVerdict:
    """Whatever was typed is looked up as what it looks like."""
    verify, day, what = container(request).certstore.verify, _day(form["on"]), form["what"]
    if _is_identifier(what):
        verdict = await verify.by_identifier(what, who.principal, day)
    elif (answer := await container(request).presentation.verify_upload.text(what, who.principal, day)) and (
        answer.kind is not CodeKind.FOREIGN
    ):
        return _told(code_words(answer), answer.licence.on if answer.licence else None)
    elif form["type_code"]:
        verdict = await verify.by_number(form["type_code"], what, who.principal, day)
    else:
        raise InvalidInput(
            "what-unclear",
            Text(
                "这不是证照标识，也不是证照库的二维码。输入的是证照编号的话，请再选证照类型。",
                "Neither an identifier nor a QR code of the repository. For a licence number, choose its type as well.",
            ),
            field="what",
        )
    return _told(licence_words(verdict), verdict.on)


async def _compared(request: Request, who: Visitor, form: Form) -> FieldComparison:
    what = form["what"]
    named = _is_identifier(what)
    claims = {HOLDER_NAME: form["holder_name"], HOLDER_CODE: form["id_number"]}
    claim = FieldClaim(
        parse_identifier(what).type_code if named else form["type_code"],
        {name: value for name, value in claims.items() if value},
        form["service_item"],
        form["case_number"],
        form["basis"],
        identifier=what if named else None,
        number=None if named else what,
    )
    return await container(request).certstore.compare_fields(claim, who.principal)


def _is_identifier(what: str) -> bool:
    return what.replace(" ", "").startswith(ROOT)


def _told(words: CodeWords, on: DayAnswer | None) -> DeskVerdict:
    on_day = None
    if on is not None:
        word = STATUS_NAMES[on.status]
        on_day = Text(f"{day_in_words(on.day, 'zh')}：{word.zh}", f"{day_in_words(on.day, 'en')}: {word.en}")
    return DeskVerdict(words.tone, words.icon, words.headline, words.sentence, words.facts, on_day)


def _with_comparison(found: DeskVerdict, compared: FieldComparison) -> DeskVerdict:
    if compared.match:
        return replace(found, compared=Text("人对得上。", "The person fits."), compared_tone="good")
    words = Text(
        "对不上。请向颁发机构核实，不要凭这张纸办理。", "It does not fit. Ask the issuer; do not act on this paper."
    )
    return replace(found, compared=words, compared_tone="bad")


async def _view(request: Request, form: Form) -> VerifyDeskView:
    lang = language(request)
    none = ("", Text("没有选", "not chosen").to(lang))
    types = tuple((one.code, one.name.to(lang)) for one in await all_types(request))
    return VerifyDeskView(
        types=(none, *types),
        items=(none, *await item_options(request)),
        what=form["what"],
        type_code=form["type_code"],
        day=form["on"],
        holder_name=form["holder_name"],
        id_number=form["id_number"],
        service_item=form["service_item"],
        case_number=form["case_number"],
        basis=form["basis"],
    )


def _day(typed: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed) if typed else None
    except ValueError:
        raise InvalidInput(
            "day-invalid", Text("请写成 2026-11-23 这样的日期。", "Write the day like 2026-11-23."), field="on"
        ) from None


def _field(error: AppError) -> str | None:
    name = error.field if isinstance(error, InvalidInput) else None
    return "what" if name in _WHAT | {"what"} else name if name in _FIELDS else None
