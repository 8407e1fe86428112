"""Many files sealed alike: dropped together, started, watched, decided over, fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.seals.tabs import somebody_with_seals, tabs_of
from api.routes.signing.many_uploads import MOST_AT_ONCE, parts_of
from api.web.downloads import download
from api.web.forms import Form, form_with_files, read_form
from api.web.render import page
from api.web.seal_places import millimetres, whole_number
from api.web.seal_words import KINDS
from api.web.views.batches import BatchesView, BatchFileRow, BatchNewView, BatchRow, BatchView
from api.web.views.common import Fact, Mark
from api.web.visitor import SEAL_APPROVER, SEALER, Visitor, permitted
from api.web.words import minute
from core.errors import AppError, InvalidInput, NotFound
from core.text import Text
from signing.batches.gather import NewBatch
from signing.batches.look_up import SeenBatch
from signing.batches.model import (
    FILE_STATE_NAMES,
    LIVING,
    MOST_FILE_OCTETS,
    STATE_NAMES,
    Batch,
    BatchFile,
    BatchState,
    Counts,
    FileState,
    Wishes,
)
from signing.model import Seal, SealStatus
from signing.places import PagingPlacement, Place, Placement, WordsPlacement

router = APIRouter(include_in_schema=False)
BATCHES = "/office/batches"
DOCUMENT_CLASS = "document"
_SHOWN = 50
_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_MARKS: Mapping[BatchState, tuple[str, str]] = {
    BatchState.COLLECTING: ("info", "up"),
    BatchState.ASKED: ("warn", "clock"),
    BatchState.RUNNING: ("info", "stamp"),
    BatchState.HALTED: ("warn", "warn"),
    BatchState.DONE: ("good", "check"),
    BatchState.CANCELLED: ("", "x"),
    BatchState.REFUSED: ("bad", "x"),
    BatchState.LAPSED: ("", "clock"),
}
_FILE_MARKS: Mapping[FileState, tuple[str, str]] = {
    FileState.WAITING: ("info", "clock"),
    FileState.SEALED: ("good", "check"),
    FileState.REFUSED: ("bad", "warn"),
    FileState.CANCELLED: ("", "x"),
}
_DONE = {
    "begin": Text("文件收好了。核对清单后再盖章。", "The files are here. Check the list, then seal them."),
    "add": Text("文件已加进来。", "The files were added."),
    "approve": Text("已同意，正在盖章。", "Approved; the files are being sealed."),
    "refuse": Text("已回绝，提交人看得到理由。", "Refused; whoever asked sees the reason."),
}


@router.get(BATCHES)
async def listed(request: Request, cursor: str | None = None) -> Response:
    """The visitor's own batches; what waits for their decision first."""
    who = await somebody_with_seals(request)
    look, seals = container(request).batches.look, await _seals(request, who)
    own = await look.page(who.principal, cursor=cursor, limit=20)
    asked: Sequence[Batch] = ()
    if who.principal.may(SEAL_APPROVER) and not cursor:
        found = await look.to_decide(who.principal, limit=20)
        asked = [one for one in found.items if not one.owner.is_(who.principal)]
    view = BatchesView(
        to_decide=await _rows(request, asked, seals),
        rows=await _rows(request, own.items, seals),
        may_begin=who.principal.may(SEALER),
        tabs=await tabs_of(request, who, "batches"),
        first_href=BATCHES if cursor else None,
        next_href=f"{BATCHES}?{urlencode({'cursor': own.next_cursor})}" if own.next_cursor else None,
    )
    return page(request, "batches.html", view=view)


@router.get(BATCHES + "/new")
async def new_form(request: Request) -> Response:
    """The form."""
    return await _new_page(request, await permitted(request, SEALER), Form({}))


