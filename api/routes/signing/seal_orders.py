"""What a seal shall be, as `/v1` says it; `/v1/seal-pictures` shows what it would look like."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import container, requires
from core.principal import Principal
from core.text import Text
from keys.profile import Profile
from keys.spec import SignatureAlgorithm
from signing.appearance.drawn import DEFAULT_HEIGHT, digest_of
from signing.appearance.official_seal import SealCentre, SealShape
from signing.appearance.scan_reader import Scan, scan_refused
from signing.appearance.svg import to_svg
from signing.model import SealKind
from signing.seals.order import SealOrder

router = APIRouter(prefix="/v1/seal-pictures", tags=["seals"])
_SVG = "image/svg+xml"
_LONGEST = 7_000_000  # characters: a picture of 5 MiB


class ScanBody(BaseModel):
    """A scanned impression: PNG, JPEG or WebP in base64. `round`: whether it is a circle."""

    model_config = ConfigDict(extra="forbid")

    image: str = Field(min_length=1, max_length=_LONGEST, repr=False)
    round: bool = True


class OrderBody(BaseModel):
    """A seal; `name_zh` stands on the arc. A scan makes its shape `scan`."""

    model_config = ConfigDict(extra="forbid")

    organisation: str = Field(max_length=32)
    name_zh: str = Field(min_length=1, max_length=60)
    name_en: str = Field(min_length=1, max_length=200)
    code: str = Field(pattern=r"^\d{13}$")
    kind: SealKind = SealKind.OFFICIAL
    line: str = Field(default="", max_length=15)
    diameter_mm: float | None = Field(
        default=None, ge=15, le=50, description="height; left out: what is customary, or was measured in the scan"
    )
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
    bearer: str | None = Field(default=None, max_length=64)
    shape: SealShape = SealShape.ROUND
    centre: SealCentre = Field(default=SealCentre.STAR, description="of a round seal that is drawn")
    numbered: bool = Field(default=True, description="whether the code stands on the seal")
    scan: ScanBody | None = None
    profile: Profile | None = Field(
        default=None, description="in which forms it is made; left out: as its department or the deployment has it"
    )


async def read_order(request: Request, body: OrderBody) -> tuple[SealOrder, Scan | None]:
    """The order, and what was found in its scan.

    Raises:
        SealInvalid: `seal-scan-…`.
        core.errors.LimitExceeded: `too-large`, `busy`.
    """
    scan = None
    if body.scan is not None:
        scan = await container(request).signing.read_scan(_decoded(body.scan.image), is_round=body.scan.round)
    shape = body.shape if scan is None else SealShape.SCAN
    measured = scan.measured_mm if scan is not None else None
    order = SealOrder(
        organisation=body.organisation,
        name=Text(body.name_zh, body.name_en),
        code=body.code,
        kind=body.kind,
        line=body.line,
        diameter_mm=body.diameter_mm or height_of(scan, measured) or DEFAULT_HEIGHT[shape],
        algorithm=body.algorithm,
        bearer=body.bearer,
        shape=shape,
        centre=body.centre,
        numbered=body.numbered,
        scan=None if scan is None else scan.ink,
        profile=body.profile,
    )
    return order, scan


def height_of(scan: Scan | None, across_mm: float | None) -> float | None:
    """The height of an impression that is `across_mm` wide."""
    return None if scan is None or across_mm is None else round(across_mm / scan.ink.ratio, 1)


@router.post("", response_class=Response)
async def seal_picture(
    request: Request, body: OrderBody, principal: Annotated[Principal, Depends(requires("seal:manage"))]
) -> Response:
    """What a seal would look like, as JSON with its measures, or as SVG alone (`Accept: image/svg+xml`). Nothing is
    asked for yet, and a scan is kept nowhere."""
    order, scan = await read_order(request, body)
    drawing = await container(request).signing.apply_for_seal.sketch(order, actor=principal)
    svg = to_svg(drawing, order.name.zh)
    if request.headers.get("accept", "").partition(",")[0].strip() == _SVG:
        return Response(svg, media_type=_SVG, headers={"Content-Security-Policy": "default-src 'none'"})
    answer: dict[str, Any] = {
        "svg": svg,
        "sha256": digest_of(drawing),
        "width_mm": drawing.diameter_mm if drawing.across_mm is None else drawing.across_mm,
        "height_mm": drawing.diameter_mm,
        "measured_mm": scan.measured_mm if scan is not None else None,
    }
    return JSONResponse(answer)


def _decoded(image: str) -> bytes:
    try:
        return base64.b64decode(image, validate=True)
    except ValueError:  # binascii.Error, and its parent for letters outside ASCII
        raise scan_refused("unreadable") from None
