"""Glyph outlines of the seal's typefaces, as cubic paths in a box one em wide and one em high."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pylopdf_fonts_zh_cn
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from core.text import Text
from signing.errors import SealInvalid

Face = Literal["song", "hei"]
Point = tuple[float, float]
Command = tuple[Literal["M", "L", "C", "Z"], tuple[Point, ...]]


class Typefaces:
    """Reads outlines; loads a face when first asked and holds it (some 30 MB each) only as long as itself."""

    def __init__(self) -> None:
        self._loaded: dict[Face, tuple[TTFont, dict[int, str], Any]] = {}

    def glyph(self, face: Face, character: str) -> tuple[list[Command], float]:
        """Outline and advance of one character in em; the baseline of the em box is y = 0, y grows upwards.

        Raises:
            SealInvalid: `seal-character-missing`, when the typeface does not have the character.
        """
        font, names, glyphs = self._face(face)
        name = names.get(ord(character))
        if name is None:
            raise SealInvalid(
                "seal-character-missing",
                Text(
                    "印章字体里没有第 {code} 号字，暂时刻不了这枚印章。",
                    "The seal typeface lacks the character {code}; the seal cannot be drawn.",
                ).format(code=f"U+{ord(character):04X}"),
                field="name",
            )
        pen = RecordingPen()
        glyphs[name].draw(pen)
        em = font["head"].unitsPerEm
        return list(_commands(pen.value, em)), glyphs[name].width / em

    def _face(self, face: Face) -> tuple[TTFont, dict[int, str], Any]:
        if face not in self._loaded:
            path: Path = pylopdf_fonts_zh_cn.serif_path() if face == "song" else pylopdf_fonts_zh_cn.sans_path()
            font = TTFont(path, lazy=True)
            self._loaded[face] = font, font.getBestCmap(), font.getGlyphSet()
        return self._loaded[face]


def _commands(recorded: Iterable[tuple[str, tuple[Point, ...]]], em: int) -> Iterable[Command]:
    letters: dict[str, Literal["M", "L", "C"]] = {"moveTo": "M", "lineTo": "L", "curveTo": "C"}
    for operator, points in recorded:
        if operator in letters:
            yield letters[operator], tuple((x / em, y / em) for x, y in points)
        else:
            yield "Z", ()
