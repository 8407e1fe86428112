"""`/v1/conversions`: a document in one form in, the same in another out, or a refusal that says what would differ.

With `Accept: image/png` one page is drawn instead: looking may show more than handing out a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.limits import limited_conversion
from api.routes.signing.uploads import Upload, uploaded, whole_field
from api.web.ofd_pages import draw_ofd
from core.errors import InvalidInput
from core.text import Text
from signing.ofd.from_pdf.convert import MadeOfd

router = APIRouter(prefix="/v1/conversions", tags=["documents"])
_PNG = "image/png"
_SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_FIELDS: Mapping[str, Any] = {
    "file": {"type": "string", "format": "binary"},
    "typefaces": {
        "type": "string",
        "enum": ["exact", "similar"],
        "description": "similar: ours may stand in for typefaces that are not in the file; left out: exact",
    },
    "document": {"type": "integer", "minimum": 1, "description": "of an OFD that holds several; left out: the first"},
    "page": {"type": "integer", "minimum": 1, "description": "of a picture; left out: the first"},
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": {"type": "object", "properties": dict(_FIELDS), "required": ["file"]}}
        },
    }
}


@router.post("", openapi_extra=_BODY, response_class=Response, dependencies=[Depends(limited_conversion)])
async def convert(request: Request) -> Response:
    """Make a PDF of an OFD (GB/T 33190), or an OFD of a PDF; the file's first octets say which. It is not kept.

    The answer is the same to the eye and to a search; where it would differ, the refusal `ofd-not-convertible` or
    `pdf-not-convertible` names everything that would. Signatures do not go with an OFD, and a signed PDF is refused.
    Of an OFD, `typefaces=similar` accepts ours for typefaces that are not in the file; `Typefaces-Replaced` says
    whether that was so. With `Accept: image/png` the answer is a picture of one page of an OFD; `Page-Count` says how
    many there are, `Shown-Faithfully` whether it is the same. Of a PDF, `Left-Out` names what goes without being seen.
    """
    signing = container(request).signing
    async with uploaded(request, limit=signing.settings.max_pdf_bytes) as upload:
        if upload.content[:5] == b"%PDF-":
            return _as_ofd(await signing.convert_pdf(upload.content))
        document = whole_field(upload.fields, "document") - 1
        if request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip() == _PNG:
            return await _picture(request, upload, document)
        similar = _choice(upload, "typefaces", ("exact", "similar")) == "similar"
        made = await signing.convert_ofd(upload.content, accept_fonts=similar, document=document)
    headers = {
        "Content-Disposition": 'attachment; filename="converted.pdf"',
        "Page-Count": str(made.pages),
        "Typefaces-Replaced": "yes" if made.notes else "no",
    }
    return Response(made.pdf, media_type="application/pdf", headers={**_SAFE, **headers})


def _as_ofd(made: MadeOfd) -> Response:
    """`Left-Out` tells what went without being seen or read: bookmarks, links, tags."""
    headers = {
        "Content-Disposition": 'attachment; filename="converted.ofd"',
        "Page-Count": str(made.pages),
        "Left-Out": ", ".join(made.left_out) or "nothing",
    }
    return Response(made.content, media_type="application/ofd", headers={**_SAFE, **headers})


async def _picture(request: Request, upload: Upload, document: int) -> Response:
    number = whole_field(upload.fields, "page")
    drawn = await draw_ofd(
        container(request).signing.show_ofd, upload.content, first=number, pages=1, document=document
    )
    if not drawn.pictures.pages:
        raise InvalidInput("page-not-drawn", Text("这一页画不出来。", "This page cannot be drawn."), field="page")
    headers = {
        "Content-Security-Policy": "default-src 'none'",
        "Page-Count": str(drawn.pictures.total),
        "Shown-Faithfully": "no" if drawn.notices else "yes",
    }
    return Response(drawn.pictures.pages[0], media_type=_PNG, headers={**_SAFE, **headers})


def _choice(upload: Upload, name: str, known: tuple[str, ...]) -> str:
    typed = upload.fields.get(name, "") or known[0]
    if typed not in known:
        names = "、".join(known)
        raise InvalidInput("field-invalid", Text(f"{name} 只能是 {names}。", f"{name}: one of {names}."), field=name)
    return typed
