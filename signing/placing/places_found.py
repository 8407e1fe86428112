"""Where a seal would stand in a file, found in a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import AppError
from core.files.scratch import FileBytes
from signing.isolation.task import Task
from signing.model import SealImage
from signing.pades.form_fields import form_fields
from signing.pades.intake import damaged, open_for_sealing
from signing.pades.page_geometry import Box, Shown, page_count
from signing.placing.resolve import resolve
from signing.placing.words import FoundPlace

_MOST_FIELDS = 50


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """One place.

    Attributes:
        page: from 1.
        shown: on the page as it is read.
        window: the part of the seal that is seen there, in mm from its centre, y upwards.
    """

    page: int
    shown: Shown
    window: Box


@dataclass(frozen=True, slots=True)
class PlacesFound:
    """Places of one signature; `fields` are the file's signature fields that wait for a signature."""

    pages: int
    places: tuple[PlaceFound, ...]
    fields: tuple[str, ...]


def find_places(pdf: FileBytes, places: Sequence[FoundPlace], image: SealImage, limit: int) -> PlacesFound:
    """Inside the cell.

    Raises:
        PdfRefused, PlacementInvalid: as sealing itself.
        core.errors.LimitExceeded: `too-large`.
    """
    reader = open_for_sealing(pdf, limit=limit)
    try:
        found = resolve(reader, places, image)
        waiting = [one.name for one in form_fields(reader) if one.kind == "/Sig" and not one.signed]
        spots = tuple(PlaceFound(spot.number, spot.shown, spot.window) for spot in found.spots)
        return PlacesFound(page_count(reader), spots, tuple(waiting[:_MOST_FIELDS]))
    except (AppError, MemoryError):
        raise
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e


PLACES = Task(find_places, PlacesFound)
