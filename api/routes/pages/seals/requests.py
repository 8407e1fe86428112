"""Uses that a second person approves: asked for, looked at, decided, sealed."""

from __future__ import annotations

import math

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.file_answer import kind_of
from api.routes.pages.seals.tabs import REQUESTS, colleagues, somebody_with_seals, tabs_of
from api.web.downloads import download
from api.web.forms import Form, read_form
from api.web.ofd_pages import draw_document
from api.web.render import page
from api.web.seal_places import asked_places, places_of
from api.web.seal_words import FORMS, KINDS, REQUEST_MARKS, Names, waiting_words
from api.web.views.common import Fact
from api.web.views.seals import UseRequestNewView, UseRequestRow, UseRequestsView, UseRequestView
from api.web.visitor import SEAL_APPROVER, SEALER, Visitor, permitted
from api.web.words import minute
from core.errors import AppError, InvalidInput, NotFound
from core.text import Text
from signing.model import GrantForm, RequestState, Seal, SealStatus, UseRequest
from signing.places import Place, Placement
from signing.uses.ask import AskCommand

router = APIRouter(include_in_schema=False)
MAX_BYTES = 20 * 1024 * 1024
DOCUMENT_CLASS = "document"
_FROM_RIGHT, _FROM_BOTTOM = 65.0, 75.0  # where signature and date usually stand, in millimetres
_DONE = {
    "ask": Text("已提交，等审批人决定。", "The request is in; a reviewer decides."),
    "approve": Text("已同意，由申请人盖章。", "Approved; whoever asked seals it."),
    "refuse": Text("已回绝，申请人看得到理由。", "Refused; whoever asked sees the reason."),
    "withdraw": Text("已撤回。", "Withdrawn."),
    "seal": Text("已盖章并签名。", "Sealed and signed."),
}


@router.get(REQUESTS)
async def listed(request: Request, state: str = "", cursor: str | None = None) -> Response:
    """Those that wait first in sight; all of them behind a tab."""
    who = await somebody_with_seals(request)
    wanted = None if state == "all" else RequestState.OPEN if who.principal.may(SEAL_APPROVER) else None
    signing = container(request).signing
    found = await signing.uses.requests.page(actor=who.principal, state=wanted, cursor=cursor, limit=20)
    seals = await _seals(request, who)
    names = await colleagues(request, who, (one.requester for one in found.items))
    base = f"{REQUESTS}?state={state}" if state else REQUESTS
    joint = "&" if state else "?"
    tabs = await tabs_of(request, who, "requests")
    view = UseRequestsView(
        title=_title(tabs.to_decide, who.principal.may(SEAL_APPROVER)),
        rows=tuple(_row(one, seals, who, names) for one in found.items),
        may_ask=who.principal.may(SEALER),
        tabs=tabs,
        state="open" if wanted else "all",
        first_href=base if cursor else None,
        next_href=f"{base}{joint}cursor={found.next_cursor}" if found.next_cursor else None,
    )
    return page(request, "seal_requests.html", view=view)


@router.get(REQUESTS + "/new")
async def ask_form(request: Request) -> Response:
    """The form."""
    who = await permitted(request, SEALER)
    return await _ask_page(request, who, Form({}))


@router.post(REQUESTS + "/new")
async def ask(request: Request) -> Response:
    """File it; what was typed stays on the page if it cannot be done."""
    who = await permitted(request, SEALER)
    form = Form({})
    try:
        form = await read_form(request, upload="file", max_bytes=MAX_BYTES)
        file = form.uploads.get("file")
        if file is None or not file.content:
            raise InvalidInput("upload-missing", Text("请选一个 PDF 或 OFD。", "Choose a PDF or an OFD."), field="file")
        command = AskCommand(file.content, form["seal"], who.principal, DOCUMENT_CLASS, form["reason"])
        made = await container(request).signing.uses.ask(command)
    except AppError as error:
        return await _ask_page(request, who, form, error)
    return RedirectResponse(f"{REQUESTS}/{made.id}?done=ask", 303)


@router.get(REQUESTS + "/{request_id}")
async def one(request: Request, request_id: str, done: str = "") -> Response:
    """One request, with the file to look at while it waits."""
    who = await somebody_with_seals(request)
    return await _request_page(request, who, request_id, Form({}), done=done)


