"""`/v1/licence-types` and `/v1/service-items`: the public part of the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request

from api.deps import container, requires
from api.routes.certstore.shapes import Cursor, In, TextIn, page_out, text_out
from certstore.catalogue import TypeDefinition
from certstore.model import (
    FIXED_FIELDS,
    Colour,
    HolderKind,
    LicenceType,
    ServiceItem,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.schema import face_fields
from core.principal import Principal

router = APIRouter(prefix="/v1", tags=["catalogue"])


class ValidityIn(In):
    """How the last day of validity comes about."""

    kind: Validity
    amount: int = 0


class TypeIn(In):
    """A catalogue entry, or a new version of one."""

    code: Annotated[str, Field(max_length=40)]
    name: TextIn
    issuers: Annotated[list[str], Field(max_length=200)]
    holder_kind: HolderKind
    colour: Colour
    json_schema: Annotated[dict[str, Any], Field(alias="schema")]
    validity: ValidityIn
    sharing: Sharing
    template: Annotated[str, Field(max_length=40)]
    one_per_holder: bool = False


@router.get("/licence-types")
async def licence_types(request: Request, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """All types, newest versions; no token needed."""
    page = await container(request).certstore.catalogue.licence_types(cursor, limit)
    return page_out([_type(one) for one in page.items], page.next_cursor)


@router.get("/licence-types/{code}")
async def licence_type(request: Request, code: str, version: int | None = None) -> dict[str, Any]:
    """One type; an earlier version by `?version=`."""
    return _type(await container(request).certstore.catalogue.licence_type(code[:40], version))


@router.post("/licence-types", status_code=201)
async def register_type(
    request: Request, body: TypeIn, actor: Annotated[Principal, Depends(requires("admin:system"))]
) -> dict[str, Any]:
    """Register a type, or a new version of it; what was issued before stays valid."""
    definition = TypeDefinition(
        code=body.code,
        name=body.name.text(),
        issuers=body.issuers,
        holder_kind=body.holder_kind,
        colour=body.colour,
        schema=body.json_schema,
        validity=ValidityRule(body.validity.kind, body.validity.amount),
        sharing=body.sharing,
        template=body.template,
        one_per_holder=body.one_per_holder,
    )
    return _type(await container(request).certstore.catalogue.register_type(definition, actor))


@router.get("/service-items")
async def service_items(request: Request, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """All service items with their materials; no token needed."""
    page = await container(request).certstore.catalogue.items(cursor, limit)
    return page_out([_item(one) for one in page.items], page.next_cursor)


@router.get("/service-items/{code}")
async def service_item(request: Request, code: str) -> dict[str, Any]:
    """One service item."""
    return _item(await container(request).certstore.catalogue.item(code[:64]))


def _type(made: LicenceType) -> dict[str, Any]:
    return {
        "code": made.code,
        "version": made.version,
        "name": text_out(made.name),
        "authority": made.authority,
        "issuers": list(made.issuers),
        "holder_kind": made.holder_kind,
        "colour": made.colour,
        "schema": made.schema,
        "fields": [
            *({"name": name, "title": text_out(title)} for name, title in FIXED_FIELDS.items()),
            *(
                {
                    "name": field.name,
                    "title": text_out(field.title),
                    "code": field.code,
                    "masking": field.masking,
                    "unit": field.unit,
                }
                for field in face_fields(made.schema)
            ),
        ],
        "validity": {"kind": made.validity.kind, "amount": made.validity.amount},
        "sharing": made.sharing,
        "template": made.template,
        "one_per_holder": made.one_per_holder,
        "created_at": made.created_at,
    }


def _item(item: ServiceItem) -> dict[str, Any]:
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
            }
            for material in item.materials
        ],
    }
