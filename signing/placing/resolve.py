"""From what a caller says to places on the pages of one file: one signature, however many they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from pyhanko.pdf_utils.reader import PdfFileReader

from core.text import Text
from signing.errors import PlacementInvalid
from signing.model import SealImage
from signing.pades.page_geometry import SealSpot, page_count, sheet, spot
from signing.pades.permissions import certification_of
from signing.pades.seal_field import EmptyField
from signing.places import (
    MOST_PLACES,
    EveryPagePlacement,
    FieldPlacement,
    PagingPlacement,
    Placement,
)
from signing.placing.empty_field import empty_field
from signing.placing.paging import paging_spots
from signing.placing.words import FoundPlace, WordsFound

_Spot = TypeVar("_Spot")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Places of one signature: in a field that the file has, or in a new one."""

    spots: tuple[SealSpot, ...] = ()
    field: EmptyField | None = None


def resolve(reader: PdfFileReader, places: Iterable[FoundPlace], image: SealImage) -> Resolved:
    """
    Raises:
        PlacementInvalid: `placement-…`, saying which of the places cannot be.
    """
    wanted = tuple(places)
    fields = [place for place in wanted if isinstance(place, FieldPlacement)]
    if fields:
        if len(wanted) > 1:
            raise _alone()
        field = empty_field(reader, fields[0].name, image)
        return Resolved(() if field.spot is None else (field.spot,), field)
    spots = tuple(bounded(found for place in wanted for found in _spots(reader, place, image)))
    if spots and certification_of(reader) is not None:
        # a visible field that is new to a certified document makes readers doubt the certification (2021 report)
        raise PlacementInvalid(
            "placement-certified",
            Text(
                "这份文件已被认证签名锁定版面，只能盖在原有的签名域里，或者不显示印章。",
                "This document is certified: seal it in a signature field that it has, or without a visible seal.",
            ),
            field="placement",
        )
    return Resolved(spots)


def _spots(reader: PdfFileReader, place: FoundPlace, image: SealImage) -> Iterable[SealSpot]:
    match place:
        case Placement():
            yield spot(reader, place, image)
        case EveryPagePlacement():
            numbers = place.pages.within(page_count(reader))
            if not numbers:
                raise no_pages()
            for number in numbers:
                yield sheet(reader, number).centred(place.x_mm, place.y_mm, image)
        case WordsFound():
            for found in place.points:
                page = sheet(reader, found.page)
                across, down = found.across * page.width_mm, found.down * page.height_mm
                yield page.centred(across + place.right_mm, down + place.down_mm, image)
        case PagingPlacement():
            yield from paging_spots(reader, place, image)
        case FieldPlacement():  # stands alone, and was seen to before
            raise _alone()


def bounded(spots: Iterable[_Spot]) -> Iterator[_Spot]:
    """
    Raises:
        PlacementInvalid: `placement-too-many`.
    """
    for number, found in enumerate(spots):
        if number >= MOST_PLACES:
            raise PlacementInvalid(
                "placement-too-many",
                Text("一次最多盖 {n} 处。", "One signature stands in at most {n} places.").format(n=MOST_PLACES),
                field="placement",
            )
        yield found


def _alone() -> PlacementInvalid:
    return PlacementInvalid(
        "placement-field-alone",
        Text(
            "盖在原有的签名域里时，不能同时盖在别处。",
            "A seal in a signature field that the file has stands nowhere else at the same time.",
        ),
        field="placement",
    )


def no_pages() -> PlacementInvalid:
    """None of the pages that were named is in the file."""
    return PlacementInvalid("placement-page", Text("文件里没有这些页。", "The file has no such pages."), field="pages")
