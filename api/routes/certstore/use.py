"""`/v1/licences/search` and `/v1/exemption-checks`: what portals and clerks ask instead of asking for paper."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request

from api.deps import container, requires
from api.routes.certstore.shapes import Basis, Code, FieldNames, HolderIn, In, PurposeIn, TypeCodes, text_out
from certstore.exemption import DEFAULT_BASIS, ExemptionQuery, MaterialAnswer
from certstore.search import FoundLicence, SearchQuery
from core.principal import Principal

router = APIRouter(prefix="/v1", tags=["use"])
Reader = Annotated[Principal, Depends(requires("licence:read"))]


class SearchIn(In):
    """Whose licences, for what, which types and fields."""

    holder: HolderIn
    purpose: PurposeIn
    types: TypeCodes | None = None
    fields: FieldNames | None = None


class ExemptionIn(In):
    """Which service item, for whom, in which case."""

    service_item: Code
    case_number: Code
    basis: Basis = DEFAULT_BASIS
    holder: HolderIn


@router.post("/licences/search")
async def search(request: Request, body: SearchIn, actor: Reader) -> dict[str, Any]:
    """Look up by the holder's number, within grants, minimised; recorded for the holder to see."""
    query = SearchQuery(
        code_type=body.holder.code_type,
        code=body.holder.code,
        service_item=body.purpose.service_item,
        case_number=body.purpose.case_number,
        basis=body.purpose.basis,
        types=body.types,
        fields=body.fields,
    )
    found = await container(request).certstore.search(query, actor)
    return {"items": [_found(one) for one in found]}


@router.post("/exemption-checks")
async def exemption_check(request: Request, body: ExemptionIn, actor: Reader) -> dict[str, Any]:
    """Which of the item's materials need not be asked for, and why."""
    query = ExemptionQuery(body.service_item, body.case_number, body.holder.code_type, body.holder.code, body.basis)
    answer = await container(request).certstore.check_exemption(query, actor)
    return {
        "service_item": {"code": answer.item.code, "name": text_out(answer.item.name)},
        "total": answer.total,
        "exempt": answer.exempt,
        "materials": [_material(one) for one in answer.materials],
    }


def _found(one: FoundLicence) -> dict[str, Any]:
    return {
        "id": one.id,
        "identifier": one.identifier,
        "type": {"code": one.type_code, "name": text_out(one.type_name)},
        "issuer": {"code": one.issuer, "name": text_out(one.issuer_name)},
        "status": one.status,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "ground": one.ground,
        "consent": one.consent_id,
        "fields": one.values,
    }


def _material(one: MaterialAnswer) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": text_out(one.name),
        "condition": text_out(one.condition),
        "outcome": one.outcome,
        "explanation": text_out(one.explanation),
        "rule": one.rule,
        "type": one.type_code,
        "licence": one.licence_id,
        "identifier": one.identifier,
        "valid_until": one.valid_until,
        "consent": one.consent_id,
    }
