"""Draws the round official seal (公章): ring, star, name on the upper arc, optional line, code on the lower arc.

The measures follow design: ⌀ 42 mm, ring 1.1 mm, star ⌀ 14 mm; another diameter scales everything. The drawing
is made of outlines only and is a pure function of the design, so the same seal always looks the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from core.text import Text
from signing.appearance.outlines import Command, Face, Point, Typefaces
from signing.errors import SealInvalid

SEAL_RED = "#C3271B"
_BASE_MM = 42.0  # all measures below are for this diameter
_RING_RADIUS, _RING_WIDTH = 20.3, 1.1
_STAR_RADIUS = 7.0
_NAME_TOP = 18.75  # radius of the characters' heads
_NAME_HEIGHT = (3.0, 6.4)  # least and greatest height of a character
_NAME_STEP, _NAME_SPAN = math.radians(26.5), math.radians(250)
_NAME_CONDENSED = 0.80  # width of a character against its height, at most
_CODE_RADIUS, _CODE_HEIGHT, _CODE_STEP = 18.9, 2.0, math.radians(5.0)
_LINE_CENTRE, _LINE_HEIGHT, _LINE_WIDTH = 10.7, 2.9, 19.0
_WEIGHT = {"song": 0.22, "hei": 0.12}  # the outlines are drawn this much fatter, for a cut look
_FULL_WIDTH = {"song": 4.5, "hei": 2.0}  # of a character, at which it gets all of its weight
_EM_BOTTOM = -0.12  # of an ideographic character, below the baseline


class SealShape(StrEnum):
    """How a seal looks."""

    ROUND = "round"  # 圆形, with a star
    OVAL = "oval"  # 椭圆形: invoices, taxes
    NAME = "name"  # 名章: a framed name
    SCAN = "scan"  # as a scanned impression shows it (`signing.appearance.trace`)


class SealCentre(StrEnum):
    """What stands in the middle of a round seal that is drawn (ADR 0077 says why the national emblem is not drawn)."""

    STAR = "star"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class SealDesign:
    """What stands on a seal.

    Attributes:
        name: the organisation's registered name; 1 to 60 characters.
        code: 13 digits; empty for none.
        line: a short line under the star, e.g. 财务专用章 or 演示专用.
        diameter_mm: 38 to 50; the height of a seal that is not round.
    """

    name: str
    code: str = ""
    line: str = ""
    diameter_mm: float = 42.0
    shape: SealShape = SealShape.ROUND
    centre: SealCentre = SealCentre.STAR


@dataclass(frozen=True, slots=True)
class Outline:
    """A filled path, in mm from the seal's centre, y upwards; `weight` is the width of the line along its edge."""

    commands: tuple[Command, ...]
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class SealDrawing:
    """The finished drawing: the ring, then everything that is filled.

    Attributes:
        ring_width: 0 for a seal without a ring, whose frame is an outline like any other.
        across_mm: width, of a seal that is not as wide as it is high.
    """

    diameter_mm: float
    ring_radius: float
    ring_width: float
    outlines: tuple[Outline, ...]
    across_mm: float | None = None


@lru_cache(maxsize=64)
def draw(design: SealDesign) -> SealDrawing:
    """
    Raises:
        SealInvalid: `seal-name-length`, `seal-code-form`, `seal-line-length`, `seal-diameter` or
            `seal-character-missing`.
    """
    _check(design)
    scale = design.diameter_mm / _BASE_MM
    faces = Typefaces()
    middle = [Outline(_star())] if design.centre is SealCentre.STAR else []
    outlines = [*middle, *_name(faces, design.name), *_line(faces, design.line), *_code(faces, design.code)]
    return SealDrawing(
        design.diameter_mm,
        _RING_RADIUS * scale,
        _RING_WIDTH * min(max(scale, 1.0), 1.09),  # 1.1 to 1.2 mm whatever the size
        tuple(_scaled(outline, scale) for outline in outlines),
    )


