"""Fonts and images of the whole document: each is read once, and stands in the package once."""

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils import generic

from signing.ofd.from_pdf.colours import Rgb
from signing.ofd.from_pdf.fonts import Font
from signing.ofd.from_pdf.images import read_image
from signing.ofd.write.model import FontFile, ImageFile


class Resources:
    """What pages were drawn with so far."""

    def __init__(self) -> None:
        self._fonts: dict[tuple[int, bool], Font] = {}
        self._font_places: dict[int, int] = {}
        self._used_fonts: list[Font] = []
        self._image_places: dict[tuple[tuple[int, bool], Rgb], int] = {}
        self._images: list[ImageFile] = []
        self._kept: list[Any] = []  # so that no other object gets the id of one that was looked up

    def font(self, dictionary: generic.DictionaryObject) -> Font:
        """
        Raises:
            fonts.FontRefused, tokens.Unreadable
        """
        key = _key(dictionary)
        if key not in self._fonts:
            self._kept.append(dictionary)
            self._fonts[key] = Font(dictionary)
        return self._fonts[key]

    def place_of_font(self, font: Font) -> int:
        """Of one that something is written in."""
        if id(font) not in self._font_places:
            self._font_places[id(font)] = len(self._used_fonts)
            self._used_fonts.append(font)
        return self._font_places[id(font)]

    def place_of_image(self, stream: Any, named: generic.DictionaryObject | None, ink: Rgb) -> int:
        """
        Raises:
            images.ImageRefused
        """
        key = (_key(stream), ink)
        if key not in self._image_places:
            self._kept.append(stream)
            image = read_image(stream, named, ink)
            if image not in self._images:
                self._images.append(image)
            self._image_places[key] = self._images.index(image)
        return self._image_places[key]

    def fonts(self) -> tuple[FontFile, ...]:
        return tuple(font.file() for font in self._used_fonts)

    def images(self) -> tuple[ImageFile, ...]:
        return tuple(self._images)


def _key(value: Any) -> tuple[int, bool]:
    """A stream's number in the file; anything else the reader keeps once it has read it."""
    number = getattr(getattr(value, "container_ref", None), "idnum", None)
    if isinstance(value, generic.StreamObject) and isinstance(number, int):
        return number, True
    return id(value), False
