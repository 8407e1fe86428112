"""`/v1/consents` for the holder: what they agreed to, and taking it back. Deciding is for our own pages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.licences import Holder
from api.routes.certstore.shapes import Cursor, page_out
from certstore.model import Consent, ConsentState

router = APIRouter(prefix="/v1/consents", tags=["consents"])


@router.get("")
async def own_consents(
    request: Request, actor: Holder, cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """One's own, newest first: asked for, given, refused, taken back, run out."""
    found = await container(request).certstore.consents.mine(actor, cursor, limit)
    return page_out([_own(one, state) for one, state in found.items], found.next_cursor)


@router.post("/{consent_id}/withdraw")
async def withdraw_consent(request: Request, consent_id: str, actor: Holder) -> dict[str, Any]:
    """Take the yes back: from this answer on nothing more is given out under it."""
    made = await container(request).certstore.consents.withdraw(consent_id, actor)
    return _own(made, made.state)


@router.post("/together/{bundle_id}/withdraw")
async def withdraw_together(request: Request, bundle_id: str, actor: Holder) -> dict[str, Any]:
    """Take back every yes of one question: as easy as it was given."""
    made = await container(request).certstore.consents.withdraw_together(bundle_id, actor)
    return {"id": bundle_id, "consents": [_own(one, one.state) for one in made]}


def _own(one: Consent, state: ConsentState) -> dict[str, Any]:
    return {
        "id": one.id,
        "together": one.bundle,
        "state": state,
        "organisation": one.organisation,
        "type": one.type_code,
        "licence": one.licence_id,
        "service_item": one.purpose.service_item,
        "case_number": one.purpose.case_number,
        "basis": one.purpose.basis,
        "fields": list(one.fields),
        "uses": one.uses,
        "uses_allowed": one.max_uses,
        "created_at": one.created_at,
        "decide_by": one.decide_by,
        "last_day": one.last_day,
        "withdrawn_at": one.withdrawn_at,
    }
