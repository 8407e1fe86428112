"""The clerk's exemption check: which materials need not be handed in, and the copies in their place."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.web.card_reader import number_of
from api.web.check_words import KeptCheck, Progress, check_view
from api.web.downloads import download
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.shelf import shelf
from api.web.views.desk import CheckFormView, Options
from api.web.visitor import CLERK, Visitor, permitted, visitor
from certstore.codes import CITIZEN_ID, ORGANISATION_CODE, HolderCode, mask_code, parse_holder_code
from certstore.exemption import DEFAULT_BASIS, ExemptionQuery
from core.clock import calendar_day
from core.errors import AppError, InvalidInput, LimitExceeded, NotFound, NotPermitted
from core.ids import new_secret
from core.text import Text

router = APIRouter(include_in_schema=False)
_KEEP = 3600
_FORM_FIELDS = {"service_item", "id_number", "case_number", "basis", "type_code", "agent_number"}
_OTHER_NAMES = {"code": "id_number", "organisation": "id_number"}


@router.get("/clerk")
async def start(request: Request, item: str = "") -> Response:
    """Service item, applicant, case number; `item` is the one of the check before."""
    await permitted(request, CLERK)
    options = await item_options(request)
    known = item if item in {code for code, _ in options} else ""
    return page(request, "clerk.html", view=CheckFormView(options, known, basis=DEFAULT_BASIS))


@router.post("/clerk/check")
async def check(request: Request) -> Response:
    """Check, keep the answer on the clerk's own shelf, show it under an address without personal data."""
    who = await permitted(request, CLERK)
    form = await read_form(request)
    try:
        opened = await container(request).certstore.use.checks.open(_query(request, form), who.principal)
    except (InvalidInput, NotPermitted, LimitExceeded) as error:
        return await _start_again(request, form, error)
    token, query = new_secret(32), _query(request, form)
    number = mask_code(_code(request, query.code_type, query.code))
    agent = mask_code(_code(request, query.agent_type or "", query.agent)) if query.agent else None
    kept = KeptCheck(opened.id, query, opened.answer, number, agent, container(request).ground.clock.now())
    await _keep(request, who, token, kept)
    return RedirectResponse(f"/clerk/checks/{token}", 303)


@router.get("/clerk/checks/{token}")
async def checked(request: Request, token: str) -> Response:
    """The answer: what needs work first."""
    who = await permitted(request, CLERK)
    kept = await _kept(request, who, token)
    view = check_view(kept, f"/clerk/checks/{token}", await _progress(request, who, kept))
    return page(request, "clerk_check.html", view=view)


@router.post("/clerk/checks/{token}/again")
async def check_again(request: Request, token: str) -> Response:
    """Ask the repository once more, for instance after the applicant has consented."""
    who = await permitted(request, CLERK)
    await read_form(request)
    before = await _kept(request, who, token)
    answer = await container(request).certstore.use.checks.again(before.id, who.principal)
    await _keep(request, who, token, replace(before, answer=answer, at=container(request).ground.clock.now()))
    return RedirectResponse(f"/clerk/checks/{token}", 303)


@router.post("/clerk/checks/{token}/ask")
async def ask(request: Request, token: str) -> Response:
    """One question to the applicant for everything that needs their consent."""
    who = await permitted(request, CLERK)
    await read_form(request)
    kept = await _kept(request, who, token)
    await container(request).certstore.use.ask(kept.id, who.principal)
    return RedirectResponse(f"/clerk/checks/{token}", 303)


@router.post("/clerk/checks/{token}/deliver")
async def deliver(request: Request, token: str) -> Response:
    """All copies to the case, in one step."""
    who = await permitted(request, CLERK)
    await read_form(request)
    await _deliver(request, who, token, await _kept(request, who, token))
    return RedirectResponse(f"/clerk/checks/{token}", 303)


@router.post("/clerk/checks/{token}/copies/{number}")
async def copy(request: Request, token: str, number: int) -> Response:
    """Hand out the annotated copy of one material; what is not with the case yet is delivered first."""
    who = await permitted(request, CLERK)
    await read_form(request)
    kept = await _kept(request, who, token)
    certstore = container(request).certstore
    there = {one.material: one for one in await certstore.use.checks.delivered(kept.id, who.principal)}
    if number not in there:
        await _deliver(request, who, token, kept)
        there = {one.material: one for one in await certstore.use.checks.delivered(kept.id, who.principal)}
    if number not in there:
        raise _gone()
    file = await certstore.copies.file(there[number].licence_id, there[number].copy_id, who.principal)
    return download(file.content, file.name)


async def _deliver(request: Request, who: Visitor, token: str, kept: KeptCheck) -> None:
    done = await container(request).certstore.use.deliver(kept.id, who.principal)
    await _keep(request, who, token, replace(kept, answer=done.answer, at=container(request).ground.clock.now()))


async def _progress(request: Request, who: Visitor, kept: KeptCheck) -> Progress:
    certstore = container(request).certstore
    found = await certstore.use.checks.find(kept.id, who.principal)
    asked = await certstore.use.ask.states(found)
    names = {one.type_code: (await certstore.catalogue.licence_type(one.type_code)).name for one, _ in asked}
    return Progress(
        {one.type_code: state for one, state in asked},
        names,
        certstore.consents.bundle_url(found.bundle) if found.bundle else None,
        await certstore.use.checks.delivered(kept.id, who.principal),
    )


def _query(request: Request, form: Form) -> ExemptionQuery:
    """What was typed, or swiped, as a question."""
    typed, agent = number_of(form["id_number"]), number_of(form["agent_number"])
    return ExemptionQuery(
        form["service_item"],
        form["case_number"],
        _kind_of(request, typed),
        typed,
        form["basis"],
        CITIZEN_ID if agent else None,
        agent or None,
    )


def _kind_of(request: Request, typed: str) -> str:
    """A person's number, or an organisation's where it is one; what is neither is judged as a person's."""
    for kind in (CITIZEN_ID, ORGANISATION_CODE):
        with contextlib.suppress(InvalidInput):
            return _code(request, kind, typed).kind
    return CITIZEN_ID


def _code(request: Request, kind: str, typed: str) -> HolderCode:
    return parse_holder_code(kind, typed, today=calendar_day(container(request).ground.clock.now()))


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
        number_of(form["id_number"]),
        form["case_number"],
        form["basis"],
        error.text,
        field_at_fault(error),
        number_of(form["agent_number"]),
    )
    return page(request, "clerk.html", status=status_of(error), view=view)