@router.get(REQUESTS + "/{request_id}/pages/{number}.png")
async def page_picture(request: Request, request_id: str, number: int) -> Response:
    """One page of the file as a picture."""
    who = await somebody_with_seals(request)
    content = await container(request).signing.uses.requests.file(request_id, actor=who.principal)
    drawn = await draw_document(container(request).signing.show_ofd, content, first=max(number, 1), pages=1)
    if not drawn.pages:
        raise NotFound("page-not-found", Text("没有这一页。", "There is no such page."))
    return Response(drawn.pages[0], media_type="image/png", headers={"Cache-Control": "private, max-age=600"})


@router.get(REQUESTS + "/{request_id}/file")
async def file_of(request: Request, request_id: str) -> Response:
    """The file itself."""
    who = await somebody_with_seals(request)
    content = await container(request).signing.uses.requests.file(request_id, actor=who.principal)
    ending, media_type = kind_of(content)
    return download(content, f"{request_id}.{ending}", media_type)


@router.get(REQUESTS + "/{request_id}/sealed")
async def sealed_file(request: Request, request_id: str) -> Response:
    """What came of it."""
    who = await somebody_with_seals(request)
    signing = container(request).signing
    found = await signing.uses.requests.one(request_id, actor=who.principal)
    content = await signing.seals.file(found.signature_id or "", caller=who.principal)
    ending, media_type = kind_of(content)
    return download(content, f"{found.signature_id}.{ending}", media_type)


@router.post(REQUESTS + "/{request_id}/{answer}")
async def act(request: Request, request_id: str, answer: str) -> Response:
    """Approve, refuse, withdraw, or seal."""
    who = await somebody_with_seals(request)
    form, uses = await read_form(request), container(request).signing.uses
    try:
        match answer:
            case "approve":
                await uses.decide.approve(request_id, actor=who.principal, answer=form["answer"])
            case "refuse":
                await uses.decide.refuse(request_id, actor=who.principal, answer=form["answer"])
            case "withdraw":
                await uses.ask.withdraw(request_id, actor=who.principal)
            case "seal":
                await uses.seal(request_id, _places(form), actor=who.principal)
            case _:
                raise NotFound("answer-not-found", Text("没有这种答复。", "There is no such answer."))
    except AppError as error:
        return await _request_page(request, who, request_id, form, error)
    return RedirectResponse(f"{REQUESTS}/{request_id}?done={answer}", 303)


async def _request_page(
    request: Request, who: Visitor, request_id: str, form: Form, error: AppError | None = None, *, done: str = ""
) -> Response:
    signing, principal = container(request).signing, who.principal
    found = await signing.uses.requests.one(request_id, actor=principal)
    seal = await signing.seals.get(found.seal_id)
    own = (found.requester_kind, found.requester) == (principal.kind.value, principal.id)
    open_, approved = found.state is RequestState.OPEN, found.state is RequestState.APPROVED
    shown = found.document is not None and (own or principal.may(SEAL_APPROVER)) and (open_ or approved)
    total, place = 0, {}
    if shown:
        file = await signing.uses.requests.file(request_id, actor=principal)
        drawn = await draw_document(signing.show_ofd, file, pages=1)
        total = drawn.total
        width, height = drawn.sizes[0] if drawn.sizes else (210.0, 297.0)
        place = {
            "page": form["page"] or str(total or 1),
            "x_mm": form["x_mm"] or f"{width - _FROM_RIGHT:g}",
            "y_mm": form["y_mm"] or f"{height - _FROM_BOTTOM:g}",
        }
    base = f"{REQUESTS}/{found.id}"
    view = UseRequestView(
        action=base,
        title=Text(f"申请用“{_name(seal).zh}”", f"Request to use “{_name(seal).en}”"),
        mark=REQUEST_MARKS[found.state],
        facts=_facts(found, who, await colleagues(request, who, (found.requester,))),
        pages=tuple(f"{base}/pages/{number}.png" for number in range(1, min(total, 5) + 1)),
        page_count=total,
        tabs=await tabs_of(request, who, "requests"),
        file=f"{base}/file" if shown else None,
        may_decide=open_ and not own and principal.may(SEAL_APPROVER),
        own_waits=open_ and own,
        may_seal=approved and own and found.form is GrantForm.DOCUMENT,
        may_withdraw=own and (open_ or approved),
        sealed_file=f"{base}/sealed" if own and found.signature_id and found.form is GrantForm.DOCUMENT else None,
        place=place,
        asked=asked_places(form),
        error=error.text if error else None,
        note=_DONE.get(done),
        unseen=found.form is not GrantForm.DOCUMENT,
    )
    return page(request, "seal_request.html", status=status_of(error) if error else 200, view=view)


