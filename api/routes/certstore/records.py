"""`/v1/access-records`: who looked at the caller's own licences."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request

from api.deps import caller, container
from api.routes.certstore.shapes import Cursor, page_out, text_out
from certstore.authorise import require_scope
from certstore.holder import MyAccess
from core.principal import Principal, PrincipalKind

router = APIRouter(prefix="/v1", tags=["access records"])


@router.get("/access-records")
async def access_records(
    request: Request, actor: Annotated[Principal, Depends(caller)], cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """Newest first. A portal may show them for a person who gave it the real name (`realname`)."""
    if actor.kind is PrincipalKind.PERSON:
        require_scope(actor, "realname")
    page = await container(request).certstore.my_accesses(actor, cursor, limit)
    return page_out([_access(one) for one in page.items], page.next_cursor)


def _access(one: MyAccess) -> dict[str, Any]:
    record = one.record
    return {
        "id": record.id,
        "at": record.at,
        "look": record.look,
        "licence": record.licence_id,
        "type": text_out(one.type_name),
        "organisation": {"code": record.organisation, "name": text_out(one.organisation_name)},
        "clerk": record.actor_name,
        "service_item": {"code": record.purpose.service_item, "name": text_out(one.item_name)},
        "case_number": record.purpose.case_number,
        "basis": record.purpose.basis,
        "fields": list(record.fields),
        "ground": "consent" if one.by_consent else "function",
        "consent": record.consent_id,
    }
