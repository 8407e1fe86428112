"""Draws the oval seal (椭圆章) that is customary for invoices and taxes: name above, number across, kind below.

The measures are for 40 × 30 mm, as the tax administration prescribes for invoice seals (发票专用章); another height
scales everything.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

from core.text import Text
from signing.appearance.official_seal import Outline, SealDesign, SealDrawing
from signing.appearance.outlines import Command, Face, Point, Typefaces
from signing.errors import SealInvalid

_HEIGHT, _WIDTH, _RING = 30.0, 40.0, 1.0
_SIZES = (20.0, 35.0)  # of the height, mm
_NAME_RISE = 4.2  # from the middle of the characters to the edge
_NAME_HEIGHT, _NAME_STEP, _NAME_SPAN = 4.2, 5.0, math.radians(230)
_NUMBER_HEIGHT, _NUMBER_WIDTH = 3.7, 26.0
_LINE_DOWN, _LINE_HEIGHT, _LINE_WIDTH = 8.2, 3.4, 17.0
_MOST_NAME, _MOST_LINE = 40, 10
_STEPS = 720


@lru_cache(maxsize=64)
def draw_oval(design: SealDesign) -> SealDrawing:
    """
    Raises:
        SealInvalid: `seal-name-length`, `seal-line-length`, `seal-diameter` or `seal-character-missing`.
    """
    _check(design)
    faces, scale = Typefaces(), design.diameter_mm / _HEIGHT
    outlines = [
        Outline(_ring()),
        *_name(faces, design.name),
        *_straight(faces, "hei", design.code, 0.0, _NUMBER_HEIGHT, _NUMBER_WIDTH),
        *_straight(faces, "song", design.line, -_LINE_DOWN, _LINE_HEIGHT, _LINE_WIDTH),
    ]
    return SealDrawing(
        design.diameter_mm, 0.0, 0.0, tuple(_scaled(one, scale) for one in outlines), across_mm=_WIDTH * scale
    )


def _check(design: SealDesign) -> None:
    if not 1 <= len(design.name.strip()) <= _MOST_NAME:
        raise SealInvalid(
            "seal-name-length",
            Text("椭圆章上的单位名称应为 1 到 {n} 个字。", "The name on an oval seal has 1 to {n} characters.").format(
                n=_MOST_NAME
            ),
            field="name",
        )
    if not 1 <= len(design.line) <= _MOST_LINE:
        raise SealInvalid(
            "seal-line-length",
            Text(
                "椭圆章下方要写明用途，最多 {n} 个字，例如“发票专用章”。",
                "An oval seal says below what it is for, in at most {n} characters.",
            ).format(n=_MOST_LINE),
            field="line",
        )
    least, most = _SIZES
    if not least <= design.diameter_mm <= most:
        raise SealInvalid(
            "seal-diameter",
            Text("椭圆章高应为 {a} 到 {b} 毫米。", "An oval seal is {a} to {b} mm high.").format(
                a=f"{least:g}", b=f"{most:g}"
            ),
            field="diameter_mm",
        )


def _name(faces: Typefaces, name: str) -> list[Outline]:
    """Characters at even distances along the upper arc of an inner ellipse, each upright on it."""
    across, up = _WIDTH / 2 - _NAME_RISE, _HEIGHT / 2 - _NAME_RISE
    arc = _Arc(across, up, _NAME_SPAN)
    step = min(_NAME_STEP, arc.length / max(len(name) - 1, 1))
    width = min(step * 0.92, _NAME_HEIGHT * 0.85)
    height = min(_NAME_HEIGHT, max(width * 1.7, 2.6))
    out = []
    for index, character in enumerate(name):
        centre, (right, down) = arc.at((index - (len(name) - 1) / 2) * step)
        commands, advance = faces.glyph("song", character)

        def place(
            point: Point, centre: Point = centre, right: float = right, down: float = down, advance: float = advance
        ) -> Point:
            x, y = (point[0] - advance / 2) * width, (point[1] - 0.38) * height
            return centre[0] + x * right + y * down, centre[1] - x * down + y * right

        out.append(Outline(_moved(commands, place), 0.2 * min(1.0, width / 3.5)))
    return out


class _Arc:
    """The upper part of an ellipse, measured from its top, clockwise positive."""

    def __init__(self, across: float, up: float, span: float) -> None:
        angles = [-span / 2 + span * step / _STEPS for step in range(_STEPS + 1)]
        self._across, self._up, self._angles = across, up, angles
        points = [self._point(angle) for angle in angles]
        self._along = [0.0]
        for one, other in pairwise(points):
            self._along.append(self._along[-1] + math.dist(one, other))

    @property
    def length(self) -> float:
        return self._along[-1]

    def at(self, distance: float) -> tuple[Point, Point]:
        """Point and direction (to the right, downwards) at a distance from the top."""
        wanted = distance + self.length / 2
        index = min(range(_STEPS + 1), key=lambda step: abs(self._along[step] - wanted))
        angle = self._angles[index]
        right, down = self._across * math.cos(angle), self._up * math.sin(angle)
        size = math.hypot(right, down)
        return self._point(angle), (right / size, down / size)

    def _point(self, angle: float) -> Point:
        return self._across * math.sin(angle), self._up * math.cos(angle)


def _straight(faces: Typefaces, face: Face, text: str, y: float, height: float, most: float) -> list[Outline]:
    glyphs = [faces.glyph(face, character) for character in text]
    total = sum(advance for _, advance in glyphs)
    if not total:
        return []
    width = min(height, most / total)
    left, out = -total * width / 2, []
    for commands, advance in glyphs:

        def place(point: Point, left: float = left) -> Point:
            return left + point[0] * width, y + (point[1] - 0.38) * height

        out.append(Outline(_moved(commands, place), 0.1))
        left += advance * width
    return out


def _ring() -> tuple[Command, ...]:
    """The outer edge one way round, the inner one the other: what lies between is filled."""
    across, up = _WIDTH / 2, _HEIGHT / 2
    return (*_ellipse(across, up, 1), *_ellipse(across - _RING, up - _RING, -1))


def _ellipse(across: float, up: float, turn: int) -> list[Command]:
    pull = 4 / 3 * math.tan(math.pi / 8)
    out: list[Command] = [("M", ((across, 0.0),))]
    for quarter in range(4):
        cosine, sine = round(math.cos(quarter * math.pi / 2)), turn * round(math.sin(quarter * math.pi / 2))
        corners = ((1.0, pull * turn), (pull, 1.0 * turn), (0.0, 1.0 * turn))
        points = tuple(((x * cosine - y * sine) * across, (x * sine + y * cosine) * up) for x, y in corners)
        out.append(("C", points))
    out.append(("Z", ()))
    return out


def _moved(commands: list[Command], place: object) -> tuple[Command, ...]:
    assert callable(place)
    return tuple((letter, tuple(place(point) for point in points)) for letter, points in commands)


def _scaled(outline: Outline, scale: float) -> Outline:
    moved = _moved(list(outline.commands), lambda point: (point[0] * scale, point[1] * scale))
    return Outline(moved, outline.weight * scale)
