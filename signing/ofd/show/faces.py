"""Typefaces, from files of strangers or our own: asked for outlines only, which go into a small font made anew.

What else a font file holds (programs, tables) does not get into the PDF. An outline may have so many points, and parts
of parts are counted, so that a font cannot grow without bounds.
"""

from __future__ import annotations

import importlib
import io
import mmap
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pylopdf_fonts_zh_cn
from fontTools import agl
from fontTools.cffLib import CFFFontSet
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont, newTable

from signing.ofd.package import PackageRefused

_LARGEST_FONT = 64 << 20
_HEAD = 54  # octets of that table
_MOST_POINTS = 50_000  # of one glyph with all its parts
_MOST_AT_ONCE = 8_000  # of one part: the library takes the square of the time
_TABLES = (
    "_c_m_a_p",
    "_g_l_y_f",
    "_h_e_a_d",
    "_h_h_e_a",
    "_h_m_t_x",
    "_l_o_c_a",
    "_m_a_x_p",
    "_p_o_s_t",
    "_v_h_e_a",
    "_v_m_t_x",
)
# a cell cannot load modules later
for _table in (*_TABLES, "C_F_F_", "C_F_F__2", "D_S_I_G_", "O_S_2f_2", "V_O_R_G_", "_n_a_m_e", "_f_v_a_r", "_g_v_a_r"):
    importlib.import_module(f"fontTools.ttLib.tables.{_table}")
for _module in ("misc.psCharStrings", "encodings.StandardEncoding", "encodings.MacRoman", "ttLib.ttGlyphSet"):
    importlib.import_module(f"fontTools.{_module}")


class FontBroken(Exception):
    """Not a font that can be opened."""


@dataclass(frozen=True, slots=True)
class Face:
    """A typeface.

    Attributes:
        em: units of its em.
        numbers: those of its glyphs.
        characters: glyphs by code point.
    """

    em: int
    numbers: Container[int]
    characters: Mapping[int, int]
    outline: Callable[[int], list[tuple[str, Any]]]
    advance: Callable[[int], float]

    def glyph(self, character: str) -> int | None:
        """The glyph of a character; symbol fonts have theirs at U+F000 too. None where there is none."""
        code = ord(character[0])
        for one in (code, 0xF000 | code if code < 0x100 else code):
            found = self.characters.get(one)
            if found is not None:
                return found
        return None


def open_face(content: bytes) -> Face:
    """An embedded font: TrueType, OpenType with either outlines, a collection's first, or CFF alone.

    Raises:
        FontBroken: it is another kind, or damaged.
        PackageRefused: `font`: beyond all bounds.
    """
    if len(content) > _LARGEST_FONT:
        raise PackageRefused("font", "too large")
    try:
        if content[:1] == b"\x01" and content[:4] != b"\x00\x01\x00\x00":
            return _cff(content)
        return _sfnt(TTFont(io.BytesIO(content), lazy=True, fontNumber=0))
    except (PackageRefused, MemoryError):
        raise
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise FontBroken(type(e).__name__) from e


def _sfnt(font: TTFont) -> Face:
    if font.flavor is not None:
        raise FontBroken("flavour")
    _mend(font)
    names, glyphs = font.getGlyphOrder(), font.getGlyphSet()
    numbers = {name: number for number, name in enumerate(names)}
    characters = {code: numbers[name] for code, name in _cmap(font).items() if name in numbers}
    em = int(font["head"].unitsPerEm)
    if not 16 <= em <= 16384:
        raise FontBroken("em")

    def outline(number: int) -> list[tuple[str, Any]]:
        return _drawn(glyphs, names[number])

    return Face(em, range(len(names)), characters, outline, lambda number: float(glyphs[names[number]].width))


def _mend(font: TTFont) -> None:
    """What subsets in files lack or have too much of, and nobody needs: padding behind `head`, names of glyphs."""
    data = font.reader["head"]
    if len(data) > _HEAD:
        head = newTable("head")
        head.decompile(data[:_HEAD], font)
        font["head"] = head
    if "glyf" in font:  # making names up takes longer than reading the outlines
        font.setGlyphOrder([f"g{number}" for number in range(font["maxp"].numGlyphs)])


def _cmap(font: TTFont) -> Mapping[int, str]:
    if "cmap" not in font:
        return {}
    best = font.getBestCmap()
    if best:
        return dict(best)
    tables = sorted(font["cmap"].tables, key=lambda one: (one.platformID, one.platEncID) != (3, 0))
    return dict(tables[0].cmap) if tables else {}


def _cff(content: bytes) -> Face:
    fonts = CFFFontSet()
    fonts.decompile(io.BytesIO(content), None, isCFF2=False)
    top = fonts[0]
    strings = top.CharStrings
    # in a CFF by itself whose glyphs have CIDs, these are their numbers, as public font engines have it
    by_cid = hasattr(top, "ROS")
    names = {int(name[3:]) if by_cid and name[:3] == "cid" else at: name for at, name in enumerate(top.charset)}
    characters: dict[int, int] = {}
    for number, name in names.items():
        text = "" if by_cid else agl.toUnicode(name)
        if len(text) == 1:
            characters.setdefault(ord(text), number)
    em = round(1 / getattr(top, "FontMatrix", [0.001])[0])
    if not 16 <= em <= 16384:
        raise FontBroken("em")

    def advance(number: int) -> float:
        _drawn(strings, names[number])
        return float(getattr(strings[names[number]], "width", em) or em)

    return Face(em, names.keys(), characters, lambda number: _drawn(strings, names[number]), advance)


class _BoundedPen(DecomposingRecordingPen):  # type: ignore[misc]  # the library has no types
    """Records an outline with its parts in place."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self._steps = 0

    def _count(self) -> None:
        self._steps += 1
        if self._steps > _MOST_POINTS:
            raise PackageRefused("font", "an outline without an end")

    def moveTo(self, p0: Any) -> None:  # noqa: N802 - the library's name
        self._count()
        super().moveTo(p0)

    def lineTo(self, p1: Any) -> None:  # noqa: N802
        self._count()
        super().lineTo(p1)

    def curveTo(self, *points: Any) -> None:  # noqa: N802
        self._count()
        super().curveTo(*points)

    def qCurveTo(self, *points: Any) -> None:  # noqa: N802
        self._count()
        super().qCurveTo(*points)

    def addComponent(self, glyphName: Any, transformation: Any) -> None:  # noqa: N802, N803
        self._count()
        _check(self.glyphSet, glyphName)
        super().addComponent(glyphName, transformation)


def _drawn(glyphs: Any, name: str) -> list[tuple[str, Any]]:
    pen = _BoundedPen(glyphs)
    _check(glyphs, name)
    glyphs[name].draw(pen)
    return list(pen.value)


def _check(glyphs: Any, name: str) -> None:
    """
    Raises:
        PackageRefused: `font`: a TrueType outline of more points than will be drawn.
    """
    table = getattr(glyphs, "glyfTable", None)
    if table is not None and len(getattr(table[name], "coordinates", ())) > _MOST_AT_ONCE:
        raise PackageRefused("font", "an outline without an end")


def _mapped(path: Any) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


_STAND_INS = {True: _mapped(pylopdf_fonts_zh_cn.serif_path()), False: _mapped(pylopdf_fonts_zh_cn.sans_path())}


@cache
def stand_in(serif: bool) -> Face:
    """Our own typeface, for those that are not in a file; read from memory, for a cell can open nothing."""
    mapped = _STAND_INS[serif]
    mapped.seek(0)
    return _sfnt(TTFont(mapped, lazy=True))
