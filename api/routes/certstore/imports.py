"""`/v1/imports`: registers taken over. The file is the body of the request and is read as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.deps import container, requires
from api.routes.certstore.shapes import Cursor, IfMatch, In, mark_tag, moment_of, page_out, seen_mark, text_out
from certstore.bulk.fault_words import words_of
from certstore.bulk.intake import FileFormat, IntakeCommand
from certstore.bulk.mapping import targets_of
from certstore.bulk.model import Import, ImportState
from certstore.bulk.report import Report, Share, report_of
from certstore.model import Trust
from core.principal import Principal

router = APIRouter(prefix="/v1/imports", tags=["imports"])
Issuer = Annotated[Principal, Depends(requires("licence:issue"))]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class StartIn(In):
    """A run; `columns` says which column holds what, the proposed mapping when left out."""

    dry: bool
    columns: Annotated[dict[str, Annotated[str, Field(max_length=100)]] | None, Field(max_length=100)] = None


@router.post("", status_code=201, openapi_extra=_BODY)
async def take_in(
    request: Request,
    response: Response,
    actor: Issuer,
    type_code: Annotated[str, Query(alias="type", max_length=21)],
    file_format: Annotated[FileFormat, Query(alias="format")],
    trust: Trust = Trust.B,
    name: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:
    """Take a register in: it is cut into sealed parts and waits for its start, with a mapping proposed."""
    command = IntakeCommand(type_code, file_format, trust, name)
    made = await container(request).bulk.take_in(command, request.stream(), actor)
    response.headers["Location"] = f"/v1/imports/{made.id}"
    return _out(made)


@router.get("")
async def imports(request: Request, actor: Issuer, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """Those of the caller's organisation, newest first."""
    found = await container(request).bulk.steer.all(actor, cursor, limit)
    return page_out([_out(one) for one in found.items], found.next_cursor)


@router.get("/{import_id}")
async def one(request: Request, response: Response, import_id: str, actor: Issuer) -> dict[str, Any]:
    """Progress, the first rows at fault, the first whose holder has another name elsewhere, and the report so far."""
    made, licence_type, faults = await container(request).bulk.steer.one(import_id, actor)
    response.headers["ETag"] = mark_tag(made.changed_at.isoformat())
    targets = targets_of(licence_type)
    differences = await container(request).bulk.steer.differences(import_id, actor)
    return _out(made) | {
        "targets": [{"name": name, "title": text_out(title)} for name, title in targets.items()],
        "faults": [
            {
                "row": fault.row,
                "problems": [
                    {"item": target, "code": code.partition("@")[0], "text": text_out(words_of(target, code, targets))}
                    for target, code in fault.faults
                ],
            }
            for fault in faults
        ],
        "differences": [
            {"row": found.row, "kind": found.kind, "ask": found.office or None, "text": text_out(told)}
            for found, told in differences
        ],
        "report": _report(report_of(made, licence_type)),
    }


@router.post("/{import_id}/start")
async def start(
    request: Request, import_id: str, body: StartIn, actor: Issuer, if_match: IfMatch = None
) -> dict[str, Any]:
    """Run it, dry or in earnest. A dry run writes nothing but its findings, and can be followed by either. With
    If-Match only if no colleague ran it since it was looked at."""
    steer = container(request).bulk.steer
    columns = body.columns if body.columns is not None else (await steer.one(import_id, actor))[0].columns
    return _out(await steer.start(import_id, columns, actor, dry=body.dry, seen=moment_of(seen_mark(if_match))))


@router.post("/{import_id}/pause")
async def pause(request: Request, import_id: str, actor: Issuer) -> dict[str, Any]:
    """The part in hand is still finished."""
    return _out(await container(request).bulk.steer.pause(import_id, actor))


@router.post("/{import_id}/resume")
async def resume(request: Request, import_id: str, actor: Issuer) -> dict[str, Any]:
    """From where it was paused."""
    return _out(await container(request).bulk.steer.resume(import_id, actor))


@router.post("/{import_id}/cancel")
async def cancel(request: Request, import_id: str, actor: Issuer) -> dict[str, Any]:
    """What was written stays; the rest is not done."""
    return _out(await container(request).bulk.steer.cancel(import_id, actor))


@router.get("/{import_id}/faulty-rows", response_class=Response)
async def faulty_rows(request: Request, import_id: str, actor: Issuer) -> Response:
    """The rows at fault as CSV, as they came, with what is wrong with each."""
    return csv_file(await container(request).bulk.steer.faulty_rows(import_id, actor), f"{import_id}.csv")


@router.get("/{import_id}/differing-rows", response_class=Response)
async def differing_rows(request: Request, import_id: str, actor: Issuer) -> Response:
    """The rows whose holder has another name in other licences or in a proved identity, as CSV, with whom to ask."""
    return csv_file(await container(request).bulk.steer.differing_rows(import_id, actor), f"{import_id}-names.csv")


def csv_file(content: AsyncIterator[bytes], name: str) -> Response:
    """A file of rows, to be kept and never shown inside our origin."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


def _out(made: Import) -> dict[str, Any]:
    return {
        "id": made.id,
        "type": made.type_code,
        "trust": made.trust,
        "state": made.state,
        "dry": made.dry if made.state is not ImportState.READY else None,
        "header": list(made.header),
        "columns": dict(made.columns),
        "rows": made.rows,
        "seen": made.seen,
        "kept": made.kept,
        "faulty": made.faulty,
        "unchanged": made.unchanged,
        "began_at": made.began_at,
        "changed_at": made.changed_at,
    }


def _report(report: Report) -> dict[str, Any]:
    parts = {
        "coverage": report.coverage,
        "faults": report.faults,
        "identifiers": report.identifiers,
        "notes": report.notes,
        "differences": report.differences,
        "years": report.years,
    }
    return {name: [_share(one) for one in shares] for name, shares in parts.items()}


def _share(share: Share) -> dict[str, Any]:
    return {"name": text_out(share.name), "count": share.count, "of": share.total}
