"""The clerk's exemption check: which materials need not be handed in, and the copies in their place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.web.downloads import download
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.shelf import shelf
from api.web.views.common import Tone
from api.web.views.desk import (
    CheckFormView,
    CheckView,
    MaterialGroup,
    MaterialRow,
    Options,
    Part,
)
from api.web.visitor import CLERK, Visitor, permitted, visitor
from certstore.codes import CITIZEN_ID, mask_code, parse_holder_code
from certstore.consents import ConsentRequest
from certstore.copies import CopyCommand
from certstore.exemption import DEFAULT_BASIS, ExemptionAnswer, ExemptionQuery, MaterialAnswer
from certstore.exemption_words import Exemption
from certstore.model import ConsentState
from core.clock import calendar_day
from core.errors import AppError, InvalidInput, NotFound, NotPermitted
from core.ids import new_secret
from core.text import Text

router = APIRouter(include_in_schema=False)
_KEEP = 3600
_FORM_FIELDS = {"service_item", "id_number", "case_number", "basis", "type_code"}
_OTHER_NAMES = {"code": "id_number"}


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """A check that was made, kept so that its page can be reloaded without asking the repository again.

    Attributes:
        asked: ids of the consents that were asked for, by licence type.
    """

    query: ExemptionQuery = field(repr=False)
    answer: ExemptionAnswer
    masked_number: str
    at: dt.datetime
    asked: dict[str, str] = field(default_factory=dict)


@router.get("/clerk")
async def start(request: Request) -> Response:
    """Service item, applicant, case number."""
    await permitted(request, CLERK)
    return page(request, "clerk.html", view=CheckFormView(await item_options(request), basis=DEFAULT_BASIS))


@router.post("/clerk/check")
async def check(request: Request) -> Response:
    """Check, keep the answer on the clerk's own shelf, show it under an address without personal data."""
    who = await permitted(request, CLERK)
    form = await read_form(request)
    query = ExemptionQuery(form["service_item"], form["case_number"], CITIZEN_ID, form["id_number"], form["basis"])
    try:
        kept = await _checked(request, who, query)
    except (InvalidInput, NotPermitted) as error:
        return await _start_again(request, form, error)
    token = new_secret(32)
    await _keep(request, who, token, kept)
    return RedirectResponse(f"/clerk/checks/{token}", 303)


@router.get("/clerk/checks/{token}")
async def checked(request: Request, token: str) -> Response:
    """The answer: what needs work first."""
    who = await permitted(request, CLERK)
    kept = await _kept(request, who, token)
    consents = container(request).certstore.consents
    states = {code: (await consents.requested(asked, who.principal))[1] for code, asked in kept.asked.items()}
    return page(request, "clerk_check.html", view=_check_view(kept, token, states))


@router.post("/clerk/checks/{token}/again")
async def check_again(request: Request, token: str) -> Response:
    """Ask the repository once more, for instance after the applicant has consented."""
    who = await permitted(request, CLERK)
    await read_form(request)
    before = await _kept(request, who, token)
    now = await _checked(request, who, before.query)
    await _keep(request, who, token, replace(now, asked=before.asked))
    return RedirectResponse(f"/clerk/checks/{token}", 303)


@router.post("/clerk/checks/{token}/ask")
async def ask(request: Request, token: str) -> Response:
    """Ask the applicant to consent to every material that needs it and was not asked for yet."""
    who = await permitted(request, CLERK)
    await read_form(request)
    kept = await _kept(request, who, token)
    asked = dict(kept.asked)
    for material in kept.answer.materials:
        code = material.type_code
        if material.outcome is Exemption.NEEDS_CONSENT and code and code not in asked:
            query = kept.query
            wish = ConsentRequest(code, query.service_item, query.case_number, query.basis, query.code_type, query.code)
            asked[code] = (await container(request).certstore.consents.request(wish, who.principal)).id
    await _keep(request, who, token, replace(kept, asked=asked))
    return RedirectResponse(f"/clerk/checks/{token}", 303)


@router.post("/clerk/checks/{token}/copies/{number}")
async def copy(request: Request, token: str, number: int) -> Response:
    """Make the annotated copy of an exempt material and hand it out."""
    who = await permitted(request, CLERK)
    await read_form(request)
    kept = await _kept(request, who, token)
    material = next((one for one in kept.answer.materials if one.number == number), None)
    if material is None or material.licence_id is None:
        raise _gone()
    query, copies = kept.query, container(request).certstore.copies
    command = CopyCommand(material.licence_id, query.service_item, query.case_number, query.basis, material.consent_id)
    made = await copies.make(command, who.principal)
    file = await copies.file(made.licence_id, made.id, who.principal)
    return download(file.content, file.name)


