"""Text of a page: strings become glyphs with their places, and those of one line become one text object.

A glyph without signs of its own is drawn as a path: it is seen as before, and says as little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from signing.ofd.from_pdf.fonts import Font, Shown
from signing.ofd.from_pdf.state import State
from signing.ofd.write.geometry import (
    MARGIN,
    Box,
    Matrix,
    around,
    bounds,
    common,
    corners,
    determinant,
    grown,
    inverse,
    moved,
    times,
)
from signing.ofd.write.model import Clip, Colour, Drawn, Glyph, Outline, PathObject, Stroke, TextObject

_MOST_GLYPHS = 2000  # of one object
_TINY = 1e-7
_NEXT = (-0.6, 1.2)  # ems from where the last glyph ended, within which the next is of the same line


@dataclass(frozen=True, slots=True)
class _Look:
    """What all glyphs of a text object have in common."""

    font: Font
    matrix: tuple[float, float, float, float]
    fill: Colour | None
    stroke: Stroke | None
    seen: Box
    clips: tuple[Clip, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    look: _Look
    shown: Shown
    at: tuple[float, float]
    end: tuple[float, float]


class Writing:
    """
    Args:
        put: takes what is drawn.
        place_of: the place of a font in the document.
    """

    def __init__(self, put: Callable[[Drawn], None], place_of: Callable[[Font], int]) -> None:
        self._put = put
        self._place_of = place_of
        self._line: list[_Placed] = []
        self._held: list[_Placed] | None = None
        self._actual = ""

    def show(self, state: State, parts: Sequence[Any], fill: Colour | None, stroke: Stroke | None) -> None:
        """Strings and, in between, moves back in thousandths of the em (`TJ`).

        Raises:
            tokens.Unreadable: octets that the font has no code for.
        """
        font = state.font
        assert font is not None
        for part in parts:
            if isinstance(part, bytes):
                for shown in font.shown(part):
                    self._glyph(state, font, shown, fill, stroke)
            elif isinstance(part, float):
                back = -part / 1000 * state.size
                self._advance(state, font, back if font.vertical else back * state.stretch)

    def begin_actual(self, text: str) -> None:
        """What follows says this (ISO 32000-1 §14.9.4)."""
        if self._held is None:
            self._held, self._actual = [], text

    def end_actual(self) -> None:
        held, self._held = self._held, None
        if not held:
            return
        said = "".join(one.shown.text or "" for one in held)
        for place, one in enumerate(held):
            if said != self._actual:
                text = self._actual if place == 0 else ""
                one = _Placed(one.look, Shown(one.shown.number, one.shown.width, text or None), one.at, one.end)
            self._add(one)

    def flush(self) -> None:
        """Draw what is written so far, for something else comes on top of it."""
        self.end_actual()
        line, self._line = self._line, []
        if line:
            self._draw(line)

    def _glyph(self, state: State, font: Font, shown: Shown, fill: Colour | None, stroke: Stroke | None) -> None:
        own: Matrix = (state.size * state.stretch, 0.0, 0.0, state.size, 0.0, state.rise)
        matrix = times(times(own, state.text), state.matrix)
        at = moved(matrix, shown.origin)
        spaces = state.letter_space + (state.word_space if shown.is_space else 0.0)
        if font.vertical:
            self._advance(state, font, shown.width * state.size + spaces)
        else:
            self._advance(state, font, (shown.width * state.size + spaces) * state.stretch)
        if state.seen is None or abs(determinant(matrix)) < _TINY:
            return
        after = times(times(own, state.text), state.matrix)
        look = _Look(font, matrix[:4], fill, stroke, state.seen, state.clips)
        placed = _Placed(look, shown, at, moved(after, shown.origin))
        if self._held is not None:
            self._held.append(placed)
        else:
            self._add(placed)

    def _advance(self, state: State, font: Font, by: float) -> None:
        step: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, by) if font.vertical else (1.0, 0.0, 0.0, 1.0, by, 0.0)
        state.text = times(step, state.text)

    def _add(self, one: _Placed) -> None:
        if self._line and not self._continues(self._line[-1], one):
            line, self._line = self._line, []
            self._draw(line)
        self._line.append(one)

    def _continues(self, last: _Placed, one: _Placed) -> bool:
        if last.look != one.look or len(self._line) >= _MOST_GLYPHS or not last.shown.text or not one.shown.text:
            return False
        back = inverse((*one.look.matrix, 0.0, 0.0))
        if back is None:
            return False
        right, up = moved(back, (one.at[0] - last.end[0], one.at[1] - last.end[1]))
        along, aside = (-up, right) if one.look.font.vertical else (right, up)
        return abs(aside) < 0.02 and _NEXT[0] < along < _NEXT[1]

    def _draw(self, line: list[_Placed]) -> None:
        look = line[0].look
        if not line[0].shown.text:
            return self._draw_outline(line[0])
        a, b, c, d = look.matrix
        size = math.hypot(c, d)
        matrix = (a / size, b / size, -c / size, -d / size)
        plain = all(abs(one - other) < 1e-6 for one, other in zip(matrix, (1, 0, 0, 1), strict=True))
        boxes = [box for one in line if (box := _box(one)) is not None]
        # what draws nothing has a place all the same, so that its text is found
        whole = around(boxes) if boxes else around((*one.at, *one.at) for one in line)
        grow = MARGIN + (0.0 if look.stroke is None else look.stroke.width * max(1.0, look.stroke.miter / 2))
        boundary = common(grown(whole, grow), look.seen)
        if boundary is None:
            return None
        glyphs = tuple(Glyph(one.shown.number, one.shown.text or "", one.at) for one in line)
        space = (1.0, 0.0, 0.0, 1.0) if plain else matrix
        font = self._place_of(look.font)
        return self._put(TextObject(boundary, font, size, space, glyphs, look.fill, look.stroke, look.clips))

    def _draw_outline(self, one: _Placed) -> None:
        look = one.look
        box = _box(one)
        if box is None or (look.fill is None and look.stroke is None):
            return
        boundary = common(grown(box, MARGIN + (0.0 if look.stroke is None else look.stroke.width * 2)), look.seen)
        if boundary is not None:
            self._put(PathObject(boundary, _outline(one), look.fill, look.stroke, False, look.clips))


def _box(one: _Placed) -> Box | None:
    found = one.look.font.bounds(one.shown.number)
    if found is None:
        return None
    return bounds(moved((*one.look.matrix, *one.at), corner) for corner in corners(found))


def _outline(one: _Placed) -> Outline:
    units = one.look.font.program.units
    matrix = times((1 / units, 0.0, 0.0, 1 / units, 0.0, 0.0), (*one.look.matrix, *one.at))
    drawn = one.look.font.program.outline(one.shown.number)
    return tuple((kind, tuple(moved(matrix, point) for point in points)) for kind, points in drawn)
