"""The pages of a package, as far as a seal needs them: their names in the document, and their sizes (GB/T 33190 §7)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from signing.errors import no_such_page, outside_page
from signing.model import SealImage
from signing.ofd.package import Package, PackageRefused, located
from signing.ofd.read_document import MOST_THINGS, read_documents
from signing.ofd.values import Budget
from signing.ofd.words import WordPlace, find_words
from signing.ofd.xml import all_of, needed, one_of, parse, text_of
from signing.pades.page_geometry import Box, Shown, whole
from signing.places import WordsPlacement
from signing.placing.places_found import PlaceFound
from signing.placing.words import chosen, most_to_look_for

_MOST_PAGES = 100_000
_ROUNDING_MM = 0.001  # places computed from the page's own size must not fail by the last bit


@dataclass(frozen=True, slots=True)
class OfdSheet:
    """One page; its coordinates begin where its physical box does, at the top left (GB/T 33190 table 7).

    Attributes:
        number: from 1.
        ref: the page's ID in the document.
    """

    number: int
    ref: str
    width_mm: float
    height_mm: float

    def spot(self, shown: Shown, window: Box) -> OfdSpot:
        """The part `window` of the seal's picture at a place of the page.

        Raises:
            PlacementInvalid: `placement-outside-page`.
        """
        right, bottom = shown.left + shown.width, shown.top + shown.height
        slack = _ROUNDING_MM
        # the negated form also refuses what is not a number
        inside = -slack <= shown.left and right <= self.width_mm + slack
        if not (inside and -slack <= shown.top and bottom <= self.height_mm + slack):
            raise outside_page(self.number, (self.width_mm, self.height_mm), (shown.width, shown.height))
        return OfdSpot(self.ref, PlaceFound(self.number, shown, window))

    def centred(self, x_mm: float, y_mm: float, image: SealImage) -> OfdSpot:
        """The whole seal around a point.

        Raises:
            PlacementInvalid: `placement-outside-page`.
        """
        width, height = image.width_mm, image.height_mm
        return self.spot(Shown(x_mm - width / 2, y_mm - height / 2, width, height), whole(image))


@dataclass(frozen=True, slots=True)
class OfdSpot:
    """A place on the page of this ID."""

    ref: str
    place: PlaceFound


class OfdPages:
    """The pages of the package's one document.

    Args:
        root: of Document.xml, which lies at `path`.
    """

    def __init__(self, package: Package, path: str, root: etree._Element) -> None:
        self._package = package
        self._path = path
        self._entries = all_of(root, "Pages/Page")
        self._area = text_of(root, "CommonData/PageArea/PhysicalBox")
        if len(self._entries) > _MOST_PAGES or len({one.get("ID") for one in self._entries}) != len(self._entries):
            raise PackageRefused("xml", "pages that share an ID, or too many")

    def words(self, place: WordsPlacement) -> Sequence[WordPlace]:
        """Where the words of a place stand, those that are meant.

        Raises:
            PlacementInvalid: `placement-words-…`.
            PackageRefused: the text of a page cannot be read.
        """
        most, budget = most_to_look_for(place), Budget(MOST_THINGS)
        (document,) = read_documents(self._package, budget)
        numbers = place.pages.within(self.count)
        found = find_words(self._package, document, place.text, pages=numbers, most=most, budget=budget)
        return chosen(found, place)

    @property
    def count(self) -> int:
        return len(self._entries)

    def sheet(self, number: int) -> OfdSheet:
        """A page, counted from 1.

        Raises:
            PlacementInvalid: `placement-page`.
            PackageRefused
        """
        if not 1 <= number <= self.count:
            raise no_such_page(self.count)
        entry = self._entries[number - 1]
        ref = needed(entry.get("ID"), "ID")
        if not (ref.isascii() and ref.isdigit() and len(ref) <= 10):
            raise PackageRefused("xml", "a page's ID is no number")
        content = located(self._path, needed(entry.get("BaseLoc"), "BaseLoc"))
        area = one_of(parse(self._package[content], "Page"), "Area")
        own = None if area is None else text_of(area, "PhysicalBox")
        return OfdSheet(number, ref, *_size(own or needed(self._area, "PhysicalBox")))


def _size(box: str) -> tuple[float, float]:
    """Width and height of an ST_Box."""
    try:
        _, _, width, height = (float(part) for part in box.split())
    except ValueError:
        raise PackageRefused("xml", "a page box that is none") from None
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise PackageRefused("xml", "a page box of no size")
    return width, height
