"""Follows the edges of a scanned impression: from a map of ink to outlines, so that it is drawn like any other seal.

Marching squares on the grey values: an edge runs between two pixels where the ink would be half there, which is finer
than the pixels themselves. Outer edges run one way round and inner ones the other, so that what lies between is filled.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signing.appearance.official_seal import Outline, SealDrawing
from signing.appearance.outlines import Command, Point

_HALF = 127.5
_LEAST_AREA = 0.02  # mm²: smaller islands and holes are dust
_FINE, _COARSER = 0.015, 1.5  # mm that an edge may move to be simpler, and how that grows
_MOST_POINTS = 24_000  # of one seal: some 250 kB of picture at most

# from which side of a cell of four pixels to which, by the pixels that have ink (upper left 8, upper right 4, lower
# right 2, lower left 1), the ink on the left hand
_WAYS: dict[int, tuple[tuple[str, str], ...]] = {
    8: (("L", "T"),), 4: (("T", "R"),), 2: (("R", "B"),), 1: (("B", "L"),),
    12: (("L", "R"),), 6: (("T", "B"),), 3: (("R", "L"),), 9: (("B", "T"),),
    14: (("L", "B"),), 13: (("B", "R"),), 11: (("R", "T"),), 7: (("T", "L"),),
    10: (("L", "T"), ("R", "B")), 5: (("T", "R"), ("B", "L")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InkMap:
    """How much ink there is at each pixel, row by row from the top, 0 to 255."""

    width: int
    height: int
    ink: bytes

    @property
    def ratio(self) -> float:
        """Width against height."""
        return self.width / self.height

    def packed(self) -> bytes:
        """For the store."""
        return struct.pack(">HH", self.width, self.height) + zlib.compress(self.ink, 9)


def unpacked(kept: bytes) -> InkMap:
    """What `InkMap.packed` made."""
    width, height = struct.unpack(">HH", kept[:4])
    return InkMap(width, height, zlib.decompress(kept[4:], bufsize=width * height))


def trace(ink_map: InkMap, height_mm: float) -> SealDrawing:
    """The drawing of a seal that is `height_mm` high; the same map always gives the same drawing."""
    scale = height_mm / ink_map.height
    edges = [_in_mm(edge, ink_map, scale) for edge in _edges(ink_map)]
    kept = [edge for edge in edges if abs(_area(edge)) >= _LEAST_AREA]
    fine = _FINE
    simple = [_simpler(edge, fine) for edge in kept]
    while sum(map(len, simple)) > _MOST_POINTS:
        fine *= _COARSER
        simple = [_simpler(edge, fine) for edge in kept]
    commands = tuple(command for edge in simple if len(edge) > 2 for command in _closed(edge))
    return SealDrawing(height_mm, 0.0, 0.0, (Outline(commands),), across_mm=round(height_mm * ink_map.ratio, 2))


_Crossing = tuple[int, int, bool]  # between a pixel and its neighbour: to the right, or (True) below


def _edges(ink_map: InkMap) -> Iterator[list[Point]]:
    """Closed edges in pixels, the centre of the first pixel at (1, 1): the map gets an empty rim."""
    rows = _rimmed(ink_map)
    following = dict(_steps(rows))
    while following:
        start, at = following.popitem()
        edge = [_between(rows, start)]
        while at != start:
            edge.append(_between(rows, at))
            at = following.pop(at)
        yield edge


def _rimmed(ink_map: InkMap) -> list[bytes]:
    empty, width = bytes(ink_map.width + 2), ink_map.width
    inner = [b"\0" + ink_map.ink[at * width : (at + 1) * width] + b"\0" for at in range(ink_map.height)]
    return [empty, *inner, empty]


def _steps(rows: Sequence[bytes]) -> Iterator[tuple[_Crossing, _Crossing]]:
    has = bytes(value > _HALF for value in range(256))
    for y in range(len(rows) - 1):
        above, below = rows[y].translate(has), rows[y + 1].translate(has)
        columns = bytes(2 * one + other for one, other in zip(above, below, strict=True))
        for x in range(len(columns) - 1):
            left, right = columns[x], columns[x + 1]
            if left == right and left in (0, 3):
                continue
            case = 8 * (left >> 1) + 4 * (right >> 1) + 2 * (right & 1) + (left & 1)
            sides: dict[str, _Crossing] = {
                "T": (x, y, False), "B": (x, y + 1, False), "L": (x, y, True), "R": (x + 1, y, True),
            }  # fmt: skip
            for source, target in _WAYS.get(case, ()):
                yield sides[source], sides[target]


def _between(rows: Sequence[bytes], crossing: _Crossing) -> Point:
    x, y, down = crossing
    one, other = rows[y][x], rows[y + down][x + (not down)]
    share = (_HALF - one) / (other - one)
    return (x, y + share) if down else (x + share, y)


def _in_mm(edge: Sequence[Point], ink_map: InkMap, scale: float) -> list[Point]:
    """From the centre, y upwards."""
    across, down = ink_map.width / 2 + 0.5, ink_map.height / 2 + 0.5
    return [((x - across) * scale, (down - y) * scale) for x, y in edge]


def _area(edge: Sequence[Point]) -> float:
    pairs = zip(edge, [*edge[1:], edge[0]], strict=True)
    return sum(x * v - u * y for (x, y), (u, v) in pairs) / 2


def _simpler(edge: Sequence[Point], fine: float) -> list[Point]:
    """Without the points that lie no further than `fine` from the line between their neighbours (Douglas-Peucker)."""
    far = max(range(len(edge)), key=lambda index: math.dist(edge[0], edge[index]))
    return _chain(edge[: far + 1], fine)[:-1] + _chain([*edge[far:], edge[0]], fine)[:-1]


def _chain(points: Sequence[Point], fine: float) -> list[Point]:
    kept = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        furthest, index = fine, None
        (x, y), (u, v) = points[first], points[last]
        length = math.hypot(u - x, v - y) or 1.0
        for at in range(first + 1, last):
            away = abs((u - x) * (y - points[at][1]) - (x - points[at][0]) * (v - y)) / length
            if away > furthest:
                furthest, index = away, at
        if index is not None:
            kept.add(index)
            spans += [(first, index), (index, last)]
    return [points[index] for index in sorted(kept)]


def _closed(edge: Sequence[Point]) -> Iterator[Command]:
    yield "M", (edge[0],)
    for point in edge[1:]:
        yield "L", (point,)
    yield "Z", ()