def _check(design: SealDesign) -> None:
    if not 1 <= len(design.name.strip()) <= 60:
        raise SealInvalid(
            "seal-name-length",
            Text("印章上的单位名称应为 1 到 60 个字。", "The name on the seal has 1 to 60 characters."),
            field="name",
        )
    if design.code and not (design.code.isascii() and design.code.isdigit() and len(design.code) == 13):
        raise SealInvalid(
            "seal-code-form", Text("印章编码应为 13 位数字。", "A seal code has 13 digits."), field="code"
        )
    if len(design.line) > 12:
        raise SealInvalid(
            "seal-line-length",
            Text("印章下方的横排文字最多 12 个字。", "The line on the seal has at most 12 characters."),
            field="line",
        )
    if not 38 <= design.diameter_mm <= 50:
        raise SealInvalid(
            "seal-diameter",
            Text("印章直径应为 38 到 50 毫米。", "The seal's diameter lies between 38 and 50 mm."),
            field="diameter_mm",
        )


def _star() -> tuple[Command, ...]:
    inner = _STAR_RADIUS * math.sin(math.radians(18)) / math.sin(math.radians(54))  # of the regular pentagram
    corners = [
        (radius * math.sin(angle), radius * math.cos(angle))
        for step in range(10)
        for radius, angle in [(_STAR_RADIUS if step % 2 == 0 else inner, math.radians(36 * step))]
    ]
    return (("M", (corners[0],)), *(("L", (corner,)) for corner in corners[1:]), ("Z", ()))


def _name(faces: Typefaces, name: str) -> list[Outline]:
    """Characters upright on the upper arc, read clockwise; a long name gets narrower, then smaller characters."""
    count = len(name)
    step = min(_NAME_STEP, _NAME_SPAN / max(count - 1, 1))
    least, most = _NAME_HEIGHT
    # the cell is measured at the characters' feet, where they stand closest
    height = most
    for _ in range(8):  # height and room depend on one another; this settles quickly
        room = step * (_NAME_TOP - height) * 1.03
        height = min(most, max(least, room / 0.5))
    width = min(step * (_NAME_TOP - height) * 1.03, height * _NAME_CONDENSED)
    out = []
    for index, character in enumerate(name):
        angle = (index - (count - 1) / 2) * step
        out.append(_on_arc(faces, "song", character, angle, radius=_NAME_TOP - height, width=width, height=height))
    return out


def _code(faces: Typefaces, code: str) -> list[Outline]:
    """Digits on the lower arc, heads towards the centre, read left to right."""
    out = []
    for index, character in enumerate(code):
        angle = math.pi - (index - (len(code) - 1) / 2) * _CODE_STEP
        # on the far side of the circle "up" is inwards: a negative height turns the digit over
        out.append(
            _on_arc(
                faces,
                "hei",
                character,
                angle,
                radius=_CODE_RADIUS,
                width=-_CODE_HEIGHT,
                height=-_CODE_HEIGHT,
                bottom=0.0,
            )
        )
    return out


def _on_arc(
    faces: Typefaces,
    face: Face,
    character: str,
    angle: float,
    *,
    radius: float,
    width: float,
    height: float,
    bottom: float = _EM_BOTTOM,
) -> Outline:
    """`character` with the middle of its foot at `radius` and `angle` (clockwise from the top)."""
    commands, advance = faces.glyph(face, character)
    sine, cosine = math.sin(angle), math.cos(angle)

    def place(point: Point) -> Point:
        across, up = (point[0] - advance / 2) * width, radius + (point[1] - bottom) * height
        return across * cosine + up * sine, up * cosine - across * sine

    # narrow characters get less, or their strokes would run together
    return Outline(_moved(commands, place), _WEIGHT[face] * min(1.0, abs(width) / _FULL_WIDTH[face]))


def _line(faces: Typefaces, text: str) -> list[Outline]:
    """A straight line under the star."""
    glyphs = [faces.glyph("song", character) for character in text]
    total = sum(advance for _, advance in glyphs)
    if not total:
        return []
    height = min(_LINE_HEIGHT, _LINE_WIDTH / total * 1.25)
    width = min(height, _LINE_WIDTH / total)
    left, out = -total * width / 2, []
    for commands, advance in glyphs:

        def place(point: Point, left: float = left) -> Point:
            return left + point[0] * width, -_LINE_CENTRE + (point[1] - 0.38) * height

        out.append(Outline(_moved(commands, place), _WEIGHT["song"] / 2))
        left += advance * width
    return out


def _moved(commands: list[Command], place: object) -> tuple[Command, ...]:
    assert callable(place)
    return tuple((letter, tuple(place(point) for point in points)) for letter, points in commands)


def _scaled(outline: Outline, scale: float) -> Outline:
    return Outline(
        _moved(list(outline.commands), lambda point: (point[0] * scale, point[1] * scale)), outline.weight * scale
    )