@router.post(BATCHES + "/new")
async def begin(request: Request) -> Response:
    """Begin a batch with its first files; what was typed stays on the page if it cannot be done."""
    who, form, gather = await permitted(request, SEALER), Form({}), container(request).batches.gather
    made: Batch | None = None
    try:
        async with form_with_files(request, upload="files", most=MOST_AT_ONCE) as (form, files):
            if not files:
                raise InvalidInput("upload-missing", Text("请选文件。", "Choose files."), field="files")
            wishes = Wishes(DOCUMENT_CLASS, _places(form), form["reason"] or None)
            made = await gather.begin(NewBatch(form["seal"], wishes, who.principal))
            await gather.add_all(made.id, parts_of(files), who.principal)
    except AppError as error:
        if made is None:
            return await _new_page(request, who, form, error)
        return await _batch_page(request, who, made.id, error)
    return RedirectResponse(f"{BATCHES}/{made.id}?done=begin", 303)


@router.get(BATCHES + "/{batch_id}")
async def one(request: Request, batch_id: str, done: str = "") -> Response:
    """Progress, files, and what can be done."""
    return await _batch_page(request, await somebody_with_seals(request), batch_id, done=done)


@router.post(BATCHES + "/{batch_id}/files")
async def add(request: Request, batch_id: str) -> Response:
    """More files."""
    who = await permitted(request, SEALER)
    try:
        async with form_with_files(request, upload="files", most=MOST_AT_ONCE) as (_, files):
            await container(request).batches.gather.add_all(batch_id, parts_of(files), who.principal)
    except AppError as error:
        return await _batch_page(request, who, batch_id, error)
    return RedirectResponse(f"{BATCHES}/{batch_id}?done=add", 303)


@router.get(BATCHES + "/{batch_id}/results.zip")
async def archive(request: Request, batch_id: str) -> Response:
    """All sealed files."""
    who = await somebody_with_seals(request)
    pieces = await container(request).batches.results.archive(batch_id, who.principal, language(request))
    return _streamed(pieces, "application/zip", f"{batch_id}.zip")


@router.get(BATCHES + "/{batch_id}/results.csv")
async def table(request: Request, batch_id: str) -> Response:
    """Every file and what came of it."""
    who = await somebody_with_seals(request)
    lines = await container(request).batches.results.table(batch_id, who.principal, language(request))
    return _streamed(lines, "text/csv; charset=utf-8", f"{batch_id}.csv")


@router.get(BATCHES + "/{batch_id}/list.txt")
async def list_to_approve(request: Request, batch_id: str) -> Response:
    """Digests and names: what a second person approves."""
    who = await somebody_with_seals(request)
    lines = await container(request).batches.look.list_of_files(batch_id, who.principal)
    return _streamed(lines, "text/plain; charset=utf-8", f"{batch_id}.txt")


@router.get(BATCHES + "/{batch_id}/files/{file_id}/sealed")
async def sealed(request: Request, batch_id: str, file_id: str) -> Response:
    """One sealed file."""
    who = await somebody_with_seals(request)
    file, content = await container(request).batches.look.sealed(batch_id, file_id, who.principal)
    return download(content, f"{file.signature_id}.pdf")


@router.get(BATCHES + "/{batch_id}/files/{file_id}/source")
async def source(request: Request, batch_id: str, file_id: str) -> Response:
    """One file as it was brought."""
    who = await somebody_with_seals(request)
    return download(await container(request).batches.look.brought(batch_id, file_id, who.principal), f"{file_id}.pdf")


@router.post(BATCHES + "/{batch_id}/files/{file_id}/{step}")
async def act_on_file(request: Request, batch_id: str, file_id: str, step: str) -> Response:
    """Take a file out, or try it again."""
    who, batches = await permitted(request, SEALER), container(request).batches
    await read_form(request)
    try:
        match step:
            case "remove":
                await batches.gather.remove(batch_id, file_id, who.principal)
            case "retry":
                await batches.steer.try_again(batch_id, who.principal, file_id)
            case _:
                raise _no_such_step()
    except AppError as error:
        return await _batch_page(request, who, batch_id, error)
    return RedirectResponse(f"{BATCHES}/{batch_id}", 303)


