"""`/v1/signature-previews`: where a seal would stand; nothing is sealed, and the file is kept nowhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import container, requires
from api.routes.signing.places import PLACE_FIELDS, read_places
from api.routes.signing.uploads import required_field, upload_body, uploaded
from api.web.ofd_pages import draw_document
from api.web.pdf_pages import Pictures
from core.errors import InvalidInput, NotFound
from core.principal import Principal
from core.text import Text
from signing.placing.places_found import PlaceFound
from signing.preview_places import Preview

router = APIRouter(prefix="/v1/signature-previews", tags=["signatures"])
_PNG, _SVG = "image/png", "image/svg+xml"
_FIELDS = {
    "seal": {"type": "string", "description": "id of the seal"},
    "preview_page": {"type": "integer", "minimum": 1, "description": "of a picture; left out: the first with a seal"},
    **PLACE_FIELDS,
}


@router.post("", openapi_extra=upload_body(_FIELDS, ("seal",)))
async def preview(request: Request, principal: Annotated[Principal, Depends(requires("seal:sign"))]) -> Response:
    """Find the places that a signature with the same fields would have: on which pages, where, and which part of the
    seal is seen there. A paging seal shows a strip on each page. With `Accept: image/png` or `image/svg+xml` one page
    with the seal on it (`preview_page`; the first that has one): as it would be drawn, or the page with the seal's
    outlines over it."""
    signing = container(request).signing
    kind = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
    async with uploaded(request, limit=signing.settings.max_pdf_bytes, sender=principal) as upload:
        places = read_places(upload.fields)
        wanted = () if places is None else places if isinstance(places, tuple) else (places,)
        seal_id = required_field(upload.fields, "seal")
        found = await signing.preview_places(upload.content, seal_id, wanted)
        if kind not in (_PNG, _SVG):
            return JSONResponse(_listed(found))
        number = _page(upload.fields, found)
        content = upload.content
        if kind == _PNG:
            look = signing.preview_places.as_it_would_look
            content = await look(content, seal_id, wanted, actor=principal)
        drawn = await draw_document(signing.show_ofd, content, first=number, pages=1)
    if not drawn.pages:
        raise NotFound(
            "page-not-found", Text("没有这一页，或画不出来。", "There is no such page, or it cannot be drawn.")
        )
    picture = drawn.pages[0] if kind == _PNG else _over(drawn, found, number).encode()
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; img-src data:"}
    return Response(picture, media_type=kind, headers=headers)


def _listed(found: Preview) -> dict[str, Any]:
    return {
        "pages": found.pages,
        "empty_fields": list(found.fields),
        "image": f"/v1/seals/{found.seal.id}/image.svg",
        "places": [_view(place) for place in found.places],
    }


def _page(fields: Mapping[str, str], found: Preview) -> int:
    typed = fields.get("preview_page", "")
    if typed:
        number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 0
        if not 1 <= number <= found.pages:
            text = Text("preview_page 不是这个文件的页码。", "preview_page is no page of this file.")
            raise InvalidInput("field-invalid", text, field="preview_page")
        return number
    return found.places[0].page if found.places else 1


def _over(drawn: Pictures, found: Preview, number: int) -> str:
    """The page as a picture, and over it the seal's outlines, cut to what is seen of them."""
    (width, height), image = drawn.sizes[0], found.seal.image
    page = base64.b64encode(drawn.pages[0]).decode()
    x, y = f"{-image.width_mm / 2:.3f}", f"{-image.height_mm / 2:.3f}"
    placed = f'<svg x="{x}" y="{y}" width="{image.width_mm:.3f}" height="{image.height_mm:.3f}" '
    seal = image.svg.replace("<svg ", placed, 1)
    parts = [
        f'<svg x="{one.shown.left:.2f}" y="{one.shown.top:.2f}" width="{one.shown.width:.2f}"'
        f' height="{one.shown.height:.2f}" viewBox="{_window(one)}" preserveAspectRatio="none">{seal}</svg>'
        for one in found.places
        if one.page == number
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}mm" height="{height}mm">'
        f'<image href="data:image/png;base64,{page}" width="{width}" height="{height}"/>{"".join(parts)}</svg>'
    )


def _window(place: PlaceFound) -> str:
    left, bottom, right, top = place.window
    return f"{left:.3f} {-top:.3f} {right - left:.3f} {top - bottom:.3f}"


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
