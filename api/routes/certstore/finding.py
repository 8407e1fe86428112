"""`/v1/licences/find`, `/v1/licences/{id}/status`: departments find what they issued, and ask about a day."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request

from api.deps import container, requires
from api.routes.certstore.shapes import HolderIn, In, TypeCodes, page_out
from certstore.find import FindQuery, ListedLicence
from certstore.model import Trust
from certstore.status import Status
from core.clock import calendar_day
from core.principal import Principal

router = APIRouter(prefix="/v1/licences", tags=["licences"])
Reader = Annotated[Principal, Depends(requires("licence:read"))]


class FindIn(In):
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
    cursor: Annotated[str | None, Field(max_length=200)] = None
    limit: int | None = None


@router.post("/find")
async def find(request: Request, body: FindIn, actor: Reader) -> dict[str, Any]:
    """By type, state, days, trust, number, identifier or holder; pages follow a key and are at most 100 long."""
    holder = body.holder
    query = FindQuery(
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
    page = await container(request).certstore.find(query, actor, body.cursor, body.limit)
    return page_out([_line(one) for one in page.items], page.next_cursor)


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
