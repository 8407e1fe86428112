"""The identity window: a clerk records who stands there, a second one looks as well and decides."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.web.forms import Form, read_form
from api.web.proof_words import DECIDED, DOCUMENTS
from api.web.render import page
from api.web.views.proving import WindowRow, WindowView
from api.web.visitor import WINDOW, permitted
from core.errors import AppError, InvalidInput
from core.text import Text
from idp.proofing.window import Presented, WaitingProof
from idp.proofing.window_model import WindowDocument, WindowState

router = APIRouter(include_in_schema=False)
PAGE = "/window"
_RECORDED = Text("已登记，请另一位工作人员在一小时内复核。", "Recorded. Another clerk must look within an hour.")


@router.get(PAGE)
async def window(request: Request, done: str = "") -> Response:
    """Who waits for a second look, and the form for the next person."""
    words = {"recorded": _RECORDED, **{state.value: text for state, text in DECIDED.items()}}
    return await _page(request, done=words.get(done))


@router.post(PAGE)
async def record(request: Request) -> Response:
    """The first clerk's part."""
    form = await read_form(request)
    who = await permitted(request, WINDOW)
    try:
        await container(request).idp.proofing.window.record(_presented(form), who.principal)
    except AppError as error:
        return await _page(request, form=form, error=error)
    return RedirectResponse(f"{PAGE}?done=recorded", 303)


@router.post(f"{PAGE}/{{proof_id}}")
async def decide(request: Request, proof_id: str) -> Response:
    """The second clerk's part."""
    form = await read_form(request)
    who = await permitted(request, WINDOW)
    agrees = form["decision"] == "confirm"
    try:
        state = await container(request).idp.proofing.window.decide(proof_id, agrees=agrees, clerk=who.principal)
    except AppError as error:
        return await _page(request, error=error)
    assert state is not WindowState.WAITING
    return RedirectResponse(f"{PAGE}?done={state.value}", 303)


def _presented(form: Form) -> Presented:
    """
    Raises:
        InvalidInput: on the field that cannot be read.
    """
    try:
        document = WindowDocument(form["document"])
    except ValueError:
        raise InvalidInput(
            "document-unknown", Text("请选证件种类。", "Choose the kind of document."), field="document"
        ) from None
    typed = form["document_until"].strip()
    if not typed:
        return Presented(form["number"], document, None, form["issuer"])
    try:
        return Presented(form["number"], document, dt.date.fromisoformat(typed), form["issuer"])
    except ValueError:
        raise InvalidInput(
            "date-invalid",
            Text(
                "日期写成 2030-05-01 这样；长期有效的不填。",
                "Write the date as 2030-05-01; leave it empty for life.",
            ),
            field="document_until",
        ) from None


def _row(one: WaitingProof) -> WindowRow:
    known = one.person.document
    whole = "" if known is None else f"{known.state} {known.number}".strip()
    return WindowRow(
        id=one.proof.id,
        name=f"{one.person.name[:1]}**" if one.own else one.person.name,
        number=one.person.masked_number if one.own else whole,
        document=DOCUMENTS[one.proof.document],
        until=one.proof.document_until,
        at=one.proof.recorded_at,
        own=one.own,
    )


async def _page(
    request: Request, *, form: Form | None = None, error: AppError | None = None, done: Text | None = None
) -> Response:
    who = await permitted(request, WINDOW)
    waiting = await container(request).idp.proofing.window.waiting(who.principal)
    field = error.field if isinstance(error, InvalidInput) else None
    view = WindowView(
        rows=tuple(_row(one) for one in waiting),
        documents=tuple((one.value, DOCUMENTS[one]) for one in DOCUMENTS),
        number=form["number"] if form else "",
        document=form["document"] if form else "",
        issuer=form["issuer"] if form else "",
        document_until=form["document_until"] if form else "",
        error=error.text if error else None,
        error_field="number" if field == "id_number" else field,
        done=done,
    )
    return page(request, "window.html", status=status_of(error) if error else 200, view=view)
