"""`/v1/text-searches`: where words stand in an OFD. The words come in the body, so that no address or log has them."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import container
from api.limits import limited_text_search
from api.routes.signing.uploads import uploaded, whole_field
from core.errors import InvalidInput
from core.text import Text
from signing.ofd.words import LONGEST, MOST_PLACES, WordPlace, plain

router = APIRouter(prefix="/v1/text-searches", tags=["documents"])
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "an OFD"},
                        "text": {"type": "string", "minLength": 1, "maxLength": LONGEST},
                        "document": {
                            "type": "integer",
                            "minimum": 1,
                            "description": "of an OFD that holds several; left out: the first",
                        },
                    },
                    "required": ["file", "text"],
                }
            }
        },
    }
}


class FoundPlace(BaseModel):
    """Where the words stand: the box around the part on their first line, by its top left corner.

    Millimetres from the left and the top of the page as shown.
    """

    page: int = Field(ge=1)
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


class FoundPlaces(BaseModel):
    """`complete` is false where there may be more than the places told."""

    document: int = Field(ge=1)
    complete: bool
    places: list[FoundPlace] = Field(max_length=MOST_PLACES)


@router.post(
    "",
    openapi_extra=_BODY,
    response_model=FoundPlaces,
    dependencies=[Depends(limited_text_search)],
    responses={
        200: {
            "content": {
                "application/json": {
                    "example": {
                        "document": 1,
                        "complete": True,
                        "places": [{"page": 1, "x_mm": 30.0, "y_mm": 46.2, "width_mm": 10.0, "height_mm": 5.0}],
                    }
                }
            }
        }
    },
)
async def find_text(request: Request) -> Response:
    """Find words in an OFD (GB/T 33190): the page and the place of each. The file is not kept, nor are the words.

    Blanks and widths of letters count for nothing, in the words and in the file; letters that are painted in any order
    are found as they are read. At most a thousand places are told.
    """
    signing = container(request).signing
    async with uploaded(request, limit=signing.settings.max_pdf_bytes) as upload:
        text, document = _wanted(upload.fields.get("text", "")), whole_field(upload.fields, "document")
        found = await signing.show_ofd.find(upload.content, text, document=document - 1)
    answer = FoundPlaces(document=document, complete=len(found) < MOST_PLACES, places=[_place(one) for one in found])
    return JSONResponse(answer.model_dump(), headers={"Cache-Control": "no-store"})


def _wanted(text: str) -> str:
    """
    Raises:
        InvalidInput: `field-invalid`.
    """
    if not 1 <= len(plain(text)) <= LONGEST:
        raise InvalidInput(
            "field-invalid",
            Text(f"text 应为 1 到 {LONGEST} 个字，空白不算。", f"text takes 1 to {LONGEST} characters besides blanks."),
            field="text",
        )
    return text


def _place(one: WordPlace) -> FoundPlace:
    box = one.box
    x, y, width, height = (round(value, 3) for value in (box.x, box.y, box.width, box.height))
    return FoundPlace(page=one.page, x_mm=x, y_mm=y, width_mm=width, height_mm=height)
