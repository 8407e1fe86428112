"""From millimetres on the page as shown to the page's own coordinates (ISO 32000-1 §8.3, §14.11.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.text import Text
from signing.errors import PlacementInvalid
from signing.model import Placement
from signing.pades.pdf_objects import entry

_POINTS_PER_MM = 72 / 25.4
_MOST_LEVELS = 64


@dataclass(frozen=True, slots=True)
class SealSpot:
    """Where a seal goes in a page's own coordinates.

    Attributes:
        page: reference to the page object.
        rectangle: left, bottom, right, top.
        rotation: degrees anticlockwise that keep the seal upright on a page that is shown turned.
    """

    page: generic.Reference
    rectangle: tuple[float, float, float, float]
    rotation: int


def spot(reader: PdfFileReader, placement: Placement, diameter_mm: float) -> SealSpot:
    """
    Raises:
        PlacementInvalid: `placement-page` or `placement-outside-page`.
    """
    page = _page(reader, placement.page)
    left, bottom, right, top = _box(page)
    rotation = int(_inherited(page, "/Rotate", 0)) % 360
    unit = float(entry(page, "/UserUnit", 1))
    scale = _POINTS_PER_MM / unit
    x, y, radius = placement.x_mm * scale, placement.y_mm * scale, diameter_mm / 2 * scale
    sideways = rotation in (90, 270)
    width, height = (top - bottom, right - left) if sideways else (right - left, top - bottom)
    # the negated form also refuses what is not a number
    if not (radius <= x <= width - radius and radius <= y <= height - radius):
        raise PlacementInvalid(
            "placement-outside-page",
            Text(
                "印章会超出页面：这一页宽 {w} 毫米、高 {h} 毫米，印章直径 {d} 毫米。",
                "The seal would leave the page, which is {w} mm wide and {h} mm high; the seal measures {d} mm.",
            ).format(w=round(width / scale), h=round(height / scale), d=f"{diameter_mm:g}"),
            field="x_mm",
        )
    centre = {
        0: (left + x, top - y),
        90: (left + y, bottom + x),
        180: (right - x, bottom + y),
        270: (right - y, top - x),
    }.get(rotation)
    if centre is None:
        raise ValueError("a page is turned by quarters only")
    reference = page.container_ref
    if not isinstance(reference, generic.Reference):
        raise ValueError("a page outside any indirect object")
    return SealSpot(
        reference,
        (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius),
        rotation,
    )


def _page(reader: PdfFileReader, number: int) -> generic.DictionaryObject:
    tree = reader.root["/Pages"]
    count = int(tree["/Count"])
    if not 1 <= number <= count:
        raise PlacementInvalid(
            "placement-page",
            Text("文件只有 {n} 页，没有这一页。", "The file has {n} pages; there is no such page.").format(n=count),
            field="page",
        )
    kids = tree["/Kids"]
    if len(kids) == count:  # a flat tree needs no walk
        page = kids[number - 1]
        if isinstance(page, generic.DictionaryObject) and entry(page, "/Type") == "/Page":
            return page
    reference, _ = reader.find_page_for_modification(number - 1)  # type: ignore[no-untyped-call]  # not annotated
    page = reference.get_object()
    if not isinstance(page, generic.DictionaryObject):
        raise ValueError("a page that is not a dictionary")
    return page


def _inherited(page: generic.DictionaryObject, key: str, default: Any) -> Any:
    """A page attribute, its own or from above (ISO 32000-1 §7.7.3.4)."""
    node = page
    for _ in range(_MOST_LEVELS):
        if key in node:
            return node[key]
        if "/Parent" not in node:
            return default
        node = node["/Parent"]
    raise ValueError("the page tree is too deep")


def _box(page: generic.DictionaryObject) -> tuple[float, float, float, float]:
    """What is shown of the page: the crop box within the media box."""
    media = _corners(_inherited(page, "/MediaBox", None))
    crop = _inherited(page, "/CropBox", None)
    if crop is None:
        return media
    shown = _corners(crop)
    return (max(media[0], shown[0]), max(media[1], shown[1]), min(media[2], shown[2]), min(media[3], shown[3]))


def _corners(box: Any) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    if not all(math.isfinite(value) for value in (x1, y1, x2, y2)):
        raise ValueError("a page box that is not a number")
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
