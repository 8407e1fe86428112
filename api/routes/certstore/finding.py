"""`/v1/licences/find`, `/v1/licences/{id}/status`: departments find what they issued, and ask about a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.deps import container, requires
from api.routes.certstore.shapes import HolderIn, In, TypeCodes, page_out
from certstore.bulk.export import MAX_REASON, ExportCommand, ExportFormat
from certstore.find import FindQuery, ListedLicence
from certstore.model import Trust
from certstore.status import Status
from core.clock import calendar_day
from core.principal import Principal

router = APIRouter(prefix="/v1/licences", tags=["licences"])
Reader = Annotated[Principal, Depends(requires("licence:read"))]
_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSON_LINES: "application/jsonl; charset=utf-8",
}


class FiltersIn(In):
    """What to find among one's own; a holder's number comes in the body only."""

    types: TypeCodes | None = None
    status: Status | None = None
    trust: Trust | None = None
    valid_on: dt.date | None = None
    issued_from: dt.date | None = None
    issued_until: dt.date | None = None
    expiring_until: dt.date | None = None
    number: Annotated[str | None, Field(max_length=100, repr=False)] = None
    identifier: Annotated[str | None, Field(max_length=140)] = None
    holder: HolderIn | None = None


class FindIn(FiltersIn):
    """A page of what fits."""

    cursor: Annotated[str | None, Field(max_length=200)] = None
    limit: int | None = None


class ExportIn(FiltersIn):
    """What to take out, and what for."""

    format: ExportFormat = ExportFormat.CSV
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON)]


@router.post("/find")
async def find(request: Request, body: FindIn, actor: Reader) -> dict[str, Any]:
    """By type, state, days, trust, number, identifier or holder; pages follow a key and are at most 100 long."""
    page = await container(request).certstore.find(_query(body), actor, body.cursor, body.limit)
    return page_out([_line(one) for one in page.items], page.next_cursor)


@router.post("/export", response_class=Response)
async def export(request: Request, body: ExportIn, actor: Reader) -> Response:
    """What fits, of one type, as CSV or JSON Lines with everything that the face says; the holders see that it was."""
    command = ExportCommand(_query(body), body.format, body.reason)
    return export_file(await container(request).certstore.export(command, actor), body.format)


def export_file(content: AsyncIterator[bytes], form: ExportFormat) -> Response:
    """A file of licences, to be kept and never shown inside our origin."""
    headers = {"Content-Disposition": f'attachment; filename="licences.{form.value}"', "Cache-Control": "no-store"}
    return StreamingResponse(content, media_type=_MEDIA_TYPES[form], headers=headers)


def _query(body: FiltersIn) -> FindQuery:
    holder = body.holder
    return FindQuery(
        types=body.types,
        status=body.status,
        trust=body.trust,
        valid_on=body.valid_on,
        issued_from=body.issued_from,
        issued_until=body.issued_until,
        expiring_until=body.expiring_until,
        number=body.number,
        identifier=body.identifier,
        holder_kind=holder.code_type if holder else None,
        holder_code=holder.code if holder else None,
    )


@router.get("/{licence_id}/status")
async def status_on(request: Request, licence_id: str, actor: Reader, on: dt.date | None = None) -> dict[str, Any]:
    """What a licence was on a day, or is today, for the office that issued it."""
    day = on or calendar_day(container(request).ground.clock.now())
    return {"on": day, "status": await container(request).certstore.find.status_on(licence_id, day, actor)}


def _line(one: ListedLicence) -> dict[str, Any]:
    return {
        "id": one.id,
        "identifier": one.identifier,
        "type": one.type_code,
        "status": one.status,
        "trust": one.trust,
        "issued_at": one.issued_at,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "revision": one.revision,
    }