@router.post(BATCHES + "/{batch_id}/{step}")
async def act(request: Request, batch_id: str, step: str) -> Response:
    """Start, resume, try again, cancel; approve or refuse."""
    who, batches = await somebody_with_seals(request), container(request).batches
    form, principal = await read_form(request), who.principal
    try:
        match step:
            case "start":
                await batches.steer.start(batch_id, principal)
            case "resume":
                await batches.steer.resume(batch_id, principal)
            case "retry":
                await batches.steer.try_again(batch_id, principal)
            case "cancel":
                await batches.steer.cancel(batch_id, principal)
            case "approve":
                await batches.decide.approve(batch_id, form["digest"], actor=principal, answer=form["answer"])
            case "refuse":
                await batches.decide.refuse(batch_id, actor=principal, answer=form["answer"])
            case _:
                raise _no_such_step()
    except AppError as error:
        return await _batch_page(request, who, batch_id, error)
    return RedirectResponse(f"{BATCHES}/{batch_id}?done={step}", 303)


async def _batch_page(
    request: Request, who: Visitor, batch_id: str, error: AppError | None = None, *, done: str = ""
) -> Response:
    look, signing = container(request).batches.look, container(request).signing
    seen = await look.one(batch_id, who.principal)
    only, cursor = request.query_params.get("only") == "refused", request.query_params.get("cursor") or None
    state = FileState.REFUSED if only else None
    files = await look.files(batch_id, who.principal, state=state, cursor=cursor, limit=_SHOWN)
    batch, counts, base = seen.batch, seen.counts, f"{BATCHES}/{batch_id}"
    asked = batch.state is BatchState.ASKED
    filters = {"only": "refused"} if only else {}
    view = BatchView(
        base=base,
        title=_title(batch, counts),
        mark=_mark(_MARKS[batch.state], STATE_NAMES[batch.state]),
        facts=_facts(batch, await signing.seals.get(batch.seal_id)),
        files=counts.all,
        settled=counts.settled,
        sealed=counts.sealed,
        refused=counts.refused,
        waiting=counts.waiting,
        sealed_width=_width(counts.sealed, counts.all),
        refused_width=_width(counts.refused, counts.all),
        rows=tuple(_file_row(file, seen, base) for file in files.items),
        tabs=await tabs_of(request, who, "batches"),
        steps=_steps(seen),
        may_decide=asked and seen.may_decide,
        own_waits=asked and seen.own,
        digest=batch.approval.digest if batch.approval else None,
        halted=batch.halted.text if batch.halted else None,
        delayed=minute(batch.due_at) if batch.stumbles and batch.due_at else None,
        only_refused=only,
        first_href=f"{base}?{urlencode(filters)}" if cursor else None,
        next_href=f"{base}?{urlencode({**filters, 'cursor': files.next_cursor})}" if files.next_cursor else None,
        again=base if batch.state is BatchState.RUNNING and not cursor and not only else None,
        error=error.text if error else None,
        note=_DONE.get(done),
    )
    return page(request, "batch.html", status=status_of(error) if error else 200, view=view)


async def _new_page(request: Request, who: Visitor, form: Form, error: AppError | None = None) -> Response:
    seals = await _seals(request, who)
    usable = [(id_, _seal_name(one)) for id_, one in seals.items() if one.status is SealStatus.ACTIVE]
    limit = MOST_FILE_OCTETS // 1_000_000
    view = BatchNewView(usable, form.values, MOST_AT_ONCE, limit, error.text if error else None)
    return page(request, "batch_new.html", status=status_of(error) if error else 200, view=view)


async def _seals(request: Request, who: Visitor) -> dict[str, Seal]:
    found = await container(request).signing.seals.of_organisation(who.principal.organisation or "")
    return {one.id: one for one in found}


async def _rows(request: Request, batches: Sequence[Batch], seals: Mapping[str, Seal]) -> tuple[BatchRow, ...]:
    counts = await container(request).batches.look.counts(batches)
    return tuple(
        BatchRow(
            f"{BATCHES}/{batch.id}",
            batch.wishes.reason or "—",
            _seal_name(seals.get(batch.seal_id)),
            _mark(_MARKS[batch.state], STATE_NAMES[batch.state]),
            batch.files,
            count.sealed,
            count.refused,
            minute(batch.created_at),
        )
        for batch, count in zip(batches, counts, strict=True)
    )


