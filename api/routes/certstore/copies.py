"""`/v1/licences/{id}/copies`: annotated copies (加注件) for one use each; never the original."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import FieldNames, In, PurposeIn, pdf
from certstore.copies import CopyCommand
from core.principal import Principal

router = APIRouter(prefix="/v1/licences/{licence_id}/copies", tags=["copies"])
Reader = Annotated[Principal, Depends(requires("licence:read"))]


class CopyIn(In):
    """For which use; with the consent where the type is shared by consent."""

    purpose: PurposeIn
    consent: Annotated[str | None, Field(max_length=40)] = None
    fields: FieldNames | None = None
    days: int | None = None


@router.post("", status_code=201)
async def make_copy(
    request: Request, response: Response, licence_id: str, body: CopyIn, actor: Reader
) -> dict[str, Any]:
    """Make a sealed copy with only the allowed fields, watermarked with requester, purpose and last day."""
    command = CopyCommand(
        licence_id=licence_id,
        service_item=body.purpose.service_item,
        case_number=body.purpose.case_number,
        basis=body.purpose.basis,
        consent_id=body.consent,
        fields=body.fields,
        days=body.days,
    )
    made = await container(request).certstore.copies.make(command, actor)
    file = f"/v1/licences/{made.licence_id}/copies/{made.id}/file"
    response.headers["Location"] = file
    return {
        "id": made.id,
        "licence": made.licence_id,
        "fields": list(made.fields),
        "consent": made.consent_id,
        "expires_on": made.expires_on,
        "made_at": made.made_at,
        "sha256": made.file.sha256,
        "file": file,
    }


@router.get("/{copy_id}/file", response_class=Response)
async def copy_file(request: Request, licence_id: str, copy_id: str, actor: Reader) -> Response:
    """The copy's PDF, while consent, last day and licence allow; afterwards 410."""
    return pdf(await container(request).certstore.copies.file(licence_id, copy_id, actor))
