"""`/v1/signature-extensions`: a sealed PDF in, the same in a form that lasts longer out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.file_answer import file_answer
from api.routes.signing.levels import LEVEL_FIELDS, read_level, read_level_policy
from api.routes.signing.uploads import upload_body, uploaded
from core.principal import Principal
from signing.levels import Level, LevelPolicy
from signing.longlife.extend_file import ExtendFileCommand

router = APIRouter(prefix="/v1/signature-extensions", tags=["signatures"])


@router.post("", openapi_extra=upload_body(LEVEL_FIELDS), response_class=Response)
async def extend_a_pdf(request: Request, principal: Annotated[Principal, Depends(requires("seal:sign"))]) -> Response:
    """Bring a sealed PDF, of ours or of anybody whom a trust list vouches for, to B-LTA or another level.

    `Signature-Level` says which level it has now, `Renew-By` when its last time-stamp stops counting. The file is not
    kept.
    """
    signing = container(request).signing
    async with uploaded(request, limit=signing.settings.max_pdf_bytes, sender=principal) as upload:
        made = await signing.extend_file(
            ExtendFileCommand(
                upload.content,
                read_level(upload.fields) or Level.B_LTA,
                read_level_policy(upload.fields) or LevelPolicy.EXACTLY,
                principal,
            )
        )
    headers = {
        "Signature-Level": made.level.value,
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="extended.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    if made.renew_by is not None:
        headers["Renew-By"] = made.renew_by.isoformat()
    return file_answer(made.content, headers=headers)
