"""Draws a name seal (名章) of a legal representative or a person: a red frame with characters in relief (朱文).

Characters fill the frame in columns from right to left, each read downwards: one fills it, two stand side by side, of
three the first takes the right column alone, four stand two by two. Longer names, those with a middle dot among them,
stand in one line in a wide frame, read from left to right.
"""

from __future__ import annotations

from functools import lru_cache

from core.text import Text
from signing.appearance.official_seal import Outline, SealDesign, SealDrawing
from signing.appearance.outlines import Command, Point, Typefaces
from signing.errors import SealInvalid

_SIDES = (15.0, 30.0)  # mm, least and greatest height
_FRAME, _MARGIN, _GAP = 0.055, 0.05, 0.03  # of the height
_MOST_IN_SQUARE, _MOST = 4, 15
_WIDE_CELL = 0.62  # of the inner height: width of a character in a wide frame
_EM_LOW, _EM_HIGH = -0.12, 0.88  # of an ideographic character


@lru_cache(maxsize=64)
def draw_name(design: SealDesign) -> SealDrawing:
    """
    Raises:
        SealInvalid: `seal-name-length`, `seal-diameter` or `seal-character-missing`.
    """
    text, height = design.line or design.name, design.diameter_mm
    _check(text, height)
    wide = len(text) > _MOST_IN_SQUARE
    border = (_FRAME + _MARGIN) * height
    inner = height - 2 * border
    width = inner * _WIDE_CELL * len(text) + 2 * border if wide else height
    cells = _line(len(text), width - 2 * border, inner) if wide else _columns(len(text), inner, _GAP * height)
    faces = Typefaces()
    characters = [_fitted(faces, one, cell) for one, cell in zip(text, cells, strict=True)]
    outlines = (Outline(_frame(width, height, _FRAME * height)), *characters)
    return SealDrawing(height, 0.0, 0.0, outlines, across_mm=width)


def _check(text: str, height: float) -> None:
    if not 1 <= len(text) <= _MOST or text != text.strip():
        raise SealInvalid(
            "seal-name-length",
            Text("名章上的名字应为 1 到 {n} 个字。", "A name seal has 1 to {n} characters.").format(n=_MOST),
            field="line",
        )
    least, most = _SIDES
    if not least <= height <= most:
        raise SealInvalid(
            "seal-diameter",
            Text("名章高应为 {a} 到 {b} 毫米。", "A name seal is {a} to {b} mm high.").format(
                a=f"{least:g}", b=f"{most:g}"
            ),
            field="diameter_mm",
        )


Cell = tuple[float, float, float, float]  # left, bottom, width, height


def _columns(count: int, side: float, gap: float) -> list[Cell]:
    """Cells in the order of the characters; the right column first."""
    rows = {1: (1,), 2: (1, 1), 3: (1, 2), 4: (2, 2)}[count]
    width = (side - gap * (len(rows) - 1)) / len(rows)
    out = []
    for column, cells in enumerate(rows):
        left = side / 2 - width - column * (width + gap)
        height = (side - gap * (cells - 1)) / cells
        out += [(left, side / 2 - height - row * (height + gap), width, height) for row in range(cells)]
    return out


def _line(count: int, width: float, height: float) -> list[Cell]:
    step = width / count
    return [(-width / 2 + index * step, -height / 2, step, height) for index in range(count)]


def _fitted(faces: Typefaces, character: str, cell: Cell) -> Outline:
    """The character's em box laid over the cell."""
    commands, advance = faces.glyph("song", character)
    left, bottom, width, height = cell
    across = width / max(advance, 0.5)

    def place(point: Point) -> Point:
        x = left + (width - advance * across) / 2 + point[0] * across
        return x, bottom + (point[1] - _EM_LOW) / (_EM_HIGH - _EM_LOW) * height

    moved: tuple[Command, ...] = tuple((letter, tuple(map(place, points))) for letter, points in commands)
    return Outline(moved, 0.012 * min(width, height) + 0.06)


def _frame(width: float, height: float, thick: float) -> tuple[Command, ...]:
    """The outer edge one way round, the inner one the other: what lies between is filled."""
    x, y = width / 2, height / 2
    u, v = x - thick, y - thick
    outer: tuple[Command, ...] = _polygon([(-x, -y), (x, -y), (x, y), (-x, y)])
    return outer + _polygon([(-u, -v), (-u, v), (u, v), (u, -v)])


def _polygon(corners: list[Point]) -> tuple[Command, ...]:
    return (("M", (corners[0],)), *(("L", (corner,)) for corner in corners[1:]), ("Z", ()))
