"""`/v1/consents`: a portal asks for a holder's consent. Holders decide on our own pages, never by a portal's token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import FieldNames, In, PurposeIn
from certstore.codes import CITIZEN_ID
from certstore.consents import ConsentRequest
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


@router.post("", status_code=201)
async def request_consent(request: Request, response: Response, body: ConsentIn, actor: Reader) -> dict[str, Any]:
    """Ask; send the holder's browser to `decision_url`. An undecided request ends after 30 minutes."""
    asked = ConsentRequest(
        type_code=body.type,
        service_item=body.purpose.service_item,
        case_number=body.purpose.case_number,
        basis=body.purpose.basis,
        code_type=body.holder.code_type,
        code=body.holder.code,
        subject=body.holder.sub,
        fields=body.fields,
        days=body.days,
    )
    consents = container(request).certstore.consents
    made = await consents.request(asked, actor)
    response.headers["Location"] = f"/v1/consents/{made.id}"
    return _consent(made, made.state, consents.decision_url(made))


@router.get("/{consent_id}")
async def consent(request: Request, consent_id: str, actor: Reader) -> dict[str, Any]:
    """What became of a request; `licence` is there once it was granted."""
    consents = container(request).certstore.consents
    found, state = await consents.requested(consent_id, actor)
    return _consent(found, state, consents.decision_url(found))


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
        "created_at": one.created_at,
        "decide_by": one.decide_by,
        "decision_url": decision_url,
        "licence": one.licence_id if granted else None,
        "last_day": one.last_day if granted else None,
    }
