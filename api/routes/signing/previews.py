"""`/v1/signature-previews`: where a seal would stand; nothing is sealed, and the file is kept nowhere."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request

from api.deps import container, requires
from api.routes.signing.places import PLACE_FIELDS, read_places
from api.routes.signing.uploads import required_field, upload_body, uploaded
from core.principal import Principal
from signing.placing.places_found import PlaceFound

router = APIRouter(prefix="/v1/signature-previews", tags=["signatures"])
_FIELDS = {"seal": {"type": "string", "description": "id of the seal"}, **PLACE_FIELDS}


@router.post("", openapi_extra=upload_body(_FIELDS, ("seal",)))
async def preview(request: Request, principal: Annotated[Principal, Depends(requires("seal:sign"))]) -> dict[str, Any]:
    """Find the places that a signature with the same fields would have: on which pages, where, and which part of the
    seal is seen there. A paging seal shows a strip on each page."""
    signing = container(request).signing
    async with uploaded(request, limit=signing.settings.max_pdf_bytes, sender=principal) as upload:
        places = read_places(upload.fields)
        wanted = () if places is None else places if isinstance(places, tuple) else (places,)
        found = await signing.preview_places(upload.content, required_field(upload.fields, "seal"), wanted)
    return {
        "pages": found.pages,
        "empty_fields": list(found.fields),
        "image": f"/v1/seals/{found.seal.id}/image.svg",
        "places": [_view(place) for place in found.places],
    }


def _view(place: PlaceFound) -> dict[str, Any]:
    left, bottom, right, top = place.window
    return {
        "page": place.page,
        "left_mm": round(place.shown.left, 2),
        "top_mm": round(place.shown.top, 2),
        "width_mm": round(place.shown.width, 2),
        "height_mm": round(place.shown.height, 2),
        # of the seal's picture, from its centre, right and down positive
        "part": {"left_mm": left, "top_mm": -top, "width_mm": right - left, "height_mm": top - bottom},
    }
