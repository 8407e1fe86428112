"""Font programs: taken over into a font file that programs other than PDF readers open, and read for their outlines.

TrueType keeps its tables and bare CFF its octets; what a subset in a PDF lacks (ISO 32000-1 §9.9: names, code table,
metrics for systems) is added, for a font file without them is not one to most programs.
"""

from __future__ import annotations

import importlib
import io
import math
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from fontTools.cffLib import CFFFontSet
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables.DefaultTable import DefaultTable

from signing.ofd.write.geometry import Point
from signing.ofd.write.model import Outline, Segment

for _table in ("C_F_F_", "O_S_2f_2", "_c_m_a_p", "_g_l_y_f", "_h_e_a_d", "_h_h_e_a", "_h_m_t_x", "_l_o_c_a", "_m_a_x_p",
               "_n_a_m_e", "_p_o_s_t"):  # fmt: skip
    importlib.import_module(f"fontTools.ttLib.tables.{_table}")  # in a cell it cannot be done later

_NEEDED = frozenset({"head", "hhea", "maxp", "hmtx", "loca", "glyf"})
_LARGEST = 65_535


class ProgramRefused(ValueError):
    """The program is not whole, or no such program."""


class Program(Protocol):
    """
    Attributes:
        units: per em.
        glyphs: how many there are.
        extension: of its file.
    """

    units: int
    glyphs: int
    extension: Literal["ttf", "otf"]

    def outline(self, number: int) -> Outline:
        """In units of the em, y upwards."""

    def file(self, name: str, texts: Mapping[str, int], widths: Mapping[int, float]) -> bytes:
        """
        Args:
            texts: glyph number by sign.
            widths: by glyph number, in thousandths of the em.
        """


class TrueTypeProgram:
    """FontFile2, and FontFile3 of the kind OpenType with `glyf`."""

    extension: Literal["ttf", "otf"] = "ttf"

    def __init__(self, content: bytes) -> None:
        self.font = _opened(content)
        if not set(self.font.keys()) >= _NEEDED:
            raise ProgramRefused("tables")
        self.units = int(self.font["head"].unitsPerEm)
        self.glyphs = int(self.font["maxp"].numGlyphs)
        self._order = [f"glyph{number:05d}" for number in range(self.glyphs)]
        self._named: list[str] | None = None
        self._set: Any = None

    def names(self) -> list[str]:
        """As the program itself calls its glyphs (`post`)."""
        if self._named is None:
            self._named = list(self.font.getGlyphOrder())
        return self._named

    def outline(self, number: int) -> Outline:
        if self._set is None:
            self._set = self.font.getGlyphSet()
        return _drawn(self._set[self.names()[number]], self._set)

    def file(self, name: str, texts: Mapping[str, int], widths: Mapping[int, float]) -> bytes:
        font, names = self.font, self.names()
        builder = FontBuilder(font=font)
        if "name" not in font:
            builder.setupNameTable(_names(name), mac=False)
        if "OS/2" not in font:
            builder.setupOS2()
        if "post" not in font:
            builder.setupPost(keepGlyphNames=False)
        builder.setupCharacterMap({ord(sign): names[number] for sign, number in texts.items() if len(sign) == 1})
        return _saved(font)


class CffProgram:
    """FontFile3 of the kinds CIDFontType0C, Type1C and OpenType with `CFF`."""

    extension: Literal["ttf", "otf"] = "otf"

    def __init__(self, content: bytes) -> None:
        if content[:4] in (b"OTTO", b"\0\1\0\0"):
            content = _opened(content).reader["CFF "]
        self._content = content
        fonts = CFFFontSet()
        fonts.decompile(io.BytesIO(content), None)
        if len(fonts) != 1:
            raise ProgramRefused("not one font")
        self.top = fonts[0]
        self.by_cid = hasattr(self.top, "ROS")
        self.charset: list[str] = list(self.top.charset)
        self.glyphs = len(self.charset)
        if not 0 < self.glyphs <= _LARGEST:
            raise ProgramRefused("glyphs")
        matrix = list(getattr(self.top, "FontMatrix", [0.001, 0, 0, 0.001, 0, 0]))
        if matrix[0] <= 0 or matrix[1:3] != [0, 0] or matrix[0] != matrix[3]:
            raise ProgramRefused("FontMatrix")
        self.units = round(1 / matrix[0])
        self._strings = self.top.CharStrings

    def outline(self, number: int) -> Outline:
        return _drawn(self._strings[self.charset[number]], None)

    def _left(self, number: int) -> int:
        """The left side bearing, by which some programs move what they draw."""
        points = [x for _, several in self.outline(number) for x, _ in several]
        return max(-0x8000, min(math.floor(min(points, default=0)), 0x7FFF))

    def file(self, name: str, texts: Mapping[str, int], widths: Mapping[int, float]) -> bytes:
        order = [".notdef", *(f"glyph{number:05d}" for number in range(1, self.glyphs))]
        builder = FontBuilder(self.units, isTTF=False)
        builder.setupGlyphOrder(order)
        font = builder.font
        kept = DefaultTable("CFF ")
        kept.data = self._content
        font["CFF "] = kept
        scale = self.units / 1000
        advances = {
            order[number]: (max(0, min(round(width * scale), 0xFFFF)), self._left(number))
            for number, width in widths.items()
        }
        rest = (self.units, 0)
        builder.setupHorizontalMetrics({one: advances.get(one, rest) for one in order})
        builder.setupHorizontalHeader(ascent=round(0.88 * self.units), descent=-round(0.12 * self.units))
        font["maxp"] = newTable("maxp")
        font["maxp"].tableVersion, font["maxp"].numGlyphs = 0x00005000, self.glyphs
        builder.setupNameTable(_names(name), mac=False)
        builder.setupCharacterMap({ord(sign): order[number] for sign, number in texts.items() if len(sign) == 1})
        builder.setupOS2()
        builder.setupPost(keepGlyphNames=False)
        font["head"].created = font["head"].modified = 0
        return _saved(font)


def _opened(content: bytes) -> TTFont:
    return TTFont(io.BytesIO(content), lazy=True, recalcTimestamp=False, recalcBBoxes=False)


def _saved(font: TTFont) -> bytes:
    font.recalcTimestamp = font.recalcBBoxes = False
    out = io.BytesIO()
    font.save(out, reorderTables=False)
    return out.getvalue()


def _names(name: str) -> dict[str, str]:
    plain = "".join(sign for sign in name if sign.isascii() and (sign.isalnum() or sign in "-+"))[:63] or "Font"
    return {
        "familyName": plain,
        "styleName": "Regular",
        "uniqueFontIdentifier": plain,
        "fullName": plain,
        "psName": plain,
    }


def _drawn(glyph: Any, glyphs: Any) -> Outline:
    pen = _Pen(glyphs)
    glyph.draw(pen)
    return tuple(pen.segments)


class _Pen(BasePen):  # type: ignore[misc]  # fontTools is not annotated
    """Writes down what is drawn; components are drawn in their place."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.segments: list[Segment] = []

    def _moveTo(self, pt: Point) -> None:  # noqa: N802 - the names of fontTools
        self.segments.append(("M", (pt,)))

    def _lineTo(self, pt: Point) -> None:  # noqa: N802
        self.segments.append(("L", (pt,)))

    def _curveToOne(self, pt1: Point, pt2: Point, pt3: Point) -> None:  # noqa: N802
        self.segments.append(("B", (pt1, pt2, pt3)))

    def _closePath(self) -> None:  # noqa: N802
        self.segments.append(("C", ()))

    def _endPath(self) -> None:  # noqa: N802
        self._closePath()