def _file_row(file: BatchFile, seen: SeenBatch, base: str) -> BatchFileRow:
    place, batch = f"{base}/files/{file.id}", seen.batch
    tried_again = {BatchState.DONE, BatchState.HALTED, BatchState.RUNNING}
    looked_at = file.document is not None and (seen.own or (seen.may_decide and batch.state in LIVING))
    again = seen.own and file.state is FileState.REFUSED and batch.state in tried_again and file.document is not None
    return BatchFileRow(
        number=file.number,
        name=file.name,
        mark=_mark(_FILE_MARKS[file.state], FILE_STATE_NAMES[file.state]),
        fault=file.fault.text if file.fault else None,
        sealed=f"{place}/sealed" if seen.own and file.state is FileState.SEALED else None,
        source=f"{place}/source" if looked_at else None,
        again=f"{place}/retry" if again else None,
        remove=f"{place}/remove" if seen.own and batch.state is BatchState.COLLECTING else None,
    )


def _steps(seen: SeenBatch) -> frozenset[str]:
    state, counts = seen.batch.state, seen.counts
    if not seen.own:
        return frozenset()
    steps = {
        "add": state is BatchState.COLLECTING,
        "start": state is BatchState.COLLECTING and counts.all > 0,
        "resume": state is BatchState.HALTED,
        "retry": state in (BatchState.DONE, BatchState.HALTED) and counts.refused > 0,
        "cancel": state in LIVING,
        "fetch": counts.sealed > 0,
    }
    return frozenset(step for step, can in steps.items() if can)


def _title(batch: Batch, counts: Counts) -> Text:
    match batch.state:
        case BatchState.DONE if counts.refused:
            return Text(
                f"盖好 {counts.sealed} 份，{counts.refused} 份没盖成", f"{counts.sealed} sealed, {counts.refused} not"
            )
        case BatchState.DONE:
            return Text(f"已盖 {counts.sealed} 份", f"{counts.sealed} sealed")
        case BatchState.RUNNING | BatchState.HALTED:
            return Text(f"已办 {counts.settled} 份，共 {counts.all} 份", f"{counts.settled} of {counts.all} done")
        case BatchState.CANCELLED:
            return Text(f"已取消；取消前盖好 {counts.sealed} 份", f"Cancelled; {counts.sealed} had been sealed before")
        case _:
            return Text(f"{counts.all} 份文件待盖章", f"{counts.all} files to seal")


def _facts(batch: Batch, seal: Seal) -> tuple[Fact, ...]:
    facts = [
        Fact(Text("印章", "Seal"), _seal_name(seal)),
        Fact(Text("事由", "What for"), batch.wishes.reason or "—"),
        Fact(Text("建立时间", "Begun"), minute(batch.created_at)),
    ]
    if batch.finished_at is not None:
        facts.append(Fact(Text("办完时间", "Finished"), minute(batch.finished_at)))
    facts.append(Fact(Text("保留到", "Kept until"), minute(batch.expires_at)))
    if batch.approval is not None and batch.approval.answer:
        facts.append(Fact(Text("审批意见", "Answer"), batch.approval.answer))
    facts.append(Fact(Text("批次号", "Batch"), batch.id, True))
    return tuple(facts)


def _seal_name(seal: Seal | None) -> Text:
    if seal is None:
        return Text("—", "—")
    kind = KINDS[seal.kind]
    return Text(f"{kind.zh} {seal.code}", f"{kind.en} {seal.code}")


def _mark(look: tuple[str, str], word: Text) -> Mark:
    tone, icon = look
    return Mark(tone, icon, word)  # type: ignore[arg-type]  # tones by construction


def _width(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "0%"


def _places(form: Form) -> tuple[Place, ...]:
    """
    Raises:
        InvalidInput: `placement-invalid`.
    """
    paging = (PagingPlacement(),) if form["paging"] else ()
    match form["mode"]:
        case "words":
            return (WordsPlacement(form["words"][:100], {"last": -1, "all": None}.get(form["nth"], 1)), *paging)
        case "none":
            return paging
        case _:
            where = Placement(whole_number(form["page"], 1), millimetres(form["x_mm"]), millimetres(form["y_mm"]))
            return (where, *paging)


def _streamed(pieces: AsyncIterator[bytes], media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **_PRIVATE}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


def _no_such_step() -> NotFound:
    return NotFound("step-not-found", Text("没有这一步。", "There is no such step."))
