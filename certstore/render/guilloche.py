"""团花: rings of interwoven waves as vectors, the security ground behind a seal."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

SIZE = 200.0  # edge of the square view box
# (radius, swing, waves, strands) of each ring, from the outside in
_RINGS = ((78.0, 15.0, 12, 9), (56.0, 11.0, 16, 8), (36.0, 9.0, 12, 7), (18.0, 7.0, 8, 6))
_POINTS_PER_WAVE = 6


@lru_cache(maxsize=16)
def rosette(colour: str) -> str:
    """An SVG in one colour (`#rrggbb`); the same colour gives the same bytes."""
    paths = "".join(
        f'<path d="{_strand(radius, swing, waves, 2 * math.pi * strand / strands)}"/>'
        for radius, swing, waves, strands in _RINGS
        for strand in range(strands)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE:g} {SIZE:g}" width="{SIZE:g}" height="{SIZE:g}">'
        f'<g fill="none" stroke="{colour}" stroke-width="0.32" stroke-opacity="0.34">{paths}</g></svg>'
    )


def _strand(radius: float, swing: float, waves: int, phase: float) -> str:
    """A closed wave around the centre, as cubic Bézier pieces with exact tangents."""
    count = waves * _POINTS_PER_WAVE
    step = 2 * math.pi / count

    def at(t: float) -> tuple[float, float, float, float]:
        r = radius + swing * math.sin(waves * t + phase)
        slope = swing * waves * math.cos(waves * t + phase)
        cos, sin = math.cos(t), math.sin(t)
        middle = SIZE / 2
        return middle + r * cos, middle + r * sin, slope * cos - r * sin, slope * sin + r * cos

    points = [at(index * step) for index in range(count + 1)]
    pieces = [f"M{points[0][0]:.2f} {points[0][1]:.2f}"]
    for (x0, y0, dx0, dy0), (x1, y1, dx1, dy1) in itertools.pairwise(points):
        third = step / 3
        pieces.append(
            f"C{x0 + dx0 * third:.2f} {y0 + dy0 * third:.2f} "
            f"{x1 - dx1 * third:.2f} {y1 - dy1 * third:.2f} {x1:.2f} {y1:.2f}"
        )
    return "".join(pieces) + "Z"
