"""`/v1/seal-grants`: who may use a seal, for what, how often."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from api.deps import caller_by, container, requires
from core.principal import Principal
from signing.model import GranteeKind, GrantForm, SealGrant
from signing.seals.grant import MAX_USES, GrantSealCommand

router = APIRouter(prefix="/v1/seal-grants", tags=["seals"])
Caller = Annotated[Principal, Depends(caller_by("seal:manage", "seal:approve", "audit:read"))]


class NewGrant(BaseModel):
    """A right to give; both days are included (Asia/Shanghai).

    `max_uses` is how often, None for any number; with `approval` each use needs a second person's. `form` is what the
    holder hands in: documents, digests of documents that stay with them, or hashes of anything.
    """

    model_config = ConfigDict(extra="forbid")

    seal: str = Field(max_length=64)
    grantee_kind: GranteeKind
    grantee: str = Field(min_length=1, max_length=128)
    document_classes: list[str] = Field(min_length=1, max_length=32)
    valid_from: dt.date
    valid_to: dt.date
    max_uses: int | None = Field(default=None, ge=1, le=MAX_USES)
    approval: bool = False
    form: GrantForm = GrantForm.DOCUMENT


@router.post("", status_code=201)
async def grant_seal(
    request: Request, body: NewGrant, principal: Annotated[Principal, Depends(requires("seal:manage"))]
) -> dict[str, Any]:
    """Let a client, an account or a role use a seal. Nobody gives one to themselves."""
    grant = await container(request).signing.grant_seal(
        GrantSealCommand(
            seal_id=body.seal,
            grantee_kind=body.grantee_kind,
            grantee=body.grantee,
            document_classes=tuple(body.document_classes),
            valid_from=body.valid_from,
            valid_to=body.valid_to,
            actor=principal,
            max_uses=body.max_uses,
            approval=body.approval,
            form=body.form,
        )
    )
    return grant_view(grant)


@router.get("")
async def list_grants(
    request: Request, seal: Annotated[str, Query(max_length=64)], principal: Caller
) -> dict[str, Any]:
    """Every grant of a seal, taken back or not, for those who look after it."""
    found = await container(request).signing.seals.grants_of(seal, actor=principal)
    return {"items": [grant_view(grant) for grant in found]}


@router.post("/{grant_id}/end")
async def end_grant(request: Request, grant_id: str, principal: Caller) -> dict[str, Any]:
    """Take a grant back; nothing more is sealed under it, not even what was approved."""
    return grant_view(await container(request).signing.end_grant(grant_id, actor=principal))


def grant_view(grant: SealGrant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "seal": grant.seal_id,
        "grantee_kind": grant.grantee_kind.value,
        "grantee": grant.grantee,
        "document_classes": list(grant.document_classes),
        "valid_from": grant.valid_from.isoformat(),
        "valid_to": grant.valid_to.isoformat(),
        "max_uses": grant.max_uses,
        "uses": grant.uses,
        "approval": grant.approval,
        "form": grant.form.value,
        "ended_at": grant.ended_at.isoformat() if grant.ended_at else None,
    }
