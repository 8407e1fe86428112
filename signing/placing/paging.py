"""A paging seal (骑缝章): which strip of the seal each page carries.

When the pages lie fanned out and one seal is pressed over their edges, page 1 lies on top. Over the right edge it gets
the left strip; over the left edge, where the pages below stick out further left, it gets the right one.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyhanko.pdf_utils.reader import PdfFileReader

from core.text import Text
from signing.errors import PlacementInvalid
from signing.model import SealImage
from signing.pades.page_geometry import Box, SealSpot, Shown, page_count, sheet
from signing.places import Edge, PagingPlacement

_GROUP = (2, 40)  # more strips than this would be narrower than a line


def paging_spots(reader: PdfFileReader, place: PagingPlacement, image: SealImage) -> Iterator[SealSpot]:
    """
    Raises:
        PlacementInvalid: `placement-paging-pages`, `placement-paging-group` or `placement-outside-page`.
    """
    for group in paging_groups(place, page_count(reader)):
        for index, number in enumerate(group):
            page = sheet(reader, number)
            shown, window = strip((page.width_mm, page.height_mm), place, image, index, len(group))
            yield page.spot(shown, window)


def paging_groups(place: PagingPlacement, count: int) -> Iterator[list[int]]:
    """Which pages of a file of `count` share a seal.

    Raises:
        PlacementInvalid: `placement-paging-pages` or `placement-paging-group`.
    """
    least, most = _GROUP
    if not least <= place.group <= most:
        raise PlacementInvalid(
            "placement-paging-group",
            Text("骑缝章每组应为 {a} 到 {b} 页。", "A paging seal is shared by {a} to {b} pages at a time.").format(
                a=least, b=most
            ),
            field="group",
        )
    numbers = place.pages.within(count)
    if len(numbers) < least:
        raise PlacementInvalid(
            "placement-paging-pages",
            Text("骑缝章至少要盖在两页上。", "A paging seal needs at least two pages."),
            field="pages",
        )
    yield from groups(numbers, place.group)


def groups(numbers: list[int], most: int) -> Iterator[list[int]]:
    """Runs of at most `most` pages, as even as can be: no page is left to carry a whole seal by itself."""
    count = -(-len(numbers) // most)
    least, longer = divmod(len(numbers), count)
    start = 0
    for index in range(count):
        end = start + least + (index < longer)
        yield numbers[start:end]
        start = end


def strip(
    page: tuple[float, float], place: PagingPlacement, image: SealImage, index: int, count: int
) -> tuple[Shown, Box]:
    """The strip that page `index` (from 0) of `count` carries: where on the page, and which part of the seal.

    Args:
        page: width and height in millimetres.
    """
    across, down = page
    width, height = image.width_mm / count, image.height_mm
    middle = down / 2 if place.y_mm is None else place.y_mm
    at_right = place.edge is Edge.RIGHT
    part = index if at_right else count - 1 - index
    left = across - width if at_right else 0.0
    from_left = -image.width_mm / 2 + part * width
    window = (from_left, -height / 2, from_left + width, height / 2)
    return Shown(left, middle - height / 2, width, height), window
