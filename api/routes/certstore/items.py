"""`/v1/service-items` and `/v1/consumer-grants`: what items ask for, and what each office may use for them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import (
    Code,
    Cursor,
    FieldNames,
    IfMatch,
    In,
    TextIn,
    TypeCodes,
    mark_tag,
    page_out,
    seen_mark,
    text_out,
)
from certstore.catalogue_rules import grant_mark, item_mark
from certstore.conditions import MAX_CONDITIONS, Condition, parse_condition
from certstore.model import ConsumerGrant, Material, Quota, ServiceItem
from core.principal import Principal

router = APIRouter(prefix="/v1", tags=["catalogue"])
Times = Annotated[int | None, Field(ge=0, le=10_000_000)]


class ConditionIn(In):
    """What a licence's data must say: see `certstore.conditions`."""

    field: Annotated[str, Field(max_length=40)]
    comparison: Annotated[str, Field(max_length=20)]
    value: str | int | float | bool | Annotated[list[str | int | float | bool], Field(max_length=50)]
    type: Annotated[str | None, Field(max_length=21)] = None

    def condition(self) -> Condition:
        return parse_condition(self.field, self.comparison, self.value, self.type)


class MaterialIn(In):
    """One material; any one of the types stands in for it."""

    number: Annotated[int, Field(ge=1, le=999)]
    name: TextIn
    types: Annotated[TypeCodes, Field(default_factory=list)]
    condition: TextIn | None = None
    conditions: Annotated[list[ConditionIn], Field(max_length=MAX_CONDITIONS, default_factory=list)]

    def material(self) -> Material:
        needed = self.condition.text() if self.condition else None
        conditions = tuple(one.condition() for one in self.conditions)
        return Material(self.number, self.name.text(), tuple(self.types), needed, conditions)


class ItemIn(In):
    """A service item with its materials."""

    name: TextIn
    department: Annotated[str, Field(max_length=18)]
    materials: Annotated[list[MaterialIn], Field(max_length=100)]


class GrantIn(In):
    """An office may use fields of a type for an item."""

    organisation: Annotated[str, Field(max_length=18)]
    type: Annotated[str, Field(max_length=21)]
    service_item: Code
    fields: FieldNames
    basis: Annotated[str, Field(min_length=1, max_length=400)]
    valid_from: dt.date
    valid_until: dt.date | None = None
    hourly: Times = None
    daily: Times = None

    def grant(self) -> ConsumerGrant:
        return ConsumerGrant(
            self.organisation,
            self.type,
            self.service_item,
            tuple(self.fields),
            self.basis,
            self.valid_from,
            self.valid_until,
            Quota(self.hourly, self.daily),
        )


@router.get("/service-items")
async def service_items(request: Request, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """All service items with their materials; no token needed."""
    page = await container(request).certstore.catalogue.items(cursor, limit)
    return page_out([item_out(one) for one in page.items], page.next_cursor)


@router.get("/service-items/{code}")
async def service_item(request: Request, response: Response, code: str) -> dict[str, Any]:
    """One service item."""
    found = await container(request).certstore.catalogue.item(code[:64])
    response.headers["ETag"] = mark_tag(item_mark(found))
    return item_out(found)


@router.put("/service-items/{code}")
async def put_item(
    request: Request,
    response: Response,
    code: Code,
    body: ItemIn,
    actor: Annotated[Principal, Depends(requires("admin:system"))],
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Add a service item, or replace it with all its materials. With If-Match only if nobody changed it meanwhile."""
    item = ServiceItem(code, body.name.text(), body.department, tuple(one.material() for one in body.materials))
    await container(request).certstore.catalogue.put_item(item, actor, seen=seen_mark(if_match))
    response.headers["ETag"] = mark_tag(item_mark(item))
    return item_out(item)


@router.get("/consumer-grants")
async def grants(
    request: Request,
    actor: Annotated[Principal, Depends(requires())],
    organisation: Annotated[str, Field(max_length=18)] = "",
    cursor: Cursor = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Who may use what, for which item."""
    catalogue = container(request).certstore.catalogue
    page = await catalogue.grants(actor, organisation=organisation, cursor=cursor, limit=limit)
    return page_out([grant_out(one) for one in page.items], page.next_cursor)


@router.put("/consumer-grants")
async def put_grant(
    request: Request,
    response: Response,
    body: GrantIn,
    actor: Annotated[Principal, Depends(requires("admin:security"))],
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Grant a use, or replace the grant of the same office, type and item. `If-Match` takes the `mark` of the grant
    that was changed: then only if nobody changed or ended it meanwhile."""
    grant = body.grant()
    await container(request).certstore.catalogue.grant_use(grant, actor, seen=seen_mark(if_match))
    response.headers["ETag"] = mark_tag(grant_mark(grant))
    return grant_out(grant)


@router.delete("/consumer-grants/{organisation}/{service_item}/{type_code}", status_code=204)
async def end_grant(
    request: Request,
    organisation: Annotated[str, Field(max_length=18)],
    service_item: Code,
    type_code: Annotated[str, Field(max_length=21)],
    actor: Annotated[Principal, Depends(requires("admin:security"))],
    if_match: IfMatch = None,
) -> Response:
    """Take a grant back; nothing can be used by it from now on."""
    catalogue = container(request).certstore.catalogue
    await catalogue.end_grant(organisation, service_item, type_code, actor, seen=seen_mark(if_match))
    return Response(status_code=204)


def item_out(item: ServiceItem) -> dict[str, Any]:
    return {
        "code": item.code,
        "name": text_out(item.name),
        "department": item.department,
        "materials": [
            {
                "number": material.number,
                "name": text_out(material.name),
                "types": list(material.types),
                "condition": text_out(material.condition),
                "conditions": [condition_out(one) for one in material.conditions],
            }
            for material in item.materials
        ],
    }


def condition_out(one: Condition) -> dict[str, Any]:
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    return {"field": one.field, "comparison": one.comparison, "value": value, "type": one.type_code}


def grant_out(grant: ConsumerGrant) -> dict[str, Any]:
    return {
        "organisation": grant.organisation,
        "type": grant.type_code,
        "service_item": grant.service_item,
        "fields": list(grant.fields),
        "basis": grant.basis,
        "valid_from": grant.valid_from,
        "valid_until": grant.valid_until,
        "hourly": grant.quota.hourly,
        "daily": grant.quota.daily,
        "mark": grant_mark(grant),
    }
