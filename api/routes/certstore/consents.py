"""`/v1/consents`: a portal asks for a holder's consent. Holders decide on our own pages, never by a portal's token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import FieldNames, In, PurposeIn, TypeCodes
from certstore.codes import CITIZEN_ID
from certstore.consents import ConsentBundle, ConsentRequest
from certstore.model import Consent, ConsentState
from core.principal import Principal

router = APIRouter(prefix="/v1/consents", tags=["consents"])
Reader = Annotated[Principal, Depends(requires("licence:read"))]


class ConsentHolderIn(In):
    """The holder by number, or by the `sub` that this portal got at log-in."""

    code_type: Annotated[str, Field(max_length=8)] = CITIZEN_ID
    code: Annotated[str | None, Field(max_length=64, repr=False)] = None
    sub: Annotated[str | None, Field(max_length=255)] = None


class ConsentIn(In):
    """What is asked for, why and for how long."""

    holder: ConsentHolderIn
    type: Annotated[str, Field(max_length=21)]
    purpose: PurposeIn
    fields: FieldNames | None = None
    days: int = 30
    uses: int | None = None


class ConsentsIn(In):
    """The same for several types in one question."""

    holder: ConsentHolderIn
    types: TypeCodes
    purpose: PurposeIn
    days: int = 30
    uses: int | None = None


@router.post("", status_code=201)
async def request_consent(request: Request, response: Response, body: ConsentIn, actor: Reader) -> dict[str, Any]:
    """Ask; send the holder's browser to `decision_url`. An undecided request ends after 30 minutes."""
    asked = _request(body.holder, body.purpose, body.days, body.uses, body.type, body.fields)
    consents = container(request).certstore.consents
    made = await consents.request(asked, actor)
    response.headers["Location"] = f"/v1/consents/{made.id}"
    return _consent(made, made.state, consents.decision_url(made))


@router.post("/together", status_code=201)
async def request_together(request: Request, response: Response, body: ConsentsIn, actor: Reader) -> dict[str, Any]:
    """Ask for several types in one question, each with all the fields that the grants have."""
    asked = _request(body.holder, body.purpose, body.days, body.uses)
    consents = container(request).certstore.consents
    made = await consents.request_all(asked, body.types, actor)
    response.headers["Location"] = f"/v1/consents/together/{made.id}"
    return bundle_out(made, consents.decision_url(made))


@router.get("/together/{bundle_id}")
async def consents_together(request: Request, bundle_id: str, actor: Reader) -> dict[str, Any]:
    """What became of a question about several."""
    consents = container(request).certstore.consents
    found = await consents.requested_together(bundle_id, actor)
    return {"id": bundle_id, "consents": [_consent(one, state, consents.decision_url(one)) for one, state in found]}


@router.get("/{consent_id}")
async def consent(request: Request, consent_id: str, actor: Reader) -> dict[str, Any]:
    """What became of a request; `licence` is there once it was granted."""
    consents = container(request).certstore.consents
    found, state = await consents.requested(consent_id, actor)
    return _consent(found, state, consents.decision_url(found))


def bundle_out(bundle: ConsentBundle, decision_url: str) -> dict[str, Any]:
    return {
        "id": bundle.id,
        "decision_url": decision_url,
        "decide_by": bundle.consents[0].decide_by,
        "consents": [{"id": one.id, "type": one.type_code, "fields": list(one.fields)} for one in bundle.consents],
    }


def _request(
    holder: ConsentHolderIn,
    purpose: PurposeIn,
    days: int,
    uses: int | None,
    type_code: str = "",
    fields: list[str] | None = None,
) -> ConsentRequest:
    return ConsentRequest(
        type_code=type_code,
        service_item=purpose.service_item,
        case_number=purpose.case_number,
        basis=purpose.basis,
        code_type=holder.code_type,
        code=holder.code,
        subject=holder.sub,
        fields=fields,
        days=days,
        uses=uses,
    )


def _consent(one: Consent, state: ConsentState, decision_url: str) -> dict[str, Any]:
    granted = state is ConsentState.GRANTED
    return {
        "id": one.id,
        "state": state,
        "type": one.type_code,
        "service_item": one.purpose.service_item,
        "case_number": one.purpose.case_number,
        "fields": list(one.fields),
        "days": one.days,
        "uses": one.max_uses,
        "created_at": one.created_at,
        "decide_by": one.decide_by,
        "decision_url": decision_url,
        "licence": one.licence_id if granted else None,
        "last_day": one.last_day if granted else None,
    }
