"""From millimetres on the page as shown to the page's own coordinates (ISO 32000-1 §8.3, §14.11.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.errors import PlacementInvalid, no_such_page, outside_page
from signing.model import SealImage
from signing.pades.pdf_objects import entry
from signing.places import Placement

_POINTS_PER_MM = 72 / 25.4
_MOST_LEVELS = 64
_MOST_PAGES = 100_000
_ROUNDING_MM = 0.001  # places computed from the page's own size must not fail by the last bit

Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True, slots=True)
class Shown:
    """A rectangle on the page as shown, in mm from its left and its top edge."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class SealSpot:
    """Where a seal, or a part of it, goes in a page's own coordinates.

    Attributes:
        page: reference to the page object.
        rectangle: left, bottom, right, top.
        rotation: degrees anticlockwise that keep the seal upright on a page that is shown turned.
        window: the part of the picture that is shown, in mm from the seal's centre, y upwards.
        number: of the page, from 1.
        shown: the same place as the reader sees it.
    """

    page: generic.Reference
    rectangle: Box
    rotation: int
    window: Box
    number: int
    shown: Shown


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page as shown.

    Attributes:
        box: what is shown of it, in its own coordinates.
        rotation: by which it is shown turned, clockwise: 0, 90, 180 or 270.
        scale: units to the millimetre.
    """

    number: int
    page: generic.Reference
    box: Box
    rotation: int
    scale: float

    @property
    def width_mm(self) -> float:
        left, bottom, right, top = self.box
        return (top - bottom if self.rotation in (90, 270) else right - left) / self.scale

    @property
    def height_mm(self) -> float:
        left, bottom, right, top = self.box
        return (right - left if self.rotation in (90, 270) else top - bottom) / self.scale

    def spot(self, shown: Shown, window: Box) -> SealSpot:
        """The part `window` of the seal's picture at a place of the page.

        Raises:
            PlacementInvalid: `placement-outside-page`.
        """
        x1, y1 = shown.left, shown.top
        x2, y2 = x1 + shown.width, y1 + shown.height
        slack = _ROUNDING_MM
        # the negated form also refuses what is not a number
        if not (-slack <= x1 and x2 <= self.width_mm + slack and -slack <= y1 and y2 <= self.height_mm + slack):
            raise self._outside(shown)
        rectangle = self._own(*(value * self.scale for value in (x1, y1, x2, y2)))
        return SealSpot(self.page, rectangle, self.rotation, window, self.number, shown)

    def centred(self, x_mm: float, y_mm: float, image: SealImage) -> SealSpot:
        """The whole seal around a point.

        Raises:
            PlacementInvalid: `placement-outside-page`.
        """
        width, height = image.width_mm, image.height_mm
        shown = Shown(x_mm - width / 2, y_mm - height / 2, width, height)
        return self.spot(shown, whole(image))

    def shown(self, rectangle: Box) -> Shown:
        """A rectangle in the page's own coordinates, as the reader sees it."""
        left, bottom, right, top = self.box
        x1, y1, x2, y2 = rectangle
        across, down = {
            0: (x1 - left, top - y2),
            90: (y1 - bottom, x1 - left),
            180: (right - x2, y1 - bottom),
            270: (top - y2, right - x2),
        }[self.rotation]
        wide, high = (y2 - y1, x2 - x1) if self.rotation in (90, 270) else (x2 - x1, y2 - y1)
        return Shown(across / self.scale, down / self.scale, wide / self.scale, high / self.scale)

    def _own(self, x1: float, y1: float, x2: float, y2: float) -> Box:
        left, bottom, right, top = self.box
        return {
            0: (left + x1, top - y2, left + x2, top - y1),
            90: (left + y1, bottom + x1, left + y2, bottom + x2),
            180: (right - x2, bottom + y1, right - x1, bottom + y2),
            270: (right - y2, top - x2, right - y1, top - x1),
        }[self.rotation]

    def _outside(self, shown: Shown) -> PlacementInvalid:
        return outside_page(self.number, (self.width_mm, self.height_mm), (shown.width, shown.height))


def whole(image: SealImage) -> Box:
    """The window that shows all of a picture."""
    across, up = image.width_mm / 2, image.height_mm / 2
    return (-across, -up, across, up)


def spot(reader: PdfFileReader, placement: Placement, image: SealImage) -> SealSpot:
    """
    Raises:
        PlacementInvalid: `placement-page` or `placement-outside-page`.
    """
    return sheet(reader, placement.page).centred(placement.x_mm, placement.y_mm, image)


def page_count(reader: PdfFileReader) -> int:
    """How many pages the file has, by its own account.

    Raises:
        ValueError: more than can be true.
    """
    count = int(reader.root["/Pages"]["/Count"])
    if not 0 <= count <= _MOST_PAGES:
        raise ValueError("a number of pages that cannot be")
    return count


def sheet(reader: PdfFileReader, number: int) -> Sheet:
    """A page, counted from 1.

    Raises:
        PlacementInvalid: `placement-page`.
    """
    page = _page(reader, number)
    reference = page.container_ref
    if not isinstance(reference, generic.Reference):
        raise ValueError("a page outside any indirect object")
    rotation = int(_inherited(page, "/Rotate", 0)) % 360
    if rotation % 90:
        raise ValueError("a page is turned by quarters only")
    scale = _POINTS_PER_MM / float(entry(page, "/UserUnit", 1))
    return Sheet(number, reference, _box(page), rotation, scale)


def _page(reader: PdfFileReader, number: int) -> generic.DictionaryObject:
    tree = reader.root["/Pages"]
    count = int(tree["/Count"])
    if not 1 <= number <= count:
        raise no_such_page(count)
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


def _box(page: generic.DictionaryObject) -> Box:
    """What is shown of the page: the crop box within the media box."""
    media = corners(_inherited(page, "/MediaBox", None))
    crop = _inherited(page, "/CropBox", None)
    if crop is None:
        return media
    shown = corners(crop)
    return (max(media[0], shown[0]), max(media[1], shown[1]), min(media[2], shown[2]), min(media[3], shown[3]))


def corners(box: Any) -> Box:
    """A rectangle with its corners in order (ISO 32000-1 §7.9.5)."""
    x1, y1, x2, y2 = (float(value) for value in box)
    if not all(math.isfinite(value) for value in (x1, y1, x2, y2)):
        raise ValueError("a page box that is not a number")
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
