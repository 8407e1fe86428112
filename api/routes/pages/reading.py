"""The clerk reads the code that a holder shows: one field, one answer, two digits to compare."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.states import until_words
from api.web.forms import read_form
from api.web.render import page
from api.web.shelf import shelf
from api.web.views.presenting import ReadFormView, ReadView
from api.web.visitor import VERIFIER, Visitor, permitted
from certstore.presentation.errors import PresentationNotFound
from certstore.presentation.model import KEPT_SECONDS, PresentationState, Presented, ShownFace
from certstore.presentation.read_code import DEFAULT_BASIS, ReadCommand
from certstore.status import STATUS_NAMES, Status
from core.errors import AppError, InvalidInput, LimitExceeded, NotFound, NotPermitted
from core.text import Text

router = APIRouter(include_in_schema=False)
_FIELDS = {"code", "basis", "case_number"}


@router.get("/clerk/read")
async def read_form_page(request: Request) -> Response:
    """One field, ready for the scanner."""
    await permitted(request, VERIFIER)
    return page(request, "read_code.html", view=ReadFormView(DEFAULT_BASIS))


@router.post("/clerk/read")
async def read(request: Request) -> Response:
    """Read it, keep the answer for this clerk alone, show it under an address without the code."""
    who = await permitted(request, VERIFIER)
    form = await read_form(request)
    command = ReadCommand(form["code"], form["basis"], None, form["case_number"] or None)
    try:
        got = await container(request).presentation.read(command, who.principal)
    except (InvalidInput, NotPermitted, NotFound, LimitExceeded) as error:
        view = ReadFormView(form["basis"], form["case_number"], error.text, _field(error))
        return page(request, "read_code.html", status=status_of(error), view=view)
    await _keep(request, who, got)
    return RedirectResponse(f"/clerk/read/{got.id}", 303)


@router.get("/clerk/read/{presentation_id}")
async def result(request: Request, presentation_id: str) -> Response:
    """What was read. While the holder has not answered, the repository is asked anew."""
    who = await permitted(request, VERIFIER)
    return page(request, "read_result.html", view=_view(await _now(request, who, presentation_id)))


@router.get("/clerk/read/{presentation_id}/state")
async def state(request: Request, presentation_id: str) -> Response:
    """What a waiting page asks every other second."""
    who = await permitted(request, VERIFIER)
    got = await _now(request, who, presentation_id)
    return JSONResponse({"state": got.state.value}, headers={"Cache-Control": "no-store"})


async def _now(request: Request, who: Visitor, presentation_id: str) -> Presented:
    """The kept answer, so that a reloaded page is not another look at the holder's data."""
    content = await shelf(request).get(presentation_id, owner=who.principal.session or "")
    if content is None:
        raise PresentationNotFound
    got = msgspec.json.decode(content, type=Presented)
    if got.state is PresentationState.WAITING:
        got = await container(request).presentation.read.again(presentation_id, who.principal)
        if got.state is not PresentationState.WAITING:
            await _keep(request, who, got)
    return got


async def _keep(request: Request, who: Visitor, got: Presented) -> None:
    owner = who.principal.session or ""
    await shelf(request).put_at(got.id, "", msgspec.json.encode(got), owner=owner, seconds=KEPT_SECONDS)


def _view(got: Presented) -> ReadView:
    base = f"/clerk/read/{got.id}"
    waiting = f"{base}/state" if got.state is PresentationState.WAITING else None
    tone, icon, verdict, sentence = _WORDS[got.state]
    face = got.face
    if face is not None and face.status is not Status.VALID:
        state = STATUS_NAMES[face.status]
        tone, icon = "old", "no"
        verdict = Text(f"{state.zh}，不能用", f"Not good: {state.en}")
        sentence = Text(
            f"这张{face.type_name.zh}现在是“{state.zh}”状态，所以不给内容。",
            f"This {face.type_name.en} is {state.en} now, so nothing of it is shown.",
        )
    facts = _facts(face) if face else ()
    return ReadView(tone, icon, verdict, sentence, got.sign, got.read_at, waiting, base, facts)  # type: ignore[arg-type]  # one of the tones


_WORDS = {
    PresentationState.GIVEN: (
        "",
        "check",
        Text("有效", "Valid"),
        Text("证照库刚刚核过，今天有效。", "The repository has just checked it: valid today."),
    ),
    PresentationState.WAITING: (
        "old",
        "clock",
        Text("等对方同意", "Waiting for them"),
        Text(
            "对方要出示整张证照，正在手机上确认。", "They want to show the whole licence and are asked on their phone."
        ),
    ),
    PresentationState.REFUSED: (
        "bad",
        "x",
        Text("对方没有同意", "They did not agree"),
        Text(
            "对方拒绝了，或没有按时确认。请勿据此办理；需要的话请对方重新亮证。",
            "They refused, or did not answer in time. Do not act on it; ask them to show it again if needed.",
        ),
    ),
}


def _facts(face: ShownFace) -> tuple[tuple[Text, str | Text], ...]:
    kind: tuple[tuple[Text, str | Text], ...] = ((Text("证照", "Licence"), face.type_name),)
    issuer = (Text("颁发机构", "Issued by"), face.issuer_name)
    until = (Text("有效至", "Valid until"), until_words(face.valid_until))
    if face.rows:
        return (*kind, *face.rows, issuer, until)
    name = ((Text("姓名", "Name"), face.name),) if face.name else ()
    return (*name, *kind, issuer, until)


def _field(error: AppError) -> str | None:
    name = error.field if isinstance(error, InvalidInput) else None
    return name if name in _FIELDS else None
