"""`/v1/licences/{id}/attachments`: files that an authority keeps with a licence, for itself and for the holders."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Base64Bytes, Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import caller, container, requires
from api.routes.certstore.licences import person_token
from api.routes.certstore.shapes import In
from api.web.downloads import attachment_file
from certstore.attachments.keep import AttachmentCommand
from certstore.attachments.model import Attachment
from core.principal import Principal

router = APIRouter(prefix="/v1/licences", tags=["licences"])


class AttachmentIn(In):
    """A file, in base64: PDF, PNG or JPEG."""

    name: Annotated[str, Field(max_length=200, repr=False)]
    content: Annotated[Base64Bytes, Field(repr=False)]


@router.post("/{licence_id}/attachments", status_code=201)
async def add(
    request: Request,
    response: Response,
    licence_id: str,
    body: AttachmentIn,
    actor: Annotated[Principal, Depends(requires("licence:issue"))],
) -> dict[str, Any]:
    """Keep a file with a licence of one's own authority, or with a draft by its id."""
    made = await container(request).own.attachments.add(AttachmentCommand(licence_id, body.name, body.content), actor)
    response.headers["Location"] = f"/v1/licences/{licence_id}/attachments/{made.id}"
    response.headers["Cache-Control"] = "no-store"
    return attachment_out(made)


@router.get("/{licence_id}/attachments")
async def attachments(
    request: Request, response: Response, licence_id: str, actor: Annotated[Principal, Depends(caller)]
) -> dict[str, Any]:
    """What there is, for the issuing authority and the holders; for all others there is no such licence."""
    person_token(actor)
    found = await container(request).own.attachments.of_licence(licence_id, actor)
    response.headers["Cache-Control"] = "no-store"
    return {"items": [attachment_out(one) for one in found]}


@router.get("/{licence_id}/attachments/{attachment_id}", response_class=Response)
async def attachment(
    request: Request, licence_id: str, attachment_id: str, actor: Annotated[Principal, Depends(caller)]
) -> Response:
    """One file, to be saved."""
    person_token(actor)
    return attachment_file(await container(request).own.attachments.file(licence_id, attachment_id, actor))


def attachment_out(one: Attachment) -> dict[str, Any]:
    return {
        "id": one.id,
        "ordinal": one.ordinal,
        "name": one.name,
        "media_type": one.media_type,
        "size": one.size,
        "sha256": one.sha256,
        "made_at": one.made_at,
    }
