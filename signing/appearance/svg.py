"""Writes a seal's drawing as SVG for pages: geometry in attributes, no style, no script, no text."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from signing.appearance.official_seal import SEAL_RED, Outline, SealDrawing
from signing.appearance.outlines import Point


def to_svg(drawing: SealDrawing, title: str) -> str:
    """The picture, one unit to the millimetre; `title` is its text alternative."""
    height = drawing.diameter_mm
    width = height if drawing.across_mm is None else drawing.across_mm
    centre = (width / 2, height / 2)
    weights: dict[float, list[Outline]] = {}
    for outline in drawing.outlines:
        weights.setdefault(outline.weight, []).append(outline)
    paths = [
        f'<path fill="{SEAL_RED}"{_edge(weight)} d="{"".join(_path(outlines, centre))}"/>'
        for weight, outlines in weights.items()
    ]
    ring = (
        f'<circle cx="{_number(centre[0])}" cy="{_number(centre[1])}" r="{_number(drawing.ring_radius)}" fill="none"'
        f' stroke="{SEAL_RED}" stroke-width="{_number(drawing.ring_width)}"/>'
    )
    box = f"0 0 {_number(width)} {_number(height)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img">'
    return f"{head}<title>{escape(title)}</title>{ring if drawing.ring_width else ''}{''.join(paths)}</svg>"


def _edge(weight: float) -> str:
    if not weight:
        return ""
    return f' stroke="{SEAL_RED}" stroke-width="{_number(weight)}" stroke-linejoin="round"'


def _path(outlines: Iterable[Outline], centre: Point) -> Iterable[str]:
    for outline in outlines:
        for letter, points in outline.commands:
            yield letter + " ".join(f"{_number(centre[0] + x)} {_number(centre[1] - y)}" for x, y in points)


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