async def _checked(request: Request, who: Visitor, query: ExemptionQuery) -> KeptCheck:
    answer = await container(request).certstore.check_exemption(query, who.principal)
    now = container(request).ground.clock.now()
    holder = parse_holder_code(query.code_type, query.code, today=calendar_day(now))
    return KeptCheck(query, answer, mask_code(holder), now)


async def _keep(request: Request, who: Visitor, token: str, kept: KeptCheck) -> None:
    owner = who.principal.session or ""
    await shelf(request).put_at(token, "", msgspec.json.encode(kept), owner=owner, seconds=_KEEP)


async def _kept(request: Request, who: Visitor, token: str) -> KeptCheck:
    """
    Raises:
        NotFound: `check-gone`; also for another clerk's.
    """
    kept = await shelf(request).get(token, owner=who.principal.session or "")
    if kept is None:
        raise _gone()
    return msgspec.json.decode(kept, type=KeptCheck)


def _gone() -> NotFound:
    return NotFound(
        "check-gone", Text("这次核对的页面已过期，请重新核对。", "The page of this check has expired. Check again.")
    )


async def item_options(request: Request) -> Options:
    """The service items, for a list to choose from; those of the clerk's own office first."""
    lang, known = language(request), await visitor(request)
    own = known.principal.organisation if known else None
    items = (await container(request).certstore.catalogue.items(limit=100)).items
    items = sorted(items, key=lambda one: (one.department != own, one.code))
    return tuple((one.code, one.name.to(lang)) for one in items)


def field_at_fault(error: AppError) -> str | None:
    """The form's field that an error is about; None when it is about the whole."""
    name = error.field if isinstance(error, InvalidInput) else None
    name = _OTHER_NAMES.get(name or "", name)
    return name if name in _FORM_FIELDS else None


async def _start_again(request: Request, form: Form, error: AppError) -> Response:
    view = CheckFormView(
        await item_options(request),
        form["service_item"],
        form["id_number"],
        form["case_number"],
        form["basis"],
        error.text,
        field_at_fault(error),
    )
    return page(request, "clerk.html", status=status_of(error), view=view)


_WORDS: Mapping[Exemption, tuple[Tone, str, Text, str]] = {
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


def _check_view(kept: KeptCheck, token: str, states: Mapping[str, ConsentState]) -> CheckView:
    answer, base = kept.answer, f"/clerk/checks/{token}"
    rows = [(one, _row(one, base, states)) for one in answer.materials]
    unasked = any(one.outcome is Exemption.NEEDS_CONSENT and one.type_code not in states for one in answer.materials)
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
        ask_action=f"{base}/ask" if unasked else None,
        again_action=f"{base}/again",
    )


_ASKED = {
    ConsentState.PENDING: Text("已请申请人同意，等对方决定", "asked; the applicant has not decided yet"),
    ConsentState.GRANTED: Text("申请人已同意，请重新核对", "the applicant agreed: check again"),
    ConsentState.REFUSED: Text("申请人不同意，收纸质件", "the applicant refused: take the paper"),
    ConsentState.WITHDRAWN: Text("申请人已撤回，收纸质件", "the applicant withdrew: take the paper"),
    ConsentState.EXPIRED: Text("请求已过期，请重新核对后再请", "the request ran out: check again, then ask"),
}


def _row(one: MaterialAnswer, base: str, states: Mapping[str, ConsentState]) -> MaterialRow:
    tone, icon, word, part = _WORDS[one.outcome]
    source = Text(f"规则 {one.rule}", f"Rule {one.rule}")
    if one.condition:
        source = Text(f"{one.condition.zh} · {source.zh}", f"{one.condition.en} · {source.en}")
    then = Text("收纸质件", "take the paper") if part in ("b", "n") else None
    if one.outcome is Exemption.NEEDS_CONSENT and one.type_code in states:
        then = _ASKED[states[one.type_code or ""]]
    take = f"{base}/copies/{one.number}" if one.licence_id else None
    return MaterialRow(one.number, one.name, one.explanation, source, tone, icon, word, take, then)
