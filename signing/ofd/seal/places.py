"""From what a caller says to places on the pages of one package.

Callers measure as an OFD does: millimetres from the page's left and top edge. What they give is the seal's centre; an
OFD has the corner of its boundary, and for a strip of the seal the whole seal's boundary and a clip within it.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.text import Text
from signing.errors import PlacementInvalid
from signing.model import SealImage
from signing.ofd.seal.pages import OfdPages, OfdSpot
from signing.places import EveryPagePlacement, FieldPlacement, PagingPlacement, Place, Placement, WordsPlacement
from signing.placing.paging import paging_groups, strip
from signing.placing.resolve import bounded, no_pages


def resolve_in(pages: OfdPages, places: Iterable[Place], image: SealImage) -> tuple[OfdSpot, ...]:
    """
    Raises:
        PlacementInvalid: `placement-…`, saying which of the places cannot be.
        signing.ofd.package.PackageRefused: a page cannot be read.
    """
    return tuple(bounded(spot for place in places for spot in _spots(pages, place, image)))


def _spots(pages: OfdPages, place: Place, image: SealImage) -> Iterable[OfdSpot]:
    match place:
        case Placement():
            yield pages.sheet(place.page).centred(place.x_mm, place.y_mm, image)
        case EveryPagePlacement():
            numbers = place.pages.within(pages.count)
            if not numbers:
                raise no_pages()
            for number in numbers:
                yield pages.sheet(number).centred(place.x_mm, place.y_mm, image)
        case WordsPlacement():
            for found in pages.words(place):
                across, down = found.box.x + found.box.width / 2, found.box.y + found.box.height / 2
                yield pages.sheet(found.page).centred(across + place.right_mm, down + place.down_mm, image)
        case PagingPlacement():
            for group in paging_groups(place, pages.count):
                for index, number in enumerate(group):
                    page = pages.sheet(number)
                    yield page.spot(*strip((page.width_mm, page.height_mm), place, image, index, len(group)))
        case FieldPlacement():
            raise PlacementInvalid(
                "placement-field-unknown",
                Text(
                    "OFD 文件没有签名域，请改用坐标、关键字或骑缝章。",
                    "An OFD has no signature fields. Place the seal by coordinates, by words or over the edges.",
                ),
                field="field",
            )
