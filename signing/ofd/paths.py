"""AbbreviatedData of paths (GB/T 33190-2016 §9.1 table 36): read, and brought to lines and cubic curves."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from signing.ofd.geometry import Point
from signing.ofd.package import PackageRefused
from signing.ofd.values import Budget, number

Step = tuple[str, tuple[float, ...]]
_COUNTS = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
_WRITTEN = re.compile(r"[\sSMLQBAC0-9eE.+-]*", re.ASCII)
_LETTER = re.compile(r"([SMLQBAC])")


def read_path(text: str, budget: Budget) -> tuple[Step, ...]:
    """
    Args:
        budget: a step is one thing.

    Raises:
        PackageRefused: `path`: not the grammar, or it begins nowhere; `number`; `too-complex`.
    """
    if not _WRITTEN.fullmatch(text):
        raise PackageRefused("path", "no number and no operator")
    out: list[Step] = []
    tokens, at = _LETTER.sub(r" \1 ", text).split(), 0
    while at < len(tokens):
        letter = tokens[at]
        count = _COUNTS.get(letter)
        if count is None or (not out and letter not in "SM"):
            raise PackageRefused("path", "no operator, or it begins nowhere")
        budget.spend()
        values = tuple([number(one, "AbbreviatedData") for one in tokens[at + 1 : at + 1 + count]])
        if len(values) < count:
            raise PackageRefused("number", "AbbreviatedData stops halfway")
        if letter == "A" and (values[3] not in {0, 1} or values[4] not in {0, 1}):
            raise PackageRefused("path", "flags of an arc")
        out.append((letter, values))
        at += 1 + count
    return tuple(out)


def cubics(steps: Sequence[Step]) -> Iterator[tuple[str, tuple[Point, ...]]]:
    """The path as `M`, `L`, `C` (two control points and an end) and `Z`."""
    at = begun = (0.0, 0.0)
    for letter, v in steps:
        match letter:
            case "S" | "M":
                at = begun = (v[0], v[1])
                yield "M", (at,)
            case "L":
                at = (v[0], v[1])
                yield "L", (at,)
            case "Q":
                end, control = (v[2], v[3]), (v[0], v[1])
                yield "C", (_towards(at, control), _towards(end, control), end)
                at = end
            case "B":
                yield "C", ((v[0], v[1]), (v[2], v[3]), (v[4], v[5]))
                at = (v[4], v[5])
            case "A":
                end = (v[5], v[6])
                yield from arc(at, (abs(v[0]), abs(v[1])), v[2], (v[3] == 1, v[4] == 1), end)
                at = end
            case _:
                at = begun
                yield "Z", ()


def arc(
    start: Point, radii: Point, degrees: float, flags: tuple[bool, bool], end: Point
) -> Iterator[tuple[str, tuple[Point, ...]]]:
    """An elliptic arc by cubic curves of a quarter at most; radii that are too small grow until they reach.

    Args:
        degrees: by which the ellipse is turned, clockwise.
        flags: whether it is the larger arc, and whether it runs clockwise.
    """
    rx, ry = radii
    if rx == 0 or ry == 0 or start == end:
        yield "L", (end,)
        return
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    half = ((start[0] - end[0]) / 2, (start[1] - end[1]) / 2)
    x, y = cos * half[0] + sin * half[1], cos * half[1] - sin * half[0]
    grown = math.sqrt(max(1.0, (x / rx) ** 2 + (y / ry) ** 2))
    rx, ry = rx * grown, ry * grown
    left = max(0.0, (rx * ry) ** 2 / ((rx * y) ** 2 + (ry * x) ** 2) - 1)
    side = math.sqrt(left) * (-1 if flags[0] == flags[1] else 1)
    cx, cy = side * rx * y / ry, -side * ry * x / rx
    first, last = math.atan2((y - cy) / ry, (x - cx) / rx), math.atan2((-y - cy) / ry, (-x - cx) / rx)
    turn = (last - first) % math.tau
    turn = turn if flags[1] else turn - math.tau
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)

    def out(px: float, py: float) -> Point:
        px, py = px * rx + cx, py * ry + cy
        return cos * px - sin * py + middle[0], sin * px + cos * py + middle[1]

    pieces = max(1, math.ceil(abs(turn) / (math.pi / 2) - 1e-9))
    step, reach = turn / pieces, 4 / 3 * math.tan(turn / pieces / 4)
    for piece in range(pieces):
        a, b = first + piece * step, first + (piece + 1) * step
        control = out(math.cos(a) - reach * math.sin(a), math.sin(a) + reach * math.cos(a))
        other = out(math.cos(b) + reach * math.sin(b), math.sin(b) - reach * math.cos(b))
        yield "C", (control, other, end if piece == pieces - 1 else out(math.cos(b), math.sin(b)))


def _towards(end: Point, control: Point) -> Point:
    return end[0] + 2 / 3 * (control[0] - end[0]), end[1] + 2 / 3 * (control[1] - end[1])
