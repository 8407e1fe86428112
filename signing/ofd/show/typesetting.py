"""Which font shows the letters of a text: the embedded one, or ours where there is none, and said so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from signing.ofd.letters import Letter
from signing.ofd.model.graphics import TextObject
from signing.ofd.model.resources import Font, Resources
from signing.ofd.package import Package
from signing.ofd.show.faces import Face, FontBroken, open_face, stand_in
from signing.ofd.show.notes import FONT_SUBSTITUTED, Notes
from signing.ofd.show.pdf_file import PdfFile
from signing.ofd.show.small_fonts import SmallFont

_SANS = ("黑", "hei", "sans", "arial", "helvetica", "圆", "等线", "dengxian", "calibri", "verdana", "gothic", "雅")
_MOST_FONTS = 500


@dataclass(frozen=True, slots=True)
class Shape:
    """
    Attributes:
        font: number of the PDF's font.
        shift: from the letter's origin, in em.
        ours: whether the font is one of ours.
    """

    font: int
    code: int
    shift: float = 0.0
    ours: bool = False


class Typesetting:
    """Fonts of one PDF; each file of a font is opened once."""

    def __init__(self, package: Package, pdf: PdfFile, notes: Notes) -> None:
        self._package = package
        self._pdf = pdf
        self._notes = notes
        self._faces: dict[str, Face | None] = {}
        self._fonts: dict[str, tuple[SmallFont, int]] = {}

    def set(self, text: TextObject, letter: Letter, resources: Resources) -> Iterator[Shape]:
        """What shows a letter: one shape of the embedded font, or one of ours for each character."""
        font = resources.fonts.get(text.font)
        path = None if font is None else font.path
        face = None if path is None else self._embedded(path, font)
        if face is not None and path is not None:
            glyph = letter.glyph if letter.glyph is not None else face.glyph(letter.text) if letter.text else 0
            if glyph is not None and glyph in face.numbers:
                yield self._coded(path, face, glyph, letter.text)
                return
            self._notes.add("glyph-missing", letter.text)
        elif path is None:
            self._notes.add(FONT_SUBSTITUTED, "" if font is None else font.name)
        if letter.glyph is not None:
            self._notes.add("glyph-transform")  # its number means nothing in our typeface
        yield from self._ours(letter.text, _is_serif(font))

    def _ours(self, text: str, serif: bool) -> Iterator[Shape]:
        face, shift = stand_in(serif), 0.0
        for character in text:
            found = face.glyph(character)
            if found is None and character.strip():
                self._notes.add("glyph-missing", character)
            shape = self._coded("serif" if serif else "sans", face, found or 0, character)
            yield replace(shape, shift=shift, ours=True)
            shift += face.advance(found or 0) / face.em

    def put(self) -> None:
        """Write all fonts."""
        for font, number in self._fonts.values():
            font.put(self._pdf, number)
            if font.broken:
                self._notes.add("font-broken")

    def _coded(self, key: str, face: Face, glyph: int, text: str) -> Shape:
        if key not in self._fonts:
            tag = "".join(chr(65 + len(self._fonts) // 26**place % 26) for place in range(6))
            self._fonts[key] = SmallFont(f"{tag}+OFD{len(self._fonts)}", face), self._pdf.reserve()
        font, number = self._fonts[key]
        return Shape(number, font.code(glyph, text))

    def _embedded(self, path: str, font: Font | None) -> Face | None:
        if path not in self._faces and len(self._faces) < _MOST_FONTS:
            try:
                self._faces[path] = open_face(self._package[path])
            except FontBroken:
                self._faces[path] = None
        found = self._faces.get(path)
        if found is None:
            self._notes.add("font-broken", "" if font is None else font.name)
        return found


def _is_serif(font: Font | None) -> bool:
    if font is None:
        return True
    names = f"{font.name} {font.family or ''}".lower()
    return font.serif or not any(one in names for one in _SANS)
