"""Writes a seal's drawing as the content of a PDF form XObject (ISO 32000-1 §8.10), in mm around the centre."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable

from signing.appearance.official_seal import SEAL_RED, SealDrawing

BLEND = "Blend"  # the graphics state that says how to blend; the form's resources define it


def to_pdf_content(drawing: SealDrawing) -> bytes:
    """Operators that paint the seal, deflated. Colour is DeviceRGB; resources must define BLEND."""
    return zlib.compress("\n".join(_operators(drawing)).encode(), 9)


def _operators(drawing: SealDrawing) -> Iterable[str]:
    red, green, blue = (int(SEAL_RED[i : i + 2], 16) / 255 for i in (1, 3, 5))
    colour = f"{red:.4f} {green:.4f} {blue:.4f}"
    yield f"/{BLEND} gs {colour} RG {colour} rg 1 j"
    if drawing.ring_width:
        yield f"{_number(drawing.ring_width)} w"
        yield from _circle(drawing.ring_radius)
        yield "S"
    for outline in drawing.outlines:
        for letter, points in outline.commands:
            yield " ".join([*(f"{_number(x)} {_number(y)}" for x, y in points), _OPERATOR[letter]])
        yield f"{_number(outline.weight)} w B" if outline.weight else "f"


_OPERATOR = {"M": "m", "L": "l", "C": "c", "Z": "h"}


def _circle(radius: float) -> Iterable[str]:
    pull = radius * 4 / 3 * math.tan(math.pi / 8)  # Bézier control distance of a quarter circle
    yield f"{_number(radius)} 0 m"
    for turn in range(4):
        cosine, sine = round(math.cos(turn * math.pi / 2)), round(math.sin(turn * math.pi / 2))
        points = ((radius, pull), (pull, radius), (0.0, radius))
        turned = ((x * cosine - y * sine, x * sine + y * cosine) for x, y in points)
        yield " ".join(f"{_number(x)} {_number(y)}" for x, y in turned) + " c"
    yield "h"


def _number(value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
