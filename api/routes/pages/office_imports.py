"""A department's pages of registers taken over: send one in, map its columns, watch it, read what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.certstore.imports import csv_file
from api.routes.certstore.shapes import moment_of
from api.routes.pages.office import all_types
from api.web.forms import read_form
from api.web.render import page
from api.web.views.common import Mark, Tone
from api.web.views.imports import Bar, Choice, FaultLine, ImportRow, ImportsView, ImportView
from api.web.visitor import ISSUER, Visitor, permitted
from certstore.bulk.fault_words import words_of
from certstore.bulk.intake import FileFormat, IntakeCommand
from certstore.bulk.mapping import REQUIRED, targets_of
from certstore.bulk.model import STATE_NAMES, Difference, Import, ImportState, RowFault
from certstore.bulk.report import Share, report_of
from certstore.model import LicenceType, Trust
from core.clock import calendar_day
from core.errors import AppError, Conflict, InvalidInput
from core.text import Text

router = APIRouter(include_in_schema=False)
MAX_BYTES = 100 << 20  # larger registers come over `/v1/imports`, which reads them as they come
_PIECE = 1 << 18
_MARKS: dict[ImportState, tuple[Tone, str]] = {
    ImportState.READING: ("info", "clock"),
    ImportState.READY: ("info", "clock"),
    ImportState.RUNNING: ("info", "refresh"),
    ImportState.PAUSED: ("warn", "clock"),
    ImportState.DONE: ("good", "check"),
    ImportState.CANCELLED: ("bad", "no"),
}


@router.get("/office/imports")
async def imports(request: Request) -> Response:
    """The list, and the form to send one in."""
    who = await permitted(request, ISSUER)
    return await _list(request, who)


@router.post("/office/imports")
async def take_in(request: Request) -> Response:
    """Take a register in; its page comes next."""
    who = await permitted(request, ISSUER)
    form = await read_form(request, upload="file", max_bytes=MAX_BYTES)
    upload = form.uploads.get("file")
    try:
        if upload is None or not upload.content:
            raise InvalidInput("file-missing", Text("请选择文件。", "Choose a file."), field="file")
        command = IntakeCommand(form["type"], _format_of(upload.name), _trust_of(form["trust"]), upload.name)
        made = await container(request).bulk.take_in(command, _pieces(upload.content), who.principal)
    except AppError as error:
        return await _list(request, who, chosen=form["type"], error=error)
    return RedirectResponse(f"/office/imports/{made.id}", 303)


@router.get("/office/imports/{import_id}")
async def one(request: Request, import_id: str) -> Response:
    """Progress, mapping, report."""
    who = await permitted(request, ISSUER)
    return await _one(request, import_id, who)


@router.post("/office/imports/{import_id}/start")
async def start(request: Request, import_id: str) -> Response:
    """Run it, with the mapping of the form."""
    who = await permitted(request, ISSUER)
    form = await read_form(request)
    columns = {name.removeprefix("to."): value for name, value in form.values.items() if name[:3] == "to." and value}
    try:
        dry, seen = form["run"] != "earnest", moment_of(form["looked_at"] or None)
        await container(request).bulk.steer.start(import_id, columns, who.principal, dry=dry, seen=seen)
    except (InvalidInput, Conflict) as error:
        return await _one(request, import_id, who, error=error)
    return RedirectResponse(f"/office/imports/{import_id}", 303)


@router.post("/office/imports/{import_id}/{step}")
async def move(request: Request, import_id: str, step: str) -> Response:
    """Pause, resume or cancel; whoever comes too late sees where it is now."""
    who = await permitted(request, ISSUER)
    await read_form(request)
    steer = container(request).bulk.steer
    steps = {"pause": steer.pause, "resume": steer.resume, "cancel": steer.cancel}
    if step not in steps:
        raise InvalidInput("step-unknown", Text("没有这一步。", "There is no such step."))
    await steps[step](import_id, who.principal)
    return RedirectResponse(f"/office/imports/{import_id}", 303)


@router.get("/office/imports/{import_id}/faulty-rows.csv")
async def faulty_rows(request: Request, import_id: str) -> Response:
    """The rows at fault, to be mended and sent in again."""
    who = await permitted(request, ISSUER)
    return csv_file(await container(request).bulk.steer.faulty_rows(import_id, who.principal), f"{import_id}.csv")


@router.get("/office/imports/{import_id}/differing-rows.csv")
async def differing_rows(request: Request, import_id: str) -> Response:
    """The rows whose holder has another name elsewhere."""
    who = await permitted(request, ISSUER)
    return csv_file(
        await container(request).bulk.steer.differing_rows(import_id, who.principal), f"{import_id}-names.csv"
    )


async def _list(request: Request, who: Visitor, *, chosen: str = "", error: AppError | None = None) -> Response:
    cursor = request.query_params.get("cursor") or None
    types = [one for one in await all_types(request) if who.principal.organisation in one.issuers]
    names = {one.code: one.name for one in types}
    found = await container(request).bulk.steer.all(who.principal, cursor)
    view = ImportsView(
        types=[(one.code, one.name) for one in types if not one.retired],
        rows=[_row(one, names.get(one.type_code, Text(one.type_code, one.type_code))) for one in found.items],
        max_megabytes=MAX_BYTES >> 20,
        chosen=chosen,
        first_href="/office/imports" if cursor else None,
        next_href=f"/office/imports?{urlencode({'cursor': found.next_cursor})}" if found.next_cursor else None,
        error=error.text if error else None,
    )
    return page(request, "imports.html", status=status_of(error) if error else 200, view=view)


async def _one(request: Request, import_id: str, who: Visitor, *, error: AppError | None = None) -> Response:
    made, licence_type, faults = await container(request).bulk.steer.one(import_id, who.principal)
    differing = await container(request).bulk.steer.differences(import_id, who.principal)
    view = _view(made, licence_type, faults, differing, error.text if error else None)
    return page(request, "import.html", status=status_of(error) if error else 200, view=view)


def _view(
    made: Import,
    licence_type: LicenceType,
    faults: Sequence[RowFault],
    differing: Sequence[tuple[Difference, Text]],
    error: Text | None,
) -> ImportView:
    report, targets = report_of(made, licence_type), targets_of(licence_type)
    required = {*REQUIRED, *(f"data.{name}" for name in _required(licence_type))}
    return ImportView(
        id=made.id,
        looked_at=made.changed_at.isoformat(),
        name=made.file_name or made.id,
        type_name=licence_type.name,
        mark=mark_of(made),
        dry=made.dry,
        rows=made.rows,
        seen=made.seen,
        kept=made.kept,
        faulty=made.faulty,
        unchanged=made.unchanged,
        done_width=_percent(made.seen, made.rows),
        faulty_width=_percent(made.faulty, made.rows),
        header=made.header,
        choices=[Choice(one, title, one in required, made.columns.get(one, "")) for one, title in targets.items()],
        steps=_steps(made),
        again=f"/office/imports/{made.id}" if made.state in (ImportState.RUNNING, ImportState.READING) else None,
        faults=[FaultLine(one.row, [words_of(*pair, targets) for pair in one.faults]) for one in faults],
        coverage=_bars(report.coverage),
        kinds=_bars(report.faults),
        identifiers=_bars(report.identifiers),
        notes=_bars(report.notes),
        differences=_bars(report.differences),
        differing=[
            FaultLine(row, [words for _, words in told]) for row, told in groupby(differing, lambda one: one[0].row)
        ],
        years=_bars(report.years),
        error=error,
    )


def mark_of(made: Import) -> Mark:
    """Where it stands; a dry run says so."""
    tone, icon = _MARKS[made.state]
    name = STATE_NAMES[made.state]
    if made.dry and made.state in (ImportState.RUNNING, ImportState.DONE, ImportState.PAUSED):
        name = Text(f"试导入{name.zh}", f"dry run {name.en}")
    return Mark(tone, icon, name)


def _steps(made: Import) -> Sequence[str]:
    again = made.dry and made.state in (ImportState.DONE, ImportState.CANCELLED) and made.parts > 0
    possible = {
        "start": made.state is ImportState.READY or again,
        "pause": made.state is ImportState.RUNNING,
        "resume": made.state is ImportState.PAUSED,
        "cancel": made.state in (ImportState.READY, ImportState.RUNNING, ImportState.PAUSED),
    }
    return [name for name, now in possible.items() if now]


def _row(made: Import, type_name: Text) -> ImportRow:
    return ImportRow(
        href=f"/office/imports/{made.id}",
        name=made.file_name or made.id,
        type_name=type_name,
        mark=mark_of(made),
        rows=made.rows,
        kept=0 if made.dry else made.kept,
        faulty=made.faulty,
        began=calendar_day(made.began_at).isoformat(),
    )


def _bars(shares: Sequence[Share]) -> list[Bar]:
    longest = max((one.count for one in shares), default=0)
    whole = max(longest, 1) if not shares or shares[0].total == 0 else shares[0].total
    return [Bar(one.name, one.count, _percent(one.count, whole)) for one in shares]


def _percent(count: int, total: int) -> str:
    return f"{100 * count / total:.2f}%" if total else "0%"


def _required(licence_type: LicenceType) -> list[str]:
    required = licence_type.schema.get("required", [])
    return list(required) if isinstance(required, list) else []


def _format_of(name: str) -> FileFormat:
    ending = name.rpartition(".")[2].lower()
    known = {"csv": FileFormat.CSV, "txt": FileFormat.CSV, "tsv": FileFormat.CSV, "xlsx": FileFormat.XLSX}
    known |= {"jsonl": FileFormat.JSON_LINES, "ndjson": FileFormat.JSON_LINES}
    if ending not in known:
        raise InvalidInput(
            "format-unknown",
            Text("请用 .csv、.xlsx 或 .jsonl 文件。", "Use a .csv, .xlsx or .jsonl file."),
            field="file",
        )
    return known[ending]


def _trust_of(typed: str) -> Trust:
    return Trust(typed) if typed in set(Trust) else Trust.B


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), _PIECE):
        yield content[at : at + _PIECE]
