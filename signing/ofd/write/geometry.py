"""Matrices and boxes of drawn pages: millimetres, from the page's left upper corner, y downwards (GB/T 33190 §7.2)."""

from __future__ import annotations

import math
from collections.abc import Iterable

Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f: (x, y) becomes (a·x + c·y + e, b·x + d·y + f), in PDF (ISO 32000-1 §8.3.3) as in OFD (§7.2.4)."""
Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
MARGIN = 0.1
"""mm around what is drawn and not clipped, so that no edge is smoothed twice, or lost where it is a hairline."""
_TINY = 1e-9


def times(first: Matrix, then: Matrix) -> Matrix:
    """What comes of `first`, followed by `then`."""
    a, b, c, d, e, f = first
    k, m, n, o, p, q = then
    return (a * k + b * n, a * m + b * o, c * k + d * n, c * m + d * o, e * k + f * n + p, e * m + f * o + q)


def moved(matrix: Matrix, point: Point) -> Point:
    a, b, c, d, e, f = matrix
    x, y = point
    return (a * x + c * y + e, b * x + d * y + f)


def determinant(matrix: Matrix) -> float:
    return matrix[0] * matrix[3] - matrix[1] * matrix[2]


def inverse(matrix: Matrix) -> Matrix | None:
    """None if it squeezes the plane to a line."""
    a, b, c, d, e, f = matrix
    size = determinant(matrix)
    if abs(size) < _TINY * _TINY:
        return None
    return (d / size, -b / size, -c / size, a / size, (c * f - d * e) / size, (b * e - a * f) / size)


def scale_of(matrix: Matrix) -> float:
    """By how much lengths grow, on the whole."""
    return math.sqrt(abs(determinant(matrix)))


def is_similarity(matrix: Matrix) -> bool:
    """Whether it keeps shapes, so that a stroke stays as broad in every direction."""
    a, b, c, d, _, _ = matrix
    size = abs(a) + abs(b) + abs(c) + abs(d)
    near = 1e-3 * size * size
    return abs(a * c + b * d) <= near and abs(a * a + b * b - c * c - d * d) <= near


def bounds(points: Iterable[Point]) -> Box:
    """Of at least one point."""
    xs, ys = zip(*points, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def corners(box: Box) -> tuple[Point, Point, Point, Point]:
    left, upper, right, lower = box
    return ((left, upper), (right, upper), (right, lower), (left, lower))


def grown(box: Box, by: float) -> Box:
    return (box[0] - by, box[1] - by, box[2] + by, box[3] + by)


def common(one: Box, other: Box) -> Box | None:
    """Where both are; None if nowhere."""
    box = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    return box if box[0] < box[2] and box[1] < box[3] else None


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds them all; at least one."""
    lefts, uppers, rights, lowers = zip(*boxes, strict=True)
    return (min(lefts), min(uppers), max(rights), max(lowers))