async def _ask_page(request: Request, who: Visitor, form: Form, error: AppError | None = None) -> Response:
    seals = await _seals(request, who)
    usable = tuple((one.id, f"{KINDS[one.kind].zh} {one.code}") for one in seals.values() if _usable(one))
    view = UseRequestNewView(usable, form.values, MAX_BYTES // (1024 * 1024), error.text if error else None)
    return page(request, "seal_request_new.html", status=status_of(error) if error else 200, view=view)


async def _seals(request: Request, who: Visitor) -> dict[str, Seal]:
    found = await container(request).signing.seals.of_organisation(who.principal.organisation or "")
    return {one.id: one for one in found}


def _usable(seal: Seal) -> bool:
    return seal.status is SealStatus.ACTIVE


def _name(seal: Seal | None) -> Text:
    if seal is None:
        return Text("—", "—")
    kind = KINDS[seal.kind]
    return Text(f"{kind.zh} {seal.code}", f"{kind.en} {seal.code}")


def _row(one: UseRequest, seals: dict[str, Seal], who: Visitor, names: Names) -> UseRequestRow:
    return UseRequestRow(
        f"{REQUESTS}/{one.id}",
        _name(seals.get(one.seal_id)),
        one.reason,
        waiting_words(one, who.principal, names),
        minute(one.created_at),
        REQUEST_MARKS[one.state],
    )


def _facts(found: UseRequest, who: Visitor, names: Names) -> tuple[Fact, ...]:
    facts = [
        Fact(Text("事由", "What for"), found.reason),
        Fact(Text("申请人", "Asked by"), waiting_words(found, who.principal, names)),
        Fact(Text("提交时间", "Asked"), minute(found.created_at)),
        Fact(Text("有效到", "Until"), minute(found.expires_at)),
        Fact(Text("文件类别", "Class"), found.document_class, True),
    ]
    if found.form is GrantForm.DOCUMENT:
        facts.append(Fact(Text("文件摘要", "Digest (SHA-256)"), found.digest, True))
    else:
        facts += (
            Fact(Text("交来什么", "Handed in"), FORMS[found.form]),
            Fact(Text("文件名", "Document"), found.document_name or "—"),
            Fact(Text("要盖的摘要", "Digest to be signed"), found.signed_digest or "—", True),
        )
    if found.decided_at is not None:
        facts.append(Fact(Text("决定时间", "Decided"), minute(found.decided_at)))
    if found.answer:
        facts.append(Fact(Text("审批意见", "Answer"), found.answer))
    if found.signature_id:
        facts.append(Fact(Text("凭证号", "Receipt"), found.signature_id, True))
    return tuple(facts)


def _title(to_decide: int, approves: bool) -> Text:
    if to_decide:
        return Text(f"{to_decide} 个用印申请等您决定", f"{to_decide} request{'s' if to_decide > 1 else ''} for you")
    if approves:
        return Text("没有等您决定的用印申请", "No request waits for you")
    return Text("我的用印申请", "My requests")


def _places(form: Form) -> tuple[Place, ...]:
    return (_place(form),) if asked_places(form).by_hand else places_of(form)


def _place(form: Form) -> Placement:
    try:
        number, x, y = int(form["page"]), float(form["x_mm"]), float(form["y_mm"])
    except ValueError:
        number, x, y = 0, math.nan, math.nan
    if number < 1 or not math.isfinite(x) or not math.isfinite(y):
        text = Text("位置请填页码和毫米数。", "Give the page and the place in millimetres.")
        raise InvalidInput("placement-invalid", text, field="x_mm")
    return Placement(number, x, y)
